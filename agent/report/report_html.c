/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTML report: one self-contained page that says first what was covered.
 *
 * It has no script, loads nothing, and its content security policy allows
 * nothing but its own two style sheets, named by their digests.
 */
#include "report/report_html.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/asides.h"
#include "report/html.h"
#include "report/html_page.h"
#include "report/html_parts.h"
#include "report/notes.h"
#include "report/words.h"

void html_heading(FILE *out, const struct html_host *part, const char *anchor, const char *text)
{
	fprintf(out, "<h%u id=\"h%zu-%s\">", part->level, part->index, anchor);
	html_text(out, text);
	fprintf(out, "</h%u>\n", part->level);
}

void html_severity(FILE *out, enum finding_severity severity)
{
	const char *name = finding_severity_name(severity);

	fprintf(out, "<span class=\"tag %s\">%s</span>", name, name);
}

void html_waiver(FILE *out, const struct waiver *waiver)
{
	if (!waiver)
		return;
	html_fact(out, "Waived because", waiver->reason);
	html_fact(out, "Waived for", waiver->owner);
	html_fact(out, "Waived by", waiver->approver);
	fputs("<tr><th scope=\"row\">Waived until</th><td>", out);
	html_time(out, waiver->expires_ns);
	fputs("</td></tr>\n", out);
}

void html_cell(FILE *out, const char *label)
{
	fprintf(out, "<td data-label=\"%s\">", label);
}

void html_control_rows(FILE *out, const char *controls, const char *requirements,
		       const char *techniques)
{
	html_fact(out, "NIST SP 800-53", controls);
	html_fact(out, "IEC 62443-3-3 (unverified)", requirements);
	html_fact(out, "MITRE ATT&CK", techniques);
}

static void write_severities(FILE *out, const struct view_counts *counts)
{
	const char *separator = "";

	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--) {
		if (counts->open[severity] == 0)
			continue;
		fprintf(out, "%s%zu %s", separator, counts->open[severity],
			finding_severity_name((enum finding_severity)severity));
		separator = ", ";
	}
}

static void write_open(FILE *out, const struct html_host *part)
{
	const struct view_counts *counts = &part->view->counts;
	char buf[WORDS_SIZE];

	if (!part->host->baseline_digest)
		fputs("<li><strong>Nothing was compared:</strong> no baseline is loaded.</li>\n",
		      out);
	if (counts->open_all > 0) {
		fprintf(out, "<li><strong>%s open</strong>: ",
			words_count(counts->open_all, "finding is", "findings are", buf));
		write_severities(out, counts);
		fputs(".", out);
		if (counts->open_hardening > 0)
			fprintf(out, " Of these, %s.",
				words_count(counts->open_hardening, "is a failed hardening check",
					    "are failed hardening checks", buf));
		fputs("</li>\n", out);
	} else if (part->view->time_ns[COVERAGE_COVERED] == 0) {
		fputs("<li><strong>No finding is open, but nothing was covered either."
		      "</strong></li>\n",
		      out);
	} else if (part->host->baseline_digest) {
		fputs("<li><strong>No finding is open.</strong> In the time that was covered, no "
		      "difference was seen that still lasts.</li>\n",
		      out);
	}
}

static void write_checks(FILE *out, const struct html_host *part)
{
	const struct report_host *host = part->host;
	char buf[WORDS_SIZE];

	if (!host->check_count)
		return;
	fprintf(out, "<li><strong>%s failed</strong> out of %zu",
		words_count(part->view->counts.checks[CHECK_FAIL], "hardening check",
			    "hardening checks", buf),
		host->check_count);
	if (part->view->counts.failed_waived)
		fprintf(out, ", %zu of them waived", part->view->counts.failed_waived);
	fputs(".</li>\n", out);
	if (host->requirements_all)
		fprintf(out, "<li>%u of %u SL 3 requirements have host evidence here.</li>\n",
			host->requirements_with_evidence, host->requirements_all);
}

