/* SPDX-License-Identifier: Apache-2.0 */
/* Clauses 4 to 10 beside the evidence of hosts; see clauses.h. */
#include "report/clauses.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"
#include "report/html.h"
#include "report/view.h"
#include "report/words.h"

/* Figures over all hosts of the report. */
struct figures {
	size_t hosts, with_baseline, approvals, open, resolved, failed, passed, errors;
	int64_t period_ns, covered_ns;
};

struct clause {
	unsigned number;
	const char *title;
	void (*put)(const struct framework_view *view, const struct figures *figures,
		    struct strbuf *out);
	const char *left; /* what the organization has to show itself */
};

static int count_host(const struct report *report, const struct report_host *host,
		      struct figures *figures)
{
	cleanup_view_host struct view_host view = {0};
	int r = view_host_init(report, host, &view);

	if (r < 0)
		return r;
	figures->hosts++;
	figures->with_baseline += host->baseline_digest && *host->baseline_digest;
	figures->approvals += host->approval_count;
	figures->open += view.counts.open_all;
	figures->resolved += view.counts.findings[FINDING_STATE_RESOLVED];
	figures->failed += view.counts.checks[CHECK_FAIL];
	figures->passed += view.counts.checks[CHECK_PASS];
	figures->errors += view.counts.checks[CHECK_ERROR];
	figures->period_ns += view_period_ns(&view);
	figures->covered_ns += view.time_ns[COVERAGE_COVERED];
	return 0;
}

static void put_context(const struct framework_view *view, const struct figures *figures,
			struct strbuf *out)
{
	char buf[WORDS_SIZE];

	strbuf_printf(out, "This report speaks of %s: the boundary of its evidence.",
		      words_count(figures->hosts, "host", "hosts", buf));
}

static void put_leadership(const struct framework_view *view, const struct figures *figures,
			   struct strbuf *out)
{
	char buf[WORDS_SIZE];

	if (figures->approvals)
		strbuf_printf(out, "Approved states carry %s by named people in named roles.",
			      words_count(figures->approvals, "signature", "signatures", buf));
	else
		strbuf_add_str(out, "No signatures of approved states were at hand for this "
				    "report.");
}

static void put_planning(const struct framework_view *view, const struct figures *figures,
			 struct strbuf *out)
{
	size_t decided = 0, waivers = view->question->waivers ? view->question->waivers->count : 0;
	char buf[WORDS_SIZE];

	for (size_t i = 0; i < view->row_count; i++)
		decided += view->rows[i].is_decided;
	strbuf_printf(
		out,
		"The statement of applicability (6.1.3 d) below lists %zu controls; for %zu of "
		"them the organization's decision was given. ",
		view->row_count, decided);
	strbuf_printf(out, "%s of accepted risk %s on file.",
		      words_count(waivers, "signed waiver", "signed waivers", buf),
		      waivers == 1 ? "is" : "are");
}

static void put_support(const struct framework_view *view, const struct figures *figures,
			struct strbuf *out)
{
	size_t signed_heads = 0;

	for (size_t i = 0; i < view->question->report->host_count; i++) {
		const struct report_head *head = &view->question->report->hosts[i].head;

		signed_heads += head->signature || head->verified_sequence;
	}
	strbuf_printf(out,
		      "Records are kept in a hash chain; on %zu of %zu hosts its head is signed by "
		      "the host (7.5.3, protection of documented information).",
		      signed_heads, figures->hosts);
}

static void put_operation(const struct framework_view *view, const struct figures *figures,
			  struct strbuf *out)
{
	strbuf_printf(out,
		      "%zu of %zu hosts are held to an approved baseline; each unplanned change is "
		      "a finding (8.1).",
		      figures->with_baseline, figures->hosts);
}

static void put_evaluation(const struct framework_view *view, const struct figures *figures,
			   struct strbuf *out)
{
	unsigned permille =
		figures->period_ns > 0
			? (unsigned)(figures->covered_ns / (figures->period_ns / 1000 + 1))
			: 0;
	char buf[WORDS_SIZE];

