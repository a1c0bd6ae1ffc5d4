/* SPDX-License-Identifier: Apache-2.0 */
/* Checks and the bounded history of events. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "record/internal.h"

/*
 * event is a ring: event number n overwrites slot n modulo its size. event_total counts all that
 * ever happened, also those whose row is gone.
 */
const char record_misc_schema[] =
	"CREATE TABLE event (slot INTEGER PRIMARY KEY, n INTEGER NOT NULL, time INTEGER NOT NULL,"
	" kind TEXT NOT NULL, verdict TEXT, path TEXT, changes INTEGER NOT NULL,"
	" pid INTEGER NOT NULL, uid INTEGER NOT NULL, exe TEXT, text TEXT);"
	"CREATE TABLE event_total (kind TEXT, verdict TEXT, count INTEGER NOT NULL,"
	" PRIMARY KEY (kind, verdict)) WITHOUT ROWID;"
	"CREATE TABLE check_result (id TEXT PRIMARY KEY, title TEXT, outcome TEXT NOT NULL,"
	" severity TEXT NOT NULL, expected TEXT, actual TEXT, reason TEXT, remediation TEXT,"
	" ot_caution TEXT, controls TEXT, requirements TEXT, techniques TEXT,"
	" time INTEGER NOT NULL, duration INTEGER NOT NULL);";

int record_events_load(struct record *record)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query, "SELECT coalesce(max(n), 0) FROM event", NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	record->events = db_get_integer(&query, 0);
	return 0;
}

int record_add_event(struct record *record, const struct event *event, const char *verdict)
{
	/* A script says more than the interpreter that runs it. */
	const char *path = event->script.path ? event->script.path : event->object.path;
	const char *kind = event_kind_name(event->kind);
	int64_t n = record->events + 1, changed;
	int r;

	r = record_touch(record);
	if (r < 0)
		return r;
	changed =
		DB_RUN(record->db,
		       "INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		       db_integer(n % RECORD_MAX_EVENTS), db_integer(n), db_integer(event->time_ns),
		       db_text(kind), db_text(verdict), db_text(path), db_integer(event->changes),
		       db_integer(event->subject.pid), db_integer(event->subject.uid),
		       db_text(event->subject.exe), db_text(event->text));
	if (changed < 0)
		return (int)changed;
	changed = DB_RUN(record->db,
			 "INSERT INTO event_total VALUES (?, ?, 1)"
			 " ON CONFLICT (kind, verdict) DO UPDATE SET count = count + 1",
			 db_text(kind), db_text(verdict ? verdict : ""));
	if (changed < 0)
		return (int)changed;
	record->events = n;
	return 0;
}

int record_count_events(struct record *record, uint64_t *ret_seen, uint64_t *ret_kept)
{
	uint64_t seen = (uint64_t)record->events;

	*ret_seen = seen;
	*ret_kept = seen < RECORD_MAX_EVENTS ? seen : RECORD_MAX_EVENTS;
	return 0;
}

void record_check_change_done(struct record_check_change *change)
{
	free(change->before);
	change->before = NULL;
}

static int find_check(struct record *record, const struct check_result *result,
		      struct record_check_change *ret_change)
{
	cleanup_query struct db_query query = {0};
	enum check_outcome outcome;
	int r;

	r = DB_START(record->db, &query, "SELECT outcome, actual FROM check_result WHERE id = ?",
		     db_text(result->id));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r < 0)
		return r;
	*ret_change = (struct record_check_change){.is_other = true};
	if (r == 0)
		return 0;
	if (check_outcome_parse(db_get_text(&query, 0), &outcome) < 0)
		return -EBADMSG;
	ret_change->was_pass = outcome == CHECK_PASS;
	ret_change->is_other =
		outcome != result->outcome || !str_equal(db_get_text(&query, 1), result->actual);
	return ret_change->was_pass ? db_copy_text(&query, 1, &ret_change->before) : 0;
}

int record_put_check(struct record *record, const struct check_result *result,
		     struct record_check_change *ret_change)
{
	cleanup_record_check_change struct record_check_change change = {0};
	int64_t changed;
	int r;

	r = find_check(record, result, &change);
	if (r < 0)
		return r;
	r = record_touch(record);
	if (r < 0)
		return r;
	changed = DB_RUN(record->db,
			 "INSERT OR REPLACE INTO check_result VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, "
			 "?, ?, ?, ?, ?)",
			 db_text(result->id), db_text(result->title),
			 db_text(check_outcome_name(result->outcome)),
			 db_text(finding_severity_name(result->severity)),
			 db_text(result->expected), db_text(result->actual),
			 db_text(result->reason), db_text(result->remediation),
			 db_text(result->ot_caution), db_text(result->controls),
			 db_text(result->requirements), db_text(result->techniques),
			 db_integer(result->time_ns), db_integer((int64_t)result->duration_ns));
	if (changed < 0)
		return (int)changed;
	*ret_change = change;
	change.before = NULL;
	return 0;
}

static int load_check(const struct db_query *query, struct check_result *result)
{
	const struct {
		int column;
		char **text;
	} texts[] = {
		{0, &result->id},	   {1, &result->title},	   {4, &result->expected},
		{5, &result->actual},	   {6, &result->reason},   {7, &result->remediation},
		{8, &result->ot_caution},  {9, &result->controls}, {10, &result->requirements},
		{11, &result->techniques},
	};
	int r;

	if (check_outcome_parse(db_get_text(query, 2), &result->outcome) < 0 ||
	    finding_severity_parse(db_get_text(query, 3), &result->severity) < 0)
		return -EBADMSG;
	result->time_ns = db_get_integer(query, 12);
	result->duration_ns = (uint64_t)db_get_integer(query, 13);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = db_copy_text(query, texts[i].column, texts[i].text);
		if (r < 0)
			return r;
	}
	return 0;
}

int record_each_check(struct record *record, int (*fn)(const struct check_result *, void *),
		      void *userdata)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query, "SELECT * FROM check_result ORDER BY id", NULL, 0);
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		cleanup_check_result struct check_result result = {0};

		r = load_check(&query, &result);
		if (r < 0)
			return r;
		r = fn(&result, userdata);
		if (r != 0)
			return r;
	}
	return r;
}
