/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store in one SQLite database: write-ahead log, fsync at each commit.
 *
 * Several workers and the command line may have it open; writers wait for each
 * other up to BUSY_MS.
 */
#include "store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "schema_steps.h"

#define BUSY_MS 2000

enum statement {
	BEGIN,
	SNAPSHOT,
	COMMIT,
	ROLLBACK,
	RENAME_AGENTS,
	RENAME_BATCHES,
	RENAME_RECORDS,
	RENAME_FINDINGS,
	RENAME_CHECKS,
	RENAME_COVERAGE,
	RENAME_INCIDENTS,
	GET_AGENT,
	PUT_AGENT,
	GET_CHAIN,
	PUT_BATCH,
	PUT_RECORD,
	PUT_FINDING,
	PUT_CHECK,
	PUT_COVERAGE,
	GET_INCIDENT,
	PUT_INCIDENT,
	EACH_AGENT,
	EACH_FINDING,
	EACH_CHECK,
	EACH_COVERAGE,
	EACH_INCIDENT,
	PRUNE_RECORDS,
	PRUNE_BATCHES,
	PRUNE_FINDINGS,
	PRUNE_COVERAGE,
	PRUNE_INCIDENTS,
	STATEMENT_COUNT,
};

#define AGENT_COLUMNS                                                                         \
	"name, first_seen_ns, last_seen_ns, last_seq, chain, head_seq, evidence_key, hello, " \
	"baseline"

#define UNLESS_HELD " AND agent NOT IN (SELECT agent FROM incidents WHERE hold_until_ns > ?2)"

static const char *const statements[STATEMENT_COUNT] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[SNAPSHOT] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[RENAME_AGENTS] = "UPDATE agents SET name = ?2 WHERE name = ?1",
	[RENAME_BATCHES] = "UPDATE batches SET agent = ?2 WHERE agent = ?1",
	[RENAME_RECORDS] = "UPDATE records SET agent = ?2 WHERE agent = ?1",
	[RENAME_FINDINGS] = "UPDATE findings SET agent = ?2 WHERE agent = ?1",
	[RENAME_CHECKS] = "UPDATE checks SET agent = ?2 WHERE agent = ?1",
	[RENAME_COVERAGE] = "UPDATE coverage SET agent = ?2 WHERE agent = ?1",
	[RENAME_INCIDENTS] = "UPDATE incidents SET agent = ?2 WHERE agent = ?1",
	[GET_AGENT] = "SELECT " AGENT_COLUMNS " FROM agents WHERE name = ?",
	[PUT_AGENT] = "INSERT OR REPLACE INTO agents (" AGENT_COLUMNS
		      ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[GET_CHAIN] = "SELECT chain FROM records WHERE agent = ? AND seq = ?",
	[PUT_BATCH] = "INSERT OR REPLACE INTO batches (agent, first, last, chain, received_ns) "
		      "VALUES (?, ?, ?, ?, ?)",
	[PUT_RECORD] = "INSERT INTO records (agent, seq, type, chain, received_ns, json) "
		       "VALUES (?, ?, ?, ?, ?, ?)",
	[PUT_FINDING] = "INSERT OR REPLACE INTO findings (agent, id, state, last_seen_ns, json) "
			"VALUES (?, ?, ?, ?, ?)",
	[PUT_CHECK] = "INSERT OR REPLACE INTO checks (agent, id, json) VALUES (?, ?, ?)",
	[PUT_COVERAGE] = "INSERT OR REPLACE INTO coverage (agent, start_ns, state, end_ns, json) "
			 "VALUES (?, ?, ?, ?, ?)",
	[GET_INCIDENT] = "SELECT agent, 0, json FROM incidents WHERE agent = ? AND finding = ?",
	[PUT_INCIDENT] = "INSERT OR REPLACE INTO incidents (agent, finding, hold_until_ns, json) "
			 "VALUES (?, ?, ?, ?)",
	[EACH_AGENT] = "SELECT " AGENT_COLUMNS " FROM agents ORDER BY name",
	[EACH_FINDING] = "SELECT agent, change, json FROM findings "
			 "WHERE (?1 IS NULL OR agent = ?1) AND change > ?2 ORDER BY change",
	[EACH_CHECK] = "SELECT agent, 0, json FROM checks "
		       "WHERE (?1 IS NULL OR agent = ?1) AND ?2 = 0 ORDER BY agent, id",
	[EACH_COVERAGE] = "SELECT agent, 0, json FROM coverage "
			  "WHERE (?1 IS NULL OR agent = ?1) AND ?2 = 0 ORDER BY agent, start_ns",
	[EACH_INCIDENT] = "SELECT agent, 0, json FROM incidents "
			  "WHERE (?1 IS NULL OR agent = ?1) AND ?2 = 0 ORDER BY agent, finding",
	[PRUNE_RECORDS] = "DELETE FROM records WHERE received_ns < ?1" UNLESS_HELD,
	[PRUNE_BATCHES] = "DELETE FROM batches WHERE received_ns < ?1" UNLESS_HELD,
	[PRUNE_FINDINGS] = "DELETE FROM findings WHERE state = 'resolved' AND last_seen_ns < ?1 "
			   "" UNLESS_HELD,
	[PRUNE_COVERAGE] = "DELETE FROM coverage WHERE end_ns > 0 AND end_ns < ?1" UNLESS_HELD,
	[PRUNE_INCIDENTS] =
		"DELETE FROM incidents WHERE hold_until_ns < ?1 AND hold_until_ns <= ?2",
};

