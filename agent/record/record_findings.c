/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as rows.
 *
 * `revision` counts what a reader far away should hear of (new, reopened,
 * resolved, counted); `sent` is the revision last appended to the outbox. Rows
 * where they differ are owed, so nothing is forgotten when the outbox is full
 * or the process dies.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "record/internal.h"

/* A state that is merely looked at again moves last_seen at most this often: it is a write to disk.
 */
#define LOOK_AGAIN_NS (600 * NSEC_PER_SEC)

const char record_findings_schema[] =
	"CREATE TABLE finding (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,"
	" fingerprint TEXT NOT NULL, kind TEXT NOT NULL,"
	" family TEXT AS (substr(kind, 1, instr(kind, '.') - 1)), severity TEXT NOT NULL,"
	" state TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
	" count INTEGER NOT NULL, path TEXT, expected TEXT, actual TEXT, package TEXT,"
	" detail TEXT, baseline TEXT NOT NULL, change_set TEXT, controls TEXT, requirements TEXT,"
	" techniques TEXT, is_known INTEGER NOT NULL, cookie INTEGER NOT NULL,"
	" pid INTEGER NOT NULL, ppid INTEGER NOT NULL, uid INTEGER NOT NULL,"
	" euid INTEGER NOT NULL, login_uid INTEGER NOT NULL, exe TEXT, comm TEXT, unit TEXT,"
	" parents TEXT, user TEXT, revision INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0,"
	" sent_at INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX finding_open ON finding (path) WHERE state <> 'resolved';"
	"CREATE INDEX finding_unsent ON finding (sent_at) WHERE revision <> sent;"
	"CREATE INDEX finding_severity ON finding (severity) WHERE state <> 'resolved';"
	"CREATE INDEX finding_agent ON finding (kind) WHERE state <> 'resolved'"
	" AND family = 'agent';"
	"CREATE INDEX finding_resolved ON finding (last_seen) WHERE state = 'resolved';";

static int load_subject(const struct db_query *query, int column, struct subject *subject)
{
	char **const texts[] = {&subject->exe, &subject->comm, &subject->unit, &subject->parents,
				&subject->user};
	int r;

	subject->is_known = db_get_integer(query, column);
	subject->cookie = (uint64_t)db_get_integer(query, column + 1);
	subject->pid = (uint32_t)db_get_integer(query, column + 2);
	subject->ppid = (uint32_t)db_get_integer(query, column + 3);
	subject->uid = (uint32_t)db_get_integer(query, column + 4);
	subject->euid = (uint32_t)db_get_integer(query, column + 5);
	subject->login_uid = (uint32_t)db_get_integer(query, column + 6);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = db_copy_text(query, column + 7 + (int)i, texts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int record_load_finding(struct record *record, const struct db_query *query,
			struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {0};
	char **const texts[] = {&finding.path, &finding.expected, &finding.actual, &finding.package,
				&finding.detail};
	char **const more[] = {&finding.change_set, &finding.controls, &finding.requirements,
			       &finding.techniques};
	int r;

	if (!str_copy(finding.id, sizeof(finding.id), db_get_text(query, 1)) ||
	    !str_copy(finding.fingerprint, sizeof(finding.fingerprint), db_get_text(query, 2)) ||
	    !str_copy(finding.baseline, sizeof(finding.baseline), db_get_text(query, 14)) ||
	    finding_kind_parse(db_get_text(query, 3), &finding.kind) < 0 ||
	    finding_severity_parse(db_get_text(query, 4), &finding.severity) < 0 ||
	    finding_state_parse(db_get_text(query, 5), &finding.state) < 0)
		return -EBADMSG;
	finding.first_seen_ns = db_get_integer(query, 6);
	finding.last_seen_ns = db_get_integer(query, 7);
	finding.count = (uint64_t)db_get_integer(query, 8);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = db_copy_text(query, 9 + (int)i, texts[i]);
		if (r < 0)
			return r;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(more); i++) {
		r = db_copy_text(query, 15 + (int)i, more[i]);
		if (r < 0)
			return r;
	}
	r = load_subject(query, 19, &finding.subject);
	if (r == 0)
		r = record_load_incident(record, &finding);
	if (r < 0)
		return r;
	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}

/*
 * Nearly every fact that is judged is as approved and its path has no open finding. This keeps
 * those from asking the database. Bits are only ever set; a stale one costs a query.
 */
static uint32_t filter_bit(const struct record *record, const char *path)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (const char *c = path; *c; c++)
		hash = (hash ^ (uint8_t)*c) * 16777619u;
	return hash % (sizeof(record->may_be_open) * 8);
}

