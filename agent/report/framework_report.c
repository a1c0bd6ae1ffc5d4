/* SPDX-License-Identifier: Apache-2.0 */
/* The table of formats by framework, and the sentences that they share. */
#include "report/framework_report.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "report/asides.h"
#include "report/framework_clauses.h"
#include "report/framework_writers.h"
#include "report/words.h"

#define TARGET_SL_DEFAULT 3

const struct framework_ops *const framework_formats[] = {
	&framework_text,       &framework_html,
	&framework_json,       &framework_csv,
	&framework_hdf,	       &framework_navigator,
	&framework_oscal_ap,   &framework_oscal_ar,
	&framework_oscal_poam, NULL,
};

const struct framework_ops *framework_find_format(const char *name)
{
	for (size_t i = 0; framework_formats[i]; i++)
		if (str_equal(framework_formats[i]->name, name))
			return framework_formats[i];
	return NULL;
}

/* "3", or one level for each foundational requirement: "3,3,3,2,2,2,3". */
static int parse_vector(const char *text, unsigned vector[static FOUNDATIONAL_REQUIREMENTS])
{
	size_t len = strlen(text);

	for (unsigned i = 0; i < FOUNDATIONAL_REQUIREMENTS; i++) {
		size_t at = len == 1 ? 0 : (size_t)2 * i;

		if (at >= len || text[at] < '1' || text[at] > '4' ||
		    (text[at + 1] && text[at + 1] != ','))
			return -EINVAL;
		vector[i] = (unsigned)(text[at] - '0');
	}
	return len == 1 || len == 2 * FOUNDATIONAL_REQUIREMENTS - 1 ? 0 : -EINVAL;
}

static unsigned parse_baseline(const char *text)
{
	if (str_equal(text, "low"))
		return BASELINE_LOW;
	if (str_equal(text, "moderate"))
		return BASELINE_MODERATE;
	return str_equal(text, "high") ? BASELINE_HIGH : 0;
}

int framework_choose(struct framework_question *question, const char *name, const char *level,
		     struct diag *diag)
{
	bool has_clauses = str_equal(name, "iso-27001");
	const struct framework *framework =
		crosswalk_find(question->crosswalk, has_clauses ? "iso-27002" : name);

	if (!framework)
		return diag_set(diag, "", 0, -EINVAL,
				"'%s' is no framework; plumbline controls lists them", name);
	question->framework = framework;
	question->has_clauses = has_clauses;
	question->baseline = 0;
	for (unsigned i = 0; i < FOUNDATIONAL_REQUIREMENTS; i++)
		question->target_sl[i] = TARGET_SL_DEFAULT;
	if (!level)
		return 0;
	if (framework_is_62443(framework))
		return parse_vector(level, question->target_sl) == 0
			       ? 0
			       : diag_set(diag, "", 0, -EINVAL,
					  "a security level is 1 to 4, or seven of them such as "
					  "3,3,3,2,2,2,3, not '%s'",
					  level);
	if (!str_starts(name, "800-53") && !str_starts(name, "800-82"))
		return diag_set(diag, "", 0, -EINVAL, "%s has no levels", framework->title);
	question->baseline = parse_baseline(level);
	return question->baseline
		       ? 0
		       : diag_set(diag, "", 0, -EINVAL,
				  "a baseline is low, moderate or high, not '%s'", level);
}

static bool is_one_level(const struct framework_question *question)
{
	for (unsigned i = 1; i < FOUNDATIONAL_REQUIREMENTS; i++)
		if (question->target_sl[i] != question->target_sl[0])
			return false;
	return true;
}

void framework_put_target(const struct framework_question *question, struct strbuf *out)
{
	if (framework_is_62443(question->framework)) {
		if (is_one_level(question)) {
			strbuf_printf(out, "target SL %u", question->target_sl[0]);
			return;
		}
		strbuf_add_str(out, "target SL by foundational requirement");
		for (unsigned i = 0; i < FOUNDATIONAL_REQUIREMENTS; i++)
			strbuf_printf(out, "%s FR %u: %u", i ? "," : "", i + 1,
				      question->target_sl[i]);
	} else if (question->baseline) {
		strbuf_printf(out, "%s baseline",
			      question->baseline == BASELINE_LOW	? "low"
			      : question->baseline == BASELINE_MODERATE ? "moderate"
									: "high");
	}
}

/* By checks alone, as other views count it: here findings are evidence too, so @with may be more.
 */
static void put_sl3(const struct framework_question *question, size_t with, struct strbuf *out)
{
	if (!question->report->requirements_all ||
	    (framework_is_62443(question->framework) && is_one_level(question) &&
	     question->target_sl[0] == TARGET_SL_DEFAULT &&
	     with == question->report->requirements_with_evidence))
		return;
	strbuf_add_char(out, ' ');
	aside_put_requirements(question->report, out);
}

