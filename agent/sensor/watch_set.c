/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/watch_set.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"

struct watch_set {
	char **trees, **ignores;
	size_t tree_count, ignore_count;
};

static size_t strv_count(char **list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static int copy_paths(char **list, char ***ret_copy, size_t *ret_count)
{
	size_t count = strv_count(list);
	char **copy = calloc(count + 1, sizeof(*copy));
	int r = 0;

	if (!copy)
		return -ENOMEM;
	for (size_t i = 0; i < count && r == 0; i++) {
		copy[i] = strdup(list[i]);
		r = copy[i] ? path_normalize(copy[i]) : -ENOMEM;
	}
	if (r < 0) {
		strv_free(copy);
		return r;
	}
	*ret_copy = copy;
	*ret_count = count;
	return 0;
}

/* A tree inside another would be walked and reported twice. */
static void drop_nested(struct watch_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->tree_count; i++) {
		bool is_nested = false;

		for (size_t j = 0; j < set->tree_count && !is_nested; j++)
			is_nested = set->trees[j] && i != j &&
				    path_is_below(set->trees[i], set->trees[j]) &&
				    (j < i || !str_equal(set->trees[i], set->trees[j]));
		if (is_nested) {
			free(set->trees[i]);
			set->trees[i] = NULL;
		}
	}
	for (size_t i = 0; i < set->tree_count; i++)
		if (set->trees[i])
			set->trees[kept++] = set->trees[i];
	set->trees[kept] = NULL;
	set->tree_count = kept;
}

int watch_set_new(const struct sensor_rules *rules, struct watch_set **ret_set)
{
	cleanup_with(watch_set_freep) struct watch_set *set = calloc(1, sizeof(*set));
	int r;

	if (!set)
		return -ENOMEM;
	r = copy_paths(rules->trees, &set->trees, &set->tree_count);
	if (r < 0)
		return r;
	r = copy_paths(rules->ignores, &set->ignores, &set->ignore_count);
	if (r < 0)
		return r;
	drop_nested(set);
	*ret_set = TAKE_PTR(set);
	return 0;
}

struct watch_set *watch_set_free(struct watch_set *set)
{
	if (!set)
		return NULL;
	strv_free(set->trees);
	strv_free(set->ignores);
	free(set);
	return NULL;
}

size_t watch_set_count(const struct watch_set *set)
{
	return set->tree_count;
}

const char *watch_set_tree(const struct watch_set *set, size_t index)
{
	return set->trees[index];
}

/* A pattern names a file or a directory with all below it. */
static bool matches_pattern(const char *pattern, const char *path)
{
	return fnmatch(pattern, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0;
}

static bool is_ignored(const struct watch_set *set, const char *path)
{
	for (size_t i = 0; i < set->ignore_count; i++)
		if (path_is_below(path, set->ignores[i]) || matches_pattern(set->ignores[i], path))
			return true;
	return false;
}

bool watch_set_has(const struct watch_set *set, const char *path)
{
	for (size_t i = 0; i < set->tree_count; i++)
		if (path_is_below(path, set->trees[i]))
			return !is_ignored(set, path);
	return false;
}

bool watch_set_meets(const struct watch_set *set, const char *path)
{
	for (size_t i = 0; i < set->tree_count; i++)
		if (path_is_below(set->trees[i], path))
			return true;
	return watch_set_has(set, path);
}
