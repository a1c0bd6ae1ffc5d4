/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report by framework as a page: in plain words what stands where, a table by
 * family, then each requirement with its evidence and remedies, and last what
 * was not assessed and what no host can show.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "report/asides.h"
#include "report/clauses.h"
#include "report/framework_clauses.h"
#include "report/framework_incident.h"
#include "report/framework_writers.h"
#include "report/html.h"
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/notes.h"
#include "report/words.h"

static int put_masthead(const struct framework_view *view, FILE *out)
{
	const struct framework_question *question = view->question;
	const struct report *report = question->report;
	cleanup_strbuf struct strbuf target = STRBUF_INIT;

	framework_put_target(question, &target);
	if (strbuf_check(&target) < 0)
		return -ENOMEM;
	fputs("<body>\n<header>\n<p class=\"brand\">Plumbline evidence by requirement</p>\n<h1>",
	      out);
	html_text(out, framework_title(question));
	fputs("</h1>\n<table class=\"facts\">\n", out);
	html_fact(out, "Target", target.len ? target.data : NULL);
	fputs("<tr><th scope=\"row\">Hosts</th><td>", out);
	for (size_t i = 0; i < report->host_count; i++) {
		fputs(i ? ", " : "", out);
		html_text(out, report->hosts[i].name);
		if (report->host_count > 1 && report->hosts[i].requirements_all)
			fprintf(out, " (%u of %u SL 3 requirements)",
				report->hosts[i].requirements_with_evidence,
				report->hosts[i].requirements_all);
	}
	fputs("</td></tr>\n", out);
	html_fact(out, "Requirements", question->framework->source);
	html_fact(out, "Unverified", question->framework->unverified);
	fputs("<tr><th scope=\"row\">Made</th><td>", out);
	html_time(out, report->made_at_ns);
	fputs(" by ", out);
	html_text(out, report->made_by);
	fputs("</td></tr>\n</table>\n</header>\n<main>\n", out);
	return 0;
}

