/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/self_test.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/str.h"

/* A machine that starts is busy; where all works this is never waited out. */
#define TIMEOUT_NS (8 * NSEC_PER_SEC)

struct witness {
	char folder[PATH_MAX];
	char file[PATH_MAX];
	pid_t child;
	enum event_kind file_kind;
	bool has_seen_exec, has_seen_file, has_seen_load;
};

static void on_event(const struct event *event, void *userdata)
{
	struct witness *w = userdata;

	if (event->kind == EVENT_EXEC && event->subject.pid == (uint32_t)w->child &&
	    event->object.has_digest)
		w->has_seen_exec = true;
	if (event->kind == EVENT_LOAD && str_equal(event->object.path, w->file))
		w->has_seen_load = true;
	/* A write-open alone is BPF's word; that it was written must come from fanotify. */
	if (event->kind == EVENT_FILE && !(event->changes & EVENT_CHANGE_WRITE))
		return;
	if (event->kind == w->file_kind && str_equal(event->object.path, w->file) &&
	    event->object.has_digest && event->object.size == sizeof("self-test") - 1)
		w->has_seen_file = true;
}

static void nowhere(const struct event *event, void *userdata)
{
}

static int touch_file(const struct witness *w)
{
	cleanup_close int fd = open(w->file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return -errno;
	return write(fd, "self-test", sizeof("self-test") - 1) < 0 ? -errno : 0;
}

/* Where nothing may be executed the kernel refuses, but not before it asked its modules. */
static int map_file(const struct witness *w)
{
	cleanup_close int fd = open(w->file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	(void)mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	return 0;
}

/* All is done by a child: what the sensor's own process does to files is no news. */
static int run_program(struct witness *w)
{
	int status;

	w->child = fork();
	if (w->child < 0)
		return -errno;
	if (w->child == 0) {
		if (touch_file(w) == 0 && map_file(w) == 0)
			execl("/proc/self/exe", "self-test", SELF_TEST_ARGUMENT, NULL);
		_exit(127);
	}
	while (waitpid(w->child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static bool is_done(const struct self_test *test, const struct witness *w)
{
	return w->has_seen_file && (w->has_seen_exec || !test->has_exec) &&
	       (w->has_seen_load || !test->has_load);
}

static int wait_for_events(const struct self_test *test, const struct witness *w)
{
	int64_t end_ns = clock_boot_ns() + TIMEOUT_NS;
	int r = 0;

	while (!is_done(test, w) && clock_boot_ns() < end_ns) {
		struct pollfd poll_fd = {.fd = test->ops->fd(test->sensor), .events = POLLIN};

		if (r == 0)
			(void)poll(&poll_fd, 1, 50);
		r = test->ops->dispatch(test->sensor);
		if (r < 0)
			return r;
	}
	return is_done(test, w) ? 0 : -ETIMEDOUT;
}

static int act_and_wait(const struct self_test *test, struct witness *w)
{
	char *trees[] = {w->folder, NULL};
	int r;

	/* The first to look for is a file that the watch itself must tell, so it is made after. */
	r = test->ops->watch(test->sensor, &(struct sensor_rules){.trees = trees});
	if (r == 0)
		r = run_program(w);
	return r < 0 ? r : wait_for_events(test, w);
}

int self_test_run(const struct self_test *test, const char *dir, struct strbuf *reterr)
{
	/* Where changes are told, a walk that comes upon the file proves nothing. */
	struct witness w = {.file_kind = test->has_exec ? EVENT_FILE : EVENT_SCANNED};
	int r;

	if (snprintf(w.folder, sizeof(w.folder) - 8, "%s/self-test.XXXXXX", dir) >=
	    (int)sizeof(w.folder) - 8)
		return -ENAMETOOLONG;
	if (!mkdtemp(w.folder)) {
		r = -errno;
		strbuf_printf(reterr, "cannot make a folder in %s: %s", dir, strerror(-r));
		return r;
	}
	snprintf(w.file, sizeof(w.file), "%.*s/file", PATH_MAX - 8, w.folder);

	observer_set_sink(test->observer, on_event, &w);
	r = act_and_wait(test, &w);
	if (r == -ETIMEDOUT)
		strbuf_printf(reterr, "self-test did not see:%s%s%s",
			      test->has_exec && !w.has_seen_exec ? " its own program start" : "",
			      test->has_load && !w.has_seen_load ? " its own mapping" : "",
			      w.has_seen_file ? "" : " its own file");
	else if (r < 0)
		strbuf_printf(reterr, "self-test: %s", strerror(-r));
	observer_set_sink(test->observer, nowhere, NULL);
	(void)test->ops->watch(test->sensor, &(struct sensor_rules){0});
	unlink(w.file);
	rmdir(w.folder);
	return r;
}