	strbuf_printf(out, "Hosts were covered for %s of the time of this report (9.1). ",
		      words_permille(permille, buf));
	strbuf_printf(out,
		      "Of the checks carried out %zu passed and %zu failed; %zu could not be "
		      "carried out.",
		      figures->passed, figures->failed, figures->errors);
}

static void put_improvement(const struct framework_view *view, const struct figures *figures,
			    struct strbuf *out)
{
	strbuf_printf(out,
		      "Open findings: %zu, resolved ones: %zu (10.2). The POA&M lists what is open "
		      "with its remedy.",
		      figures->open, figures->resolved);
}

static const struct clause clauses[] = {
	{4, "Context of the organization", put_context,
	 "Issues, interested parties and the scope, 4.1 to 4.4."},
	{5, "Leadership", put_leadership,
	 "Policy, commitment, roles and authorities (5.1 to 5.3)."},
	{6, "Planning", put_planning,
	 "Risk assessment and treatment, objectives, and the reason for each inclusion or "
	 "exclusion."},
	{7, "Support", put_support,
	 "Resources, competence, awareness, communication (7.1 to 7.4)."},
	{8, "Operation", put_operation,
	 "Risk assessments and treatments as carried out (8.2, 8.3)."},
	{9, "Performance evaluation", put_evaluation, "Internal audit and management review."},
	{10, "Improvement", put_improvement, "Causes, corrective actions and their effect."},
};

static int count_all(const struct framework_view *view, struct figures *figures)
{
	const struct report *report = view->question->report;
	int r = 0;

	for (size_t i = 0; i < report->host_count && r == 0; i++)
		r = count_host(report, &report->hosts[i], figures);
	return r;
}

/* Hands each clause with what the hosts say to @write. */
static int each_clause(const struct framework_view *view,
		       void (*write)(const struct clause *clause, const char *text, void *userdata),
		       void *userdata)
{
	struct figures figures = {0};
	int r = count_all(view, &figures);

	for (size_t i = 0; i < ARRAY_SIZE(clauses) && r == 0; i++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		clauses[i].put(view, &figures, &text);
		r = strbuf_check(&text);
		if (r == 0)
			write(&clauses[i], text.data, userdata);
	}
	return r;
}

static void write_text(const struct clause *clause, const char *text, void *userdata)
{
	fprintf(userdata, "%u %s\n  %s\n  Not shown by hosts: %s\n", clause->number, clause->title,
		text, clause->left);
}

int clauses_write_text(const struct framework_view *view, FILE *out)
{
	int r;

	putc('\n', out);
	r = each_clause(view, write_text, out);
	fputs("\nStatement of applicability (Annex A)\n", out);
	return r;
}

static void write_html(const struct clause *clause, const char *text, void *userdata)
{
	FILE *out = userdata;

	fprintf(out, "<section>\n<h2 id=\"clause-%u\">%u %s</h2>\n", clause->number, clause->number,
		clause->title);
	html_element(out, "p", NULL, text);
	fputs("<p class=\"note\">Not shown by hosts: ", out);
	html_text(out, clause->left);
	fputs("</p>\n</section>\n", out);
}

int clauses_write_html(const struct framework_view *view, FILE *out)
{
	return each_clause(view, write_html, out);
}

static void write_json(const struct clause *clause, const char *text, void *userdata)
{
	struct json *j = userdata;

	json_begin_object(j);
	json_put_u64(j, "clause", clause->number);
	json_put_string(j, "title", clause->title);
	json_put_string(j, "evidence", text);
	json_put_string(j, "not_shown_by_hosts", clause->left);
	json_end_object(j);
}

int clauses_put_json(const struct framework_view *view, struct json *j)
{
	int r;

	json_key(j, "clauses");
	json_begin_array(j);
	r = each_clause(view, write_json, j);
	json_end_array(j);
	return r;
}
