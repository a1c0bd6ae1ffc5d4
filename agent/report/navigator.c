/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ATT&CK Navigator layer (4.5): the techniques for which there is evidence,
 * with what stands against them first. A technique without colour was not
 * assessed, which is not to say that it is guarded against.
 */
#include <errno.h>

#include "base/json.h"
#include "base/str.h"
#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/notes.h"

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

static int put_technique(const struct framework_view *view, const struct framework_row *row,
			 struct json *j)
{
	cleanup_strbuf struct strbuf comment = STRBUF_INIT;

	for (size_t i = row->first; i < row->first + row->count; i++) {
		strbuf_printf(&comment, "%s%s: ", i > row->first ? "\n" : "",
			      evidence_stand_name(view->evidence[i].stand));
		framework_put_evidence(&view->evidence[i], &comment);
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
	return 0;
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
