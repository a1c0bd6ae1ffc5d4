/* SPDX-License-Identifier: Apache-2.0 */
/*
 * State of systemd units by their files and links, without D-Bus: which are enabled (wanted by
 * another unit) or running (their cgroup is populated), which are not masked.
 *
 * What must not be there is `active` already when it is only enabled; what must be there has to be
 * `running`, unless nobody started systemd below this root: then to be enabled is enough.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"

#define MAX_FOUND 128 /* by one wildcard */

enum {
	KEY_UNITS,
	KEY_LIST
};

static const struct probe_key keys[] = {
	[KEY_UNITS] = {"units", PROBE_KEY_WORDS, true}, /* wildcards allowed */
	[KEY_LIST] = {"list", PROBE_KEY_CHOICE, true, "active running unmasked"},
	{NULL},
};

/* The strongest first; the last is the one before where /lib is a link to usr/lib. */
static const char *const dirs[] = {"/etc/systemd/system", "/run/systemd/system",
				   "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
				   "/lib/systemd/system"};

enum list {
	LIST_ACTIVE,
	LIST_RUNNING,
	LIST_UNMASKED,
};

enum unit_state {
	UNIT_ABSENT,
	UNIT_MASKED,
	UNIT_PRESENT,
};

struct search {
	const struct root *root;
	struct probe_value *value;
	enum list list;
	size_t dirs; /* so many of them, as no folder is looked at twice */
};

static size_t count_dirs(const struct root *root)
{
	char target[64];
	bool is_same = root_read_link(root, "/lib", target, sizeof(target)) == 0 &&
		       (str_equal(target, "usr/lib") || str_equal(target, "/usr/lib"));

	return ARRAY_SIZE(dirs) - is_same;
}

static int find_state(const struct search *search, const char *unit, enum unit_state *ret_state)
{
	const struct root *root = search->root;

	for (size_t i = 0; i < search->dirs; i++) {
		char path[512], target[512];
		struct stat st;
		int r;

		snprintf(path, sizeof(path), "%s/%s", dirs[i], unit);
		r = root_read_link(root, path, target, sizeof(target));
		if (r == 0 && strcmp(target, "/dev/null") == 0) {
			*ret_state = UNIT_MASKED;
			return 0;
		}
		if (r == 0 || r == -EINVAL)
			r = root_stat(root, path, &st);
		if (r == 0) {
			/* An empty file masks as /dev/null does. */
			*ret_state =
				S_ISREG(st.st_mode) && !st.st_size ? UNIT_MASKED : UNIT_PRESENT;
			return 0;
		}
		if (r != -ENOENT && r != -ENOTDIR)
			return r;
	}
	*ret_state = UNIT_ABSENT;
	return 0;
}

static int set_flag(const char *path, void *userdata)
{
	*(bool *)userdata = true;
	return 0;
}

/* A link below *.wants or *.requires; the link's target need not be looked at. */
static int is_wanted(const struct search *search, const char *unit, bool *ret_is_wanted)
{
	static const char *const ways[] = {"wants", "requires"};
	bool is_wanted = false;

	for (size_t i = 0; i < search->dirs; i++)
		for (size_t j = 0; j < ARRAY_SIZE(ways); j++) {
			char pattern[512];
			int r;

			snprintf(pattern, sizeof(pattern), "%s/*.%s/%s", dirs[i], ways[j], unit);
			r = root_glob(search->root, pattern, set_flag, &is_wanted);
			if (r < 0)
				return r;
		}
	*ret_is_wanted = is_wanted;
	return 0;
}

static bool is_running(const struct root *root, const char *unit)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char path[512];

	snprintf(path, sizeof(path), "/sys/fs/cgroup/system.slice/%s/cgroup.events", unit);
	if (root_read_text(root, path, 4096, &text) == 0)
		return text.data && strstr(text.data, "populated 1");
	/* The first version of control groups lists processes only. */
	snprintf(path, sizeof(path), "/sys/fs/cgroup/systemd/system.slice/%s/cgroup.procs", unit);
	return root_read_text(root, path, 65536, &text) == 0 && text.len > 0;
}

/* Whether what runs here can be told from what is enabled. */
static bool is_started(const struct root *root)
{
	return root->is_live || root_exists(root, "/run/systemd/system");
}

static int look(const struct search *search, const char *unit)
{
	struct probe_value *value = search->value;
	enum list list = search->list;
	enum unit_state state;
	bool is_enabled = false, runs;
	char item[320];
	int r = find_state(search, unit, &state);

	if (r < 0)
		return r;
	if (list == LIST_UNMASKED) {
		if (state == UNIT_PRESENT)
			probe_list_add(value, unit);
		return 0;
	}
	runs = is_running(search->root, unit);
	if (state == UNIT_PRESENT) {
		r = is_wanted(search, unit, &is_enabled);
		if (r < 0)
			return r;
	}
	if (!runs && (!is_enabled || (list == LIST_RUNNING && is_started(search->root))))
		return 0;
	snprintf(item, sizeof(item), "%s %s", unit,
		 runs && is_enabled ? "is enabled and runs"
		 : runs		    ? "runs"
				    : "is enabled");
	probe_list_add(value, item);
	return 0;
}

struct names {
	const struct search *search;
	char (*seen)[256];
	size_t count;
};

static int look_at_found(const char *path, void *userdata)
{
	struct names *names = userdata;
	const char *unit = strrchr(path, '/') + 1;

	/* A stronger folder has shown it before. */
	for (size_t i = 0; i < names->count; i++)
		if (str_equal(names->seen[i], unit))
			return 0;
	if (names->count == MAX_FOUND) {
		(void)probe_error(names->search->value, "more than %d units match", MAX_FOUND);
		return -E2BIG;
	}
	if (!str_copy(names->seen[names->count], sizeof(names->seen[0]), unit))
		return -ENAMETOOLONG;
	names->count++;
	return look(names->search, unit);
}

/* All unit files whose name matches @pattern. */
static int look_at_all(const struct search *search, const char *pattern)
{
	cleanup_free void *seen = malloc(MAX_FOUND * sizeof(char[256]));
	struct names names = {search, seen, 0};
	int r = seen ? 0 : -ENOMEM;

	for (size_t i = 0; i < search->dirs && r >= 0; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", dirs[i], pattern);
		r = root_glob(search->root, path, look_at_found, &names);
	}
	return r;
}

static enum list list_of(const char *word)
{
	if (str_equal(word, "unmasked"))
		return LIST_UNMASKED;
	return str_equal(word, "running") ? LIST_RUNNING : LIST_ACTIVE;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const char *cursor = params->values[KEY_UNITS], *word;
	struct search search = {root, value, list_of(params->values[KEY_LIST]), count_dirs(root)};
	size_t len;

	if (!root_exists(root, "/usr/lib/systemd/system") &&
	    !root_exists(root, "/lib/systemd/system") && !root_exists(root, "/etc/systemd/system"))
		return probe_not_applicable(value, "no systemd below this root");
	probe_list_add(value, NULL);
	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		char unit[256];
		int r;

		if (len >= sizeof(unit))
			return probe_error(value, "the name of a unit is too long");
		memcpy(unit, word, len);
		unit[len] = '\0';
		r = strpbrk(unit, "*?[") ? look_at_all(&search, unit) : look(&search, unit);
		r = probe_end(value, unit, r);
		if (r <= 0)
			return r;
	}
	return 0;
}

const struct probe_ops probe_unit = {"unit", keys, PROBE_GIVES_LIST, run};
