/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that were touched after the baseline in force was loaded, as "PATH": by the time of the
 * last change of the inode, which nobody can set. Of a link both count, it and what it leads to: a
 * new link may lead to an old unit. That a file was touched does not say that it differs.
 */
#include <errno.h>
#include <fcntl.h>

#include "checks/probe.h"
#include "model/layer.h"

static const struct probe_key keys[] = {
	{"paths", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	struct timespec loaded;
	size_t seen;
};

/* 1 with the time of the newest layer, 0 when @value says why there is none. */
static int find_baseline(struct search *search)
{
	bool is_found = false;

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		struct stat st;
		char path[512];
		int r;

		snprintf(path, sizeof(path), "%s/baseline/%s.tar", search->root->state_dir,
			 layer_name(layer));
		r = root_stat(search->root, path, &st);
		if (r == -ENOENT || r == -ENOTDIR)
			continue;
		if (r < 0)
			return probe_unreadable(search->value, path, r);
		if (!is_found || st.st_ctim.tv_sec > search->loaded.tv_sec)
			search->loaded = st.st_ctim;
		is_found = true;
	}
	if (!is_found)
		return probe_not_applicable(search->value,
					    "no baseline is loaded; INT-001 reports that");
	return 1;
}

static bool is_later(const struct search *search, const struct stat *st)
{
	return st->st_ctim.tv_sec != search->loaded.tv_sec
		       ? st->st_ctim.tv_sec > search->loaded.tv_sec
		       : st->st_ctim.tv_nsec > search->loaded.tv_nsec;
}

static int look(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_close int fd = root_open_path(search->root, path, O_PATH | O_NOFOLLOW);
	struct stat itself = {0}, target;
	int r = fd < 0 ? fd : fstat(fd, &itself) < 0 ? -errno : 0;

	target = itself;
	if (r == 0 && S_ISLNK(itself.st_mode)) {
		r = root_stat(search->root, path, &target);
		/* One that leads nowhere is new or old all the same. */
		if (r == -ENOENT) {
			target = itself;
			r = 0;
		}
	}
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	search->seen++;
	if (!is_later(search, &itself) && !is_later(search, &target))
		return 0;
	return probe_list_found(search->value, "touched files", "%s", path);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .value = value};
	int r = find_baseline(&search);

	if (r <= 0)
		return r;
	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[0], look, &search, value);
	if (r <= 0)
		return r;
	if (!search.seen)
		return probe_not_applicable(value, "%s is not there", params->values[0]);
	if (!value->count)
		strbuf_printf(&value->where, "%zu looked at", search.seen);
	return 0;
}

const struct probe_ops probe_changed = {"changed", keys, PROBE_GIVES_LIST, run};
