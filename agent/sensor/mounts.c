/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define MOUNTINFO "/proc/self/mountinfo"

/* Space, tab, newline and backslash are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from;) {
		unsigned a, b, c;

		if (from[0] == '\\' && (a = (unsigned)(from[1] - '0')) < 4 &&
		    (b = (unsigned)(from[2] - '0')) < 8 && (c = (unsigned)(from[3] - '0')) < 8) {
			*to++ = (char)(a << 6 | b << 3 | c);
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt/parent rw,noatime master:1 - ext3 /dev/root rw" */
static int visit_line(char *line, mounts_line_fn fn, void *userdata)
{
	char *rest = strstr(line, " - ");
	char *at = line;
	struct mount_line out = {0};
	char *root, *point, *source;

	if (!rest)
		return 0;
	*rest = '\0';
	rest += 3;
	for (int i = 0; i < 3 && at; i++)
		strsep(&at, " ");
	root = strsep(&at, " ");
	point = strsep(&at, " ");
	out.options = strsep(&at, " ");
	out.type = strsep(&rest, " \n");
	source = strsep(&rest, " \n");
	out.super_options = strsep(&rest, " \n");
	if (!root || !point || !out.options || !out.type)
		return 0;
	unescape(root);
	unescape(point);
	if (source)
		unescape(source);
	out.root = root;
	out.point = point;
	out.source = source;
	return fn(&out, userdata);
}

int mounts_each(mounts_line_fn fn, void *userdata)
{
	cleanup_fclose FILE *file = fopen(MOUNTINFO, "re");
	cleanup_free char *line = NULL;
	size_t size = 0;
	int r = 0;

	if (!file)
		return -errno;
	while (r == 0 && getline(&line, &size, file) >= 0)
		r = visit_line(line, fn, userdata);
	return r;
}

struct visit {
	mounts_fn fn;
	void *userdata;
};

static int visit_one(const struct mount_line *line, void *userdata)
{
	const struct visit *visit = userdata;

	return visit->fn(line->point, line->type, visit->userdata);
}

int mounts_visit(mounts_fn fn, void *userdata)
{
	struct visit visit = {fn, userdata};

	return mounts_each(visit_one, &visit);
}

bool mounts_type_has_files(const char *type)
{
	static const char *const without[] = {
		"proc",	       "sysfs",	    "devpts",	"cgroup",     "cgroup2",
		"bpf",	       "tracefs",   "debugfs",	"mqueue",     "securityfs",
		"autofs",      "pstore",    "nsfs",	"configfs",   "fusectl",
		"binfmt_misc", "hugetlbfs", "efivarfs", "rpc_pipefs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(without); i++)
		if (str_equal(type, without[i]))
			return false;
	return true;
}

int mounts_open(void)
{
	int fd = open(MOUNTINFO, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

bool mounts_have_changed(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLPRI};

	return poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLPRI;
}