static int put_summary(const struct framework_view *view, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	fputs("<section>\n<h2 id=\"summary\">In plain words</h2>\n", out);
	framework_put_summary(view, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	html_element(out, "p", "lead", text.data);
	if (view->question->waivers && view->question->waivers->count) {
		strbuf_clear(&text);
		framework_put_score(view, &text);
		html_element(out, "p", NULL, text.data);
	}
	fputs("<p>This is what hosts can show. Whether a requirement is met is for people to "
	      "judge, "
	      "who also know what no host can show.</p>\n",
	      out);
	return strbuf_check(&text);
}

static void put_number(FILE *out, const char *label, size_t number)
{
	html_cell(out, label);
	fprintf(out, "%zu</td>", number);
}

static void put_group_table(const struct framework_view *view, FILE *out)
{
	if (!view->row_count || !*view->rows[0].item->group) {
		fputs("</section>\n", out);
		return;
	}
	fputs("<table class=\"rows\"><caption>By family</caption>\n<thead><tr><th "
	      "scope=\"col\">Family</th><th scope=\"col\">Against</th><th scope=\"col\">Waived</th>"
	      "<th scope=\"col\">For</th><th scope=\"col\">Not assessed</th><th scope=\"col\">Not "
	      "assessable</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t first = 0, count; first < view->row_count; first += count) {
		size_t states[ROW_STATE_COUNT] = {0};

		count = framework_group_rows(view, first);
		for (size_t i = first; i < first + count; i++)
			states[view->rows[i].state]++;
		fputs("<tr>", out);
		html_cell(out, "Family");
		fprintf(out, "<a href=\"#g%zu\">", first);
		html_text(out, view->rows[first].item->group);
		fputs("</a></td>", out);
		put_number(out, "Against", states[ROW_AGAINST]);
		put_number(out, "Waived", states[ROW_WAIVED]);
		put_number(out, "For", states[ROW_FOR]);
		put_number(out, "Not assessed", states[ROW_NOT_ASSESSED]);
		put_number(out, "Not assessable", states[ROW_NOT_ASSESSABLE]);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n</section>\n", out);
}

/* Every requirement in one table, as a statement of applicability or a profile has to list them. */
static void put_decisions(const struct framework_view *view, FILE *out)
{
	const char *label = framework_decision_label(view->question->framework);

	if (!framework_asks_decisions(view->question))
		return;
	fprintf(out,
		"<section>\n<h2 id=\"decisions\">%s</h2>\n<p class=\"note\">What the organization "
		"decided, beside what hosts show. Decisions come with --scope; the details of each "
		"row follow by family.</p>\n<table class=\"rows decisions\"><caption>All %zu, in "
		"the "
		"order of the standard</caption>\n<thead><tr><th scope=\"col\">Id</th><th "
		"scope=\"col\">Title</th><th scope=\"col\">%s</th><th scope=\"col\">Reason</th><th "
		"scope=\"col\">%s</th></tr></thead>\n<tbody>\n",
		view->question->has_clauses ? "Annex A: statement of applicability"
					    : "Target and current profile",
		view->row_count, label,
		view->question->has_clauses ? "Evidence of hosts" : "Current, by hosts");
	for (size_t i = 0; i < view->row_count; i++) {
		const struct framework_row *row = &view->rows[i];

		fputs("<tr>", out);
		html_cell(out, "Id");
		html_element(out, "code", NULL, row->item->id);
		fputs("</td>", out);
		html_cell(out, "Title");
		html_text(out, row->item->title);
		fputs("</td>", out);
		html_cell(out, label);
		html_text(out, framework_decision_words(row));
		fputs("</td>", out);
		html_cell(out, "Reason");
		html_text(out, row->is_decided ? row->decision.reason : NULL);
		fputs("</td>", out);
		html_cell(out, "Evidence of hosts");
		html_text(out, row_state_words(row->state));
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n</section>\n", out);
}

static void put_waiver(const struct waiver *waiver, FILE *out)
{
	fputs("<tr><th scope=\"row\">Waived</th><td>until ", out);
	html_time(out, waiver->expires_ns);
	fputs(", owner ", out);
	html_text(out, waiver->owner);
	fputs(", approved by ", out);
	html_text(out, waiver->approver);
	fputs(": ", out);
	html_text(out, waiver->reason);
	fputs("</td></tr>\n", out);
}

/* What else a card says of a finding; of its incident only where that is what is asked for. */
static int put_finding_facts(const struct framework_evidence *evidence, FILE *out)
{
	const struct finding *finding = evidence->finding;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (evidence->aspect == ASPECT_NONE) {
		html_fact(out, "Wanted", finding->expected);
		html_fact(out, "Found", finding->actual);
		html_fact(out, "What it means", finding->detail);
		html_fact(out, "Remedy", words_finding_remedy());
		return 0;
	}
	framework_put_aspect(evidence->aspect, &finding->incident, evidence->now_ns, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	html_fact(out, "Found", text.data);
	html_fact(out, "Remedy",
		  "Report it as the contract asks, and write that down with incident report.");
	return 0;
}

static void put_check_facts(const struct check_result *check, FILE *out)
{
	html_fact(out, "Wanted", check->expected);
	html_fact(out, "Found", check->actual);
	html_fact(out, "Remedy", check->remediation);
	html_fact(out, "OT caution", check->ot_caution);
}

/* One failed check or open finding, with its remedy. */
static int put_card(const struct framework_view *view, const struct framework_evidence *evidence,
		    FILE *out)
{
	const struct check_result *check = evidence->check;
	const struct finding *finding = evidence->finding;
	enum finding_severity severity = check ? check->severity : finding->severity;

	fprintf(out, "<article class=\"card %s\">\n<h4>", finding_severity_name(severity));
	html_severity(out, severity);
	if (check) {
		html_element(out, "code", NULL, check->id);
		putc(' ', out);
		html_text(out, check->title);
	} else {
		html_text(out, evidence->aspect ? "No report went out in time"
						: words_finding_kind(finding->kind));
	}
	fputs("</h4>\n", out);
	if (finding && finding->path) {
		fputs("<p class=\"object\"><code>", out);
		if (html_path(out, finding->path) < 0)
			return -ENOMEM;
		fputs("</code></p>\n", out);
	}
	fputs("<table class=\"facts\">\n", out);
	if (view->question->report->host_count > 1)
		html_fact(out, "Host", evidence->host->name);
	if (check)
		put_check_facts(check, out);
	else if (put_finding_facts(evidence, out) < 0)
		return -ENOMEM;
	if (evidence->touch == TOUCH_INHERITED)
		html_fact(out, "Pair", "inherited: it names an enhancement of the paired control");
	if (evidence->waiver)
		put_waiver(evidence->waiver, out);
	fputs("</table>\n</article>\n", out);
	return 0;
}

/* What speaks for it or could not be told, one line each. */
static int put_lines(const struct framework_view *view, const struct framework_row *row,
		     enum evidence_stand stand, FILE *out)
{
	if (!row->stands[stand])
		return 0;
	fprintf(out, "<details><summary>%s (%zu)</summary>\n<ul class=\"notes\">\n",
		stand == EVIDENCE_FOR ? "Evidence for it" : "Not assessed", row->stands[stand]);
	for (size_t i = row->first; i < row->first + row->count; i++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (view->evidence[i].stand != stand)
			continue;
		framework_put_evidence(&view->evidence[i], &text);
		if (view->question->report->host_count > 1)
			strbuf_printf(&text, " (%s)", view->evidence[i].host->name);
		if (strbuf_check(&text) < 0)
			return -ENOMEM;
		html_element(out, "li", NULL, text.data);
		putc('\n', out);
	}
	fputs("</ul>\n</details>\n", out);
	return 0;
}

static int put_row(const struct framework_view *view, const struct framework_row *row, FILE *out)
{
	int r = 0;

	fputs("<h3><code>", out);
	html_text(out, row->item->id);
	fputs("</code> ", out);
	html_text(out, row->item->title);
	fputs("</h3>\n<p class=\"said\">", out);
	html_text(out, row_state_words(row->state));
	if (row->item->lowest_sl)
		fprintf(out, ", asked for from SL %u on (unverified)", row->item->lowest_sl);
	fputs("</p>\n", out);
	if (row->is_decided) {
		fprintf(out, "<p>%s: %s, ", framework_decision_label(view->question->framework),
			row->decision.applies ? "yes" : "no");
		html_text(out, row->decision.reason);
		fputs("</p>\n", out);
	}
	for (size_t i = row->first; i < row->first + row->count && r == 0; i++)
		if (view->evidence[i].stand <= EVIDENCE_WAIVED)
			r = put_card(view, &view->evidence[i], out);
	if (r == 0)
		r = put_lines(view, row, EVIDENCE_FOR, out);
	return r < 0 ? r : put_lines(view, row, EVIDENCE_NOT_ASSESSED, out);
}

/* Requirements without evidence are a list; the reader sees that they were not forgotten. */
static void put_rest(const struct framework_view *view, size_t first, size_t count, FILE *out)
{
	bool is_open = false;

	for (size_t i = first; i < first + count; i++) {
		const struct framework_row *row = &view->rows[i];

		if (row->count)
			continue;
		if (!is_open)
			fputs("<details><summary>Without evidence here</summary>\n<ul "
			      "class=\"notes\">\n",
			      out);
		is_open = true;
		fputs("<li><code>", out);
		html_text(out, row->item->id);
		fputs("</code> ", out);
		html_text(out, row->item->title);
		fputs(": ", out);
		html_text(out, row_state_words(row->state));
		if (row->why_not) {
			fputs("; ", out);
			html_text(out, row->why_not);
		}
		if (row->is_decided) {
			fprintf(out, ". %s: %s, ",
				framework_decision_label(view->question->framework),
				row->decision.applies ? "yes" : "no");
			html_text(out, row->decision.reason);
		}
		fputs("</li>\n", out);
	}
	if (is_open)
		fputs("</ul>\n</details>\n", out);
}

static int put_group(const struct framework_view *view, size_t first, size_t count, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = 0;

	fprintf(out, "<section>\n<h2 id=\"g%zu\">", first);
	html_text(out,
		  *view->rows[first].item->group ? view->rows[first].item->group : "Requirements");
	fputs("</h2>\n", out);
	framework_put_group(view, first, count, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	html_element(out, "p", "note", text.data);
	for (size_t i = first; i < first + count && r == 0; i++)
		if (view->rows[i].count)
			r = put_row(view, &view->rows[i], out);
	if (r < 0)
		return r;
	put_rest(view, first, count, out);
	fputs("</section>\n", out);
	return 0;
}

static void put_notes(const struct framework *framework, FILE *out)
{
	const char *more[] = {framework->caution, framework->notice};

	fputs("<section>\n<h2 id=\"notes\">Notes on the data</h2>\n<ul class=\"notes\">\n", out);
	for (size_t i = 0; report_notes[i]; i++)
		html_element(out, "li", NULL, report_notes[i]);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (more[i])
			html_element(out, "li", NULL, more[i]);
	fputs("</ul>\n</section>\n", out);
}

static int write_html(const struct framework_view *view, FILE *out)
{
	int r;

	r = html_page_head(out, framework_title(view->question), view->question->report->made_by);
	if (r == 0)
		r = put_masthead(view, out);
	if (r == 0)
		r = put_summary(view, out);
	if (r == 0)
		put_group_table(view, out);
	if (r == 0)
		r = framework_incident_html(view, out);
	r = r ?: aside_html_refused(view->question->report, out);
	if (r == 0 && view->question->has_clauses)
		r = clauses_write_html(view, out);
	if (r == 0)
		put_decisions(view, out);
	for (size_t first = 0, count; first < view->row_count && r == 0; first += count) {
		count = framework_group_rows(view, first);
		r = put_group(view, first, count, out);
	}
	if (r < 0)
		return r;
	put_notes(view->question->framework, out);
	fputs("</main>\n</body>\n</html>\n", out);
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_html = {.name = "html", .write = write_html};
