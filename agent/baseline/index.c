/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Index of a loaded baseline on SQLite.
 *
 * A load fills PATH.new, a file without a journal that nothing else reads, and the commit renames
 * it over PATH: the swap is one rename, and a killed load leaves only a file that the next begin
 * removes. What is in place is opened read-only. Walk marks are one bit per entry in memory, by the
 * entry's number.
 */
#include "baseline/index.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"

#define INDEX_VERSION "4" /* another number: the file is of another version and is dropped */

enum {
	READ_PATH,
	READ_DIGEST,
	READ_NUMBER,
	READ_BELOW,
	READ_NUMBERS_BELOW,
	READ_COUNT
};
enum {
	WRITE_ENTRY,
	WRITE_DIGEST,
	WRITE_LAYER,
	WRITE_COUNT
};

struct baseline_index {
	char *path, *path_new;

	sqlite3 *db; /* what is loaded; NULL when nothing is */
	sqlite3_stmt *reads[READ_COUNT];
	char digest[SHA256_HEX_SIZE];
	struct {
		char digest[SHA256_HEX_SIZE];
		char *statement; /* NULL: there is no such layer */
	} layers[LAYER_COUNT];
	uint64_t entries;

	sqlite3 *load; /* the load under way; NULL when none is */
	sqlite3_stmt *writes[WRITE_COUNT];
	uint64_t loaded;

	uint8_t *marks; /* bit per entry number */
	char **scans;	/* trees whose scan began on what is loaded now; NULL-ended */
	size_t scan_count;
};

#define COLUMNS                                                                                    \
	"number, path, type, role, sha256, size, mode, uid, gid, user, grp, capabilities, xattrs," \
	" link_target, package, version, unstated, layer"

static const char *const read_sql[READ_COUNT] = {
	[READ_PATH] = "SELECT " COLUMNS " FROM entry WHERE path = ?1",
	[READ_DIGEST] = "SELECT number FROM digest WHERE prefix = ?1",
	[READ_NUMBER] = "SELECT " COLUMNS " FROM entry WHERE number = ?1",
	[READ_BELOW] = "SELECT " COLUMNS " FROM entry WHERE path >= ?1 AND path < ?2 ORDER BY path",
	[READ_NUMBERS_BELOW] = "SELECT number FROM entry WHERE path >= ?1 AND path < ?2",
};

static const char *const write_sql[WRITE_COUNT] = {
	[WRITE_ENTRY] = "INSERT INTO entry (" COLUMNS ") VALUES"
			" (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18)",
	[WRITE_DIGEST] = "INSERT INTO digest (prefix, number) VALUES (?1, ?2)",
	[WRITE_LAYER] = "INSERT INTO layer (layer, digest, statement) VALUES (?1, ?2, ?3)",
};

/* The digest table keeps 8 bytes of the digest: it then fits the cache while it fills in random
 * order. */
static const char schema_sql[] =
	"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
	"PRAGMA cache_size = -3072; BEGIN;"
	"CREATE TABLE meta (version TEXT NOT NULL, digest TEXT NOT NULL, entries INTEGER NOT NULL);"
	"CREATE TABLE layer (layer INTEGER PRIMARY KEY, digest TEXT NOT NULL,"
	"  statement TEXT NOT NULL);"
	"CREATE TABLE entry (number INTEGER PRIMARY KEY, path BLOB NOT NULL UNIQUE,"
	"  type INTEGER NOT NULL, role INTEGER NOT NULL, sha256 BLOB, size INTEGER NOT NULL,"
	"  mode INTEGER NOT NULL, uid INTEGER NOT NULL, gid INTEGER NOT NULL, user TEXT, grp TEXT,"
	"  capabilities TEXT, xattrs TEXT, link_target BLOB, package TEXT, version TEXT,"
	"  unstated INTEGER NOT NULL, layer INTEGER NOT NULL);"
	"CREATE TABLE digest (prefix INTEGER NOT NULL, number INTEGER NOT NULL,"
	"  PRIMARY KEY (prefix, number)) WITHOUT ROWID;";

/* Nobody else opens it: without the lock of the first look-up each one makes nine system calls. */
static const char reading_sql[] = "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -512";

