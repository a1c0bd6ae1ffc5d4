/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The record's frame: opening, transactions, and the outbox with its sequence
 * and hash chain. Findings and the rest have their own files.
 */
#include "record/record.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "record/internal.h"

#define SCHEMA_VERSION 3

/*
 * Row 1 of head is the only one. acked_chain is the hash of the last record that left the outbox:
 * what the first one still in it is chained to.
 */
static const char frame_schema[] =
	"CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL,"
	" chain BLOB NOT NULL, acked INTEGER NOT NULL, acked_chain BLOB NOT NULL,"
	" records INTEGER NOT NULL, bytes INTEGER NOT NULL, folded INTEGER NOT NULL);"
	"INSERT INTO head VALUES (1, 0, zeroblob(32), 0, zeroblob(32), 0, 0, 0);"
	"CREATE TABLE outbox (sequence INTEGER PRIMARY KEY, type TEXT NOT NULL,"
	" payload BLOB NOT NULL, chain BLOB NOT NULL);"
	"CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
	"PRAGMA user_version = 3;";

static int copy_chain(const struct db_query *query, int column, uint8_t chain[static SHA256_SIZE])
{
	size_t len;
	const void *data = db_get_blob(query, column, &len);

	if (len != SHA256_SIZE)
		return -EBADMSG;
	memcpy(chain, data, SHA256_SIZE);
	return 0;
}

