/* SPDX-License-Identifier: Apache-2.0 */
/* Intervals of coverage, what of them is told, and the signed heads that stand over them. */
#include <errno.h>

#include "base/clock.h"
#include "record/internal.h"

/*
 * sequence is that of the newest record that tells the row, 0 while that is owed. A row of
 * signed_head is the first head that was signed over the records of one or more intervals.
 */
#define SIGNED_HEAD                                                         \
	"CREATE TABLE signed_head (sequence INTEGER PRIMARY KEY, text TEXT" \
	" NOT NULL);"                                                       \
	"CREATE INDEX coverage_owed ON coverage (n) WHERE sequence = 0;"

const char record_coverage_schema[] =
	"CREATE TABLE coverage (n INTEGER PRIMARY KEY, state TEXT NOT NULL,"
	" start INTEGER NOT NULL, end INTEGER NOT NULL, rung TEXT, cause TEXT, missed TEXT,"
	" basis TEXT, lost INTEGER NOT NULL DEFAULT 0, sequence INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX coverage_end ON coverage (end);" SIGNED_HEAD;

/* What was told before sequence numbers were kept is told again. */
const char record_coverage_upgrade[] =
	"ALTER TABLE coverage ADD COLUMN basis TEXT;"
	"ALTER TABLE coverage ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE coverage ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;" SIGNED_HEAD;

enum {
	COL_N,
	COL_STATE,
	COL_START,
	COL_END,
	COL_RUNG,
	COL_CAUSE,
	COL_MISSED,
	COL_BASIS,
	COL_LOST,
	COL_SEQUENCE,
};

/* Of @coverage, or up to a second later where others of its state have the same one. */
static int find_free_start(struct record *record, const struct coverage *coverage,
			   int64_t *ret_start_ns)
{
	int64_t start_ns = coverage->start_ns;

	for (int i = 0; i < 1000; i++, start_ns += NSEC_PER_MSEC) {
		cleanup_query struct db_query query = {0};
		int r = DB_START(record->db, &query,
				 "SELECT 1 FROM coverage WHERE state = ? AND start / ? = ? LIMIT 1",
				 db_text(coverage_state_name(coverage->state)),
				 db_integer(NSEC_PER_MSEC), db_integer(start_ns / NSEC_PER_MSEC));

		if (r == 0)
			r = db_next(&query);
		if (r < 0)
			return r;
		if (r == 0)
			break;
	}
	*ret_start_ns = start_ns;
	return 0;
}

static int insert(struct record *record, const struct coverage *coverage)
{
	int64_t start_ns, end_ns = coverage->end_ns, changed;
	int r;

	r = find_free_start(record, coverage, &start_ns);
	if (r < 0)
		return r;
	if (end_ns && end_ns < start_ns)
		end_ns = start_ns;
	changed =
		DB_RUN(record->db, "INSERT INTO coverage VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
		       db_text(coverage_state_name(coverage->state)), db_integer(start_ns),
		       db_integer(end_ns), db_text(coverage->rung), db_text(coverage->cause),
		       db_text(coverage->missed), db_text(coverage->basis),
		       db_integer((int64_t)coverage->lost));
	if (changed < 0)
		return (int)changed;
	changed = DB_RUN(record->db,
			 "DELETE FROM coverage WHERE n <= (SELECT max(n) FROM coverage) - ?",
			 db_integer(record_is_held(record) ? 10 * RECORD_MAX_COVERAGE
							   : RECORD_MAX_COVERAGE));
	return changed < 0 ? (int)changed : 0;
}

static int end_lasting(struct record *record, int64_t end_ns)
{
	/* max(): a clock that stepped back must not end an interval before it began. */
	int64_t changed = DB_RUN(record->db,
				 "UPDATE coverage SET end = max(start, ?), sequence = 0"
				 " WHERE end = 0",
				 db_integer(end_ns));

	return changed < 0 ? (int)changed : 0;
}

int record_put_coverage(struct record *record, const struct coverage *coverage)
{
	int r = record_touch(record);

	if (r == 0 && !coverage->end_ns)
		r = end_lasting(record, coverage->start_ns);
	return r < 0 ? r : insert(record, coverage);
}

static int load(const struct db_query *query, struct coverage *ret_coverage)
{
	cleanup_coverage struct coverage coverage = {0};
	const struct {
		int column;
		char **text;
	} texts[] = {
		{COL_RUNG, &coverage.rung},
		{COL_CAUSE, &coverage.cause},
		{COL_MISSED, &coverage.missed},
		{COL_BASIS, &coverage.basis},
	};

	if (coverage_state_parse(db_get_text(query, COL_STATE), &coverage.state) < 0)
		return -EBADMSG;
	coverage.start_ns = db_get_integer(query, COL_START);
	coverage.end_ns = db_get_integer(query, COL_END);
	coverage.lost = (uint64_t)db_get_integer(query, COL_LOST);
	coverage.sequence = (uint64_t)db_get_integer(query, COL_SEQUENCE);
	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		int r = db_copy_text(query, texts[i].column, texts[i].text);

		if (r < 0)
			return r;
	}
	*ret_coverage = coverage;
	coverage = (struct coverage){0};
	return 0;
}

