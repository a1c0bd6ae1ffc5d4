/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/elf_libraries.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "sensor/elf_needs.h"

/* Where ld.so looks when a file says nothing else. */
static const char *const patterns[] = {
	"/lib/*-linux-gnu*/", "/lib64/", "/lib/", "/usr/local/lib/", NULL,
};

struct search {
	const char *root, *program;
	elf_library_fn fn;
	void *userdata;
};

/* 1 when it was found in @folder. */
static int find_in(const struct search *s, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s%s/%s", s->root, folder, name) >= (int)sizeof(path) ||
	    access(path, F_OK) < 0)
		return 0;
	r = s->fn(path + strlen(s->root), s->userdata);
	return r < 0 ? r : 1;
}

/* A folder of DT_RUNPATH; "$ORIGIN/../lib" begins at that of the program. */
static int find_in_wanted(const struct search *s, const char *folder, const char *name)
{
	static const char *const origins[] = {"$ORIGIN", "${ORIGIN}"};
	const char *end = strrchr(s->program, '/');

	for (size_t i = 0; end && i < ARRAY_SIZE(origins); i++) {
		char path[PATH_MAX];

		if (!str_starts(folder, origins[i]))
			continue;
		if (snprintf(path, sizeof(path), "%.*s%s", (int)(end - s->program), s->program,
			     folder + strlen(origins[i])) >= (int)sizeof(path))
			return 0;
		return find_in(s, path, name);
	}
	return folder[0] == '/' ? find_in(s, folder, name) : 0;
}

static int find_in_path(const struct search *s, const char *folders, const char *name)
{
	cleanup_free char *copy = folders ? strdup(folders) : NULL;
	char *rest = copy, *folder;
	int r = 0;

	if (folders && !copy)
		return -ENOMEM;
	while (r == 0 && (folder = strsep(&rest, ":")))
		r = find_in_wanted(s, folder, name);
	return r;
}

static int find_pattern(const struct search *s, const char *pattern)
{
	glob_t found = {0};
	int r = glob(pattern, GLOB_NOSORT, NULL, &found);

	r = r == GLOB_NOSPACE ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = s->fn(found.gl_pathv[i] + strlen(s->root), s->userdata);
	globfree(&found);
	return r;
}

static int find_library(const struct search *s, const char *folders, const char *name)
{
	int r;

	if (name[0] == '/')
		return s->fn(name, s->userdata);
	r = find_in_path(s, folders, name);
	for (const char *const *p = patterns; r == 0 && *p; p++) {
		char pattern[PATH_MAX];

		/* A name is a name, and not a pattern. */
		if (strpbrk(name, "*?[\\") || snprintf(pattern, sizeof(pattern), "%s%s%s", s->root,
						       *p, name) >= (int)sizeof(pattern))
			return 0;
		r = find_pattern(s, pattern);
	}
	return r < 0 ? r : 0;
}

int elf_libraries_each(const char *root, const char *path, elf_library_fn fn, void *userdata)
{
	const struct search s = {.root = root, .program = path, .fn = fn, .userdata = userdata};
	cleanup_elf_needs struct elf_needs needs = {0};
	cleanup_close int fd = -1;
	char full[PATH_MAX];
	int r;

	if (snprintf(full, sizeof(full), "%s%s", root, path) >= (int)sizeof(full))
		return 0;
	fd = open(full, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	r = elf_needs_read(fd, &needs);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (needs.interpreter)
		r = fn(needs.interpreter, userdata);
	for (char **name = needs.names; r == 0 && name && *name; name++)
		r = find_library(&s, needs.path, *name);
	return r;
}