struct sqlite_store {
	struct store base;
	sqlite3 *db;
	sqlite3_stmt *prepared[STATEMENT_COUNT]; /* made on first use */
};

static struct sqlite_store *self_of(struct store *store)
{
	return (struct sqlite_store *)store;
}

static int to_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return 0;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return -EACCES;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	default:
		return -EIO;
	}
}

/* A reset statement, ready to bind; NULL when it cannot be made. */
static sqlite3_stmt *statement_of(struct sqlite_store *self, enum statement which)
{
	sqlite3_stmt **slot = &self->prepared[which];

	if (*slot)
		sqlite3_reset(*slot);
	else
		sqlite3_prepare_v3(self->db, statements[which], -1, SQLITE_PREPARE_PERSISTENT, slot,
				   NULL);
	return *slot;
}

/* Binds @values by @types: 't' text (NULL allowed), 'i' int64, 'c' chain hash. */
static sqlite3_stmt *bind(struct sqlite_store *self, enum statement which, const char *types,
			  const void *const *values)
{
	sqlite3_stmt *statement = statement_of(self, which);

	for (int i = 0; statement && types[i]; i++) {
		if (types[i] == 't')
			sqlite3_bind_text(statement, i + 1, values[i], -1, SQLITE_STATIC);
		else if (types[i] == 'i')
			sqlite3_bind_int64(statement, i + 1, *(const int64_t *)values[i]);
		else
			sqlite3_bind_blob(statement, i + 1, values[i], SHA256_SIZE, SQLITE_STATIC);
	}
	return statement;
}

/* Runs a statement that gives no rows. */
static int run(struct sqlite_store *self, enum statement which, const char *types,
	       const void *const *values)
{
	sqlite3_stmt *statement = bind(self, which, types, values);
	int code;

	if (!statement)
		return to_errno(sqlite3_errcode(self->db));

	code = sqlite3_step(statement);
	sqlite3_reset(statement);
	return to_errno(code);
}

static int sqlite_begin(struct store *store)
{
	return run(self_of(store), BEGIN, "", NULL);
}

static int sqlite_snapshot(struct store *store)
{
	return run(self_of(store), SNAPSHOT, "", NULL);
}

static int sqlite_commit(struct store *store)
{
	return run(self_of(store), COMMIT, "", NULL);
}

static void sqlite_rollback(struct store *store)
{
	struct sqlite_store *self = self_of(store);

	/* SQLite may have rolled back by itself (disk full). */
	if (!sqlite3_get_autocommit(self->db))
		run(self, ROLLBACK, "", NULL);
}

static struct store *sqlite_close(struct store *store)
{
	struct sqlite_store *self = self_of(store);