static void filter_add(struct record *record, const char *path)
{
	uint32_t bit = filter_bit(record, path ? path : "");

	record->may_be_open[bit / 8] |= (uint8_t)(1 << bit % 8);
}

static bool filter_has(const struct record *record, const char *path)
{
	uint32_t bit = filter_bit(record, path ? path : "");

	return record->may_be_open[bit / 8] >> bit % 8 & 1;
}

static int load_filter(struct record *record)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query, "SELECT path FROM finding WHERE state <> 'resolved'", NULL,
		     0);
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0)
		filter_add(record, db_get_text(&query, 0));
	return r;
}

int record_findings_load(struct record *record)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = load_filter(record);
	if (r < 0)
		return r;

	r = db_start(record->db, &query, "SELECT count(*) FROM finding", NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	record->findings = db_get_integer(&query, 0);
	return 0;
}

/*
 * Room for one more row. What is owed to the collector, and what an incident holds, is never
 * dropped.
 */
static int make_room(struct record *record)
{
	int64_t removed;

	if (record->findings < RECORD_MAX_FINDINGS)
		return 0;
	removed = DB_RUN(record->db,
			 "DELETE FROM finding WHERE n IN (SELECT n FROM finding WHERE"
			 " state = 'resolved' AND revision = sent AND id NOT IN"
			 " (SELECT finding FROM incident WHERE hold_until > ?)"
			 " ORDER BY last_seen LIMIT 64)",
			 db_integer(clock_real_ns()));
	if (removed < 0)
		return (int)removed;
	record->findings -= removed;
	return removed ? 0 : -EDQUOT;
}

static int insert_finding(struct record *record, const struct finding *f)
{
	const struct subject *s = &f->subject;
	int64_t changed;
	int r;

	r = make_room(record);
	if (r < 0)
		return r;
	changed = DB_RUN(
		record->db,
		"INSERT INTO finding (" FINDING_COLUMNS ", revision) VALUES (NULL, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
		db_text(f->id), db_text(f->fingerprint), db_text(finding_kind_name(f->kind)),
		db_text(finding_severity_name(f->severity)), db_text(finding_state_name(f->state)),
		db_integer(f->first_seen_ns), db_integer(f->last_seen_ns),
		db_integer((int64_t)f->count), db_text(f->path), db_text(f->expected),
		db_text(f->actual), db_text(f->package), db_text(f->detail), db_text(f->baseline),
		db_text(f->change_set), db_text(f->controls), db_text(f->requirements),
		db_text(f->techniques), db_integer(s->is_known), db_integer((int64_t)s->cookie),
		db_integer(s->pid), db_integer(s->ppid), db_integer(s->uid), db_integer(s->euid),
		db_integer(s->login_uid), db_text(s->exe), db_text(s->comm), db_text(s->unit),
		db_text(s->parents), db_text(s->user));
	if (changed < 0)
		return (int)changed;
	record->findings++;
	filter_add(record, f->path);
	return 0;
}

static int update_count(struct record *record, const struct finding *f)
{
	int64_t changed;

	changed = DB_RUN(record->db,
			 "UPDATE finding SET state = ?2, last_seen = ?3, count = ?4, severity = ?5,"
			 " controls = ?6, requirements = ?7, techniques = ?8, baseline = ?9,"
			 " revision = revision + ?10 WHERE id = ?1",
			 db_text(f->id), db_text(finding_state_name(f->state)),
			 db_integer(f->last_seen_ns), db_integer((int64_t)f->count),
			 db_text(finding_severity_name(f->severity)), db_text(f->controls),
			 db_text(f->requirements), db_text(f->techniques), db_text(f->baseline),
			 db_integer(1));
	return changed < 0 ? (int)changed : 0;
}

static int update_subject(struct record *record, const struct finding *f)
{
	const struct subject *s = &f->subject;
	int64_t changed;

	changed = DB_RUN(record->db,
			 "UPDATE finding SET detail = ?2, is_known = ?3, cookie = ?4, pid = ?5,"
			 " ppid = ?6, uid = ?7, euid = ?8, login_uid = ?9, exe = ?10, comm = ?11,"
			 " unit = ?12, parents = ?13, user = ?14, change_set = ?15"
			 " WHERE id = ?1",
			 db_text(f->id), db_text(f->detail), db_integer(s->is_known),
			 db_integer((int64_t)s->cookie), db_integer(s->pid), db_integer(s->ppid),
			 db_integer(s->uid), db_integer(s->euid), db_integer(s->login_uid),
			 db_text(s->exe), db_text(s->comm), db_text(s->unit), db_text(s->parents),
			 db_text(s->user), db_text(f->change_set));
	return changed < 0 ? (int)changed : 0;
}

/* After a backward step of the clock it is seen again before it was first seen: by then it was
 * there. */
