/* SPDX-License-Identifier: Apache-2.0 */
/* OSCAL plan of action and milestones: each failed check and open finding with its remedy; what is
 * waived with the day it ends. */
#include <errno.h>

#include "report/framework_writers.h"
#include "report/json_stream.h"
#include "report/oscal.h"

struct walk {
	struct json *j;
	FILE *out;
	size_t count;
	int (*put)(struct json *j, const struct oscal_item *item);
};

static int put_item(struct json *j, const struct oscal_item *item)
{
	const char *name = item->check ? item->check->id : item->finding->id;

	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "poam-item", item->host->name, name, NULL);
	json_put_string(j, "title", oscal_item_title(item));
	json_put_string(j, "description",
			item->check && item->check->remediation
				? item->check->remediation
				: "Bring back the approved state, or have the change approved.");
	oscal_put_related(j, "related-observations", "observation-uuid", "observation", item);
	oscal_put_related(j, "related-risks", "risk-uuid", "risk", item);
	json_end_object(j);
	return strbuf_check(j->out);
}

static int put_if_bad(const struct oscal_item *item, void *userdata)
{
	struct walk *walk = userdata;
	int r;

	if (item->stand > EVIDENCE_WAIVED)
		return 0;
	walk->count++;
	if (!walk->put)
		return 0;
	r = walk->put(walk->j, item);
	return r < 0 ? r : json_stream(walk->j, walk->out);
}

static int put_list(const struct framework_view *view, const char *key,
		    int (*put)(struct json *j, const struct oscal_item *item), struct walk *walk)
{
	int r;

	walk->put = put;
	json_key(walk->j, key);
	json_begin_array(walk->j);
	r = oscal_each(view->question, put_if_bad, walk);
	json_end_array(walk->j);
	return r;
}

/* The format wants at least one item. */
static void put_nothing(struct json *j)
{
	json_key(j, "poam-items");
	json_begin_array(j);
	json_begin_object(j);
	oscal_put_uuid(j, "uuid", "poam-item", "none", NULL, NULL);
	json_put_string(j, "title", "Nothing is open");
	json_put_string(j, "description",
			"No check failed and no finding is open on the hosts of this report.");
	json_end_object(j);
	json_end_array(j);
}

static int put_lists(const struct framework_view *view, struct walk *walk)
{
	int r;

	r = oscal_each(view->question, put_if_bad, walk);
	if (r == 0 && !walk->count) {
		put_nothing(walk->j);
		return 0;
	}
	if (r == 0)
		r = put_list(view, "observations", oscal_put_observation, walk);
	if (r == 0)
		r = put_list(view, "risks", oscal_put_risk, walk);
	return r < 0 ? r : put_list(view, "poam-items", put_item, walk);
}

static int write_poam(const struct framework_view *view, FILE *out)
{
	const struct report *report = view->question->report;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	struct walk walk = {.j = &j, .out = out};
	int r;

	json_begin_object(&j);
	json_key(&j, "plan-of-action-and-milestones");
	json_begin_object(&j);
	oscal_put_document(&j, "poam", report);
	oscal_put_metadata(&j, report, report->title);
	json_key(&j, "system-id");
	json_begin_object(&j);
	oscal_put_line(&j, "id", report->host_count == 1 ? report->hosts[0].name : report->title);
	json_end_object(&j);
	if (report->host_count) {
		json_key(&j, "local-definitions");
		json_begin_object(&j);
		oscal_put_hosts(&j, report);
		json_end_object(&j);
	}
	r = put_lists(view, &walk);
	json_end_object(&j);
	json_end_object(&j);
	strbuf_add_char(&text, '\n');
	if (r == 0)
		r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_oscal_poam = {
	.name = "oscal-poam",
	.needs = FRAMEWORK_PIVOT,
	.write = write_poam,
};