	if (!self)
		return NULL;

	for (int i = 0; i < STATEMENT_COUNT; i++)
		sqlite3_finalize(self->prepared[i]);
	sqlite3_close(self->db);
	free(self);
	return NULL;
}

static int user_version(sqlite3 *db, int *ret_version)
{
	sqlite3_stmt *statement = NULL;
	int code;

	sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL);
	code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : to_errno(code);
}

/* Applies the schema steps that this database lacks; several processes may try at once. */
static int migrate(struct sqlite_store *self)
{
	int version, r;

	r = user_version(self->db, &version);
	if (r < 0 || version == (int)ARRAY_SIZE(schema_steps))
		return r;

	r = sqlite_begin(&self->base);
	if (r < 0)
		return r;
	r = user_version(self->db, &version);
	if (r == 0 && version > (int)ARRAY_SIZE(schema_steps))
		r = -EPROTONOSUPPORT; /* written by a newer collector */
	while (r == 0 && version < (int)ARRAY_SIZE(schema_steps)) {
		char text[64];

		snprintf(text, sizeof(text), "PRAGMA user_version = %d", version + 1);
		r = to_errno(sqlite3_exec(self->db, schema_steps[version++], NULL, NULL, NULL));
		if (r == 0)
			r = to_errno(sqlite3_exec(self->db, text, NULL, NULL, NULL));
	}
	if (r == 0)
		r = sqlite_commit(&self->base);
	if (r < 0)
		sqlite_rollback(&self->base);
	return r;
}

static int sqlite_open(const char *place, struct store **ret_store)
{
	static const char pragmas[] =
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
		"PRAGMA trusted_schema = OFF; PRAGMA journal_size_limit = 16777216";
	struct sqlite_store *self = calloc(1, sizeof(*self));
	char path[4096];
	int r;

	if (!self)
		return -ENOMEM;

	self->base.ops = &store_sqlite;
	snprintf(path, sizeof(path), "%s/collector.db", place);
	r = to_errno(
		sqlite3_open_v2(path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL));
	if (r == 0) {
		sqlite3_busy_timeout(self->db, BUSY_MS);
		r = to_errno(sqlite3_exec(self->db, pragmas, NULL, NULL, NULL));
	}
	if (r == 0)
		r = migrate(self);
	if (r < 0) {
		sqlite_close(&self->base);
		return r;
	}

	*ret_store = &self->base;
	return 0;
}

/* NULL stays NULL; -ENOMEM otherwise only by exhaustion. */
static int column_text(sqlite3_stmt *row, int column, char **ret_text)
{
	const char *text = (const char *)sqlite3_column_text(row, column);

	if (!text)
		return 0;
	*ret_text = strdup(text);
	return *ret_text ? 0 : -ENOMEM;
}

static int column_chain(sqlite3_stmt *row, int column, uint8_t ret_chain[static SHA256_SIZE])
{
	const void *chain = sqlite3_column_blob(row, column);

	if (!chain || sqlite3_column_bytes(row, column) != SHA256_SIZE)
		return -EBADMSG;
	memcpy(ret_chain, chain, SHA256_SIZE);
	return 0;
}

static int read_agent(sqlite3_stmt *row, struct store_agent *ret_agent)
{
	cleanup_store_agent struct store_agent agent = {
		.first_seen_ns = sqlite3_column_int64(row, 1),
		.last_seen_ns = sqlite3_column_int64(row, 2),
		.last_seq = sqlite3_column_int64(row, 3),
		.head_seq = sqlite3_column_int64(row, 5),
	};
	int r;

	str_copy(agent.name, sizeof(agent.name), (const char *)sqlite3_column_text(row, 0));
	r = column_chain(row, 4, agent.chain);
	r = r ?: column_text(row, 6, &agent.evidence_key);
	r = r ?: column_text(row, 7, &agent.hello);
	r = r ?: column_text(row, 8, &agent.baseline);
	if (r < 0)
		return r;

	*ret_agent = agent;
	agent = (struct store_agent){0};
	return 0;
}

