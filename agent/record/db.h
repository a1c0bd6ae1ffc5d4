/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few calls that the record makes to SQLite; private to record/.
 *
 * Statements are string literals, prepared once and found again by their
 * address. A query is stepped to its end or ended by db_done().
 */
#ifndef PLUMBLINE_RECORD_DB_H
#define PLUMBLINE_RECORD_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct db;

/* Exclusive, write-ahead log, each commit synced. -EBUSY when another process has it, -EBADMSG when
 * it is damaged. */
int db_open(const char *path, struct db **ret_db);
struct db *db_close(struct db *db);
DEFINE_CLEANUP(struct db *, db_close)

/* Gives up what it cached of the file. */
void db_trim(struct db *db);

/* Several statements without parameters. */
int db_exec(struct db *db, const char *sql);
/* Whether a transaction is open: SQLite ends it by itself after some errors (disk full). */
bool db_in_transaction(const struct db *db);

struct db_value {
	enum {
		DB_TYPE_NULL,
		DB_TYPE_INTEGER,
		DB_TYPE_TEXT,
		DB_TYPE_BLOB
	} type;
	int64_t integer;
	const void *data; /* borrowed until the statement ends */
	size_t len;
};

struct db_value db_integer(int64_t value);
struct db_value db_text(const char *text); /* NULL becomes null; bytes need not be UTF-8 */
struct db_value db_blob(const void *data, size_t len);

/* @sql must be a literal. Rows changed, or negative errno. */
int64_t db_run(struct db *db, const char *sql, const struct db_value *values, unsigned count);
#define DB_RUN(db, sql, ...)                                    \
	db_run(db, sql, (const struct db_value[]){__VA_ARGS__}, \
	       sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))

struct db_query {
	struct db *db;
	void *statement;
	bool is_cached;
};

/* Starts a query; rows come by db_next(): 1 with a row, 0 at the end, or negative errno. */
int db_start(struct db *db, struct db_query *query, const char *sql, const struct db_value *values,
	     unsigned count);
#define DB_START(db, query, sql, ...)                                    \
	db_start(db, query, sql, (const struct db_value[]){__VA_ARGS__}, \
		 sizeof((const struct db_value[]){__VA_ARGS__}) / sizeof(struct db_value))
int db_next(struct db_query *query);
void db_done(struct db_query *query);
#define cleanup_query cleanup_with(db_done)

/* Columns of the row, from 0; borrowed until the next db_next(). */
int64_t db_get_integer(const struct db_query *query, int column);
const char *db_get_text(const struct db_query *query, int column); /* NULL for null */
const void *db_get_blob(const struct db_query *query, int column, size_t *ret_len);
/* A copy; 0 with NULL for null, or -ENOMEM. */
int db_copy_text(const struct db_query *query, int column, char **ret_text);

#endif
