/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/change_packages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/ini.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "engine/engine.h"

#define BUFFER_SIZE ((size_t)128 * 1024)

static size_t strv_count(char **list)
{
	size_t count = 0;

	while (list && list[count])
		count++;
	return count;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts, and frees what is there twice. */
static void sort_once(char **list)
{
	size_t count = strv_count(list), kept = 0;

	if (!count)
		return;
	qsort(list, count, sizeof(*list), compare_texts);
	for (size_t i = 0; i < count; i++) {
		if (kept && str_equal(list[kept - 1], list[i]))
			free(list[i]);
		else
			list[kept++] = list[i];
	}
	list[kept] = NULL;
}

/* The approved version is in the finding, what is there now in the database. */
static int add_package(const struct finding *finding, const struct package *now, char ***names)
{
	size_t before_len = finding->package ? strcspn(finding->package, " ") : 0;
	const char *before = finding->package && finding->package[before_len]
				     ? finding->package + before_len + 1
				     : NULL;
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	if (now) {
		bool is_same = before_len && strlen(now->name) == before_len &&
			       strncmp(finding->package, now->name, before_len) == 0;

		strbuf_add_str(&sb, now->name);
		if (!is_same)
			strbuf_printf(&sb, " %s (new)", now->version);
		else if (str_equal(before, now->version))
			strbuf_printf(&sb, " %s (again)", now->version);
		else
			strbuf_printf(&sb, " %s -> %s", before ? before : "?", now->version);
	} else if (finding->package) {
		strbuf_printf(&sb, "%s (gone)", finding->package);
	} else {
		return 0;
	}
	return strbuf_check(&sb) < 0 ? -ENOMEM : strv_append(names, sb.data);
}

enum likeness {
	LIKENESS_SHIPPED,
	LIKENESS_OTHER,
	LIKENESS_UNKNOWN,
};

static enum likeness compare_content(const char *path, const struct package_file *file,
				     void *buffer)
{
	cleanup_close int fd =
		open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	uint8_t md5[MD5_SIZE];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT || errno == ELOOP ? LIKENESS_OTHER : LIKENESS_UNKNOWN;
	if (!S_ISREG(st.st_mode))
		return LIKENESS_OTHER;
	if (file->digest_size != MD5_SIZE || hash_fd_md5(fd, buffer, BUFFER_SIZE, md5) < 0)
		return LIKENESS_UNKNOWN;
	return memcmp(md5, file->digest, MD5_SIZE) == 0 ? LIKENESS_SHIPPED : LIKENESS_OTHER;
}

/* A link or folder that a package names is as shipped as the database can tell. */
static enum likeness compare_with(struct packages *packages, const char *path, void *buffer)
{
	const struct package_file *file;
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? LIKENESS_OTHER : LIKENESS_UNKNOWN;
	if (packages_get_file(packages, path, &file) < 0 || !file->digest_size)
		return S_ISREG(st.st_mode) ? LIKENESS_UNKNOWN : LIKENESS_SHIPPED;
	return compare_content(path, file, buffer);
}

static int judge(struct packages *packages, const struct finding *finding, void *buffer,
		 struct change_packages *look)
{
	const struct package *package = packages_find(packages, finding->path);
	struct stat st;
	int r;

	/* A program that merely ran was neither brought nor changed. */
	if (!(engine_state_kinds() >> finding->kind & 1))
		return 0;
	r = add_package(finding, package, &look->names);
	if (r < 0)
		return r;
	if (!package) {
		if (lstat(finding->path, &st) < 0 && errno == ENOENT)
			look->gone++;
		else
			look->of_none++;
		return 0;
	}
	switch (compare_with(packages, finding->path, buffer)) {
	case LIKENESS_SHIPPED:
		look->as_shipped++;
		break;
	case LIKENESS_OTHER:
		look->other++;
		return strv_append(&look->others, finding->path);
	case LIKENESS_UNKNOWN:
		look->unknown++;
		break;
	}
	return 0;
}

int change_packages_look(struct packages *packages, const char *id,
			 const struct finding *const *findings, size_t count,
			 struct change_packages *ret_look)
{
	cleanup_change_packages struct change_packages look = {0};
	cleanup_free void *buffer = malloc(BUFFER_SIZE);
	int r;

	if (!buffer)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!change_sets_take(findings[i]) || !str_equal(findings[i]->change_set, id) ||
		    !findings[i]->path)
			continue;
		r = judge(packages, findings[i], buffer, &look);
		if (r < 0)
			return r;
	}
	sort_once(look.names);
	sort_once(look.others);
	*ret_look = look;
	look = (struct change_packages){0};
	return 0;
}

void change_packages_done(struct change_packages *look)
{
	strv_free(look->names);
	strv_free(look->others);
	*look = (struct change_packages){0};
}
