/* SPDX-License-Identifier: Apache-2.0 */
/* Joins what agents and the collector know of incidents; see incidents.h. */
#include "incidents.h"

#include <errno.h>
#include <string.h>

#include "base/strbuf.h"

#define ID_MIN 8 /* digits that name a finding */

static int keep_json(const struct store_row *row, void *userdata)
{
	struct strbuf *json = userdata;

	strbuf_add(json, row->json, row->len);
	return strbuf_check(json);
}

/* What is stored of the incident of @id; -ENOENT. */
static int load(struct store *store, const char *agent, const char *id,
		struct wire_record *ret_record)
{
	cleanup_strbuf struct strbuf json = STRBUF_INIT;
	int r = store->ops->get_incident(store, agent, id, keep_json, &json);

	return r < 0 ? r : codec_decode(json.data, json.len, ret_record, NULL);
}

static int put(struct store *store, const char *agent, const struct finding *finding)
{
	struct wire_record record = {.type = WIRE_FINDING, .finding = *finding};
	cleanup_strbuf struct strbuf json = STRBUF_INIT;
	int r = codec_encode(&record, NULL, &json);

	if (r < 0)
		return r;
	return store->ops->put_incident(store, agent, finding->id,
					incident_hold_until_ns(&finding->incident), json.data);
}

int incidents_apply(struct store *store, const char *agent, struct finding *finding)
{
	cleanup_wire_record struct wire_record known = {0};
	bool is_over = finding->state == FINDING_STATE_RESOLVED;
	int r = load(store, agent, finding->id, &known);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = incident_merge(&finding->incident, &known.finding.incident);
	if (r < 0)
		return r;
	if (!is_over && incident_is_open(&finding->incident))
		finding->state = FINDING_STATE_INCIDENT;
	else if (finding->state == FINDING_STATE_INCIDENT)
		finding->state = FINDING_STATE_OPEN;
	return 0;
}

int incidents_take(struct store *store, const char *agent, const struct finding *finding)
{
	cleanup_finding struct finding merged = {0};
	int r = finding_copy(finding, &merged);

	if (r == 0)
		r = incidents_apply(store, agent, &merged);
	if (r < 0 || !merged.incident.is_there)
		return r;
	return put(store, agent, &merged);
}

struct search {
	const char *id;
	size_t len, count;
	struct wire_record found;
};

static int look_at(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct search *search = userdata;
	int r = codec_decode(row->json, row->len, &record, NULL);

	if (r < 0)
		return r;
	if (record.type != WIRE_FINDING ||
	    strncmp(record.finding.id, search->id, search->len) != 0 || search->count++)
		return 0;
	search->found = record;
	record = (struct wire_record){0};
	return 0;
}

int incidents_find(struct store *store, const char *agent, const char *id,
		   struct finding *ret_finding, struct diag *diag)
{
	struct search search = {.id = id, .len = strlen(id)};
	int r;

	if (search.len < ID_MIN || strspn(id, "0123456789abcdef") != search.len)
		return diag_set(diag, "", 0, -EINVAL,
				"a finding is named by its id, or by eight or more of its first "
				"digits, not by '%.80s'",
				id);
	r = store->ops->each_finding(store, agent, 0, look_at, &search);
	if (r == 0 && search.count == 0)
		r = diag_set(diag, "", 0, -ENOENT, "%s has no finding %s", agent, id);
	else if (r == 0 && search.count > 1)
		r = diag_set(diag, "", 0, -ENOTUNIQ,
			     "the ids of several findings begin with %s: give more of it", id);
	if (r == 0)
		r = incidents_apply(store, agent, &search.found.finding);
	if (r < 0) {
		wire_record_done(&search.found);
		return r;
	}
	*ret_finding = search.found.finding;
	return 0;
}