void framework_put_summary(const struct framework_view *view, struct strbuf *out)
{
	const struct framework_question *question = view->question;
	size_t with = view->states[ROW_AGAINST] + view->states[ROW_WAIVED] + view->states[ROW_FOR];

	if (framework_is_62443(question->framework) && is_one_level(question))
		strbuf_printf(out, "%zu of %zu SL %u requirements have host evidence here. ", with,
			      view->row_count, question->target_sl[0]);
	else
		strbuf_printf(out, "%zu of %zu requirements have host evidence here. ", with,
			      view->row_count);
	strbuf_printf(out, "There is evidence against %zu of them", view->states[ROW_AGAINST]);
	if (view->states[ROW_WAIVED])
		strbuf_printf(out, ", for %zu more it is waived", view->states[ROW_WAIVED]);
	strbuf_printf(out, ", and only evidence for %zu. ", view->states[ROW_FOR]);
	if (view->states[ROW_NOT_ASSESSED])
		strbuf_printf(out, "Of %zu a host could show something, and nothing here did. ",
			      view->states[ROW_NOT_ASSESSED]);
	strbuf_printf(out, "%zu cannot be assessed from a host.", view->states[ROW_NOT_ASSESSABLE]);
	put_sl3(question, with, out);
}

void framework_put_score(const struct framework_view *view, struct strbuf *out)
{
	size_t with = view->states[ROW_AGAINST] + view->states[ROW_WAIVED] + view->states[ROW_FOR];

	strbuf_printf(out,
		      "Requirements with nothing open against them, of the %zu with evidence: %zu "
		      "with waivers, %zu without.",
		      with, view->states[ROW_FOR] + view->states[ROW_WAIVED],
		      view->states_without_waivers[ROW_FOR]);
}

static void put_check(const struct check_result *check, struct strbuf *out)
{
	strbuf_printf(out, "%s %s: ", check->id, check->title ? check->title : "");
	if (check->outcome == CHECK_ERROR || check->outcome == CHECK_NOT_APPLICABLE) {
		strbuf_printf(out, "%s: %s",
			      check->outcome == CHECK_ERROR ? "could not be carried out"
							    : "does not apply",
			      check->reason ? check->reason : "no reason given");
		return;
	}
	strbuf_printf(out, "wanted %s, found %s", check->expected ? check->expected : "?",
		      check->actual ? check->actual : "nothing");
}

static void put_finding(const struct finding *finding, struct strbuf *out)
{
	strbuf_printf(out, "%s: %s ", finding_kind_name(finding->kind),
		      words_finding_kind(finding->kind));
	if (finding->path)
		str_escape(out, finding->path, strlen(finding->path));
}

void framework_put_evidence(const struct framework_evidence *evidence, struct strbuf *out)
{
	char buf[WORDS_SIZE];

	if (evidence->check) {
		put_check(evidence->check, out);
	} else if (evidence->finding) {
		put_finding(evidence->finding, out);
		if (evidence->aspect != ASPECT_NONE) {
			strbuf_printf(out, " (%.16s), ", evidence->finding->id);
			framework_put_aspect(evidence->aspect, &evidence->finding->incident,
					     evidence->now_ns, out);
		}
	} else {
		strbuf_printf(out, "watched for %s beside its baseline: none of ",
			      words_duration(evidence->watched_ns, buf));
		strbuf_printf(out, "%s that touch it is open",
			      words_count(evidence->kinds, "kind of finding", "kinds of finding",
					  buf));
	}
	if (evidence->touch == TOUCH_INHERITED)
		strbuf_add_str(out, " (inherited from the base control)");
}

const char *framework_decision_label(const struct framework *framework)
{
	if (str_starts(framework->name, "csf"))
		return "Target profile";
	return str_starts(framework->name, "iso") ? "Applicability" : "Decision";
}

bool framework_asks_decisions(const struct framework_question *question)
{
	return question->has_clauses || str_starts(question->framework->name, "csf");
}

const char *framework_decision_words(const struct framework_row *row)
{
	if (!row->is_decided)
		return "not decided";
	return row->decision.applies ? "yes" : "no";
}

const char *framework_title(const struct framework_question *question)
{
	return question->has_clauses
		       ? "ISO/IEC 27001:2022 clauses 4 to 10 and statement of applicability"
		       : question->framework->title;
}

void framework_put_group(const struct framework_view *view, size_t first, size_t count,
			 struct strbuf *out)
{
	size_t states[ROW_STATE_COUNT] = {0};

	for (size_t i = first; i < first + count; i++)
		states[view->rows[i].state]++;
	if (framework_is_62443(view->question->framework))
		strbuf_printf(
			out, "target SL %u: ",
			view->question->target_sl[framework_fr_of(view->rows[first].item->id)]);
	strbuf_printf(out,
		      "of %zu, evidence against %zu, waived %zu, for %zu; not assessed %zu, "
		      "not assessable %zu",
		      count, states[ROW_AGAINST], states[ROW_WAIVED], states[ROW_FOR],
		      states[ROW_NOT_ASSESSED], states[ROW_NOT_ASSESSABLE]);
}

size_t framework_group_rows(const struct framework_view *view, size_t first)
{
	size_t count = 0;

	while (first + count < view->row_count &&
	       str_equal(view->rows[first].item->group, view->rows[first + count].item->group))
		count++;
	return count;
}
