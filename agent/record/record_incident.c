/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that were declared an incident: their rows, and what these keep from being dropped. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "record/internal.h"

#define ID_MIN 8 /* digits that name a finding */

const char record_incident_schema[] =
	"CREATE TABLE incident (finding TEXT PRIMARY KEY, declared INTEGER NOT NULL,"
	" discovered INTEGER NOT NULL, reported INTEGER NOT NULL, closed INTEGER NOT NULL,"
	" declared_by TEXT, reason TEXT, reported_by TEXT, reference TEXT, closed_by TEXT,"
	" outcome TEXT, hold_until INTEGER NOT NULL) WITHOUT ROWID;";

int record_incidents_load(struct record *record)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query,
		     "SELECT count(*), coalesce(max(hold_until), 0) FROM incident", NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	record->incidents = db_get_integer(&query, 0);
	record->hold_until_ns = db_get_integer(&query, 1);
	return 0;
}

bool record_is_held(const struct record *record)
{
	return record->hold_until_ns && record->hold_until_ns > clock_real_ns();
}

int record_load_incident(struct record *record, struct finding *finding)
{
	struct incident *incident = &finding->incident;
	char **const texts[] = {&incident->declared_by, &incident->reason,
				&incident->reported_by, &incident->reference,
				&incident->closed_by,	&incident->outcome};
	cleanup_query struct db_query query = {0};
	int r;

	/* Nearly always, so that findings cost nothing more. */
	if (!record->incidents)
		return 0;
	r = DB_START(record->db, &query,
		     "SELECT declared, discovered, reported, closed, declared_by, reason,"
		     " reported_by, reference, closed_by, outcome FROM incident WHERE finding = ?",
		     db_text(finding->id));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r;
	incident->is_there = true;
	incident->declared_ns = db_get_integer(&query, 0);
	incident->discovered_ns = db_get_integer(&query, 1);
	incident->reported_ns = db_get_integer(&query, 2);
	incident->closed_ns = db_get_integer(&query, 3);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = db_copy_text(&query, 4 + (int)i, texts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int record_find_finding(struct record *record, const char *id, struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {0};
	cleanup_query struct db_query query = {0};
	size_t len = strlen(id);
	int r;

	if (len < ID_MIN || len >= SHA256_HEX_SIZE || strspn(id, "0123456789abcdef") != len)
		return -EINVAL;
	/* 'g' follows every digit, so the index finds the range. */
	r = DB_START(record->db, &query,
		     "SELECT " FINDING_COLUMNS " FROM finding"
		     " WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 2",
		     db_text(id));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = record_load_finding(record, &query, &finding);
	if (r == 0)
		r = db_next(&query);
	if (r != 0)
		return r < 0 ? r : -ENOTUNIQ;
	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}

static int put_row(struct record *record, const struct finding *finding)
{
	const struct incident *i = &finding->incident;
	int64_t changed;

	changed = DB_RUN(record->db,
			 "INSERT OR REPLACE INTO incident VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
			 " ?)",
			 db_text(finding->id), db_integer(i->declared_ns),
			 db_integer(i->discovered_ns), db_integer(i->reported_ns),
			 db_integer(i->closed_ns), db_text(i->declared_by), db_text(i->reason),
			 db_text(i->reported_by), db_text(i->reference), db_text(i->closed_by),
			 db_text(i->outcome), db_integer(incident_hold_until_ns(i)));
	return changed < 0 ? (int)changed : 0;
}

/* Rows of findings that are gone, which no longer hold anything. */
static int drop_ended(struct record *record)
{
	int64_t changed = DB_RUN(record->db,
				 "DELETE FROM incident WHERE hold_until <= ?"
				 " AND finding NOT IN (SELECT id FROM finding)",
				 db_integer(clock_real_ns()));

	return changed < 0 ? (int)changed : 0;
}

int record_put_incident(struct record *record, struct finding *finding)
{
	int64_t changed;
	int r;

	/* The difference being over ends no incident, and an incident does not bring it back. */
	if (finding->state != FINDING_STATE_RESOLVED)
		finding->state = incident_is_open(&finding->incident) ? FINDING_STATE_INCIDENT
								      : FINDING_STATE_OPEN;
	r = record_touch(record);
	if (r == 0)
		r = put_row(record, finding);
	if (r == 0)
		r = drop_ended(record);
	if (r < 0)
		return r;
	changed = DB_RUN(record->db,
			 "UPDATE finding SET state = ?2, revision = revision + 1 WHERE id = ?1",
			 db_text(finding->id), db_text(finding_state_name(finding->state)));
	if (changed <= 0)
		return changed < 0 ? (int)changed : -ENOENT;
	return record_incidents_load(record);
}

int record_each_incident(struct record *record, record_finding_fn fn, void *userdata)
{
	return record_each_row(record,
			       "SELECT " FINDING_COLUMNS " FROM finding"
			       " WHERE id IN (SELECT finding FROM incident) ORDER BY n",
			       fn, userdata);
}
