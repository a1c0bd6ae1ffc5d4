/* SPDX-License-Identifier: Apache-2.0 */
/* How old the newest of some files is: backups, or the mark that a backup leaves. */
#include <errno.h>
#include <inttypes.h>

#include "base/clock.h"
#include "base/str.h"
#include "checks/probe.h"

enum {
	KEY_PATHS,
	KEY_UNIT
};

static const struct probe_key keys[] = {
	[KEY_PATHS] = {"paths", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	[KEY_UNIT] = {"unit", PROBE_KEY_CHOICE, true, "hours days"},
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	int64_t newest_s;
	bool is_found;
};

static int look(const char *path, void *userdata)
{
	struct search *search = userdata;
	struct stat st;
	int r = root_stat(search->root, path, &st);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	/* An empty folder is no backup, and its time says only that something was made in it. */
	if (!S_ISREG(st.st_mode) || (search->is_found && st.st_mtime <= search->newest_s))
		return 0;
	search->newest_s = st.st_mtime;
	search->is_found = true;
	probe_set_where(search->value, path);
	return 0;
}

static int tell_age(const struct search *search, const char *unit)
{
	int64_t age_s = clock_real_ns() / NSEC_PER_SEC - search->newest_s;
	char text[24];

	/* A file from tomorrow proves nothing about yesterday. */
	if (age_s < -86400)
		return probe_error(search->value,
				   "the newest file is dated %" PRId64 " s ahead of now", -age_s);
	snprintf(text, sizeof(text), "%" PRId64,
		 age_s < 0 ? 0 : age_s / (str_equal(unit, "hours") ? 3600 : 86400));
	return probe_text(search->value, text);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r = probe_glob(root, params->values[KEY_PATHS], look, &search, value);

	if (r <= 0)
		return r;
	if (!search.is_found)
		return probe_absent(value, "no such file");
	return tell_age(&search, params->values[KEY_UNIT]);
}

const struct probe_ops probe_newest = {"newest", keys, PROBE_GIVES_TEXT, run};