static int errno_from_sqlite(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_ERROR: /* a table or column that is not there */
		return -EBADMSG;
	case SQLITE_CONSTRAINT:
		return -EEXIST;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_READONLY:
	case SQLITE_PERM:
		return -EACCES;
	default:
		return -EIO;
	}
}

static int prepare_all(sqlite3 *db, const char *const *sql, size_t count, sqlite3_stmt **ret)
{
	for (size_t i = 0; i < count; i++) {
		int rc = sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &ret[i],
					    NULL);

		if (rc != SQLITE_OK)
			return errno_from_sqlite(rc);
	}
	return 0;
}

static void finalize_all(sqlite3_stmt **statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
}

static void forget_scans(struct baseline_index *index)
{
	index->scans = strv_free(index->scans);
	index->scan_count = 0;
}

static void close_current(struct baseline_index *index)
{
	finalize_all(index->reads, READ_COUNT);
	sqlite3_close(index->db);
	index->db = NULL;
	index->digest[0] = '\0';
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		free(index->layers[layer].statement);
		index->layers[layer].statement = NULL;
		index->layers[layer].digest[0] = '\0';
	}
	free(index->marks);
	index->marks = NULL;
	index->entries = 0;
	forget_scans(index);
}

/* Reads the one row of meta into @index. */
static int read_meta(struct baseline_index *index)
{
	sqlite3_stmt *stmt = NULL;
	const char *version, *digest;
	int rc, r = -EBADMSG;

	rc = sqlite3_prepare_v2(index->db, "SELECT version, digest, entries FROM meta", -1, &stmt,
				NULL);
	if (rc != SQLITE_OK)
		return errno_from_sqlite(rc);

	rc = sqlite3_step(stmt);
	version = (const char *)sqlite3_column_text(stmt, 0);
	digest = (const char *)sqlite3_column_text(stmt, 1);
	if (rc == SQLITE_ROW && str_equal(version, INDEX_VERSION) && digest &&
	    str_copy(index->digest, sizeof(index->digest), digest)) {
		index->entries = (uint64_t)sqlite3_column_int64(stmt, 2);
		/* Entries are numbered from 1. */
		index->marks = calloc(index->entries / 8 + 1, 1);
		r = index->marks ? 0 : -ENOMEM;
	} else if (rc != SQLITE_ROW && rc != SQLITE_DONE) {
		r = errno_from_sqlite(rc);
	}
	sqlite3_finalize(stmt);
	return r;
}

static int read_layer(struct baseline_index *index, sqlite3_stmt *stmt)
{
	sqlite3_int64 layer = sqlite3_column_int64(stmt, 0);
	const char *digest = (const char *)sqlite3_column_text(stmt, 1);
	const char *statement = (const char *)sqlite3_column_text(stmt, 2);

	if (layer < LAYER_FIRST || layer >= LAYER_COUNT || !digest || !statement ||
	    !str_copy(index->layers[layer].digest, SHA256_HEX_SIZE, digest))
		return -EBADMSG;
	index->layers[layer].statement = strdup(statement);
	return index->layers[layer].statement ? 0 : -ENOMEM;
}

static int read_layers(struct baseline_index *index)
{
	sqlite3_stmt *stmt = NULL;
	int rc, r = 0;

	rc = sqlite3_prepare_v2(index->db, "SELECT layer, digest, statement FROM layer", -1, &stmt,
				NULL);
	if (rc != SQLITE_OK)
		return errno_from_sqlite(rc);
	while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
		r = read_layer(index, stmt);
	sqlite3_finalize(stmt);
	return r < 0 ? r : errno_from_sqlite(rc);
}

