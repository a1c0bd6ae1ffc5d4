/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which packages of a list are installed, from dpkg's status file and from rpm's database, of which
 * a host may have both. Where neither can be read the check is an error, not a pass.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/rpm_db.h"
#include "checks/text.h"

#define STATUS "/var/lib/dpkg/status"

static const struct probe_key keys[] = {
	{"names", PROBE_KEY_WORDS, true}, /* wildcards allowed */
	{NULL},
};

typedef int (*package_fn)(const char *name, void *userdata);

/* Appends the name of each installed package to @names. */
static int read_status(const struct root *root, struct strbuf *names)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line, *name = NULL;
	int r = root_read_text(root, STATUS, ROOT_MAX_TABLE_BYTES, &text);

	if (r < 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		if (str_starts(line, "Package: "))
			name = line + strlen("Package: ");
		else if (!*line)
			name = NULL;
		/* "Status: WANT FLAG STATE": only the state tells whether the files are there. */
		if (name && str_starts(line, "Status: ") && str_ends(line, " installed"))
			strbuf_add(names, name, strlen(name) + 1);
	}
	return strbuf_check(names);
}

static int read_databases(const struct root *root, struct strbuf *names)
{
	int dpkg = read_status(root, names);
	int rpm = dpkg == 0 || dpkg == -ENOENT ? rpm_db_names(root, names) : 0;
	bool is_debian = dpkg == 0 && names->len > 0;

	/* The rpm program is on some Debian hosts too; there its database is no more than a rest.
	 */
	if (rpm == -ENOENT || (rpm == -EOPNOTSUPP && is_debian))
		return dpkg;
	if (rpm < 0) {
		strbuf_clear(names);
		return rpm;
	}
	return dpkg == -ENOENT ? 0 : dpkg;
}

/* Calls @fn for each installed package; a return other than 0 ends it. */
static int each_installed(const struct root *root, package_fn fn, void *userdata)
{
	cleanup_strbuf struct strbuf own = STRBUF_INIT;
	struct strbuf *names = root->packages ? root->packages : &own;
	int r = names->len ? 0 : read_databases(root, names);

	/* Also of who takes the names that another check has read. */
	root_note_look(root, LOOKED_AT, STATUS);
	for (size_t at = 0; r == 0 && at < names->len; at += strlen(names->data + at) + 1)
		r = fn(names->data + at, userdata);
	return r;
}

static int is_name(const char *name, void *userdata)
{
	return strcmp(name, userdata) == 0;
}

int package_is_installed(const struct root *root, const char *name)
{
	return each_installed(root, is_name, (void *)name);
}

struct search {
	const char *patterns;
	struct probe_value *value;
};

static int add_if_named(const char *name, void *userdata)
{
	struct search *search = userdata;
	const char *cursor = search->patterns, *word;
	char pattern[128];
	size_t len;

	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		snprintf(pattern, sizeof(pattern), "%.*s", (int)len, word);
		if (fnmatch(pattern, name, 0) == 0) {
			probe_list_add(search->value, name);
			return 0;
		}
	}
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {params->values[0], value};
	int r;

	probe_list_add(value, NULL);
	r = each_installed(root, add_if_named, &search);
	switch (-r) {
	case ENOENT:
		return probe_error(value, "no database of dpkg or rpm is there");
	case EOPNOTSUPP:
		return probe_error(value,
				   "rpm's database is one of Berkeley DB or ndb, which is not "
				   "read; rpmdb --rebuilddb makes one of SQLite");
	case EBUSY:
		return probe_error(value,
				   "rpm is at work, or was cut off: its database is not whole");
	default:
		return r < 0 && r != -ENOMEM ? probe_unreadable(value, "the package database", r)
					     : r;
	}
}

const struct probe_ops probe_package = {"package", keys, PROBE_GIVES_LIST, run};
