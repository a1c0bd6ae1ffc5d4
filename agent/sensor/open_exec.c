/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/open_exec.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "sensor/elf_interpreter.h"
#include "sensor/proc_look.h"

#define PROC	    "/proc"
#define DELETED	    " (deleted)"
#define STARTS	    256 /* a power of two */
#define REMEMBER_NS (30 * NSEC_PER_SEC)
/* The files of one start are opened within moments of each other. */
#define START_NS (5 * NSEC_PER_SEC)

/* What a process opened last, until the rest of its start comes. */
struct start {
	uint32_t pid;
	int64_t time_ns;
	uint64_t loader_dev, loader_ino; /* 0: none to come */
	char *script;			 /* the outermost; NULL */
};

struct open_exec {
	struct observer *observer;
	struct proc_look look;
	int64_t taken_ns;	     /* boot clock of the last event */
	struct start starts[STARTS]; /* by process id; a newer one takes the place of an older */
};

int open_exec_new(struct observer *observer, struct open_exec **ret_opens)
{
	struct open_exec *opens = calloc(1, sizeof(*opens));

	if (!opens)
		return -ENOMEM;
	opens->observer = observer;
	*ret_opens = opens;
	return 0;
}

struct open_exec *open_exec_free(struct open_exec *opens)
{
	if (!opens)
		return NULL;
	for (size_t i = 0; i < STARTS; i++)
		free(opens->starts[i].script);
	proc_look_done(&opens->look);
	free(opens);
	return NULL;
}

static struct start *start_of(struct open_exec *opens, uint32_t pid, int64_t now_ns)
{
	struct start *start = &opens->starts[pid % STARTS];

	if (start->pid != pid || now_ns - start->time_ns > START_NS) {
		free(start->script);
		*start = (struct start){.pid = pid};
	}
	start->time_ns = now_ns;
	return start;
}

static bool is_script(int fd)
{
	char head[2];

	return pread(fd, head, sizeof(head), 0) == sizeof(head) && memcmp(head, "#!", 2) == 0;
}

/* Which loader the program names is read as the process sees it. */
static void expect_loader(struct start *start, int fd)
{
	char name[PATH_MAX], path[PATH_MAX + 32];
	struct stat st;

	start->loader_ino = 0;
	if (elf_interpreter(fd, name, sizeof(name)) < 0)
		return;
	snprintf(path, sizeof(path), PROC "/%u/root%s", start->pid, name);
	if (stat(path, &st) < 0 && stat(name, &st) < 0)
		return;
	start->loader_dev = st.st_dev;
	start->loader_ino = st.st_ino;
}

