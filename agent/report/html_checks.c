/* SPDX-License-Identifier: Apache-2.0 */
/* Hardening checks in the HTML report, by family: failed first, each with what was wanted beside
 * what was found. */
#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
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

/* How many checks of a family came out how. */
struct tally {
	size_t outcomes[CHECK_OUTCOME_COUNT];
	size_t all;
};

static size_t family_of(const struct html_host *part, size_t at)
{
	return check_families_find(part->families, part->view->checks[at]->id);
}

static const char *family_title(const struct html_host *part, size_t family)
{
	const char *title = check_families_title(part->families, family);

	return title ?: part->families ? "Other checks" : "All checks";
}

static void write_cards(FILE *out, const struct html_host *part, size_t family,
			enum check_outcome outcome)
{
	for (size_t i = 0; i < part->host->check_count; i++)
		if (part->view->checks[i]->outcome == outcome && family_of(part, i) == family)
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

static void write_rows(FILE *out, const struct html_host *part, size_t family,
		       enum check_outcome outcome)
{
	bool has_passed = outcome == CHECK_PASS;

	fprintf(out,
		"<table class=\"rows\"><caption>%s</caption>\n<thead><tr>"
		"<th scope=\"col\">Check</th><th scope=\"col\">Title</th>%s"
		"<th scope=\"col\">IEC 62443-3-3 (unverified)</th></tr></thead>\n<tbody>\n",
		has_passed ? "Passed" : "Not applicable",
		has_passed ? "<th scope=\"col\">Wanted</th><th scope=\"col\">Found</th>"
			   : "<th scope=\"col\">Why it does not apply</th>");
	for (size_t i = 0; i < part->host->check_count; i++)
		if (part->view->checks[i]->outcome == outcome && family_of(part, i) == family)
			write_row(out, part->view->checks[i]);
	fputs("</tbody></table>\n", out);
}

static void write_number(FILE *out, const char *label, size_t number)
{
	html_cell(out, label);
	fprintf(out, "%zu</td>", number);
}

/* One row per family that has checks here, with the way to it. */
static void write_table(FILE *out, const struct html_host *part, const struct tally *tallies,
			size_t count)
{
	fputs("<table class=\"rows\"><caption>By family</caption>\n<thead><tr>"
	      "<th scope=\"col\">Family</th><th scope=\"col\">Failed</th>"
	      "<th scope=\"col\">Could not be carried out</th><th scope=\"col\">Passed</th>"
	      "<th scope=\"col\">Not applicable</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t family = 0; family < count; family++) {
		const size_t *outcomes = tallies[family].outcomes;

		if (!tallies[family].all)
			continue;
		fputs("<tr>", out);
		html_cell(out, "Family");
		fprintf(out, "<a href=\"#h%zu-family%zu\">", part->index, family);
		html_text(out, family_title(part, family));
		fputs("</a></td>", out);
		write_number(out, "Failed", outcomes[CHECK_FAIL]);
		write_number(out, "Could not be carried out", outcomes[CHECK_ERROR]);
		write_number(out, "Passed", outcomes[CHECK_PASS]);
		write_number(out, "Not applicable", outcomes[CHECK_NOT_APPLICABLE]);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
}

/* The worst first, as the view has them; then what could not be told, then the rest as rows. */
static void write_family(FILE *out, const struct html_host *part, size_t family,
			 const struct tally *tally)
{
	static const struct {
		enum check_outcome outcome;
		const char *words;
	} parts[] = {
		{CHECK_FAIL, "failed"},
		{CHECK_ERROR, "could not be carried out"},
		{CHECK_PASS, "passed"},
		{CHECK_NOT_APPLICABLE, "not applicable"},
	};
	const char *separator = "";

	fprintf(out, "<h%u id=\"h%zu-family%zu\">", part->level + 1, part->index, family);
	html_text(out, family_title(part, family));
	fprintf(out, "</h%u>\n<p class=\"note\">", part->level + 1);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!tally->outcomes[parts[i].outcome])
			continue;
		fprintf(out, "%s%zu %s", separator, tally->outcomes[parts[i].outcome],
			parts[i].words);
		separator = ", ";
	}
	fputs("</p>\n", out);
	write_cards(out, part, family, CHECK_FAIL);
	write_cards(out, part, family, CHECK_ERROR);
	if (tally->outcomes[CHECK_PASS])
		write_rows(out, part, family, CHECK_PASS);
	if (tally->outcomes[CHECK_NOT_APPLICABLE])
		write_rows(out, part, family, CHECK_NOT_APPLICABLE);
}

int html_checks(FILE *out, const struct html_host *part)
{
	size_t count = check_families_count(part->families) + 1;
	cleanup_free struct tally *tallies = calloc(count, sizeof(*tallies));

	if (!tallies)
		return -ENOMEM;
	for (size_t i = 0; i < part->host->check_count; i++) {
		struct tally *tally = &tallies[family_of(part, i)];

		tally->outcomes[part->view->checks[i]->outcome]++;
		tally->all++;
	}
	fputs("<section>\n", out);
	html_heading(out, part, "checks", "Hardening checks");
	write_summary(out, part);
	if (part->host->check_count && part->families)
		write_table(out, part, tallies, count);
	for (size_t family = 0; family < count; family++)
		if (tallies[family].all)
			write_family(out, part, family, &tallies[family]);
	fputs("</section>\n", out);
	return 0;
}
