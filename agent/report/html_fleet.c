/* SPDX-License-Identifier: Apache-2.0 */
/* Several hosts on one page: coverage side by side, then one row per difference. */
#include <errno.h>
#include <inttypes.h>

#include "report/asides.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/words.h"

/* Rows of differences, and host names in one row; the JSON report has all. */
#define ROWS_MAX  2000
#define NAMES_MAX 12

static void write_host_row(FILE *out, const struct html_host *part)
{
	const struct view_counts *counts = &part->view->counts;
	char buf[WORDS_SIZE];

	fputs("<tr>", out);
	html_cell(out, "Host");
	fprintf(out, "<a href=\"#h%zu-host\">", part->index);
	html_text(out, part->host->name);
	fputs("</a></td>", out);
	html_cell(out, "Covered");
	fputs("<div class=\"cover\">", out);
	html_coverage_bar(out, part);
	fprintf(out, "<span class=\"nowrap\">%s</span></div></td>",
		words_permille(view_covered_permille(part->view), buf));
	html_cell(out, "Sensor");
	html_text(out, part->host->rung);
	fputs("</td>", out);
	html_cell(out, "Open findings");
	if (counts->open_all == 0)
		fputs("0", out);
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--)
		if (counts->open[severity] > 0)
			fprintf(out, "<span class=\"tally\">%zu %s</span> ", counts->open[severity],
				finding_severity_name((enum finding_severity)severity));
	fputs("</td>", out);
	html_cell(out, "Checks failed");
	if (part->host->check_count > 0)
		fprintf(out, "%zu of %zu</td>", counts->checks[CHECK_FAIL],
			part->host->check_count);
	else
		fputs("<em>not run</em></td>", out);
	html_cell(out, "SL 3 evidence");
	if (part->host->requirements_all)
		fprintf(out, "%u of %u", part->host->requirements_with_evidence,
			part->host->requirements_all);
	fputs("</td>", out);
	html_cell(out, "Baseline");
	if (part->host->baseline_name) {
		html_text(out, part->host->baseline_name);
		fprintf(out, ", revision %" PRIu64, part->host->baseline_revision);
	} else {
		fputs("<em>none</em>", out);
	}
	fputs("</td></tr>\n", out);
}

static int write_lead(FILE *out, const struct report *report, const struct view_host *views)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t whole = 0;
	char hosts[WORDS_SIZE];

	for (size_t i = 0; i < report->host_count; i++)
		whole += view_covered_permille(&views[i]) == 1000;
	fprintf(out,
		"<p class=\"lead\">Of %s, <strong>%zu %s covered without a gap</strong>; for the "
		"other <strong>%zu</strong> there was time in which changes may have gone unseen. "
		"</p>\n",
		words_count(report->host_count, "host", "hosts", hosts), whole,
		whole == 1 ? "was" : "were", report->host_count - whole);
	aside_put_requirements(report, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	if (text.len)
		html_element(out, "p", NULL, text.data);
	return 0;
}

static int write_hosts(FILE *out, const struct report *report, const struct view_host *views)
{
	int r;

	fputs("<section>\n<h2 id=\"coverage\">What was covered, and what was not</h2>\n", out);
	r = write_lead(out, report, views);
	if (r < 0)
		return r;
	fputs("<table class=\"rows fleet\"><caption>All hosts of this report</caption>\n<thead><tr>"
	      "<th scope=\"col\">Host</th><th scope=\"col\">Covered</th>"
	      "<th scope=\"col\">Sensor</th><th scope=\"col\">Open findings</th>"
	      "<th scope=\"col\">Checks failed</th><th scope=\"col\">SL 3 evidence</th>"
	      "<th scope=\"col\">Baseline</th></tr></thead>\n"
	      "<tbody>\n",
	      out);
	for (size_t i = 0; i < report->host_count; i++)
		write_host_row(out, &(struct html_host){&report->hosts[i], &views[i], i, 3});
	fputs("</tbody></table>\n<p class=\"note\">Bars: full and green, covered; half height, the "
	      "first comparison; red, a gap; low and dark, the agent was down; empty, no record. "
	      "Each covers the period of this report.</p>\n</section>\n",
	      out);
	return 0;
}

static void write_names(FILE *out, const struct view_fleet *fleet, const struct view_row *row,
			size_t all)
{
	fprintf(out, "on <strong>%zu of %zu hosts</strong>: ", row->host_count, all);
	for (size_t m = 0; m < row->host_count && m < NAMES_MAX; m++) {
		fprintf(out, "%s<span class=\"nowrap\">", m > 0 ? ", " : "");
		html_text(out, fleet->members[row->first_member + m]->name);
		fputs("</span>", out);
	}
	if (row->host_count > NAMES_MAX)
		fprintf(out, " and %zu more", row->host_count - NAMES_MAX);
}

static int write_row(FILE *out, const struct view_fleet *fleet, const struct view_row *row,
		     size_t all)
{
	const struct finding *finding = row->finding;
	int r;

	fputs("<tr>", out);
	html_cell(out, "Severity");
	html_severity(out, finding->severity);
	fputs("</td>", out);
	html_cell(out, "What");
	html_text(out, words_finding_kind(finding->kind));
	fputs("</td>", out);
	html_cell(out, "Where");
	fputs("<code>", out);
	r = html_path(out, finding->path);
	fputs("</code></td>", out);
	html_cell(out, "Approved, found");
	fputs("<span class=\"said\">approved</span> <code>", out);
	html_text(out, finding->expected ? finding->expected : "nothing");
	fputs("</code><br><span class=\"said\">found</span> <code>", out);
	html_text(out, finding->actual ? finding->actual : "nothing");
	fputs("</code></td>", out);
	html_cell(out, "Hosts");
	write_names(out, fleet, row, all);
	fputs("</td></tr>\n", out);
	return r;
}

static int write_differences(FILE *out, const struct report *report)
{
	cleanup_view_fleet struct view_fleet fleet = {0};
	char buf[WORDS_SIZE];
	int r;

	r = view_fleet_init(report, &fleet);
	if (r < 0)
		return r;
	fputs("<section>\n<h2 id=\"differences\">Differences across the hosts</h2>\n", out);
	if (fleet.row_count == 0) {
		fputs("<p>No finding is open on any host of this report.</p>\n</section>\n", out);
		return 0;
	}
	fprintf(out,
		"<p class=\"lead\"><strong>%s open.</strong> Each is one row, on however many "
		"hosts it is; the fingerprint is the same on all.</p>\n",
		words_count(fleet.row_count, "difference is", "differences are", buf));
	fputs("<table class=\"rows differences\"><caption>Worst first, then on the most "
	      "hosts</caption>\n"
	      "<thead><tr><th scope=\"col\">Severity</th><th scope=\"col\">What</th>"
	      "<th scope=\"col\">Where</th><th scope=\"col\">Approved, found</th>"
	      "<th scope=\"col\">Hosts</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < fleet.row_count && i < ROWS_MAX && r == 0; i++)
		r = write_row(out, &fleet, &fleet.rows[i], report->host_count);
	fputs("</tbody></table>\n", out);
	if (fleet.row_count > ROWS_MAX)
		fprintf(out, "<p class=\"note\">%zu more are in the JSON report.</p>\n",
			fleet.row_count - ROWS_MAX);
	fputs("</section>\n", out);
	return r;
}

int html_fleet(FILE *out, const struct report *report, const struct view_host *views)
{
	int r = write_hosts(out, report, views);

	return r < 0 ? r : write_differences(out, report);
}