static void set_seen(struct finding *finding, int64_t seen_ns)
{
	finding->last_seen_ns = seen_ns > finding->first_seen_ns ? seen_ns : finding->first_seen_ns;
}

/* A look at a new folder may meet a file before the record of who wrote it comes. */
static bool was_met_first(const struct finding *stored, const struct finding *finding)
{
	return !stored->subject.is_known && finding->subject.is_known &&
	       finding->last_seen_ns - stored->first_seen_ns < LOOK_AGAIN_NS;
}

static enum finding_state state_of_open(const struct finding *finding)
{
	return incident_is_open(&finding->incident) ? FINDING_STATE_INCIDENT : FINDING_STATE_OPEN;
}

static int put_known(struct record *record, struct finding *finding, const struct finding *stored,
		     enum record_change *ret_change)
{
	bool is_reopened = stored->state == FINDING_STATE_RESOLVED;
	uint64_t happenings = finding->count;
	int64_t seen = finding->last_seen_ns;
	int r;

	finding->first_seen_ns = stored->first_seen_ns;
	set_seen(finding, seen);
	finding->count = stored->count + (is_reopened && !happenings ? 1 : happenings);
	/* A look may have been quicker than the record of the change. */
	if (finding->last_seen_ns < stored->last_seen_ns)
		finding->last_seen_ns = stored->last_seen_ns;
	finding->state = is_reopened ? state_of_open(stored) : stored->state;
	incident_done(&finding->incident);
	r = incident_copy(&stored->incident, &finding->incident);
	if (r < 0)
		return r;
	*ret_change = is_reopened ? RECORD_REOPENED : RECORD_AGAIN;
	if (!is_reopened && !happenings && seen >= stored->last_seen_ns &&
	    seen - stored->last_seen_ns < LOOK_AGAIN_NS)
		return 0;

	/* An update's row hides nothing that was there without it. */
	if (!is_reopened && !stored->change_set && !was_met_first(stored, finding)) {
		free(finding->change_set);
		finding->change_set = NULL;
	}
	r = record_touch(record);
	if (r < 0)
		return r;
	filter_add(record, finding->path);
	r = update_count(record, finding);
	if (r < 0)
		return r;
	/* An older subject is not blamed for what came back by other hands. */
	if (is_reopened || finding->subject.is_known)
		return update_subject(record, finding);
	return 0;
}

static int find_by_id(struct record *record, const char *id, struct finding *ret_finding)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = DB_START(record->db, &query, "SELECT " FINDING_COLUMNS " FROM finding WHERE id = ?",
		     db_text(id));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return record_load_finding(record, &query, ret_finding);
}

int record_put_finding(struct record *record, struct finding *finding,
		       enum record_change *ret_change)
{
	cleanup_finding struct finding stored = {0};
	int r;

	r = find_by_id(record, finding->id, &stored);
	if (r == 0)
		return put_known(record, finding, &stored, ret_change);
	if (r != -ENOENT)
		return r;
	r = record_touch(record);
	if (r < 0)
		return r;
	if (!finding->count)
		finding->count = 1;
	r = insert_finding(record, finding);
	if (r < 0)
		return r;
	*ret_change = RECORD_NEW;
	return 0;
}

/* The first open finding that matches, after row *@cursor, which moves on. 1, 0 or negative errno.
 */
static int find_match(struct record *record, const struct record_match *match, int64_t *cursor,
		      struct finding *ret_finding)
{
	cleanup_query struct db_query query = {0};
	int r;

	if (!filter_has(record, match->path))
		return 0;
	r = DB_START(record->db, &query,
		     "SELECT " FINDING_COLUMNS " FROM finding"
		     " WHERE path = ? AND state <> 'resolved' AND n > ? ORDER BY n",
		     db_text(match->path), db_integer(*cursor));
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		cleanup_finding struct finding finding = {0};

		*cursor = db_get_integer(&query, 0);
		r = record_load_finding(record, &query, &finding);
		if (r < 0)
			return r;
		if (!(match->kinds >> finding.kind & 1) ||
		    (match->except_id && str_equal(finding.id, match->except_id)) ||
		    (match->only_actual && !str_equal(finding.actual, match->only_actual)) ||
		    (match->except_actual && str_equal(finding.actual, match->except_actual)))
			continue;
		*ret_finding = finding;
		finding = (struct finding){0};
		return 1;
	}
	return r;
}

int record_resolve(struct record *record, const struct record_match *match, int64_t time_ns,
		   record_finding_fn fn, void *userdata)
{
	int64_t cursor = 0;
	int r, resolved = 0;

	for (;;) {
		cleanup_finding struct finding finding = {0};

		r = find_match(record, match, &cursor, &finding);
		if (r <= 0)
			return r < 0 ? r : resolved;
		r = record_touch(record);
		if (r < 0)
			return r;
		finding.state = FINDING_STATE_RESOLVED;
		set_seen(&finding, time_ns);
		r = update_count(record, &finding);
		if (r < 0)
			return r;
		resolved++;
		r = fn ? fn(&finding, userdata) : 0;
		if (r < 0)
			return r;
	}
}

