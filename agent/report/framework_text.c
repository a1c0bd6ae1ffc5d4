/* SPDX-License-Identifier: Apache-2.0 */
/* Report by framework as plain text, for a terminal. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "report/asides.h"
#include "report/clauses.h"
#include "report/framework_incident.h"
#include "report/framework_writers.h"
#include "report/notes.h"

/* Evidence for a requirement that is told by count beyond these. */
#define FOR_MAX 3

/* What came from hosts and people may hold what moves the cursor; a backslash is of an escape. */
static void put_shown(const char *text, FILE *out)
{
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;

	str_show(&shown, text);
	fputs(shown.data ? shown.data : "", out);
}

static void put_hosts(const struct framework_view *view, FILE *out)
{
	const struct report *report = view->question->report;

	fputs("Hosts:", out);
	for (size_t i = 0; i < report->host_count && i < 20; i++) {
		const struct report_host *host = &report->hosts[i];

		fputs(i ? ", " : " ", out);
		put_shown(host->name ? host->name : "?", out);
		if (report->host_count > 1 && host->requirements_all)
			fprintf(out, " (%u of %u SL 3 requirements)",
				host->requirements_with_evidence, host->requirements_all);
	}
	if (report->host_count > 20)
		fprintf(out, " and %zu more", report->host_count - 20);
	putc('\n', out);
}

static int put_head(const struct framework_view *view, FILE *out)
{
	const struct framework *framework = view->question->framework;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char when[RFC3339_SIZE];

	framework_put_target(view->question, &text);
	fprintf(out, "%s%s%s\n", framework_title(view->question), text.len ? ", " : "",
		text.len ? text.data : "");
	put_hosts(view, out);
	fprintf(out, "Made %s by %s\n\n", clock_format(view->question->report->made_at_ns, when),
		view->question->report->made_by);
	strbuf_clear(&text);
	framework_put_summary(view, &text);
	if (view->question->waivers && view->question->waivers->count) {
		strbuf_add_char(&text, '\n');
		framework_put_score(view, &text);
	}
	if (view->question->report->refused_waiver_count) {
		strbuf_add_char(&text, '\n');
		aside_put_refused(view->question->report, &text);
	}
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	fprintf(out, "%s\n", text.data);
	if (framework->unverified)
		fprintf(out, "Unverified: %s.\n", framework->unverified);
	return 0;
}

static int put_row(const struct framework_view *view, const struct framework_row *row, FILE *out)
{
	size_t told = 0;

	fprintf(out, "%s %s\n  %s%s%s\n", row->item->id, row->item->title,
		row_state_words(row->state), row->why_not ? ": " : "",
		row->why_not ? row->why_not : "");
	if (row->is_decided) {
		fprintf(out, "  %s: %s, ", framework_decision_label(view->question->framework),
			row->decision.applies ? "yes" : "no");
		put_shown(row->decision.reason, out);
		putc('\n', out);
	} else if (framework_asks_decisions(view->question)) {
		fprintf(out, "  %s: not decided\n",
			framework_decision_label(view->question->framework));
	}
	for (size_t i = row->first; i < row->first + row->count; i++) {
		const struct framework_evidence *evidence = &view->evidence[i];
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (evidence->stand == EVIDENCE_FOR && told++ >= FOR_MAX)
			continue;
		framework_put_evidence(evidence, &text);
		if (view->question->report->host_count > 1)
			strbuf_printf(&text, " on %s", evidence->host->name);
		if (strbuf_check(&text) < 0)
			return -ENOMEM;
		fprintf(out, "    %-12s ", evidence_stand_name(evidence->stand));
		put_shown(text.data, out);
		putc('\n', out);
	}
	if (told > FOR_MAX)
		fprintf(out, "    %-12s %zu more\n", "for", told - FOR_MAX);
	return 0;
}

static int put_group(const struct framework_view *view, size_t first, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	putc('\n', out);
	if (!*view->rows[first].item->group)
		return 0;
	framework_put_group(view, first, framework_group_rows(view, first), &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	fprintf(out, "%s\n  %s\n\n", view->rows[first].item->group, text.data);
	return 0;
}

static void put_notes(const struct framework *framework, FILE *out)
{
	putc('\n', out);
	for (size_t i = 0; report_notes[i]; i++)
		fprintf(out, "%s\n", report_notes[i]);
	if (framework->caution)
		fprintf(out, "%s\n", framework->caution);
}

static int write_text(const struct framework_view *view, FILE *out)
{
	int r = put_head(view, out);

	if (r == 0)
		r = framework_incident_text(view, out);
	if (r == 0 && view->question->has_clauses)
		r = clauses_write_text(view, out);
	for (size_t i = 0; i < view->row_count && r == 0; i++) {
		if (!i || !str_equal(view->rows[i].item->group, view->rows[i - 1].item->group))
			r = put_group(view, i, out);
		if (r == 0)
			r = put_row(view, &view->rows[i], out);
	}
	if (r < 0)
		return r;
	put_notes(view->question->framework, out);
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_text = {.name = "text", .write = write_text};
