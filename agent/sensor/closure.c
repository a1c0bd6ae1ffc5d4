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
#include "sensor/elf_libraries.h"

#define MAX_FILES  4096
#define MAX_SHELLS 65536
#define MAX_USERS  (1 << 20)

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
	/* a login on the console or from afar, and a shell; those of /etc/shells and root's come
	 * besides */
	"/sbin/agetty",
	"/sbin/getty",
	"/sbin/sulogin",
	"/bin/login",
	"/usr/sbin/sshd",
	"/usr/lib/openssh/sshd-*",
	"/usr/libexec/openssh/sshd-*",
	"/bin/sh",
	"/bin/bash",
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

struct search {
	closure_fn fn;
	void *userdata;
	char *files[MAX_FILES]; /* resolved; each is looked into once */
	size_t count, done;
};

/* Adds @path unless it is there or does not exist. */
static int add(const char *path, void *userdata)
{
	cleanup_free char *real = realpath(path, NULL);
	struct search *s = userdata;
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
		r = add(found.gl_pathv[i], s);
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
			r = add(line, s);
	return r;
}

/* The last field of a line of root's, whatever its name. */
static int add_shell_of(struct search *s, char *line)
{
	char *fields[7];

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		fields[i] = strsep(&line, ":");
		if (!fields[i])
			return 0;
	}
	return str_equal(fields[2], "0") && fields[6][0] == '/' ? add(fields[6], s) : 0;
}

static int add_shells_of_root(struct search *s)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *rest, *line;
	int r = fd_read_file(AT_FDCWD, "/etc/passwd", MAX_USERS, &text);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	rest = text.data;
	r = 0;
	while (r == 0 && (line = strsep(&rest, "\n")))
		r = add_shell_of(s, line);
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
	if (r == 0)
		r = add_shells_of_root(s);
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
		r = elf_libraries_each("", s->files[s->done++], add, s);
	for (size_t i = 0; i < s->count; i++)
		free(s->files[i]);
	return r;
}
