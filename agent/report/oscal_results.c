/* SPDX-License-Identifier: Apache-2.0 */
/* OSCAL assessment-plan and assessment-results: what was to be looked at, and what was seen. */
#include <errno.h>

#include "base/str.h"
#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/oscal.h"

#define PLAN_FILE "assessment-plan.json"

/* What a walk over the items needs. */
struct walk {
	struct json *j;
	FILE *out;
};

static void put_part(struct json *j, const char *id, const char *title)
{
	json_begin_object(j);
	oscal_put_objective(j, "id", id);
	json_put_string(j, "name", "objective");
	json_put_string(j, "prose", title);
	json_end_object(j);
}

/* Objectives of one control: its checks and kinds of finding, each once. */
static int put_objectives(struct json *j, const struct framework_view *view,
			  const struct framework_row *row)
{
	const char *last = "";

	json_begin_object(j);
	oscal_put_control(j, "control-id", row->item->id);
	json_key(j, "parts");
	json_begin_array(j);
	for (size_t i = row->first; i < row->first + row->count; i++) {
		const struct framework_evidence *evidence = &view->evidence[i];
		const struct oscal_item item = {view->question,	   evidence->host,  evidence->check,
						evidence->finding, evidence->stand, NULL};
		const char *id;

		if (!evidence->check && !evidence->finding)
			continue;
		id = oscal_item_id(&item);
		if (!str_equal(id, last))
			put_part(j, id, oscal_item_title(&item));
		last = id;
	}
	put_part(j, "watch", "The host was watched beside its approved baseline.");
	json_end_array(j);
	json_end_object(j);
	return strbuf_check(j->out);
}

static int put_all_objectives(struct json *j, const struct framework_view *view)
{
	size_t count = 0;
	int r = 0;

	for (size_t i = 0; i < view->row_count; i++)
		count += view->rows[i].count > 0;
	if (!count)
		return 0;
	json_key(j, "objectives-and-methods");
	json_begin_array(j);
	for (size_t i = 0; i < view->row_count && r == 0; i++)
		if (view->rows[i].count)
			r = put_objectives(j, view, &view->rows[i]);
	json_end_array(j);
	return r;
}

/* Which hosts are looked at: all others are out of its scope. */
static void put_subjects(struct json *j, const struct report *report)
{
	json_key(j, "assessment-subjects");
	json_begin_array(j);
	json_begin_object(j);
	json_put_string(j, "type", "inventory-item");
	json_put_string(j, "description", "The hosts whose agents told their evidence.");
	json_key(j, "include-subjects");
	json_begin_array(j);
	for (size_t i = 0; i < report->host_count; i++) {
		json_begin_object(j);
		oscal_put_uuid(j, "subject-uuid", "host", report->hosts[i].name, NULL, NULL);
		json_put_string(j, "type", "inventory-item");
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
	json_end_array(j);
}

/* Objectives need evidence, which needs a host. */
static int put_scope(struct json *j, const struct framework_view *view)
{
	const struct report *report = view->question->report;
	int r;

	if (report->host_count) {
		json_key(j, "local-definitions");
		json_begin_object(j);
		oscal_put_hosts(j, report);
		r = put_all_objectives(j, view);
		json_end_object(j);
		if (r < 0)
			return r;
	}
	oscal_put_reviewed(j, view);
	if (report->host_count)
		put_subjects(j, report);
	return 0;
}

static void put_resource(struct json *j, const char *title, const char *text)
{
	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "resource", title, NULL, NULL);
	json_put_string(j, "title", title);
	json_put_string(j, "description", text);
	json_end_object(j);
}

/* "#UUID" of a resource of the same document. */
static void put_resource_link(struct json *j, const char *key, const char *title)
{
	char uuid[OSCAL_UUID_SIZE] = "", link[OSCAL_UUID_SIZE + 1];

	if (oscal_uuid("resource", title, NULL, NULL, uuid) < 0)
		j->out->failed = true;
	(void)snprintf(link, sizeof(link), "#%s", uuid);
	json_key(j, key);
	json_begin_object(j);
	json_put_string(j, "href", link);
	json_end_object(j);
}

#define SSP_TITLE  "System security plan of the organization"
#define PLAN_TITLE "Assessment plan of this report"

static int put_plan(const struct framework_view *view, struct json *j)
{
	const struct report *report = view->question->report;
	int r;

	json_begin_object(j);
	json_key(j, "assessment-plan");
	json_begin_object(j);
	oscal_put_document(j, "plan", report);
	oscal_put_metadata(j, report, "Plan of an assessment by host evidence");
	put_resource_link(j, "import-ssp", SSP_TITLE);
	r = put_scope(j, view);
	json_key(j, "back-matter");
	json_begin_object(j);
	json_key(j, "resources");
	json_begin_array(j);
	put_resource(j, SSP_TITLE,
		     "Kept by the organization. Hosts do not know it; put its link here.");
	json_end_array(j);
	json_end_object(j);
	json_end_object(j);
	json_end_object(j);
	return r < 0 ? r : strbuf_check(j->out);
}