static int sqlite_get_agent(struct store *store, const char *name, struct store_agent *ret_agent)
{
	struct sqlite_store *self = self_of(store);
	sqlite3_stmt *row = bind(self, GET_AGENT, "t", (const void *[]){name});
	int code, r;

	if (!row)
		return to_errno(sqlite3_errcode(self->db));

	code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		r = read_agent(row, ret_agent);
	else
		r = code == SQLITE_DONE ? -ENOENT : to_errno(code);
	sqlite3_reset(row);
	return r;
}

static int sqlite_put_agent(struct store *store, const struct store_agent *agent)
{
	const void *values[] = {agent->name,	     &agent->first_seen_ns, &agent->last_seen_ns,
				&agent->last_seq,    agent->chain,	    &agent->head_seq,
				agent->evidence_key, agent->hello,	    agent->baseline};

	return run(self_of(store), PUT_AGENT, "tiiicittt", values);
}

static int sqlite_rename_agent(struct store *store, const char *name, const char *to)
{
	for (enum statement which = RENAME_AGENTS; which <= RENAME_INCIDENTS; which++) {
		int r = run(self_of(store), which, "tt", (const void *[]){name, to});

		if (r < 0)
			return r;
	}
	return 0;
}

static int sqlite_get_chain(struct store *store, const char *agent, uint64_t seq,
			    uint8_t ret_chain[static SHA256_SIZE])
{
	struct sqlite_store *self = self_of(store);
	sqlite3_stmt *row = bind(self, GET_CHAIN, "ti", (const void *[]){agent, &seq});
	int code, r;

	if (!row)
		return to_errno(sqlite3_errcode(self->db));

	code = sqlite3_step(row);
	if (code == SQLITE_ROW)
		r = column_chain(row, 0, ret_chain);
	else
		r = code == SQLITE_DONE ? -ENOENT : to_errno(code);
	sqlite3_reset(row);
	return r;
}

static int sqlite_put_batch(struct store *store, const struct batch_header *header,
			    int64_t received_ns)
{
	const void *values[] = {header->agent, &header->first, &header->last, header->chain,
				&received_ns};

	return run(self_of(store), PUT_BATCH, "tiiti", values);
}

static int put_state(struct sqlite_store *self, const struct store_record *record, const char *json)
{
	const struct wire_record *value = record->record;

	if (value->type == WIRE_FINDING) {
		const struct finding *finding = &value->finding;

		return run(self, PUT_FINDING, "tttit",
			   (const void *[]){record->agent, finding->id,
					    finding_state_name(finding->state),
					    &finding->last_seen_ns, json});
	}
	if (value->type == WIRE_CHECK)
		return run(self, PUT_CHECK, "ttt",
			   (const void *[]){record->agent, value->check.id, json});
	if (value->type == WIRE_COVERAGE) {
		const struct coverage *coverage = &value->coverage;

		return run(self, PUT_COVERAGE, "titit",
			   (const void *[]){record->agent, &coverage->start_ns,
					    coverage_state_name(coverage->state), &coverage->end_ns,
					    json});
	}
	return 0;
}

static int sqlite_put_record(struct store *store, const struct store_record *record)
{
	struct sqlite_store *self = self_of(store);
	cleanup_free char *json = strndup(record->json, record->len);
	const void *values[] = {record->agent,
				&record->record->sequence,
				wire_record_type_name(record->record->type),
				record->chain,
				&record->received_ns,
				json};
	int r;

	if (!json)
		return -ENOMEM;

	r = run(self, PUT_RECORD, "titcit", values);
	return r ?: put_state(self, record, json);
}

static int sqlite_each_agent(struct store *store, store_agent_fn fn, void *userdata)
{
	struct sqlite_store *self = self_of(store);
	sqlite3_stmt *row = statement_of(self, EACH_AGENT);
	int code = SQLITE_ERROR, r = 0;

	while (r == 0 && row && (code = sqlite3_step(row)) == SQLITE_ROW) {
		cleanup_store_agent struct store_agent agent = {0};

		r = read_agent(row, &agent);
		if (r == 0)
			r = fn(&agent, userdata);
	}
	sqlite3_reset(row);
	return r ?: to_errno(code);
}