int record_has_open(struct record *record, const struct record_match *match)
{
	cleanup_finding struct finding finding = {0};

	return record_find_open(record, match, &finding);
}

int record_find_open(struct record *record, const struct record_match *match,
		     struct finding *ret_finding)
{
	int64_t cursor = 0;

	return find_match(record, match, &cursor, ret_finding);
}

int record_each_row(struct record *record, const char *sql, record_finding_fn fn, void *userdata)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query, sql, NULL, 0);
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		cleanup_finding struct finding finding = {0};

		r = record_load_finding(record, &query, &finding);
		if (r == 0)
			r = fn(&finding, userdata);
		if (r != 0)
			return r;
	}
	return r;
}

int record_each_agent(struct record *record, record_finding_fn fn, void *userdata)
{
	return record_each_row(record,
			       "SELECT " FINDING_COLUMNS " FROM finding"
			       " WHERE state <> 'resolved' AND family = 'agent' ORDER BY kind, n",
			       fn, userdata);
}

int record_mark_sent(struct record *record, const char *id, int64_t time_ns)
{
	int64_t changed;
	int r;

	r = record_touch(record);
	if (r < 0)
		return r;
	changed =
		DB_RUN(record->db, "UPDATE finding SET sent = revision, sent_at = ?2 WHERE id = ?1",
		       db_text(id), db_integer(time_ns));
	if (changed < 0)
		return (int)changed;
	return changed ? 0 : -ENOENT;
}

int record_each_unsent(struct record *record, int64_t before_ns, unsigned limit,
		       record_finding_fn fn, void *userdata)
{
	cleanup_free struct finding *findings = NULL;
	struct db_query query = {0};
	unsigned count = 0;
	int r;

	if (limit > 4096)
		limit = 4096;
	findings = calloc(limit ? limit : 1, sizeof(*findings));
	if (!findings)
		return -ENOMEM;
	/* A time of sending that lies ahead comes from before a backward step of the clock: it
	 * counts as long ago. */
	r = DB_START(
		record->db, &query,
		"SELECT " FINDING_COLUMNS " FROM finding WHERE revision <> sent"
		" AND (sent_at < ?1 OR sent_at > ?1 + 3600000000000) ORDER BY sent_at LIMIT ?2",
		db_integer(before_ns), db_integer(limit));
	if (r < 0)
		return r;
	/* All rows are read before @fn may change them. */
	while (count < limit && (r = db_next(&query)) > 0) {
		r = record_load_finding(record, &query, &findings[count]);
		if (r < 0)
			break;
		count++;
	}
	db_done(&query);
	for (unsigned i = 0; i < count; i++) {
		if (r >= 0)
			r = fn(&findings[i], userdata);
		finding_done(&findings[i]);
	}
	return r < 0 ? r : (int)count;
}

int record_page_findings(struct record *record, struct record_page *page, record_finding_fn fn,
			 void *userdata)
{
	cleanup_query struct db_query query = {0};
	int r, count = 0;

	r = DB_START(record->db, &query,
		     "SELECT " FINDING_COLUMNS " FROM finding WHERE n > ?1"
		     " AND (?2 = 0 OR state <> 'resolved') ORDER BY n LIMIT ?3",
		     db_integer(page->cursor), db_integer(page->only_open),
		     db_integer(page->limit));
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		cleanup_finding struct finding finding = {0};

		r = record_load_finding(record, &query, &finding);
		if (r < 0)
			return r;
		page->cursor = db_get_integer(&query, 0);
		r = fn(&finding, userdata);
		if (r < 0)
			return r;
		count++;
	}
	return r < 0 ? r : count;
}

int record_count_findings(struct record *record, uint64_t ret_open[static SEVERITY_COUNT])
{
	cleanup_query struct db_query query = {0};
	uint64_t counts[SEVERITY_COUNT] = {0};
	enum finding_severity severity;
	int r;

	r = db_start(record->db, &query,
		     "SELECT severity, count(*) FROM finding WHERE state <> 'resolved'"
		     " GROUP BY severity",
		     NULL, 0);
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		if (finding_severity_parse(db_get_text(&query, 0), &severity) < 0)
			return -EBADMSG;
		counts[severity] = (uint64_t)db_get_integer(&query, 1);
	}
	if (r < 0)
		return r;
	memcpy(ret_open, counts, sizeof(counts));
	return 0;
}
