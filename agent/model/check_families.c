/* SPDX-License-Identifier: Apache-2.0 */
#include "model/check_families.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/ini.h"
#include "base/str.h"

#define MAX_CHECKS 4096 /* bounds what a damaged folder can cost */

struct member {
	char *id;
	size_t family;
};

struct check_families {
	char **titles; /* NULL-ended */
	size_t count;
	struct member *members;
	size_t member_count, member_room;
};

static int add_member(struct check_families *families, const char *id)
{
	char *copy;

	if (families->member_count == MAX_CHECKS)
		return -E2BIG;
	if (array_grow(&families->members, families->member_count, &families->member_room,
		       sizeof(*families->members)) < 0)
		return -ENOMEM;
	copy = strdup(id);
	if (!copy)
		return -ENOMEM;
	families->members[families->member_count++] = (struct member){copy, families->count};
	return 0;
}

/* A file is one family; its title stands first. */
static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct check_families *families = userdata;

	if (!key)
		return str_equal(section, "family") ? 0 : add_member(families, section);
	if (!str_equal(section, "family") || !str_equal(key, "title"))
		return 0;
	if (families->titles && families->titles[families->count])
		return diag_set(diag, "", line, -EINVAL, "[family] has one 'title'");
	return strv_append(&families->titles, value);
}

static int read_family(struct check_families *families, const char *path, struct diag *diag)
{
	int r = ini_visit(path, visit, families, diag);

	if (r < 0)
		return r;
	if (!families->titles || !families->titles[families->count])
		return diag_set(diag, path, 1, -EINVAL, "there is no [family] with a title");
	families->count++;
	return 0;
}

static int is_ini(const struct dirent *entry)
{
	return entry->d_name[0] != '.' && str_ends(entry->d_name, ".ini");
}

static int compare_members(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->id, ((const struct member *)b)->id);
}

int check_families_load(const char *data_dir, struct check_families **ret_families,
			struct diag *diag)
{
	cleanup_with(check_families_freep) struct check_families *families =
		calloc(1, sizeof(*families));
	struct dirent **names = NULL;
	cleanup_free char *dir = NULL;
	int count, r = 0;

	if (!families || asprintf(&dir, "%s/checks", data_dir) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	count = scandir(dir, &names, is_ini, alphasort);
	if (count < 0)
		return diag_set(diag, dir, 0, -errno, "cannot be read: %s", strerror(errno));
	for (int i = 0; i < count; i++) {
		cleanup_free char *path = NULL;

		if (r == 0 && asprintf(&path, "%s/%s", dir, names[i]->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
		}
		if (r == 0)
			r = read_family(families, path, diag);
		free(names[i]);
	}
	free(names);
	if (r < 0)
		return r;
	if (families->member_count)
		qsort(families->members, families->member_count, sizeof(*families->members),
		      compare_members);
	*ret_families = TAKE_PTR(families);
	return 0;
}

struct check_families *check_families_free(struct check_families *families)
{
	if (!families)
		return NULL;
	for (size_t i = 0; i < families->member_count; i++)
		free(families->members[i].id);
	free(families->members);
	strv_free(families->titles);
	free(families);
	return NULL;
}

size_t check_families_count(const struct check_families *families)
{
	return families ? families->count : 0;
}

const char *check_families_title(const struct check_families *families, size_t family)
{
	return family < check_families_count(families) ? families->titles[family] : NULL;
}

size_t check_families_find(const struct check_families *families, const char *id)
{
	const struct member key = {.id = (char *)id}, *found = NULL;

	if (families && families->member_count)
		found = bsearch(&key, families->members, families->member_count, sizeof(key),
				compare_members);
	return found ? found->family : check_families_count(families);
}
