/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/rpm_db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>

#include "base/str.h"
#include "checks/rpm_header.h"

#define MAX_PACKAGES 65536
#define MAX_STEPS    (64 * MAX_PACKAGES) /* of SQLite's machine: a hostile file could keep it busy */
#define CACHE_KIB    "256"

/* RHEL and Fedora: the first is where new releases keep it. */
static const char *const folders[] = {"/usr/lib/sysimage/rpm", "/var/lib/rpm"};
static const char *const other_forms[] = {"Packages", "Packages.db"};

static void db_closep(sqlite3 **db)
{
	(void)sqlite3_close(*db);
}

static void blob_closep(sqlite3_blob **blob)
{
	(void)sqlite3_blob_close(*blob);
}

static void statement_endp(sqlite3_stmt **statement)
{
	(void)sqlite3_finalize(*statement);
}

static int to_errno(int code)
{
	if ((code & 0xff) == SQLITE_NOMEM)
		return -ENOMEM;
	return (code & 0xff) == SQLITE_IOERR ? -EIO : -EBADMSG;
}

static int give_up(void *userdata)
{
	return 1;
}

/* The file is opened as one that nobody changes, so that nothing is written beside it, not even a
 * lock. */
static int open_db(int fd, sqlite3 **ret_db)
{
	cleanup_with(db_closep) sqlite3 *db = NULL;
	char uri[64];
	int code;

	snprintf(uri, sizeof(uri), "file:/proc/self/fd/%d?mode=ro&immutable=1", fd);
	code = sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db,
				    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
				    "PRAGMA mmap_size = 0; PRAGMA cache_size = -" CACHE_KIB,
				    NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return to_errno(code);
	sqlite3_progress_handler(db, MAX_STEPS, give_up, NULL);
	*ret_db = db;
	db = NULL;
	return 0;
}

static int add_name(sqlite3_blob *blob, uint8_t *prefix, struct strbuf *names)
{
	int size = sqlite3_blob_bytes(blob),
	    len = size < RPM_HEADER_PREFIX ? size : RPM_HEADER_PREFIX;
	int code = sqlite3_blob_read(blob, prefix, len, 0), r;
	const char *name;

	if (code != SQLITE_OK)
		return to_errno(code);
	r = rpm_header_name(prefix, (size_t)len, (size_t)size, &name);
	if (r == 0)
		strbuf_add(names, name, strlen(name) + 1);
	return r;
}

static int read_packages(sqlite3 *db, struct strbuf *names)
{
	cleanup_with(statement_endp) sqlite3_stmt *rows = NULL;
	cleanup_with(blob_closep) sqlite3_blob *blob = NULL;
	cleanup_free uint8_t *prefix = malloc(RPM_HEADER_PREFIX);
	int code = sqlite3_prepare_v2(db, "SELECT hnum FROM Packages", -1, &rows, NULL), r = 0;

	if (!prefix)
		return -ENOMEM;
	if (code != SQLITE_OK)
		return to_errno(code);
	for (int count = 0; r == 0 && (code = sqlite3_step(rows)) == SQLITE_ROW; count++) {
		sqlite3_int64 row = sqlite3_column_int64(rows, 0);

		if (count == MAX_PACKAGES)
			return -E2BIG;
		/* This reads the few pages that hold the start; a header may be megabytes. */
		code = blob ? sqlite3_blob_reopen(blob, row)
			    : sqlite3_blob_open(db, "main", "Packages", "blob", row, 0, &blob);
		r = code == SQLITE_OK ? add_name(blob, prefix, names) : to_errno(code);
	}
	if (r == 0 && code != SQLITE_DONE)
		return to_errno(code);
	return r < 0 ? r : strbuf_check(names);
}

static int read_file(const struct root *root, const char *folder, struct strbuf *names)
{
	cleanup_with(db_closep) sqlite3 *db = NULL;
	cleanup_close int fd = -1;
	struct stat st;
	char path[128];
	int r;

	snprintf(path, sizeof(path), "%s/rpmdb.sqlite-wal", folder);
	if (root_stat(root, path, &st) == 0 && st.st_size > 0)
		return -EBUSY;
	snprintf(path, sizeof(path), "%s/rpmdb.sqlite", folder);
	fd = root_open_path(root, path, O_RDONLY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	r = open_db(fd, &db);
	return r < 0 ? r : read_packages(db, names);
}

static bool has_other_form(const struct root *root, const char *folder)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(other_forms); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, other_forms[i]);
		if (root_exists(root, path))
			return true;
	}
	return false;
}

int rpm_db_names(const struct root *root, struct strbuf *names)
{
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(folders) && (r == -ENOENT || r == -ENOTDIR); i++) {
		r = read_file(root, folders[i], names);
		if (r == -ENOENT && has_other_form(root, folders[i]))
			return -EOPNOTSUPP;
	}
	return r == -ENOTDIR ? -ENOENT : r;
}
