/* SPDX-License-Identifier: Apache-2.0 */
/* Report by framework as one JSON document. */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "report/asides.h"
#include "report/clauses.h"
#include "report/framework_incident.h"
#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/notes.h"
#include "report/report_json.h"

#define FORMAT_VERSION 1

static const char *const touch_names[] = {"", "inherited", "paired", "direct"};

static void put_text(struct json *j, const char *key, const char *text)
{
	if (text)
		json_put_string(j, key, text);
}

static void put_evidence(struct json *j, const struct framework_evidence *evidence)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	framework_put_evidence(evidence, &text);
	json_begin_object(j);
	json_put_string(j, "stand", evidence_stand_name(evidence->stand));
	json_put_string(j, "host", evidence->host->name);
	json_put_string(j, "how", touch_names[evidence->touch]);
	json_put_string(j, "text", text.data);
	if (evidence->check) {
		const struct check_result *check = evidence->check;

		json_put_string(j, "check", check->id);
		json_put_string(j, "severity", finding_severity_name(check->severity));
		put_text(j, "expected", check->expected);
		put_text(j, "actual", check->actual);
		put_text(j, "reason", check->reason);
		put_text(j, "remediation", check->remediation);
		put_text(j, "ot_caution", check->ot_caution);
		json_put_time(j, "time", check->time_ns);
	} else if (evidence->finding) {
		json_put_string(j, "finding", evidence->finding->id);
		json_put_string(j, "kind", finding_kind_name(evidence->finding->kind));
		json_put_string(j, "severity", finding_severity_name(evidence->finding->severity));
		json_put_path(j, "path", evidence->finding->path);
		json_put_time(j, "time", evidence->finding->last_seen_ns);
	} else {
		json_put_i64(j, "watched_seconds", evidence->watched_ns / 1000000000);
		json_put_u64(j, "kinds", evidence->kinds);
	}
	if (evidence->waiver)
		report_json_waiver(j, evidence->waiver);
	json_end_object(j);
}

static int put_row(const struct framework_view *view, const struct framework_row *row,
		   struct json *j, FILE *out)
{
	int r = 0;

	json_begin_object(j);
	json_put_string(j, "id", row->item->id);
	json_put_string(j, "title", row->item->title);
	json_put_string(j, "group", row->item->group);
	if (row->item->lowest_sl)
		json_put_u64(j, "lowest_sl", row->item->lowest_sl);
	if (row->item->second_reading)
		json_put_u64(j, "second_reading", row->item->second_reading);
	json_put_string(j, "state", row_state_name(row->state));
	json_put_string(j, "state_without_waivers", row_state_name(row->state_without_waivers));
	put_text(j, "why_not", row->why_not);
	if (row->is_decided) {
		json_key(j, "decision");
		json_begin_object(j);
		json_put_bool(j, "applies", row->decision.applies);
		json_put_string(j, "reason", row->decision.reason);
		json_end_object(j);
	}
	json_key(j, "evidence");
	json_begin_array(j);
	for (size_t i = row->first; i < row->first + row->count && r == 0; i++) {
		put_evidence(j, &view->evidence[i]);
		r = json_stream(j, out);
	}
	json_end_array(j);
	json_end_object(j);
	return r;
}

static void put_counts(struct json *j, const char *key, const size_t counts[static ROW_STATE_COUNT])
{
	json_key(j, key);
	json_begin_object(j);
	for (unsigned state = 0; state < ROW_STATE_COUNT; state++)
		json_put_u64(j, row_state_name(state), counts[state]);
	json_end_object(j);
}

static void put_groups(const struct framework_view *view, struct json *j)
{
	json_key(j, "groups");
	json_begin_array(j);
	for (size_t first = 0, count; first < view->row_count; first += count) {
		const struct framework_item *item = view->rows[first].item;
		size_t states[ROW_STATE_COUNT] = {0};

		count = framework_group_rows(view, first);
		for (size_t i = first; i < first + count; i++)
			states[view->rows[i].state]++;
		json_begin_object(j);
		json_put_string(j, "group", item->group);
		if (item->lowest_sl)
			json_put_u64(j, "target_sl",
				     view->question->target_sl[framework_fr_of(item->id)]);
		put_counts(j, "counts", states);
		json_end_object(j);
	}
	json_end_array(j);
}

static void put_head(const struct framework_view *view, struct json *j)
{
	const struct framework_question *question = view->question;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	json_put_u64(j, "format_version", FORMAT_VERSION);
	json_put_string(j, "framework", question->framework->name);
	json_put_string(j, "title", framework_title(question));
	json_put_string(j, "source", question->framework->source);
	put_text(j, "unverified", question->framework->unverified);
	put_text(j, "caution", question->framework->caution);
	put_text(j, "notice", question->framework->notice);
	framework_put_target(question, &text);
	put_text(j, "target", text.len ? text.data : NULL);
	strbuf_clear(&text);
	framework_put_summary(view, &text);
	put_text(j, "summary", text.data);
	json_put_string(j, "made_by", question->report->made_by);
	json_put_time(j, "made_at", question->report->made_at_ns);
	json_key(j, "hosts");
	json_begin_array(j);
	for (size_t i = 0; i < question->report->host_count; i++)
		json_string(j, question->report->hosts[i].name);
	json_end_array(j);
	put_counts(j, "counts", view->states);
	put_counts(j, "counts_without_waivers", view->states_without_waivers);
	put_groups(view, j);
	aside_json_requirements(question->report, j);
	aside_json_refused(question->report, j);
	json_key(j, "notes");
	json_begin_array(j);
	for (size_t i = 0; report_notes[i]; i++)
		json_string(j, report_notes[i]);
	json_end_array(j);
}

static int write_json(const struct framework_view *view, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	int r = 0;

	json_begin_object(&j);
	put_head(view, &j);
	framework_incident_json(view, &j);
	if (view->question->has_clauses)
		r = clauses_put_json(view, &j);
	json_key(&j, "requirements");
	json_begin_array(&j);
	for (size_t i = 0; i < view->row_count && r == 0; i++)
		r = put_row(view, &view->rows[i], &j, out);
	json_end_array(&j);
	json_end_object(&j);
	if (r < 0)
		return r;
	strbuf_add_char(&text, '\n');
	r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_json = {.name = "json", .write = write_json};