static int each_row(struct store *store, enum statement which, const char *agent, uint64_t after,
		    store_row_fn fn, void *userdata)
{
	struct sqlite_store *self = self_of(store);
	sqlite3_stmt *row = bind(self, which, "ti", (const void *[]){agent, &after});
	int code = SQLITE_ERROR, r = 0;

	while (r == 0 && row && (code = sqlite3_step(row)) == SQLITE_ROW) {
		struct store_row value = {
			.agent = (const char *)sqlite3_column_text(row, 0),
			.number = sqlite3_column_int64(row, 1),
			.json = (const char *)sqlite3_column_text(row, 2),
			.len = sqlite3_column_bytes(row, 2),
		};

		r = value.agent && value.json ? fn(&value, userdata) : -ENOMEM;
	}
	sqlite3_reset(row);
	return r ?: to_errno(code);
}

static int sqlite_each_finding(struct store *store, const char *agent, uint64_t after,
			       store_row_fn fn, void *userdata)
{
	return each_row(store, EACH_FINDING, agent, after, fn, userdata);
}

static int sqlite_each_check(struct store *store, const char *agent, store_row_fn fn,
			     void *userdata)
{
	return each_row(store, EACH_CHECK, agent, 0, fn, userdata);
}

static int sqlite_each_coverage(struct store *store, const char *agent, store_row_fn fn,
				void *userdata)
{
	return each_row(store, EACH_COVERAGE, agent, 0, fn, userdata);
}

static int sqlite_get_incident(struct store *store, const char *agent, const char *finding,
			       store_row_fn fn, void *userdata)
{
	struct sqlite_store *self = self_of(store);
	sqlite3_stmt *row = bind(self, GET_INCIDENT, "tt", (const void *[]){agent, finding});
	struct store_row value = {.agent = agent};
	int code, r;

	if (!row)
		return to_errno(sqlite3_errcode(self->db));
	code = sqlite3_step(row);
	if (code == SQLITE_ROW) {
		value.json = (const char *)sqlite3_column_text(row, 2);
		value.len = sqlite3_column_bytes(row, 2);
		r = value.json ? fn(&value, userdata) : -ENOMEM;
	} else {
		r = code == SQLITE_DONE ? -ENOENT : to_errno(code);
	}
	sqlite3_reset(row);
	return r;
}

static int sqlite_put_incident(struct store *store, const char *agent, const char *finding,
			       int64_t hold_until_ns, const char *json)
{
	return run(self_of(store), PUT_INCIDENT, "ttit",
		   (const void *[]){agent, finding, &hold_until_ns, json});
}

static int sqlite_each_incident(struct store *store, const char *agent, store_row_fn fn,
				void *userdata)
{
	return each_row(store, EACH_INCIDENT, agent, 0, fn, userdata);
}

static int sqlite_prune(struct store *store, int64_t before_ns, int64_t now_ns)
{
	struct sqlite_store *self = self_of(store);
	int r;

	for (enum statement which = PRUNE_RECORDS; which <= PRUNE_INCIDENTS; which++) {
		r = run(self, which, "ii", (const void *[]){&before_ns, &now_ns});
		if (r < 0)
			return r;
	}
	return 0;
}

const struct store_ops store_sqlite = {
	.name = "sqlite",
	.open = sqlite_open,
	.close = sqlite_close,
	.begin = sqlite_begin,
	.snapshot = sqlite_snapshot,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.get_agent = sqlite_get_agent,
	.put_agent = sqlite_put_agent,
	.rename_agent = sqlite_rename_agent,
	.get_chain = sqlite_get_chain,
	.put_batch = sqlite_put_batch,
	.put_record = sqlite_put_record,
	.each_agent = sqlite_each_agent,
	.each_finding = sqlite_each_finding,
	.each_check = sqlite_each_check,
	.each_coverage = sqlite_each_coverage,
	.get_incident = sqlite_get_incident,
	.put_incident = sqlite_put_incident,
	.each_incident = sqlite_each_incident,
	.prune = sqlite_prune,
};
