/* SPDX-License-Identifier: Apache-2.0 */
/* Findings in the HTML report: worst first, each with who, what, expected and actual. */
#include <errno.h>
#include <inttypes.h>

#include "base/str.h"
#include "report/change_sets.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/words.h"

/* So many findings are told at length; the others get one row each. */
#define CARDS_MAX 500

static void fact_begin(FILE *out, const char *label)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", label);
}

static void fact_end(FILE *out)
{
	fputs("</td></tr>\n", out);
}

static void digest_fact(FILE *out, const char *label, const char *value, const char *none)
{
	fact_begin(out, label);
	if (value) {
		fputs("<code>", out);
		html_text(out, value);
		fputs("</code>", out);
	} else {
		fprintf(out, "<em>%s</em>", none);
	}
	fact_end(out);
}

static void write_uid(FILE *out, const struct subject *subject)
{
	html_text(out, subject->user);
	fprintf(out, "%suid %" PRIu32, subject->user ? ", " : "", subject->uid);
	if (subject->euid != subject->uid)
		fprintf(out, ", acting as uid %" PRIu32, subject->euid);
	if (subject->login_uid != SUBJECT_UID_NONE && subject->login_uid != subject->uid)
		fprintf(out, ", logged in as uid %" PRIu32, subject->login_uid);
}

static int write_who(FILE *out, const struct subject *subject)
{
	int r;

	if (!subject->is_known) {
		fact_begin(out, "Who");
		fputs("<em>not known: found by comparison, not seen as it happened</em>", out);
		fact_end(out);
		return 0;
	}
	fact_begin(out, "Who");
	write_uid(out, subject);
	fact_end(out);

	fact_begin(out, "By program");
	fputs("<code>", out);
	r = html_path(out, subject->exe ? subject->exe : subject->comm);
	fprintf(out, "</code> (pid %" PRIu32 ")", subject->pid);
	fact_end(out);

	html_fact(out, "Started by", subject->parents);
	html_fact(out, "Unit", subject->unit);
	return r;
}

static void write_when(FILE *out, const struct finding *finding)
{
	fact_begin(out, "Seen");
	if (finding->count > 1)
		fprintf(out, "%" PRIu64 " times, first ", finding->count);
	html_time(out, finding->first_seen_ns);
	if (finding->count > 1) {
		fputs(", last ", out);
		html_time(out, finding->last_seen_ns);
	}
	fact_end(out);
}

/* The clock of an incident by the time of the report. */
static int incident_facts(FILE *out, const struct html_host *part, const struct incident *incident)
{
	cleanup_strbuf struct strbuf clock = STRBUF_INIT, hold = STRBUF_INIT;

	if (!incident->is_there)
		return 0;
	incident_put_clock(incident, part->view->until_ns, &clock);
	incident_put_hold(incident, part->view->until_ns, &hold);
	if (strbuf_check(&clock) < 0 || strbuf_check(&hold) < 0)
		return -ENOMEM;
	html_fact(out, "Incident", incident->reason);
	html_fact(out, "Declared by", incident->declared_by);
	html_fact(out, "Report clock", clock.data);
	html_fact(out, "Evidence hold", hold.data);
	return 0;
}

static int write_card(FILE *out, const struct html_host *part, size_t at)
{
	const struct finding *finding = part->view->findings[at];
	int r;

	fprintf(out, "<article class=\"card %s\" id=\"h%zu-%.12s\">\n<h%u>",
		finding_severity_name(finding->severity), part->index, finding->fingerprint,
		part->level + 1);
	html_severity(out, finding->severity);
	html_text(out, words_finding_kind(finding->kind));
	fprintf(out, "</h%u>\n<p class=\"object\"><code>", part->level + 1);
	r = html_path(out, finding->path);
	if (r < 0)
		return r;
	fputs("</code></p>\n", out);
	if (finding->detail)
		html_element(out, "p", NULL, finding->detail);

	fputs("<table class=\"facts\">\n", out);
	digest_fact(out, "Approved", finding->expected, "nothing is approved here");
	digest_fact(out, "Found", finding->actual, "nothing is there");
	r = write_who(out, &finding->subject);
	if (r < 0)
		return r;
	write_when(out, finding);
	if (view_is_open(finding) && !view_is_hardening(finding))
		html_fact(out, "Remedy", words_finding_remedy());
	html_fact(out, "Package", finding->package);
	html_fact(out, "Change set", finding->change_set);
	html_waiver(out, part->view->finding_waivers[at]);
	r = incident_facts(out, part, &finding->incident);
	if (r < 0)
		return r;
	html_control_rows(out, finding->controls, finding->requirements, finding->techniques);
	fact_begin(out, "Kind, state");
	fprintf(out, "<code>%s</code>, %s", finding_kind_name(finding->kind),
		finding_state_name(finding->state));
	fact_end(out);
	digest_fact(out, "Fingerprint", finding->fingerprint, "");
	fputs("</table>\n</article>\n", out);
	return 0;
}

static int write_row(FILE *out, const struct finding *finding)
{
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
	html_cell(out, "State");
	html_element(out, "span", "nowrap", finding_state_name(finding->state));
	fputs("</td>", out);
	html_cell(out, "Last seen");
	html_time(out, finding->last_seen_ns);
	fputs("</td></tr>\n", out);
	return r;
}