/* -ENOENT when no file is there, -EBADMSG when it cannot be used. */
static int open_current(struct baseline_index *index)
{
	int r;

	if (access(index->path, F_OK) < 0)
		return -errno;

	r = errno_from_sqlite(sqlite3_open_v2(index->path, &index->db,
					      SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	if (r == 0)
		r = errno_from_sqlite(sqlite3_exec(index->db, reading_sql, NULL, NULL, NULL));
	if (r == 0)
		r = read_meta(index);
	if (r == 0)
		r = read_layers(index);
	if (r == 0)
		r = prepare_all(index->db, read_sql, READ_COUNT, index->reads);
	if (r < 0)
		close_current(index);
	return r;
}

int baseline_index_open(const char *path, struct baseline_index **ret_index)
{
	cleanup_with(baseline_index_closep) struct baseline_index *index = NULL;
	int r;

	index = calloc(1, sizeof(*index));
	if (!index)
		return -ENOMEM;
	index->path = strdup(path);
	if (!index->path || asprintf(&index->path_new, "%s.new", path) < 0)
		return -ENOMEM;

	r = open_current(index);
	if (r == -EBADMSG && unlink(path) < 0)
		return -errno;
	if (r < 0 && r != -ENOENT && r != -EBADMSG)
		return r;

	*ret_index = TAKE_PTR(index);
	return 0;
}

void baseline_index_trim(struct baseline_index *index)
{
	if (index->db)
		(void)sqlite3_db_release_memory(index->db);
}

struct baseline_index *baseline_index_close(struct baseline_index *index)
{
	if (!index)
		return NULL;
	baseline_index_rollback(index);
	close_current(index);
	free(index->path);
	free(index->path_new);
	free(index);
	return NULL;
}

int baseline_index_begin(struct baseline_index *index)
{
	cleanup_close int fd = -1;
	int r;

	if (index->load)
		return -EBUSY;
	if (unlink(index->path_new) < 0 && errno != ENOENT)
		return -errno;
	/* SQLite takes an empty file for a new database, and keeps its mode. */
	fd = open(index->path_new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;

	r = errno_from_sqlite(sqlite3_open_v2(index->path_new, &index->load,
					      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
	if (r == 0)
		r = errno_from_sqlite(sqlite3_exec(index->load, schema_sql, NULL, NULL, NULL));
	if (r == 0)
		r = prepare_all(index->load, write_sql, WRITE_COUNT, index->writes);
	if (r < 0)
		baseline_index_rollback(index);
	index->loaded = 0;
	return r;
}

static int64_t digest_prefix(const uint8_t sha256[static SHA256_SIZE])
{
	int64_t prefix;

	memcpy(&prefix, sha256, sizeof(prefix));
	return prefix;
}

static void bind_blob(sqlite3_stmt *stmt, int column, const char *raw)
{
	if (raw)
		sqlite3_bind_blob(stmt, column, raw, (int)strlen(raw), SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, column);
}

static void bind_entry(sqlite3_stmt *stmt, uint64_t number, const struct file_fact *entry)
{
	sqlite3_bind_int64(stmt, 1, (int64_t)number);
	bind_blob(stmt, 2, entry->path);
	sqlite3_bind_int(stmt, 3, entry->type);
	sqlite3_bind_int(stmt, 4, entry->role);
	if (entry->has_digest)
		sqlite3_bind_blob(stmt, 5, entry->sha256, SHA256_SIZE, SQLITE_STATIC);
	else
		sqlite3_bind_null(stmt, 5);
	sqlite3_bind_int64(stmt, 6, (int64_t)entry->size);
	sqlite3_bind_int64(stmt, 7, entry->mode);
	sqlite3_bind_int64(stmt, 8, entry->uid);
	sqlite3_bind_int64(stmt, 9, entry->gid);
	sqlite3_bind_text(stmt, 10, entry->user, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 11, entry->group, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 12, entry->capabilities, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 13, entry->xattrs, -1, SQLITE_STATIC);
	bind_blob(stmt, 14, entry->link_target);
	sqlite3_bind_text(stmt, 15, entry->package, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 16, entry->version, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 17, entry->unstated);
	sqlite3_bind_int(stmt, 18, entry->layer);
}

static int step_once(sqlite3_stmt *stmt)
{
	int rc = sqlite3_step(stmt);

	sqlite3_reset(stmt);
	return errno_from_sqlite(rc);
}

int baseline_index_add(struct baseline_index *index, const struct file_fact *entry)
{
	int r;

	if (!index->load || !entry->path)
		return -EINVAL;

	bind_entry(index->writes[WRITE_ENTRY], index->loaded + 1, entry);
	r = step_once(index->writes[WRITE_ENTRY]);
	if (r == 0 && entry->has_digest) {
		sqlite3_bind_int64(index->writes[WRITE_DIGEST], 1, digest_prefix(entry->sha256));
		sqlite3_bind_int64(index->writes[WRITE_DIGEST], 2, (int64_t)index->loaded + 1);
		r = step_once(index->writes[WRITE_DIGEST]);
	}
	if (r == 0)
		index->loaded++;
	return r;
}

int baseline_index_add_layer(struct baseline_index *index, enum layer layer, const char *digest,
			     const char *statement_json)
{
	sqlite3_stmt *stmt = index->writes[WRITE_LAYER];

	if (!index->load || strlen(digest) >= SHA256_HEX_SIZE)
		return -EINVAL;
	sqlite3_bind_int(stmt, 1, layer);
	sqlite3_bind_text(stmt, 2, digest, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 3, statement_json, -1, SQLITE_STATIC);
	return step_once(stmt);
}

static int write_meta(struct baseline_index *index, const char *digest)
{
	sqlite3_stmt *stmt = NULL;
	int rc;

	rc = sqlite3_prepare_v2(index->load, "INSERT INTO meta VALUES (?1, ?2, ?3)", -1, &stmt,
				NULL);
	if (rc != SQLITE_OK)
		return errno_from_sqlite(rc);
	sqlite3_bind_text(stmt, 1, INDEX_VERSION, -1, SQLITE_STATIC);
	sqlite3_bind_text(stmt, 2, digest, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 3, (int64_t)index->loaded);
	rc = sqlite3_step(stmt);
	sqlite3_finalize(stmt);
	return errno_from_sqlite(rc);
}

static void close_load(struct baseline_index *index)
{
	finalize_all(index->writes, WRITE_COUNT);
	sqlite3_close(index->load);
	index->load = NULL;
}

/* The load was written without sync, so all of it must be on disk before its name is. */
static int swap_files(struct baseline_index *index)
{
	cleanup_free char *copy = strdup(index->path);
	cleanup_close int fd = -1, dirfd = -1;

	if (!copy)
		return -ENOMEM;
	fd = open(index->path_new, O_RDONLY | O_CLOEXEC);
	dirfd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dirfd < 0 || fsync(fd) < 0 || rename(index->path_new, index->path) < 0 ||
	    fsync(dirfd) < 0)
		return -errno;
	return 0;
}

int baseline_index_commit(struct baseline_index *index, const char *digest)
{
	int r;

	if (!index->load || strlen(digest) >= SHA256_HEX_SIZE)
		return -EINVAL;

	r = write_meta(index, digest);
	if (r == 0)
		r = errno_from_sqlite(sqlite3_exec(index->load, "COMMIT", NULL, NULL, NULL));
	if (r < 0) {
		baseline_index_rollback(index);
		return r;
	}
	close_load(index);

	r = swap_files(index);
	if (r < 0) {
		unlink(index->path_new);
		return r;
	}
	close_current(index);
	return open_current(index);
}

void baseline_index_rollback(struct baseline_index *index)
{
	if (!index->load)
		return;
	close_load(index);
	unlink(index->path_new);
}

const char *baseline_index_digest(const struct baseline_index *index)
{
	return index->digest;
}

const char *baseline_index_statement(const struct baseline_index *index, enum layer layer)
{
	return index->layers[layer].statement;
}

const char *baseline_index_layer_digest(const struct baseline_index *index, enum layer layer)
{
	return index->layers[layer].digest;
}

uint64_t baseline_index_entries(const struct baseline_index *index)
{
	return index->entries;
}

static int read_string(sqlite3_stmt *stmt, int column, char **ret_text)
{
	const char *data = sqlite3_column_blob(stmt, column);
	int len = sqlite3_column_bytes(stmt, column);

	if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
		return 0;
	*ret_text = strndup(data ? data : "", (size_t)len);
	return *ret_text ? 0 : -ENOMEM;
}

static int read_strings(sqlite3_stmt *stmt, struct file_fact *entry)
{
	char **const fields[] = {
		[1] = &entry->path,	     [9] = &entry->user,     [10] = &entry->group,
		[11] = &entry->capabilities, [12] = &entry->xattrs,  [13] = &entry->link_target,
		[14] = &entry->package,	     [15] = &entry->version,
	};
	int r;

	for (int i = 0; i < (int)ARRAY_SIZE(fields); i++) {
		r = fields[i] ? read_string(stmt, i, fields[i]) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/* The row that @stmt stands on. */
static int read_entry(sqlite3_stmt *stmt, struct file_fact *ret_entry)
{
	cleanup_file_fact struct file_fact entry = {0};
	int r;

	entry.type = (enum file_type)sqlite3_column_int(stmt, 2);
	entry.role = (enum file_role)sqlite3_column_int(stmt, 3);
	if (sqlite3_column_bytes(stmt, 4) == SHA256_SIZE) {
		memcpy(entry.sha256, sqlite3_column_blob(stmt, 4), SHA256_SIZE);
		entry.has_digest = true;
	}
	entry.size = (uint64_t)sqlite3_column_int64(stmt, 5);
	entry.mode = (uint32_t)sqlite3_column_int64(stmt, 6);
	entry.uid = (uint32_t)sqlite3_column_int64(stmt, 7);
	entry.gid = (uint32_t)sqlite3_column_int64(stmt, 8);
	entry.unstated = (unsigned)sqlite3_column_int64(stmt, 16);
	entry.layer = (enum layer)sqlite3_column_int(stmt, 17);

	r = read_strings(stmt, &entry);
	if (r < 0)
		return r;
	*ret_entry = entry;
	entry = (struct file_fact){0};
	return 0;
}

static int find_one(sqlite3_stmt *stmt, struct file_fact *ret_entry)
{
	int rc = sqlite3_step(stmt);
	int r = rc == SQLITE_DONE ? -ENOENT : errno_from_sqlite(rc);

	if (r == 0)
		r = read_entry(stmt, ret_entry);
	sqlite3_reset(stmt);
	return r;
}

int baseline_index_find_path(struct baseline_index *index, const char *path,
			     struct file_fact *ret_entry)
{
	if (!index->db)
		return -ENOENT;
	bind_blob(index->reads[READ_PATH], 1, path);
	return find_one(index->reads[READ_PATH], ret_entry);
}

int baseline_index_find_digest(struct baseline_index *index,
			       const uint8_t sha256[static SHA256_SIZE],
			       struct file_fact *ret_entry)
{
	sqlite3_stmt *stmt = index->reads[READ_DIGEST];
	int rc, r = -ENOENT;

	if (!index->db)
		return -ENOENT;
	sqlite3_bind_int64(stmt, 1, digest_prefix(sha256));
	while (r == -ENOENT && (rc = sqlite3_step(stmt)) != SQLITE_DONE) {
		struct file_fact entry = {0};

		r = errno_from_sqlite(rc);
		if (r < 0)
			break;
		sqlite3_bind_int64(index->reads[READ_NUMBER], 1, sqlite3_column_int64(stmt, 0));
		r = find_one(index->reads[READ_NUMBER], &entry);
		if (r < 0)
			break;
		if (memcmp(entry.sha256, sha256, SHA256_SIZE) == 0) {
			*ret_entry = entry;
		} else { /* only the first 8 bytes are the same */
			file_fact_done(&entry);
			r = -ENOENT;
		}
	}
	sqlite3_reset(stmt);
	return r;
}

/* Binds the range of paths below @tree: from "TREE/" to before "TREE0", 0 being what follows /. */
static int bind_below(sqlite3_stmt *stmt, const char *tree)
{
	size_t len = str_equal(tree, "/") ? 0 : strlen(tree);
	cleanup_strbuf struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;

	strbuf_add(&from, tree, len);
	strbuf_add_char(&from, '/');
	strbuf_add(&to, tree, len);
	strbuf_add_char(&to, '0');
	if (strbuf_check(&from) < 0 || strbuf_check(&to) < 0)
		return -ENOMEM;
	sqlite3_bind_blob(stmt, 1, from.data, (int)from.len, SQLITE_TRANSIENT);
	sqlite3_bind_blob(stmt, 2, to.data, (int)to.len, SQLITE_TRANSIENT);
	return 0;
}

static void set_mark(struct baseline_index *index, uint64_t number, bool is_marked)
{
	uint8_t bit = (uint8_t)(1U << (number % 8));

	if (number > index->entries)
		return;
	if (is_marked)
		index->marks[number / 8] |= bit;
	else
		index->marks[number / 8] &= (uint8_t)~bit;
}

/* The number of the entry at @path, or -ENOENT. */
static int64_t find_number(struct baseline_index *index, const char *path)
{
	sqlite3_stmt *stmt = index->reads[READ_PATH];
	int rc;
	int64_t number;

	bind_blob(stmt, 1, path);
	rc = sqlite3_step(stmt);
	number = rc == SQLITE_ROW    ? sqlite3_column_int64(stmt, 0)
		 : rc == SQLITE_DONE ? -ENOENT
				     : errno_from_sqlite(rc);
	sqlite3_reset(stmt);
	return number;
}

static ssize_t find_scan(const struct baseline_index *index, const char *tree)
{
	for (size_t i = 0; i < index->scan_count; i++)
		if (str_equal(index->scans[i], tree))
			return (ssize_t)i;
	return -ENOENT;
}

static int remember_scan(struct baseline_index *index, const char *tree)
{
	char **scans;

	if (find_scan(index, tree) >= 0)
		return 0;
	scans = reallocarray(index->scans, index->scan_count + 2, sizeof(*scans));
	if (!scans)
		return -ENOMEM;
	index->scans = scans;
	scans[index->scan_count + 1] = NULL;
	scans[index->scan_count] = strdup(tree);
	if (!scans[index->scan_count])
		return -ENOMEM;
	index->scan_count++;
	return 0;
}

int baseline_index_has_below(struct baseline_index *index, const char *tree)
{
	sqlite3_stmt *stmt = index->reads[READ_NUMBERS_BELOW];
	int rc, r;

	if (!index->db)
		return 0;
	if (find_number(index, tree) > 0)
		return 1;
	r = bind_below(stmt, tree);
	if (r < 0)
		return r;
	rc = sqlite3_step(stmt);
	sqlite3_reset(stmt);
	return rc == SQLITE_ROW ? 1 : errno_from_sqlite(rc);
}

int baseline_index_begin_scan(struct baseline_index *index, const char *tree)
{
	sqlite3_stmt *stmt = index->reads[READ_NUMBERS_BELOW];
	int64_t number;
	int rc, r;

	if (!index->db)
		return 0;
	r = bind_below(stmt, tree);
	if (r < 0)
		return r;
	while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
		set_mark(index, (uint64_t)sqlite3_column_int64(stmt, 0), false);
	sqlite3_reset(stmt);
	if (rc != SQLITE_DONE)
		return errno_from_sqlite(rc);

	number = find_number(index, tree);
	if (number > 0)
		set_mark(index, (uint64_t)number, false);
	return remember_scan(index, tree);
}

int baseline_index_mark(struct baseline_index *index, const char *path)
{
	int64_t number;

	if (!index->db)
		return -ENOENT;
	number = find_number(index, path);
	if (number < 0)
		return (int)number;
	set_mark(index, (uint64_t)number, true);
	return 0;
}

/* Gives the row to @fn unless it is marked. */
static int visit_unmarked(struct baseline_index *index, sqlite3_stmt *stmt,
			  int (*fn)(const struct file_fact *entry, void *userdata), void *userdata)
{
	cleanup_file_fact struct file_fact entry = {0};
	uint64_t number = (uint64_t)sqlite3_column_int64(stmt, 0);
	int r;

	if (number <= index->entries && index->marks[number / 8] & (1U << (number % 8)))
		return 0;
	r = read_entry(stmt, &entry);
	return r < 0 ? r : fn(&entry, userdata);
}

int baseline_index_each_unmarked(struct baseline_index *index, const char *tree,
				 int (*fn)(const struct file_fact *entry, void *userdata),
				 void *userdata)
{
	const int order[] = {READ_PATH, READ_BELOW};
	int r;

	if (!index->db)
		return 0;
	if (find_scan(index, tree) < 0)
		return -ESTALE;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		/* A statement of its own: @fn may look up in the index. */
		sqlite3_stmt *stmt = NULL;
		int rc = sqlite3_prepare_v2(index->db, read_sql[order[i]], -1, &stmt, NULL);

		r = errno_from_sqlite(rc);
		if (r == 0 && order[i] == READ_PATH)
			bind_blob(stmt, 1, tree);
		else if (r == 0)
			r = bind_below(stmt, tree);
		while (r == 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
			r = visit_unmarked(index, stmt, fn, userdata);
		sqlite3_finalize(stmt);
		if (r == 0)
			r = errno_from_sqlite(rc);
		if (r != 0)
			return r;
	}
	return 0;
}
