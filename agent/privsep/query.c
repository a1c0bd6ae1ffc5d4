/* SPDX-License-Identifier: Apache-2.0 */
#include "privsep/query.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "privsep/sandbox.h"
#include "privsep/spawn.h"

#define OUTPUT_MAX  ((uint64_t)1 << 30)
#define MEMORY_MAX  ((uint64_t)1 << 30)
#define FILES_MAX   64
#define WORDS_MAX   400 /* of what the tool says about its failure */
#define CANNOT_RUN  127
#define READ_BUFFER ((size_t)64 * 1024)

struct query {
	pid_t pid;
	int out_fd, error_fd; /* what it prints; -1 at the end */
	query_output_fn fn;
	void *userdata;
	uint64_t len;
	struct strbuf words;
};

/* Reads everything that user may read, writes nothing. */
static const struct sandbox_path paths[] = {
	{"/", .can_execute = true},
	{NULL},
};

static const struct sandbox_spec spec = {
	.role = ROLE_QUERY,
	.capabilities = (const int[]){-1},
	.paths = paths,
	.max_memory_bytes = MEMORY_MAX,
	.max_files = FILES_MAX,
};

static int limit(int resource, rlim_t most)
{
	return setrlimit(resource, &(struct rlimit){most, most}) < 0 ? -errno : 0;
}

/* In the child; it may have been forked beside threads, but glibc keeps malloc usable then. */
static int give_up(struct diag *diag)
{
	struct sandbox_spec mine = spec;
	unsigned missing;
	int r;

	mine.user = geteuid() == 0 ? "nobody" : NULL;
	r = limit(RLIMIT_CPU, QUERY_TIME_MAX_S);
	if (r == 0)
		r = limit(RLIMIT_FSIZE, 0);
	if (r < 0)
		return diag_set(diag, "", 0, r, "cannot set limits");
	return sandbox_enter(&mine, SANDBOX_ENFORCE, &missing, diag);
}

static void run_tool(char *const arguments[], int out_fd, int error_fd)
{
	char *const environment[] = {(char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin",
				     (char *)"LC_ALL=C", (char *)"HOME=/nonexistent", NULL};
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct diag diag = {0};

	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 || dup2(out_fd, STDOUT_FILENO) < 0 ||
	    dup2(error_fd, STDERR_FILENO) < 0)
		return;
	spawn_reset_signals();
	setsid();
	spawn_close_from(STDERR_FILENO + 1);
	if (give_up(&diag) < 0) {
		dprintf(STDERR_FILENO, "cannot enter its sandbox: %s", diag.text);
		return;
	}
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	execve(arguments[0], arguments, environment);
	dprintf(STDERR_FILENO, "cannot run: %s", strerrordesc_np(errno));
}

static int start(struct query *q, char *const arguments[])
{
	int out[2], error[2], r;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	if (pipe2(error, O_CLOEXEC) < 0) {
		r = -errno;
		close(out[0]);
		close(out[1]);
		return r;
	}
	q->pid = fork();
	r = -errno;
	if (q->pid == 0) {
		run_tool(arguments, out[1], error[1]);
		_exit(CANNOT_RUN);
	}
	close(out[1]);
	close(error[1]);
	q->out_fd = out[0];
	q->error_fd = error[0];
	return q->pid < 0 ? r : 0;
}

/* One read from *@fd, closed at its end. */
static int take(struct query *q, int *fd, char buffer[static READ_BUFFER])
{
	ssize_t n = read(*fd, buffer, READ_BUFFER);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0) {
		close(TAKE_FD(*fd));
		return 0;
	}
	if (fd == &q->error_fd) {
		size_t left = WORDS_MAX - q->words.len;

		strbuf_add(&q->words, buffer, (size_t)n < left ? (size_t)n : left);
		return strbuf_check(&q->words);
	}
	q->len += (uint64_t)n;
	return q->len > OUTPUT_MAX ? -EFBIG : q->fn(buffer, (size_t)n, q->userdata);
}

static int take_all(struct query *q)
{
	cleanup_free char *buffer = malloc(READ_BUFFER);
	int64_t end_ns = clock_mono_ns() + QUERY_TIME_MAX_S * NSEC_PER_SEC;
	int r = buffer ? 0 : -ENOMEM;

	while (r == 0 && (q->out_fd >= 0 || q->error_fd >= 0)) {
		struct pollfd fds[] = {{.fd = q->out_fd, .events = POLLIN},
				       {.fd = q->error_fd, .events = POLLIN}};
		int64_t left_ns = end_ns - clock_mono_ns();

		if (left_ns <= 0)
			return -ETIMEDOUT;
		if (poll(fds, ARRAY_SIZE(fds), (int)(left_ns / NSEC_PER_MSEC) + 1) < 0) {
			r = errno == EINTR ? 0 : -errno;
			continue;
		}
		if (fds[0].revents)
			r = take(q, &q->out_fd, buffer);
		if (r == 0 && fds[1].revents)
			r = take(q, &q->error_fd, buffer);
	}
	return r;
}

/* What became of it; the first line that it said explains a failure. */
static int judge(struct query *q, const char *tool, int status, struct diag *diag)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;
	size_t len = q->words.data ? strcspn(q->words.data, "\n") : 0;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	str_escape(&words, q->words.data ? q->words.data : "", len);
	if (WIFSIGNALED(status))
		return diag_set(diag, tool, 0, -EIO, "ended by signal %d%s%s", WTERMSIG(status),
				len ? ": " : "", words.data ? words.data : "");
	return diag_set(diag, tool, 0, -EIO, "ended with status %d%s%s", WEXITSTATUS(status),
			len ? ": " : "", words.data ? words.data : "");
}

int query_run(char *const arguments[], query_output_fn fn, void *userdata, struct diag *diag)
{
	struct query q = {.out_fd = -1, .error_fd = -1, .fn = fn, .userdata = userdata};
	int status = 0, r;

	r = start(&q, arguments);
	if (r == 0)
		r = take_all(&q);
	if (q.out_fd >= 0)
		close(q.out_fd);
	if (q.error_fd >= 0)
		close(q.error_fd);
	if (q.pid > 0) {
		/* A tool that closed both pipes may still run; it has nothing more to say. */
		if (r < 0)
			(void)kill(q.pid, SIGKILL);
		while (waitpid(q.pid, &status, 0) < 0 && errno == EINTR)
			continue;
	}
	if (r == -ETIMEDOUT)
		diag_set(diag, arguments[0], 0, r, "did not end within %d seconds",
			 QUERY_TIME_MAX_S);
	else if (r == 0)
		r = judge(&q, arguments[0], status, diag);
	strbuf_done(&q.words);
	return r;
}