static void begin_rows(FILE *out, const char *caption)
{
	fprintf(out,
		"<table class=\"rows\"><caption>%s</caption>\n<thead><tr>"
		"<th scope=\"col\">Severity</th><th scope=\"col\">What</th>"
		"<th scope=\"col\">Where</th><th scope=\"col\">State</th>"
		"<th scope=\"col\">Last seen</th></tr></thead>\n<tbody>\n",
		caption);
}

enum group {
	GROUP_DRIFT,  /* told at length, up to CARDS_MAX */
	GROUP_UPDATE, /* in a change-set */
	GROUP_HARDENING,
	GROUP_CLOSED,
};

static enum group group_of(const struct finding *finding)
{
	if (!view_is_open(finding))
		return GROUP_CLOSED;
	if (change_sets_take(finding))
		return GROUP_UPDATE;
	return view_is_hardening(finding) ? GROUP_HARDENING : GROUP_DRIFT;
}

/* One row for each finding of @group but the first @skip. */
static int write_rows(FILE *out, const struct html_host *part, enum group group, size_t skip,
		      const char *caption)
{
	size_t seen = 0;
	int r = 0;

	for (size_t i = 0; i < part->host->finding_count && r == 0; i++) {
		const struct finding *finding = part->view->findings[i];

		if (group_of(finding) != group || seen++ < skip)
			continue;
		if (seen == skip + 1)
			begin_rows(out, caption);
		r = write_row(out, finding);
	}
	if (seen > skip)
		fputs("</tbody></table>\n", out);
	return r;
}

static int write_set_rows(FILE *out, const struct html_host *part, const struct change_set *set)
{
	int r = 0;

	fputs("<details><summary>Each difference</summary>\n", out);
	begin_rows(out, "Differences of this update");
	for (size_t i = 0; i < part->host->finding_count && r == 0; i++) {
		const struct finding *finding = part->view->findings[i];

		if (change_sets_take(finding) && str_equal(finding->change_set, set->id))
			r = write_row(out, finding);
	}
	fputs("</tbody></table>\n</details>\n", out);
	return r;
}

static int write_set(FILE *out, const struct html_host *part, const struct change_set *set)
{
	cleanup_strbuf struct strbuf kinds = STRBUF_INIT, packages = STRBUF_INIT;
	int r;

	change_set_add_kinds(set, &kinds);
	change_set_add_packages(set, &packages);
	if (strbuf_check(&kinds) < 0 || strbuf_check(&packages) < 0)
		return -ENOMEM;
	fprintf(out, "<article class=\"card %s\">\n<h%u>", finding_severity_name(set->worst),
		part->level + 1);
	html_severity(out, set->worst);
	fprintf(out, "An update made %zu difference%s</h%u>\n<p class=\"object\"><code>",
		set->count, set->count == 1 ? "" : "s", part->level + 1);
	html_text(out, set->id);
	fputs("</code></p>\n", out);
	html_element(out, "p", NULL, kinds.data);
	fputs("<table class=\"facts\">\n", out);
	html_fact(out, "Approved packages", packages.data);
	r = write_who(out, &set->example->subject);
	if (r < 0)
		return r;
	fact_begin(out, "Seen");
	fputs("first ", out);
	html_time(out, set->first_ns);
	fputs(", last ", out);
	html_time(out, set->last_ns);
	fact_end(out);
	fputs("</table>\n", out);
	r = write_set_rows(out, part, set);
	fputs("</article>\n", out);
	return r;
}

/* What a trusted updater did stays open, but one run of it is one thing to look at. */
static int write_sets(FILE *out, const struct html_host *part)
{
	cleanup_change_sets struct change_sets sets = {0};
	int r;

	r = change_sets_collect(part->view->findings, part->host->finding_count, &sets);
	for (size_t i = 0; i < sets.count && r == 0; i++)
		r = write_set(out, part, &sets.sets[i]);
	return r;
}

/* Returns how many it told, or a negative errno. */
static int write_cards(FILE *out, const struct html_host *part)
{
	int cards = 0, r = 0;

	for (size_t i = 0; i < part->host->finding_count && cards < CARDS_MAX && r == 0; i++) {
		if (group_of(part->view->findings[i]) != GROUP_DRIFT)
			continue;
		r = write_card(out, part, i);
		cards++;
	}
	return r < 0 ? r : cards;
}

int html_findings(FILE *out, const struct html_host *part)
{
	int cards, r;

	fputs("<section>\n", out);
	html_heading(out, part, "findings", "Findings");
	if (part->view->counts.open_all == 0)
		fputs("<p>No finding is open.</p>\n", out);
	else if (part->view->counts.open_waived)
		fprintf(out, "<p>%zu open without waivers, %zu with them.</p>\n",
			part->view->counts.open_all,
			part->view->counts.open_all - part->view->counts.open_waived);

	cards = write_cards(out, part);
	if (cards < 0)
		return cards;
	r = write_rows(out, part, GROUP_DRIFT, (size_t)cards,
		       "More open findings; the JSON and CSV reports tell them at length");
	if (r < 0)
		return r;
	r = write_sets(out, part);
	if (r < 0)
		return r;
	r = write_rows(out, part, GROUP_HARDENING, 0,
		       "Open findings of hardening checks, which are told at length below");
	if (r < 0)
		return r;
	r = write_rows(out, part, GROUP_CLOSED, 0, "Findings that are no longer open");
	fputs("</section>\n", out);
	return r;
}
