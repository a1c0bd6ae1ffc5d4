/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/proc_look.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "model/subject.h"
#include "sensor/exec_news.h"

#define MAX_TEXT    16384
#define MAX_PARENTS 8
#define DELETED	    " (deleted)"

void proc_look_done(struct proc_look *look)
{
	strbuf_done(&look->text);
	strbuf_done(&look->exe);
	strbuf_done(&look->comm);
	strbuf_done(&look->unit);
}

uint64_t proc_look_cookie(uint64_t start_ticks, uint32_t pid)
{
	return (start_ticks & ((UINT64_C(1) << 40) - 1)) << 22 | (pid & ((1U << 22) - 1));
}

static int read_text(struct proc_look *look, int dir, const char *name)
{
	strbuf_clear(&look->text);
	return fd_read_file(dir, name, MAX_TEXT, &look->text);
}

/*
 * "123 (a name) S 1 ...": the name may hold anything, so it ends at the last parenthesis. Behind it
 * the state is the third field, the parent the fourth, the start the 22nd.
 */
static int read_stat(struct proc_look *look, int dir, struct strbuf *comm, uint32_t *ret_ppid,
		     uint64_t *ret_start)
{
	char *at, *end, *rest;
	int r = read_text(look, dir, "stat");

	if (r < 0)
		return r;
	at = look->text.data ? strchr(look->text.data, '(') : NULL;
	end = look->text.data ? strrchr(look->text.data, ')') : NULL;
	if (!at || !end || end < at)
		return -EBADMSG;
	strbuf_clear(comm);
	strbuf_add(comm, at + 1, (size_t)(end - at - 1));
	rest = end + 1;
	for (int field = 2; field < 21; field++) {
		if (field == 3)
			*ret_ppid = (uint32_t)strtoul(rest, NULL, 10);
		rest = strchr(rest + 1, ' ');
		if (!rest)
			return -EBADMSG;
	}
	*ret_start = strtoull(rest, NULL, 10);
	return strbuf_check(comm);
}

static int read_ids(struct proc_look *look, int dir, struct proc_news *news)
{
	const char *line;
	int r = read_text(look, dir, "status");

	if (r < 0)
		return r;
	line = look->text.data ? strstr(look->text.data, "\nUid:") : NULL;
	if (!line)
		return -EBADMSG;
	line += strlen("\nUid:");
	news->uid = (uint32_t)strtoul(line, (char **)&line, 10);
	news->euid = (uint32_t)strtoul(line, NULL, 10);
	/* Not there in a kernel without audit. */
	news->login_uid = SUBJECT_UID_NONE;
	if (read_text(look, dir, "loginuid") == 0 && look->text.len > 0)
		news->login_uid = (uint32_t)strtoul(look->text.data, NULL, 10);
	return 0;
}

static void strip_suffix(struct strbuf *sb, const char *suffix)
{
	if (sb->len > 0 && str_ends(sb->data, suffix)) {
		sb->len -= strlen(suffix);
		sb->data[sb->len] = '\0';
	}
}

/* A thread of the kernel has none. */
static int read_exe(struct proc_look *look, int dir)
{
	char path[4096];
	ssize_t len = readlinkat(dir, "exe", path, sizeof(path));

	strbuf_clear(&look->exe);
	look->st = (struct stat){0};
	if (len <= 0 || (size_t)len == sizeof(path) || fstatat(dir, "exe", &look->st, 0) < 0)
		return 0;
	strbuf_add(&look->exe, path, (size_t)len);
	if (look->st.st_nlink == 0)
		strip_suffix(&look->exe, DELETED);
	return strbuf_check(&look->exe);
}

/*
 * A process that becomes another program has that program first and its name, ids and more a
 * moment later, all under a lock for which whoever opens its memory waits. So what is read
 * behind this belongs to the program that was read before it, or to a later one.
 */
static void wait_for_exec(int dir)
{
	cleanup_close int fd = openat(dir, "auxv", O_RDONLY | O_CLOEXEC);

	(void)fd;
}

/* The line of the one hierarchy of version 2, or else systemd's own of version 1: "0::/a.slice". */
static int read_unit(struct proc_look *look, int dir)
{
	char *line, *path;
	const char *unit;

	strbuf_clear(&look->unit);
	if (read_text(look, dir, "cgroup") < 0 || look->text.len == 0)
		return 0;
	line = strstr(look->text.data, "0::/");
	if (!line)
		line = strstr(look->text.data, "name=systemd:/");
	path = line ? strchr(line, '/') : NULL;
	if (!path)
		return 0;
	path[strcspn(path, "\n")] = '\0';
	unit = str_equal(path, "/") ? NULL : exec_news_unit(path);
	if (unit)
		strbuf_add(&look->unit, unit, unit == path ? strlen(unit) : strcspn(unit, "/"));
	return strbuf_check(&look->unit);
}

static int open_process(const char *proc, uint32_t pid)
{
	char path[64];
	int fd;

	if (snprintf(path, sizeof(path), "%s/%u", proc, pid) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* 0 when it is gone. */
static uint64_t find_cookie(struct proc_look *look, const char *proc, uint32_t pid)
{
	cleanup_close int dir = open_process(proc, pid);
	cleanup_strbuf struct strbuf comm = STRBUF_INIT;
	uint64_t start = 0;
	uint32_t ppid;

	if (dir < 0 || read_stat(look, dir, &comm, &ppid, &start) < 0)
		return 0;
	return proc_look_cookie(start, pid);
}

int proc_look(struct proc_look *look, const char *proc, uint32_t pid, struct proc_news *ret_news)
{
	struct proc_news news = {.pid = pid, .time_ns = clock_boot_ns()};
	cleanup_close int dir = open_process(proc, pid);
	uint64_t start = 0;
	int r;

	if (dir < 0)
		return dir;
	r = read_exe(look, dir);
	wait_for_exec(dir);
	if (r == 0)
		r = read_stat(look, dir, &look->comm, &news.ppid, &start);
	if (r == 0)
		r = read_ids(look, dir, &news);
	if (r == 0)
		r = read_unit(look, dir);
	if (r < 0)
		return r;
	news.cookie = proc_look_cookie(start, pid);
	news.parent_cookie = news.ppid ? find_cookie(look, proc, news.ppid) : 0;
	news.comm = look->comm.data;
	news.exe = look->exe.len ? look->exe.data : NULL;
	news.unit = look->unit.len ? look->unit.data : NULL;
	*ret_news = news;
	return 0;
}

int proc_look_into(struct proc_look *look, const char *proc, uint32_t pid, struct proc_table *table,
		   struct proc_news *ret_news)
{
	struct proc_news news;
	int r = proc_look(look, proc, pid, &news);

	if (r == 0)
		r = proc_table_exec(table, &news);
	if (r == 0)
		*ret_news = news;
	if (r < 0 || news.parent_cookie == 0 || proc_table_has(table, news.parent_cookie))
		return r;
	pid = news.ppid;
	for (int i = 0; i < MAX_PARENTS && pid; i++) {
		if (proc_look(look, proc, pid, &news) < 0 || proc_table_exec(table, &news) < 0 ||
		    proc_table_has(table, news.parent_cookie))
			break;
		pid = news.ppid;
	}
	/* The parents' strings have taken the place of its own. */
	return proc_look(look, proc, ret_news->pid, ret_news);
}
