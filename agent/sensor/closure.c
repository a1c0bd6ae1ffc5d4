/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/closure.h"

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
#include "base/strbuf.h"
#include "sensor/elf_needs.h"

#define MAX_FILES  4096
#define MAX_SHELLS 65536

/* Patterns of programs, and of what is loaded into them without being named in them. */
static const char *const patterns[] = {
	/* init, its helpers, and the ways to stop the machine */
	"/sbin/init",
	"/usr/lib/systemd/systemd*",
	"/usr/lib/systemd/system-generators/*",
	"/usr/bin/systemctl",
	"/sbin/shutdown",
	"/sbin/poweroff",
	"/sbin/reboot",
	"/sbin/halt",
	/* a login on the console, and a shell; those of /etc/shells come besides */
	"/sbin/agetty",
	"/sbin/getty",
	"/sbin/sulogin",
	"/bin/login",
	"/bin/sh",
	/* what a repair begins with */
	"/bin/mount",
	"/bin/umount",
	"/bin/sync",
	"/bin/kmod",
	/* package managers */
	"/usr/bin/apt",
	"/usr/bin/apt-*",
	"/usr/lib/apt/methods/*",
	"/usr/bin/dpkg",
	"/usr/bin/dpkg-*",
	"/usr/sbin/dpkg-*",
	"/usr/bin/rpm",
	"/usr/bin/rpm-*",
	/* names of users, and their passwords */
	"/lib/*-linux-gnu*/libnss_*.so*",
	"/lib64/libnss_*.so*",
	"/lib/*-linux-gnu*/security/pam_*.so",
	"/lib64/security/pam_*.so",
	NULL,
};

/* Where ld.so looks when a file says nothing else. */
static const char *const library_patterns[] = {
	"/lib/*-linux-gnu*/", "/lib64/", "/lib/", "/usr/local/lib/", NULL,
};

struct search {
	closure_fn fn;
	void *userdata;
	char *files[MAX_FILES]; /* resolved; each is looked into once */
	size_t count, done;
};

/* Adds @path unless it is there or does not exist. */
static int add(struct search *s, const char *path)
{
	cleanup_free char *real = realpath(path, NULL);
	int r;

	if (!real)
		return errno == ENOMEM ? -ENOMEM : 0;
	for (size_t i = 0; i < s->count; i++)
		if (str_equal(s->files[i], real))
			return 0;
	if (s->count == MAX_FILES)
		return -E2BIG;
	r = s->fn(real, s->userdata);
	if (r < 0)
		return r;
	s->files[s->count++] = TAKE_PTR(real);
	return 0;
}

static int add_pattern(struct search *s, const char *pattern)
{
	glob_t found = {0};
	int r = glob(pattern, GLOB_NOSORT, NULL, &found);

	r = r == GLOB_NOSPACE ? -ENOMEM : 0;
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
		r = add(s, found.gl_pathv[i]);
	globfree(&found);
	return r;
}

static int add_shells(struct search *s)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *rest, *line;
	int r = fd_read_file(AT_FDCWD, "/etc/shells", MAX_SHELLS, &text);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text.data;
	r = 0;
	while (r == 0 && (line = strsep(&rest, "\n")))
		if (line[0] == '/')
			r = add(s, line);
	return r;
}

/* 1 when it was found in @folder. */
static int add_from(struct search *s, const char *folder, const char *name)
{
	char path[PATH_MAX];
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path) ||
	    access(path, F_OK) < 0)
		return 0;
	r = add(s, path);
	return r < 0 ? r : 1;
}

static int add_from_path(struct search *s, const char *folders, const char *name)
{
	cleanup_free char *copy = folders ? strdup(folders) : NULL;
	char *rest = copy, *folder;
	int r = 0;

	if (folders && !copy)
		return -ENOMEM;
	while (r == 0 && (folder = strsep(&rest, ":")))
		if (folder[0] == '/')
			r = add_from(s, folder, name);
	return r;
}

static int add_library(struct search *s, const char *folders, const char *name)
{
	int r = name[0] == '/' ? add(s, name) : add_from_path(s, folders, name);

	for (const char *const *p = library_patterns; r == 0 && *p && name[0] != '/'; p++) {
		char pattern[PATH_MAX];

		/* A name is a name, and not a pattern. */
		if (strpbrk(name, "*?[\\") ||
		    snprintf(pattern, sizeof(pattern), "%s%s", *p, name) >= (int)sizeof(pattern))
			return 0;
		r = add_pattern(s, pattern);
	}
	return r < 0 ? r : 0;
}

static int look_into(struct search *s, const char *path)
{
	cleanup_elf_needs struct elf_needs needs = {0};
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return 0;
	r = elf_needs_read(fd, &needs);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (needs.interpreter)
		r = add(s, needs.interpreter);
	for (char **name = needs.names; r == 0 && name && *name; name++)
		r = add_library(s, needs.path, *name);
	return r;
}

int closure_each(const char *folder, closure_fn fn, void *userdata)
{
	cleanup_free struct search *s = calloc(1, sizeof(*s));
	char own[PATH_MAX];
	int r;

	if (!s)
		return -ENOMEM;
	s->fn = fn;
	s->userdata = userdata;
	r = add_shells(s);
	for (const char *const *pattern = patterns; r == 0 && *pattern; pattern++)
		r = add_pattern(s, *pattern);
	if (r == 0 && snprintf(own, sizeof(own), "%s/plumbline*", folder) < (int)sizeof(own))
		r = add_pattern(s, own);
	if (r == 0)
		r = add_pattern(s, "/usr/bin/plumbline*");
	if (r == 0)
		r = add_pattern(s, "/usr/sbin/plumbline*");
	/* What is found is looked into in turn. */
	while (r == 0 && s->done < s->count)
		r = look_into(s, s->files[s->done++]);
	for (size_t i = 0; i < s->count; i++)
		free(s->files[i]);
	return r;
}