static int load_one(struct record *record, const char *sql, struct coverage *ret_coverage,
		    int64_t *ret_row)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(record->db, &query, sql, NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	r = load(&query, ret_coverage);
	if (r == 0 && ret_row)
		*ret_row = db_get_integer(&query, COL_N);
	return r;
}

int record_get_lasting_coverage(struct record *record, struct coverage *ret_coverage)
{
	return load_one(record, "SELECT * FROM coverage WHERE end = 0 ORDER BY n DESC LIMIT 1",
			ret_coverage, NULL);
}

int record_step_coverage(struct record *record, int64_t old_ns, int64_t new_ns)
{
	cleanup_coverage struct coverage lasting = {0};
	int r = record_get_lasting_coverage(record, &lasting);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = record_touch(record);
	if (r == 0)
		r = end_lasting(record, old_ns);
	lasting.start_ns = new_ns;
	return r < 0 ? r : insert(record, &lasting);
}

int record_get_owed_coverage(struct record *record, struct coverage *ret_coverage, int64_t *ret_row)
{
	return load_one(record, "SELECT * FROM coverage WHERE sequence = 0 ORDER BY n LIMIT 1",
			ret_coverage, ret_row);
}

int record_mark_coverage(struct record *record, int64_t row, uint64_t sequence)
{
	int64_t changed;
	int r;

	r = record_touch(record);
	if (r < 0)
		return r;
	changed = DB_RUN(record->db, "UPDATE coverage SET sequence = ? WHERE n = ?",
			 db_integer((int64_t)sequence), db_integer(row));
	return changed < 0 ? (int)changed : 0;
}

int record_keep_signed(struct record *record, uint64_t sequence, const char *text)
{
	int64_t changed;
	int r;

	r = record_touch(record);
	if (r < 0)
		return r;
	changed = DB_RUN(record->db,
			 "INSERT OR IGNORE INTO signed_head SELECT ?1, ?2 WHERE EXISTS"
			 " (SELECT 1 FROM coverage WHERE sequence <= ?1 AND sequence >"
			 " (SELECT coalesce(max(sequence), 0) FROM signed_head))",
			 db_integer((int64_t)sequence), db_text(text));
	if (changed < 0)
		return (int)changed;
	changed = DB_RUN(record->db, "DELETE FROM signed_head WHERE sequence <"
				     " (SELECT min(sequence) FROM coverage WHERE sequence > 0)");
	return changed < 0 ? (int)changed : 0;
}

int record_page_coverage(struct record *record, struct record_page *page,
			 int (*fn)(const struct coverage *coverage, void *userdata), void *userdata)
{
	cleanup_query struct db_query query = {0};
	int r, count = 0;

	r = DB_START(record->db, &query,
		     /* What turned out to be held by the kernel from its start was no such time. */
		     "SELECT * FROM coverage WHERE n > ? AND (end = 0 OR end >= ?)"
		     " AND NOT (end = start AND (state = 'down' OR cause IS '" COVERAGE_AWAY "'))"
		     " ORDER BY n LIMIT ?",
		     db_integer(page->cursor), db_integer(page->since_ns), db_integer(page->limit));
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		cleanup_coverage struct coverage coverage = {0};

		r = load(&query, &coverage);
		if (r < 0)
			return r;
		page->cursor = db_get_integer(&query, COL_N);
		r = fn(&coverage, userdata);
		if (r < 0)
			return r;
		count++;
	}
	return r < 0 ? r : count;
}

int record_page_signed(struct record *record, struct record_page *page,
		       int (*fn)(const char *text, void *userdata), void *userdata)
{
	cleanup_query struct db_query query = {0};
	int r, count = 0;

	r = DB_START(record->db, &query,
		     "SELECT sequence, text FROM signed_head WHERE sequence > ? AND sequence >="
		     " (SELECT min(sequence) FROM coverage WHERE sequence > 0"
		     " AND (end = 0 OR end >= ?)) ORDER BY sequence LIMIT ?",
		     db_integer(page->cursor), db_integer(page->since_ns), db_integer(page->limit));
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		page->cursor = db_get_integer(&query, 0);
		r = fn(db_get_text(&query, 1), userdata);
		if (r < 0)
			return r;
		count++;
	}
	return r < 0 ? r : count;
}