static int load_head(struct record *record)
{
	cleanup_query struct db_query query = {0};
	struct record_head head = {0};
	int r;

	r = db_start(record->db, &query,
		     "SELECT sequence, chain, acked, acked_chain, records, bytes, folded FROM head",
		     NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	head.sequence = head.committed = (uint64_t)db_get_integer(&query, 0);
	head.acked = (uint64_t)db_get_integer(&query, 2);
	head.outbox_records = (uint64_t)db_get_integer(&query, 4);
	head.outbox_bytes = (uint64_t)db_get_integer(&query, 5);
	head.folded = (uint64_t)db_get_integer(&query, 6);
	r = copy_chain(&query, 1, head.chain);
	if (r < 0)
		return r;
	r = copy_chain(&query, 3, record->acked_chain);
	if (r < 0)
		return r;
	record->head = head;
	record->head_changed = false;
	return 0;
}

static int load_all(struct record *record)
{
	int r;

	r = load_head(record);
	if (r < 0)
		return r;
	r = record_findings_load(record);
	if (r < 0)
		return r;
	r = record_incidents_load(record);
	if (r < 0)
		return r;
	return record_events_load(record);
}

static int make_schema(struct db *db)
{
	const char *const parts[] = {"BEGIN",
				     frame_schema,
				     record_findings_schema,
				     record_misc_schema,
				     record_coverage_schema,
				     record_incident_schema,
				     "COMMIT"};
	int r;

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		r = db_exec(db, parts[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* By the steps that @version lacks. */
static int upgrade_schema(struct db *db, int64_t version)
{
	const char *const parts[] = {"BEGIN", version < 2 ? record_coverage_upgrade : "",
				     record_incident_schema, "PRAGMA user_version = 3", "COMMIT"};
	int r = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = db_exec(db, parts[i]);
	return r;
}

static int check_schema(struct db *db)
{
	cleanup_query struct db_query query = {0};
	int64_t version;
	int r;

	r = db_start(db, &query, "PRAGMA user_version", NULL, 0);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	version = db_get_integer(&query, 0);
	db_done(&query);
	if (version == 0)
		return make_schema(db);
	if (version < SCHEMA_VERSION)
		return upgrade_schema(db, version);
	return version == SCHEMA_VERSION ? 0 : -EPROTO;
}

int record_open(const char *dir, uint64_t max_bytes, struct record **ret_record)
{
	cleanup_with(record_closep) struct record *record = NULL;
	cleanup_free char *path = NULL;
	int r;

	if (asprintf(&path, "%s/record.db", dir) < 0)
		return -ENOMEM;
	record = calloc(1, sizeof(*record));
	if (!record)
		return -ENOMEM;
	record->max_bytes = max_bytes;
	r = db_open(path, &record->db);
	if (r < 0)
		return r;
	r = check_schema(record->db);
	if (r < 0)
		return r;
	r = load_all(record);
	if (r < 0)
		return r;
	*ret_record = TAKE_PTR(record);
	return 0;
}

void record_trim(struct record *record)
{
	db_trim(record->db);
}

struct record *record_close(struct record *record)
{
	if (!record)
		return NULL;
	db_close(record->db);
	free(record);
	return NULL;
}

int record_begin(struct record *record)
{
	if (db_in_transaction(record->db))
		return 0;
	/* Changes of a transaction that SQLite ended by itself must not look committed: only a
	 * rollback clears them. */
	if (record->pending)
		return -ECANCELED;
	return db_exec(record->db, "BEGIN IMMEDIATE");
}

int record_touch(struct record *record)
{
	int r = record_begin(record);

	if (r < 0)
		return r;
	record->pending++;
	return 0;
}

static int save_head(struct record *record)
{
	const struct record_head *head = &record->head;
	int64_t r;

	r = DB_RUN(record->db,
		   "UPDATE head SET sequence = ?, chain = ?, acked = ?, acked_chain = ?,"
		   " records = ?, bytes = ?, folded = ?",
		   db_integer((int64_t)head->sequence), db_blob(head->chain, SHA256_SIZE),
		   db_integer((int64_t)head->acked), db_blob(record->acked_chain, SHA256_SIZE),
		   db_integer((int64_t)head->outbox_records),
		   db_integer((int64_t)head->outbox_bytes), db_integer((int64_t)head->folded));
	if (r < 0)
		return (int)r;
	record->head_changed = false;
	return 0;
}

int record_commit(struct record *record)
{
	int r;

	if (!db_in_transaction(record->db))
		return record->pending ? -ECANCELED : 0;
	if (record->head_changed) {
		r = save_head(record);
		if (r < 0)
			return r;
	}
	r = db_exec(record->db, "COMMIT");
	if (r < 0)
		return r;
	record->pending = 0;
	record->head.committed = record->head.sequence;
	return 0;
}

unsigned record_rollback(struct record *record)
{
	unsigned lost = record->pending;

	if (db_in_transaction(record->db))
		(void)db_exec(record->db, "ROLLBACK");
	record->pending = 0;
	/* If even reading fails now, so will every later change; the next commit reports it. */
	(void)load_all(record);
	return lost;
}

unsigned record_pending(const struct record *record)
{
	return record->pending;
}

static int chain_next(const uint8_t before[static SHA256_SIZE], uint64_t sequence,
		      const void *payload, size_t len, uint8_t ret_chain[static SHA256_SIZE])
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	uint64_t big = htobe64(sequence);
	int r;

	r = hash_new(&hash);
	if (r < 0)
		return r;
	hash_reset(hash);
	hash_update(hash, before, SHA256_SIZE);
	hash_update(hash, &big, sizeof(big));
	hash_update(hash, payload, len);
	return hash_final(hash, ret_chain);
}

int record_append(struct record *record, const char *type, const void *payload, size_t len,
		  uint64_t *ret_sequence)
{
	struct record_head *head = &record->head;
	uint8_t chain[SHA256_SIZE];
	int64_t changed;
	int r;

	r = record_touch(record);
	if (r < 0)
		return r;
	if (head->outbox_bytes + len > record->max_bytes) {
		head->folded++;
		record->head_changed = true;
		return -ENOSPC;
	}
	r = chain_next(head->chain, head->sequence + 1, payload, len, chain);
	if (r < 0)
		return r;
	changed = DB_RUN(record->db, "INSERT INTO outbox VALUES (?, ?, ?, ?)",
			 db_integer((int64_t)head->sequence + 1), db_text(type),
			 db_blob(payload, len), db_blob(chain, SHA256_SIZE));
	if (changed < 0)
		/* A full disk is not a full outbox: this one costs the transaction. */
		return changed == -ENOSPC ? -EIO : (int)changed;
	head->sequence++;
	head->outbox_records++;
	head->outbox_bytes += len;
	memcpy(head->chain, chain, SHA256_SIZE);
	record->head_changed = true;
	if (ret_sequence)
		*ret_sequence = head->sequence;
	return 0;
}

int record_get_head(struct record *record, struct record_head *ret_head)
{
	*ret_head = record->head;
	return 0;
}

int record_each(struct record *record, uint64_t first, record_fn fn, void *userdata)
{
	cleanup_query struct db_query query = {0};
	uint8_t chain[SHA256_SIZE];
	const void *payload;
	size_t len;
	int r;

	r = DB_START(record->db, &query,
		     "SELECT sequence, type, payload, chain FROM outbox"
		     " WHERE sequence >= ? AND sequence <= ? ORDER BY sequence",
		     db_integer((int64_t)first), db_integer((int64_t)record->head.committed));
	if (r < 0)
		return r;
	while ((r = db_next(&query)) > 0) {
		r = copy_chain(&query, 3, chain);
		if (r < 0)
			return r;
		payload = db_get_blob(&query, 2, &len);
		r = fn((uint64_t)db_get_integer(&query, 0), db_get_text(&query, 1), payload, len,
		       chain, userdata);
		if (r != 0)
			return r;
	}
	return r;
}

int record_chain_before(struct record *record, uint64_t sequence,
			uint8_t ret_chain[static SHA256_SIZE])
{
	cleanup_query struct db_query query = {0};
	int r;

	if (sequence == record->head.acked + 1) {
		memcpy(ret_chain, record->acked_chain, SHA256_SIZE);
		return 0;
	}
	r = DB_START(record->db, &query, "SELECT chain FROM outbox WHERE sequence = ?",
		     db_integer((int64_t)sequence - 1));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return copy_chain(&query, 0, ret_chain);
}

int record_ack(struct record *record, uint64_t sequence)
{
	cleanup_query struct db_query query = {0};
	uint8_t chain[SHA256_SIZE];
	uint64_t bytes;
	int64_t removed;
	int r;

	if (sequence > record->head.committed)
		return -ERANGE;
	if (sequence <= record->head.acked)
		return 0;
	r = record_chain_before(record, sequence + 1, chain);
	if (r < 0)
		return r;
	r = DB_START(record->db, &query,
		     "SELECT sum(length(payload)) FROM outbox WHERE sequence <= ?",
		     db_integer((int64_t)sequence));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -EBADMSG;
	bytes = (uint64_t)db_get_integer(&query, 0);
	db_done(&query);

	r = record_touch(record);
	if (r < 0)
		return r;
	removed = DB_RUN(record->db, "DELETE FROM outbox WHERE sequence <= ?",
			 db_integer((int64_t)sequence));
	if (removed < 0)
		return (int)removed;
	record->head.acked = sequence;
	memcpy(record->acked_chain, chain, SHA256_SIZE);
	record->head.outbox_records -= (uint64_t)removed;
	record->head.outbox_bytes -= bytes;
	record->head_changed = true;
	return 0;
}

int record_set(struct record *record, const char *key, const char *value)
{
	int r = record_touch(record);
	int64_t changed;

	if (r < 0)
		return r;
	changed = DB_RUN(record->db,
			 "INSERT INTO setting VALUES (?1, ?2)"
			 " ON CONFLICT (key) DO UPDATE SET value = ?2",
			 db_text(key), db_text(value));
	return changed < 0 ? (int)changed : 0;
}

int record_get(struct record *record, const char *key, char **ret_value)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = DB_START(record->db, &query, "SELECT value FROM setting WHERE key = ?", db_text(key));
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	return db_copy_text(&query, 0, ret_value);
}