static void write_incidents(FILE *out, const struct html_host *part)
{
	size_t open = 0, overdue = 0;
	char buf[WORDS_SIZE];

	for (size_t i = 0; i < part->host->finding_count; i++) {
		const struct incident *incident = &part->host->findings[i].incident;

		open += incident_is_open(incident);
		overdue += incident_is_open(incident) && !incident->reported_ns &&
			   incident_is_late(incident, part->view->until_ns);
	}
	if (!open)
		return;
	fprintf(out, "<li><strong>%s open</strong>",
		words_count(open, "incident is", "incidents are", buf));
	if (overdue)
		fprintf(out, "; the report of %zu is overdue", overdue);
	fputs(".</li>\n", out);
}

void html_summary(FILE *out, const struct html_host *part)
{
	const struct view_host *view = part->view;
	const struct view_counts *counts = &view->counts;
	size_t resolved = counts->findings[FINDING_STATE_RESOLVED];
	int64_t not_covered_ns = view_period_ns(view) - view->time_ns[COVERAGE_COVERED];
	char buf[WORDS_SIZE];

	fputs("<section>\n", out);
	html_heading(out, part, "summary", "Summary");
	fputs("<ul class=\"summary\">\n", out);
	write_open(out, part);
	if (counts->accounted > 0)
		fprintf(out, "<li>%s explained, acknowledged or waived.</li>\n",
			words_count(counts->accounted, "finding is", "findings are", buf));
	if (resolved > 0)
		fprintf(out, "<li>%s resolved: the difference is gone.</li>\n",
			words_count(resolved, "finding is", "findings are", buf));
	write_checks(out, part);
	write_incidents(out, part);
	if (not_covered_ns > 0)
		fprintf(out,
			"<li>Changes in the time that was not covered (%s) may be missing here."
			"</li>\n",
			words_duration(not_covered_ns, buf));
	fputs("</ul>\n</section>\n", out);
}

void html_evidence(FILE *out, const struct html_host *part)
{
	const struct report_head *head = &part->host->head;
	char number[WORDS_SIZE];

	fputs("<section>\n", out);
	html_heading(out, part, "evidence", "How to check this report");
	if (head->sequence == 0) {
		fputs("<p>No signed chain head is at hand: this page cannot be checked against "
		      "signed records.</p>\n</section>\n",
		      out);
		return;
	}
	fputs("<p>This page itself is not signed. Each finding, check result and coverage interval "
	      "in it stands in the numbered records of the host; each record is chained to the one "
	      "before by SHA-256. <code>plumbline export --since 1</code> writes those not yet "
	      "acknowledged, the collector keeps the others. The chain ended here when the page "
	      "was made:</p>\n<table class=\"facts\">\n",
	      out);
	snprintf(number, sizeof(number), "%" PRIu64, head->sequence);
	html_fact(out, "Last record", number);
	html_code_fact(out, "Chain head", head->chain);
	if (head->verified_sequence > 0) {
		snprintf(number, sizeof(number), "verified up to record %" PRIu64,
			 head->verified_sequence);
		html_fact(out, "Host's signature", number);
	} else if (!head->signature) {
		html_fact(out, "Host's signature", "none yet");
	}
	html_code_fact(out, "Evidence key (SHA-256)", head->key_id);
	html_code_fact(out, "Signature (base64)", head->signature);
	fputs("</table>\n", out);
	if (head->signature && head->chain)
		fprintf(out,
			"<p>With the host's public evidence key in <code>evidence.pem</code> and "
			"the signature above in <code>head.b64</code>:</p>\n"
			"<pre>printf 'plumbline-head\\n%%s\\n%%s\\n' %" PRIu64 " \\\n  %.64s "
			"&gt; head\nbase64 -d head.b64 &gt; head.sig\n"
			"openssl dgst -sha256 -verify evidence.pem -signature head.sig "
			"head</pre>\n",
			head->sequence, head->chain);
	fputs("</section>\n", out);
}

