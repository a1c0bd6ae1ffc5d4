/* SPDX-License-Identifier: Apache-2.0 */
/* The few calls that the record makes to SQLite. */
#include "record/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#define DB_MAX_STATEMENTS 48

struct db {
	sqlite3 *handle;
	struct {
		const char *sql; /* compared by address */
		sqlite3_stmt *statement;
	} cache[DB_MAX_STATEMENTS];
	unsigned cached;
};

static int to_errno(int code)
{
	switch (code & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EBADMSG;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	case SQLITE_TOOBIG:
		return -EMSGSIZE;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	default:
		return -EIO;
	}
}

int db_exec(struct db *db, const char *sql)
{
	return to_errno(sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

bool db_in_transaction(const struct db *db)
{
	return !sqlite3_get_autocommit(db->handle);
}

int db_open(const char *path, struct db **ret_db)
{
	cleanup_with(db_closep) struct db *db = NULL;
	int r;

	db = calloc(1, sizeof(*db));
	if (!db)
		return -ENOMEM;
	r = sqlite3_open_v2(path, &db->handle,
			    SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
				    SQLITE_OPEN_EXRESCODE,
			    NULL);
	if (r != SQLITE_OK)
		return to_errno(r);
	/* A predecessor that is being killed may hold the lock for a moment more. */
	sqlite3_busy_timeout(db->handle, 3000);
	/*
	 * Exclusive before WAL: no shared-memory file, and a second writer is refused. Temporary
	 * tables stay in memory, since the sandbox has no /tmp.
	 */
	r = db_exec(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL;"
			"PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY;"
			"PRAGMA cache_size=-1024; PRAGMA journal_size_limit=4194304;"
			"BEGIN EXCLUSIVE; COMMIT;");
	if (r < 0)
		return r;
	*ret_db = TAKE_PTR(db);
	return 0;
}

void db_trim(struct db *db)
{
	(void)sqlite3_db_release_memory(db->handle);
}

struct db *db_close(struct db *db)
{
	if (!db)
		return NULL;
	for (unsigned i = 0; i < db->cached; i++)
		sqlite3_finalize(db->cache[i].statement);
	sqlite3_close_v2(db->handle);
	free(db);
	return NULL;
}

struct db_value db_integer(int64_t value)
{
	return (struct db_value){.type = DB_TYPE_INTEGER, .integer = value};
}

struct db_value db_text(const char *text)
{
	if (!text)
		return (struct db_value){.type = DB_TYPE_NULL};
	return (struct db_value){.type = DB_TYPE_TEXT, .data = text, .len = strlen(text)};
}

struct db_value db_blob(const void *data, size_t len)
{
	return (struct db_value){.type = DB_TYPE_BLOB, .data = data, .len = len};
}

static int find_statement(struct db *db, const char *sql, struct db_query *query)
{
	sqlite3_stmt *statement;
	int r;

	for (unsigned i = 0; i < db->cached; i++) {
		/* One that is in use belongs to an outer query over the same text. */
		if (db->cache[i].sql == sql && !sqlite3_stmt_busy(db->cache[i].statement)) {
			query->statement = db->cache[i].statement;
			query->is_cached = true;
			return 0;
		}
	}
	r = sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
	if (r != SQLITE_OK)
		return to_errno(r);
	query->statement = statement;
	query->is_cached = db->cached < DB_MAX_STATEMENTS;
	if (query->is_cached) {
		db->cache[db->cached].sql = sql;
		db->cache[db->cached].statement = statement;
		db->cached++;
	}
	return 0;
}

static int bind(sqlite3_stmt *statement, int column, const struct db_value *value)
{
	switch (value->type) {
	case DB_TYPE_INTEGER:
		return sqlite3_bind_int64(statement, column, value->integer);
	case DB_TYPE_TEXT:
		return sqlite3_bind_text64(statement, column, value->data, value->len,
					   SQLITE_STATIC, SQLITE_UTF8);
	case DB_TYPE_BLOB:
		return sqlite3_bind_blob64(statement, column, value->data, value->len,
					   SQLITE_STATIC);
	case DB_TYPE_NULL:
		break;
	}
	return sqlite3_bind_null(statement, column);
}

int db_start(struct db *db, struct db_query *query, const char *sql, const struct db_value *values,
	     unsigned count)
{
	int r;

	*query = (struct db_query){.db = db};
	r = find_statement(db, sql, query);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < count; i++) {
		r = bind(query->statement, (int)i + 1, &values[i]);
		if (r != SQLITE_OK) {
			db_done(query);
			return to_errno(r);
		}
	}
	return 0;
}

int db_next(struct db_query *query)
{
	int r = sqlite3_step(query->statement);

	if (r == SQLITE_ROW)
		return 1;
	db_done(query);
	return to_errno(r);
}

void db_done(struct db_query *query)
{
	if (!query->statement)
		return;
	if (query->is_cached) {
		sqlite3_reset(query->statement);
		sqlite3_clear_bindings(query->statement);
	} else {
		sqlite3_finalize(query->statement);
	}
	query->statement = NULL;
}

int64_t db_run(struct db *db, const char *sql, const struct db_value *values, unsigned count)
{
	cleanup_query struct db_query query = {0};
	int r;

	r = db_start(db, &query, sql, values, count);
	if (r < 0)
		return r;
	r = db_next(&query);
	if (r < 0)
		return r;
	return sqlite3_changes64(db->handle);
}

int64_t db_get_integer(const struct db_query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

const char *db_get_text(const struct db_query *query, int column)
{
	return (const char *)sqlite3_column_text(query->statement, column);
}

const void *db_get_blob(const struct db_query *query, int column, size_t *ret_len)
{
	const void *data = sqlite3_column_blob(query->statement, column);

	*ret_len = (size_t)sqlite3_column_bytes(query->statement, column);
	return data;
}

int db_copy_text(const struct db_query *query, int column, char **ret_text)
{
	const char *text = db_get_text(query, column);
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	*ret_text = copy;
	return 0;
}
