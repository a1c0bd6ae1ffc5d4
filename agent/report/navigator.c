/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ATT&CK Navigator layer (4.5): the techniques for which there is evidence,
 * with what stands against them first. A technique without colour was not
 * assessed, which is not to say that it is guarded against.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "report/asides.h"
#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/notes.h"
#include "report/words.h"

#define LAYER_VERSION	  "4.5"
#define ATTACK_VERSION	  "18"
#define NAVIGATOR_VERSION "5.1.0"

static const char *const colours[ROW_STATE_COUNT] = {
	[ROW_AGAINST] = "#a63a14",
	[ROW_WAIVED] = "#e0b04c",
	[ROW_FOR] = "#7fb394",
};

static void put_metadata(struct json *j, const char *name, const char *value)
{
	json_begin_object(j);
	json_put_string(j, "name", name);
	json_put_string(j, "value", value);
	json_end_object(j);
}

/* Until when it is borne, and the clock of its incident. */
static void put_times(const struct framework_view *view, const struct framework_evidence *evidence,
		      struct strbuf *out)
{
	const struct waiver *waiver = evidence->waiver;
	char until[RFC3339_SIZE];

	if (waiver)
		strbuf_printf(out, " (until %s by %s for %s: %s)",
			      clock_format(waiver->expires_ns, until), waiver->approver,
			      waiver->owner, waiver->reason);
	if (!evidence->finding || !evidence->finding->incident.is_there)
		return;
	strbuf_add_str(out, " (incident: ");
	incident_put_clock(&evidence->finding->incident, view->question->report->made_at_ns, out);
	strbuf_add_str(out, "; ");
	incident_put_hold(&evidence->finding->incident, view->question->report->made_at_ns, out);
	strbuf_add_char(out, ')');
}

static int one_metadata(const struct report_host *host, const struct finding *finding,
			int64_t now_ns, void *userdata)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;

	aside_put_incident(host, finding, now_ns, &words);
	if (strbuf_check(&words) < 0)
		return -ENOMEM;
	put_metadata(userdata, "incident", words.data);
	return 0;
}

/* Of the whole layer; incidents as well whose finding is gone. */
static int put_layer_metadata(const struct framework_view *view, struct json *j)
{
	const struct report *report = view->question->report;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	aside_put_requirements(report, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	json_key(j, "metadata");
	json_begin_array(j);
	put_metadata(j, "made by", report->made_by);
	if (text.len)
		put_metadata(j, "SL 3 requirements", text.data);
	for (size_t i = 0; i < report->refused_waiver_count; i++)
		put_metadata(j, "waivers that do not count", report->refused_waivers[i]);
	r = aside_each_incident(report, one_metadata, j);
	json_end_array(j);
	return r < 0 ? r : 0;
}

static int put_technique(const struct framework_view *view, const struct framework_row *row,
			 struct json *j)
{
	cleanup_strbuf struct strbuf comment = STRBUF_INIT;
	char buf[WORDS_SIZE];
	size_t incidents = 0;

	for (size_t i = row->first; i < row->first + row->count; i++) {
		const struct framework_evidence *evidence = &view->evidence[i];

		strbuf_printf(&comment, "%s%s: ", i > row->first ? "\n" : "",
			      evidence_stand_name(evidence->stand));
		framework_put_evidence(evidence, &comment);
		put_times(view, evidence, &comment);
		incidents += evidence->finding && evidence->finding->incident.is_there;
	}
	if (strbuf_check(&comment) < 0)
		return -ENOMEM;
	json_begin_object(j);
	json_put_string(j, "techniqueID", row->item->id);
	json_put_u64(j, "score", row->stands[EVIDENCE_AGAINST]);
	json_put_string(j, "color", colours[row->state] ? colours[row->state] : "");
	json_put_string(j, "comment", comment.data);
	json_put_bool(j, "enabled", true);
	json_key(j, "metadata");
	json_begin_array(j);
	put_metadata(j, "state", row_state_words(row->state));
	if (incidents)
		put_metadata(j, "incidents", words_count(incidents, "incident", "incidents", buf));
	json_end_array(j);
	json_end_object(j);
	return 0;
}

static void put_legend(struct json *j)
{
	json_key(j, "legendItems");
	json_begin_array(j);
	for (unsigned state = 0; state < ROW_STATE_COUNT; state++) {
		if (!colours[state])
			continue;
		json_begin_object(j);
		json_put_string(j, "label", row_state_words(state));
		json_put_string(j, "color", colours[state]);
		json_end_object(j);
	}
	json_end_array(j);
}

static int put_head(const struct framework_view *view, struct json *j)
{
	const struct framework *framework = view->question->framework;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	framework_put_summary(view, &text);
	if (view->question->report->refused_waiver_count)
		strbuf_add_char(&text, ' ');
	aside_put_refused(view->question->report, &text);
	strbuf_printf(&text, " %s %s", report_notes[0], framework->notice);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	json_put_string(j, "name", view->question->report->title);
	json_key(j, "versions");
	json_begin_object(j);
	json_put_string(j, "attack", ATTACK_VERSION);
	json_put_string(j, "navigator", NAVIGATOR_VERSION);
	json_put_string(j, "layer", LAYER_VERSION);
	json_end_object(j);
	json_put_string(j, "domain",
			str_equal(framework->name, "attack-ics") ? "ics-attack"
								 : "enterprise-attack");
	json_put_string(j, "description", text.data);
	put_legend(j);
	return put_layer_metadata(view, j);
}

static int write_layer(const struct framework_view *view, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	int r;

	json_begin_object(&j);
	r = put_head(view, &j);
	json_key(&j, "techniques");
	json_begin_array(&j);
	for (size_t i = 0; i < view->row_count && r == 0; i++) {
		if (!view->rows[i].count)
			continue;
		r = put_technique(view, &view->rows[i], &j);
		if (r == 0)
			r = json_stream(&j, out);
	}
	json_end_array(&j);
	json_end_object(&j);
	strbuf_add_char(&text, '\n');
	if (r == 0)
		r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_navigator = {
	.name = "navigator",
	.needs = "attack-enterprise",
	.write = write_layer,
};