static int write_body_of(FILE *out, const struct html_host *part)
{
	int r;

	html_baseline(out, part);
	r = html_findings(out, part);
	if (r < 0)
		return r;
	r = html_checks(out, part);
	if (r < 0)
		return r;
	html_evidence(out, part);
	return 0;
}

static void write_host_facts(FILE *out, const struct report_host *host)
{
	html_fact(out, "Host", host->name);
	html_fact(out, "Operating system", host->os);
	html_fact(out, "Kernel", host->kernel);
	html_fact(out, "Agent", host->version);
}

static int write_one(FILE *out, const struct report *report, const struct view_host *view)
{
	const struct html_host part = {report->hosts, view, 0, 2, report->families};

	html_coverage(out, &part);
	html_summary(out, &part);
	return write_body_of(out, &part);
}

static int write_many(FILE *out, const struct report *report, const struct view_host *views)
{
	int r;

	r = html_fleet(out, report, views);
	for (size_t i = 0; i < report->host_count && r == 0; i++) {
		const struct html_host part = {&report->hosts[i], &views[i], i, 3,
					       report->families};

		fprintf(out, "<section class=\"host\">\n<h2 id=\"h%zu-host\">Host ", i);
		html_text(out, part.host->name);
		fputs("</h2>\n<table class=\"facts\">\n", out);
		write_host_facts(out, part.host);
		fputs("</table>\n", out);
		html_coverage(out, &part);
		html_summary(out, &part);
		r = write_body_of(out, &part);
		fputs("</section>\n", out);
	}
	return r;
}

static void write_masthead(FILE *out, const struct report *report)
{
	fputs("<body>\n<header>\n<p class=\"brand\">Plumbline report</p>\n", out);
	html_element(out, "h1", NULL, report->title);
	fputs("\n<table class=\"facts\">\n", out);
	if (report->host_count == 1)
		write_host_facts(out, report->hosts);
	fputs("<tr><th scope=\"row\">Made</th><td>", out);
	html_time(out, report->made_at_ns);
	fputs(" by ", out);
	html_text(out, report->made_by);
	fputs("</td></tr>\n</table>\n</header>\n<main>\n", out);
}

static void write_notes(FILE *out)
{
	fputs("<section>\n<h2 id=\"notes\">Notes on the data</h2>\n<ul class=\"notes\">\n", out);
	for (size_t i = 0; report_notes[i]; i++) {
		html_element(out, "li", NULL, report_notes[i]);
		putc('\n', out);
	}
	fputs("</ul>\n</section>\n", out);
}

static int write_hosts(FILE *out, const struct report *report, struct view_host *views)
{
	int r = 0;

	for (size_t i = 0; i < report->host_count; i++) {
		r = view_host_init(report, &report->hosts[i], &views[i]);
		if (r < 0)
			return r;
	}
	if (report->host_count == 0)
		fputs("<section><h2>What was covered, and what was not</h2>\n<p class=\"lead\">"
		      "<strong>Nothing was covered:</strong> this report has no host.</p>"
		      "</section>\n",
		      out);
	else if (report->host_count == 1)
		r = write_one(out, report, views);
	else
		r = write_many(out, report, views);
	return r;
}

static int write_html(const struct report *report, FILE *out)
{
	struct view_host *views = calloc(report->host_count + 1, sizeof(*views));
	int r;

	if (!views)
		return -ENOMEM;
	r = html_page_head(out, report->title, report->made_by);
	if (r == 0) {
		write_masthead(out, report);
		r = write_hosts(out, report, views);
	}
	r = r ?: aside_html_refused(report, out);
	for (size_t i = 0; i < report->host_count; i++)
		view_host_done(&views[i]);
	free(views);
	if (r < 0)
		return r;
	write_notes(out);
	fputs("</main>\n</body>\n</html>\n", out);
	return ferror(out) ? -EIO : 0;
}

const struct report_ops report_html = {
	.name = "html",
	.content_type = "text/html; charset=utf-8",
	.write = write_html,
};
