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

struct status {
	struct strbuf *names;
	struct strbuf name; /* of the paragraph at hand; empty: none */
};

static int take_status(char *line, void *userdata)
{
	struct status *status = userdata;

	if (!*line || str_starts(line, "Package: "))
		strbuf_clear(&status->name);
	if (str_starts(line, "Package: "))
		strbuf_add_str(&status->name, line + strlen("Package: "));
	/* "Status: WANT FLAG STATE": only the state tells whether the files are there. */
	if (status->name.len && str_starts(line, "Status: ") && str_ends(line, " installed"))
		strbuf_add(status->names, status->name.data, status->name.len + 1);
	return strbuf_check(&status->name);
}

/* Appends the name of each installed package to @names. */
static int read_status(const struct root *root, struct strbuf *names)
{
	struct status status = {.names = names};
	int r = root_read_lines(root, STATUS, ROOT_MAX_PORTION, take_status, &status);

	strbuf_done(&status.name);
	return r < 0 ? r : strbuf_check(names);
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

static int each_name(const char *names, size_t len, package_fn fn, void *userdata)
{
	int r = 0;

	for (size_t at = 0; r == 0 && at < len; at += strlen(names + at) + 1)
		r = fn(names + at, userdata);
	return r;
}

/* Calls @fn for each installed package; a return other than 0 ends it. */
static int each_installed(const struct root *root, package_fn fn, void *userdata)
{
	const struct kept_item *item = root_find_kept(root, KEPT_PACKAGES, STATUS);
	cleanup_strbuf struct strbuf names = STRBUF_INIT;
	int r;

	if (item)
		return each_name(item->data, item->len, fn, userdata);
	r = read_databases(root, &names);
	if (r < 0)
		return r;
	kept_add(root->kept, &(struct kept_item){.what = KEPT_PACKAGES,
						 .path = STATUS,
						 .real = "",
						 .data = names.data,
						 .len = names.len});
	return each_name(names.data, names.len, fn, userdata);
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
	struct strbuf patterns; /* each ends with NUL */
	struct probe_value *value;
};

static bool is_wild(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* As fnmatch(), which takes its time; most names differ from most patterns in the first byte. */
static bool matches(const char *pattern, const char *name)
{
	while (*pattern && *pattern == *name && !is_wild(*pattern)) {
		pattern++;
		name++;
	}
	return is_wild(*pattern) ? fnmatch(pattern, name, 0) == 0 : *pattern == *name;
}

static int add_if_named(const char *name, void *userdata)
{
	struct search *search = userdata;
	const char *pattern = search->patterns.data, *end = pattern + search->patterns.len;

	for (; pattern < end; pattern += strlen(pattern) + 1)
		if (matches(pattern, name)) {
			probe_list_add(search->value, name);
			break;
		}
	return 0;
}

static int look_for(const char *patterns, const struct root *root, struct probe_value *value)
{
	struct search search = {.value = value};
	const char *word;
	size_t len;
	int r;

	while (words_next(&patterns, WORDS_SPACE, &word, &len)) {
		strbuf_add(&search.patterns, word, len);
		strbuf_add_char(&search.patterns, '\0');
	}
	r = strbuf_check(&search.patterns);
	if (r == 0)
		r = each_installed(root, add_if_named, &search);
	strbuf_done(&search.patterns);
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	int r;

	probe_list_add(value, NULL);
	r = look_for(params->values[0], root, value);
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
