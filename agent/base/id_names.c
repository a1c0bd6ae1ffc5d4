/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id_names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/array.h"
#include "base/str.h"

/* More than any local account database; beyond it the rest has no names. */
#define MAX_NAMES 65536

struct id_name {
	uint32_t id;
	uint32_t order; /* in the file, so that the first name of a number wins */
	char *name;
};

struct id_table {
	char *path;
	struct stat seen;
	struct id_name *names; /* sorted by id, one per id */
	size_t count;
};

struct id_names {
	struct id_table users, groups;
};

static void id_list_free(struct id_name *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i].name);
	free(names);
}

static int by_id_and_order(const void *a, const void *b)
{
	const struct id_name *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* "name:x:1000:..." in both files. A line that does not fit is skipped, as libc does. */
static bool parse_line(char *line, char **ret_name, uint32_t *ret_id)
{
	char *rest = line, *name = strsep(&rest, ":");
	uint64_t id;

	if (!rest || name[0] == '\0' || name[0] == '#')
		return false;
	strsep(&rest, ":");
	if (!rest || str_to_u64(strsep(&rest, ":\n"), 10, &id) < 0 || id > UINT32_MAX)
		return false;
	*ret_name = name;
	*ret_id = (uint32_t)id;
	return true;
}

static size_t sort_and_drop_repeats(struct id_name *names, size_t count)
{
	size_t kept = 0;

	if (count > 1)
		qsort(names, count, sizeof(*names), by_id_and_order);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && names[kept - 1].id == names[i].id)
			free(names[i].name);
		else
			names[kept++] = names[i];
	}
	return kept;
}

static int read_names(FILE *file, struct id_name **ret_names, size_t *ret_count)
{
	cleanup_free char *line = NULL;
	struct id_name *names = NULL;
	size_t count = 0, room = 0, line_size = 0;

	while (count < MAX_NAMES && getline(&line, &line_size, file) >= 0) {
		uint32_t id;
		char *name;

		if (!parse_line(line, &name, &id))
			continue;
		if (array_grow(&names, count, &room, sizeof(*names)) < 0)
			goto no_memory;
		names[count] = (struct id_name){.id = id, .order = count, .name = strdup(name)};
		if (!names[count].name)
			goto no_memory;
		count++;
	}
	*ret_count = sort_and_drop_repeats(names, count);
	*ret_names = names;
	return 0;

no_memory:
	id_list_free(names, count);
	return -ENOMEM;
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int table_refresh(struct id_table *table)
{
	cleanup_fclose FILE *file = NULL;
	struct id_name *names = NULL;
	struct stat st = {0};
	size_t count = 0;
	int r;

	if (stat(table->path, &st) < 0 && errno != ENOENT)
		return -errno;
	if (is_same_file(&st, &table->seen))
		return 0;

	file = fopen(table->path, "re");
	if (!file && errno != ENOENT)
		return -errno;
	if (file) {
		r = read_names(file, &names, &count);
		if (r < 0)
			return r;
	}
	id_list_free(table->names, table->count);
	table->names = names;
	table->count = count;
	table->seen = st;
	return 1;
}

static const char *table_find(const struct id_table *table, uint32_t id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->names[middle].id == id)
			return table->names[middle].name;
		if (table->names[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int id_names_new(const char *passwd, const char *group, struct id_names **ret_names)
{
	cleanup_with(id_names_freep) struct id_names *names = calloc(1, sizeof(*names));
	int r;

	if (!names)
		return -ENOMEM;
	names->users.path = strdup(passwd);
	names->groups.path = strdup(group);
	if (!names->users.path || !names->groups.path)
		return -ENOMEM;
	r = id_names_refresh(names);
	if (r < 0)
		return r;
	*ret_names = TAKE_PTR(names);
	return 0;
}

static void table_done(struct id_table *table)
{
	id_list_free(table->names, table->count);
	free(table->path);
}

struct id_names *id_names_free(struct id_names *names)
{
	if (!names)
		return NULL;
	table_done(&names->users);
	table_done(&names->groups);
	free(names);
	return NULL;
}

int id_names_refresh(struct id_names *names)
{
	int users, groups;

	users = table_refresh(&names->users);
	if (users < 0)
		return users;
	groups = table_refresh(&names->groups);
	if (groups < 0)
		return groups;
	return users || groups;
}

const char *id_names_user(const struct id_names *names, uint32_t uid)
{
	return table_find(&names->users, uid);
}

const char *id_names_group(const struct id_names *names, uint32_t gid)
{
	return table_find(&names->groups, gid);
}