static int write_plan(const struct framework_view *view, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	int r;

	r = put_plan(view, &j);
	strbuf_add_char(&text, '\n');
	if (r == 0)
		r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

static int put_observation(const struct oscal_item *item, void *userdata)
{
	struct walk *walk = userdata;
	int r = oscal_put_observation(walk->j, item);

	return r < 0 ? r : json_stream(walk->j, walk->out);
}

static int put_risk(const struct oscal_item *item, void *userdata)
{
	struct walk *walk = userdata;
	int r = 0;

	if (item->stand <= EVIDENCE_WAIVED)
		r = oscal_put_risk(walk->j, item);
	return r < 0 ? r : json_stream(walk->j, walk->out);
}

static void put_status(struct json *j, const struct oscal_item *item)
{
	bool has_passed = item->stand == EVIDENCE_FOR;

	json_key(j, "target");
	json_begin_object(j);
	json_put_string(j, "type", "objective-id");
	oscal_put_objective(j, "target-id", oscal_item_id(item));
	json_key(j, "status");
	json_begin_object(j);
	json_put_string(j, "state", has_passed ? "satisfied" : "not-satisfied");
	json_put_string(j, "reason", has_passed ? "pass" : "fail");
	if (item->stand == EVIDENCE_WAIVED)
		json_put_string(j, "remarks", "waived; the result stays what it is");
	json_end_object(j);
	json_end_object(j);
}

/* What could not be carried out decides nothing and is an observation only. */
static int put_finding(const struct oscal_item *item, void *userdata)
{
	struct walk *walk = userdata;
	struct json *j = walk->j;
	const char *name = item->check ? item->check->id : item->finding->id;

	if (item->stand == EVIDENCE_NOT_ASSESSED)
		return 0;
	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "finding", item->host->name, name, NULL);
	json_put_string(j, "title", oscal_item_title(item));
	json_put_string(j, "description",
			item->stand == EVIDENCE_FOR
				? "The check found what was wanted on this host."
				: "The host differs from what was wanted or approved.");
	put_status(j, item);
	oscal_put_related(j, "related-observations", "observation-uuid", "observation", item);
	if (item->stand != EVIDENCE_FOR)
		oscal_put_related(j, "related-risks", "risk-uuid", "risk", item);
	json_end_object(j);
	return json_stream(j, walk->out);
}

static int count_stand(const struct oscal_item *item, void *userdata)
{
	size_t *counts = userdata;

	counts[item->stand]++;
	return 0;
}

/* A list that OSCAL wants with at least one member or not at all. */
static int put_list(const struct framework_view *view, const char *key, size_t count,
		    int (*fn)(const struct oscal_item *item, void *userdata), struct walk *walk)
{
	int r;

	if (!count)
		return 0;
	json_key(walk->j, key);
	json_begin_array(walk->j);
	r = oscal_each(view->question, fn, walk);
	json_end_array(walk->j);
	return r;
}

static int put_result(const struct framework_view *view, struct walk *walk)
{
	const struct report *report = view->question->report;
	size_t counts[EVIDENCE_STAND_COUNT] = {0}, bad;
	struct json *j = walk->j;
	int r;

	oscal_each(view->question, count_stand, counts);
	bad = counts[EVIDENCE_AGAINST] + counts[EVIDENCE_WAIVED];
	json_begin_object(j);
	oscal_put_document(j, "result", report);
	json_put_string(j, "title", report->title);
	json_put_string(j, "description", "Checks and drift as the hosts told them.");
	json_put_time(j, "start", report->since_ns ? report->since_ns : report->made_at_ns);
	json_put_time(j, "end", report->made_at_ns);
	if (report->host_count) {
		json_key(j, "local-definitions");
		json_begin_object(j);
		oscal_put_hosts(j, report);
		json_end_object(j);
	}
	oscal_put_reviewed(j, view);
	r = put_list(view, "observations",
		     bad + counts[EVIDENCE_FOR] + counts[EVIDENCE_NOT_ASSESSED], put_observation,
		     walk);
	if (r == 0)
		r = put_list(view, "risks", bad, put_risk, walk);
	if (r == 0)
		r = put_list(view, "findings", bad + counts[EVIDENCE_FOR], put_finding, walk);
	json_end_object(j);
	return r;
}

/* The plan travels within the results, so that both are one file. */
static int put_embedded_plan(const struct framework_view *view, struct json *j)
{
	cleanup_strbuf struct strbuf plan = STRBUF_INIT, base64 = STRBUF_INIT;
	struct json inner = JSON_INIT(&plan);
	int r;

	r = put_plan(view, &inner);
	if (r < 0)
		return r;
	str_base64(&base64, plan.data, plan.len);
	json_key(j, "back-matter");
	json_begin_object(j);
	json_key(j, "resources");
	json_begin_array(j);
	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "resource", PLAN_TITLE, NULL, NULL);
	json_put_string(j, "title", PLAN_TITLE);
	json_key(j, "base64");
	json_begin_object(j);
	json_put_string(j, "filename", PLAN_FILE);
	json_put_string(j, "media-type", "application/oscal.ap+json");
	json_put_string(j, "value", base64.data);
	json_end_object(j);
	json_end_object(j);
	json_end_array(j);
	json_end_object(j);
	return strbuf_check(&base64);
}

static int write_results(const struct framework_view *view, FILE *out)
{
	const struct report *report = view->question->report;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	struct walk walk = {.j = &j, .out = out};
	int r;

	json_begin_object(&j);
	json_key(&j, "assessment-results");
	json_begin_object(&j);
	oscal_put_document(&j, "results", report);
	oscal_put_metadata(&j, report, report->title);
	put_resource_link(&j, "import-ap", PLAN_TITLE);
	json_key(&j, "results");
	json_begin_array(&j);
	r = put_result(view, &walk);
	json_end_array(&j);
	if (r == 0)
		r = put_embedded_plan(view, &j);
	json_end_object(&j);
	json_end_object(&j);
	strbuf_add_char(&text, '\n');
	if (r == 0)
		r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_oscal_ap = {
	.name = "oscal-ap",
	.needs = FRAMEWORK_PIVOT,
	.write = write_plan,
};

const struct framework_ops framework_oscal_ar = {
	.name = "oscal-ar",
	.needs = FRAMEWORK_PIVOT,
	.write = write_results,
};
