/* SPDX-License-Identifier: Apache-2.0 */
/* Hardening checks in the HTML report: failed first, each with what was wanted beside what was
 * found. */
#include "report/html.h"
#include "report/html_parts.h"
#include "report/words.h"

static void write_summary(FILE *out, const struct html_host *part)
{
	const size_t *checks = part->view->counts.checks;
	const struct report_host *host = part->host;
	char buf[WORDS_SIZE];

	if (host->check_count == 0) {
		fputs("<p>No check has run yet. Nothing is said here about hardening.</p>\n", out);
		return;
	}
	fprintf(out, "<p class=\"lead\">Of %s, <strong>%zu failed</strong>, %zu passed, ",
		words_count(host->check_count, "check", "checks", buf), checks[CHECK_FAIL],
		checks[CHECK_PASS]);
	fprintf(out, "%zu could not be carried out, ", checks[CHECK_ERROR]);
	fprintf(out, "%s.",
		words_count(checks[CHECK_NOT_APPLICABLE], "does not apply here",
			    "do not apply here", buf));
	if (part->view->counts.failed_waived)
		fprintf(out,
			" %zu of those that failed %s waived: the score is %zu of %zu without "
			"waivers, %zu with them.",
			part->view->counts.failed_waived,
			part->view->counts.failed_waived == 1 ? "is" : "are", checks[CHECK_PASS],
			checks[CHECK_PASS] + checks[CHECK_FAIL],
			checks[CHECK_PASS] + part->view->counts.failed_waived);
	if (host->requirements_all > 0)
		fprintf(out, " %u of %u SL 3 requirements have host evidence here.",
			host->requirements_with_evidence, host->requirements_all);
	fputs("</p>\n", out);
	if (host->profile) {
		fputs("<p class=\"note\">Profile: ", out);
		html_text(out, host->profile);
		fputs(".</p>\n", out);
	}
}

/* A check that failed, or that could not be carried out. */
static void write_card(FILE *out, const struct html_host *part, size_t at)
{
	const struct check_result *check = part->view->checks[at];
	bool has_failed = check->outcome == CHECK_FAIL;

	fprintf(out, "<article class=\"card %s\">\n<h%u>",
		has_failed ? finding_severity_name(check->severity) : "error", part->level + 2);
	if (has_failed)
		html_severity(out, check->severity);
	else
		fputs("<span class=\"tag error\">error</span>", out);
	html_element(out, "code", NULL, check->id);
	fputs(" ", out);
	html_text(out, check->title);
	fprintf(out, "</h%u>\n<table class=\"facts\">\n", part->level + 2);
	html_fact(out, "Wanted", check->expected);
	html_fact(out, "Found", check->actual ? check->actual : "nothing could be read");
	html_fact(out, "Reason", check->reason);
	html_waiver(out, part->view->check_waivers[at]);
	html_fact(out, "Remedy", check->remediation);
	html_fact(out, "OT caution", check->ot_caution);
	html_control_rows(out, check->controls, check->requirements, check->techniques);
	fputs("</table>\n</article>\n", out);
}

static void write_cards(FILE *out, const struct html_host *part, enum check_outcome outcome,
			const char *title)
{
	if (part->view->counts.checks[outcome] == 0)
		return;
	fprintf(out, "<h%u>%s</h%u>\n", part->level + 1, title, part->level + 1);
	for (size_t i = 0; i < part->host->check_count; i++)
		if (part->view->checks[i]->outcome == outcome)
			write_card(out, part, i);
}

static void write_row(FILE *out, const struct check_result *check)
{
	bool has_passed = check->outcome == CHECK_PASS;

	fputs("<tr>", out);
	html_cell(out, "Check");
	html_element(out, "code", NULL, check->id);
	fputs("</td>", out);
	html_cell(out, "Title");
	html_text(out, check->title);
	fputs("</td>", out);
	html_cell(out, has_passed ? "Wanted" : "Why it does not apply");
	html_text(out, has_passed ? check->expected : check->reason);
	fputs("</td>", out);
	if (has_passed) {
		html_cell(out, "Found");
		html_text(out, check->actual);
		fputs("</td>", out);
	}
	html_cell(out, "IEC 62443-3-3");
	html_text(out, check->requirements);
	fputs("</td></tr>\n", out);
}

static void write_rows(FILE *out, const struct html_host *part, enum check_outcome outcome)
{
	bool has_passed = outcome == CHECK_PASS;

	if (part->view->counts.checks[outcome] == 0)
		return;
	fprintf(out,
		"<table class=\"rows\"><caption>%s</caption>\n<thead><tr>"
		"<th scope=\"col\">Check</th><th scope=\"col\">Title</th>%s"
		"<th scope=\"col\">IEC 62443-3-3 (unverified)</th></tr></thead>\n<tbody>\n",
		has_passed ? "Passed" : "Not applicable",
		has_passed ? "<th scope=\"col\">Wanted</th><th scope=\"col\">Found</th>"
			   : "<th scope=\"col\">Why it does not apply</th>");
	for (size_t i = 0; i < part->host->check_count; i++)
		if (part->view->checks[i]->outcome == outcome)
			write_row(out, part->view->checks[i]);
	fputs("</tbody></table>\n", out);
}

void html_checks(FILE *out, const struct html_host *part)
{
	fputs("<section>\n", out);
	html_heading(out, part, "checks", "Hardening checks");
	write_summary(out, part);
	write_cards(out, part, CHECK_FAIL, "Failed");
	write_cards(out, part, CHECK_ERROR, "Could not be carried out");
	write_rows(out, part, CHECK_PASS);
	write_rows(out, part, CHECK_NOT_APPLICABLE);
	fputs("</section>\n", out);
}