static bool has_ended(int pidfd)
{
	struct pollfd poll_fd = {.fd = pidfd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

/* Its cookie, or 0 when it is gone: then what has its number now is another. */
static uint64_t look_at(struct open_exec *opens, const struct exec_fan_event *event,
			struct proc_news *news)
{
	struct proc_table *table = observer_processes(opens->observer);

	if (proc_look_into(&opens->look, PROC, event->pid, table, news) < 0 ||
	    (event->pidfd >= 0 && has_ended(event->pidfd)))
		return 0;
	return news->cookie;
}

/* The program takes the place of the one that opened it, and until it does, so does its name. */
static void note_program(struct open_exec *opens, struct proc_news *news,
			 const struct observer_exec *exec)
{
	bool is_there = opens->look.st.st_ino == exec->ino && opens->look.st.st_dev == exec->dev;

	if (!is_there)
		news->comm = basename(exec->script ? exec->script : exec->exe);
	news->exe = exec->exe;
	news->script = exec->script;
	news->wall_ns = exec->time_ns;
	/* Without memory the process keeps the name that it had. */
	(void)proc_table_exec(observer_processes(opens->observer), news);
}

static void tell_program(struct open_exec *opens, const struct exec_fan_event *event,
			 struct observer_exec *exec)
{
	struct start *start = start_of(opens, event->pid, clock_boot_ns());
	struct proc_news news = {0};

	if (start->loader_ino && exec->ino == start->loader_ino && exec->dev == start->loader_dev) {
		start->loader_ino = 0;
		return;
	}
	expect_loader(start, event->fd);
	exec->kind = EVENT_EXEC;
	exec->script = start->script;
	exec->cookie = look_at(opens, event, &news);
	if (exec->cookie)
		note_program(opens, &news, exec);
	observer_exec(opens->observer, exec);
	free(start->script);
	start->script = NULL;
}

static void tell_script(struct open_exec *opens, const struct exec_fan_event *event,
			struct observer_exec *exec)
{
	struct start *start = start_of(opens, event->pid, clock_boot_ns());
	struct proc_news news;

	start->loader_ino = 0;
	if (!start->script)
		start->script = strdup(exec->exe);
	exec->kind = EVENT_LOAD;
	exec->how = "script";
	exec->cookie = look_at(opens, event, &news);
	observer_exec(opens->observer, exec);
}

static void tell_loss(struct open_exec *opens, const char *cause)
{
	int64_t now_ns = clock_boot_ns();

	observer_gap(opens->observer,
		     &(struct sensor_gap){cause, "programs that started and ended", 0,
					  opens->taken_ns ? opens->taken_ns : now_ns, now_ns});
}

void open_exec_take(struct open_exec *opens, const struct exec_fan_event *event)
{
	char path[PATH_MAX], link[32];
	struct observer_exec exec = {.exe = path, .link = link, .pid = event->pid};
	struct stat st;
	size_t len;

	if (event->lost) {
		tell_loss(opens, event->lost);
		(void)open_exec_list_running(opens, true);
		return;
	}
	opens->taken_ns = clock_boot_ns();
	if (event->pid == (uint32_t)getpid() || fstat(event->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	if (fd_get_path(event->fd, path, sizeof(path)) < 0) {
		tell_loss(opens, "a program with a path too long to follow has started");
		return;
	}
	len = strlen(path);
	exec.is_gone = st.st_nlink == 0;
	if (exec.is_gone && str_ends(path, DELETED))
		path[len - strlen(DELETED)] = '\0';
	snprintf(link, sizeof(link), PROC "/self/fd/%d", event->fd);
	exec.dev = st.st_dev;
	exec.ino = st.st_ino;
	exec.bytes = (uint64_t)st.st_size;
	exec.time_ns = clock_real_ns();
	if (is_script(event->fd))
		tell_script(opens, event, &exec);
	else
		tell_program(opens, event, &exec);
}

void open_exec_note(struct open_exec *opens, uint32_t pid)
{
	struct proc_news news;

	(void)proc_look_into(&opens->look, PROC, pid, observer_processes(opens->observer), &news);
}

static int note_running(struct open_exec *opens, uint32_t pid, bool is_told)
{
	struct proc_look *look = &opens->look;
	struct observer_exec exec = {.kind = EVENT_RUNNING, .pid = pid};
	struct proc_news news;
	int r = proc_look(look, PROC, pid, &news);

	/* It ended meanwhile, or may not be looked at. */
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	r = proc_table_exec(observer_processes(opens->observer), &news);
	if (r < 0 || !is_told || !news.exe)
		return r;
	exec.exe = news.exe;
	exec.cookie = news.cookie;
	exec.dev = look->st.st_dev;
	exec.ino = look->st.st_ino;
	exec.bytes = (uint64_t)look->st.st_size;
	exec.is_gone = look->st.st_nlink == 0;
	exec.time_ns = clock_real_ns();
	observer_exec(opens->observer, &exec);
	return 0;
}

int open_exec_list_running(struct open_exec *opens, bool is_told)
{
	cleanup_closedir DIR *dir = opendir(PROC);
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9')
			r = note_running(opens, (uint32_t)strtoul(entry->d_name, NULL, 10),
					 is_told);
	return r;
}

/* A number that was used again is seen as soon as the new owner does something. */
static bool is_running(uint64_t cookie, uint32_t pid)
{
	char path[32];

	snprintf(path, sizeof(path), PROC "/%u", pid);
	return access(path, F_OK) == 0;
}

void open_exec_sweep(struct open_exec *opens)
{
	struct proc_table *table = observer_processes(opens->observer);
	int64_t now_ns = clock_boot_ns();

	proc_table_sweep(table, is_running, now_ns);
	proc_table_forget(table, now_ns - REMEMBER_NS);
}
