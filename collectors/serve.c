/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `serve`: binds, gives up root, and keeps the workers running.
 *
 * The parent reads nothing from the network. A worker that dies is started
 * again after RESTART_DELAY_MS; a worker ends when its parent does. SIGHUP
 * reads the TLS files anew (a revocation must not wait for a restart) and has
 * the workers replaced; files that cannot be used leave the old ones in force.
 */
#include <errno.h>
#include <event2/util.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "verbs.h"
#include "worker.h"

#define BIND_TRIES	 40
#define BACKLOG		 128
#define RESTART_DELAY_MS 1000
#define STOP_TIMEOUT_MS	 5000

struct serve {
	const struct settings *settings;
	struct listener_tls *tls;
	struct loop *loop;
	int listen_fd;
	pid_t *workers; /* settings->workers of them; 0: none runs */
	unsigned running;
	bool is_stopping;
	unsigned leaving; /* workers that were asked to end for a reload */
	struct loop_source *restart;
};

static int bind_socket(const char *address, int *ret_fd)
{
	struct sockaddr_storage to = {0};
	int len = sizeof(to), on = 1;
	cleanup_close int fd = -1;

	if (evutil_parse_sockaddr_port(address, (struct sockaddr *)&to, &len) < 0)
		return -EINVAL;
	if (!strchr(address, ':'))
		return -EINVAL;

	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&to, len) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;

	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A worker of a killed predecessor holds the address until its parent's death has reached it. */
static int bind_patiently(const char *address, int *ret_fd)
{
	const struct timespec pause = {.tv_nsec = 50 * 1000 * 1000};
	int r;

	for (int i = 0; i < BIND_TRIES; i++) {
		r = bind_socket(address, ret_fd);
		if (r != -EADDRINUSE)
			break;
		nanosleep(&pause, NULL);
	}
	return r;
}

static int drop_privilege(const char *user)
{
	const struct passwd *entry;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	if (geteuid() != 0)
		return 0;

	entry = getpwnam(user);
	if (!entry)
		return -ENOENT;
	if (initgroups(user, entry->pw_gid) < 0 || setgid(entry->pw_gid) < 0 ||
	    setuid(entry->pw_uid) < 0)
		return -errno;
	return setuid(0) == 0 ? -EPERM : 0;
}

static int start_worker(struct serve *serve, pid_t *slot)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid < 0)
		return -errno;
	if (pid > 0) {
		*slot = pid;
		serve->running++;
		return 0;
	}

	/* The worker: dies with the parent, also when that is killed. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	_exit(worker_run(serve->settings, serve->tls, serve->listen_fd));
}

static int on_restart(struct loop *loop, void *userdata)
{
	struct serve *serve = userdata;

	for (uint64_t i = 0; i < serve->settings->workers; i++) {
		int r;

		if (serve->workers[i] != 0)
			continue;
		r = start_worker(serve, &serve->workers[i]);
		if (r < 0) {
			log_error(r, "cannot start a worker, trying again");
			loop_set_timer(serve->restart, RESTART_DELAY_MS, 0);
			return 0;
		}
	}
	return 0;
}

static void describe(int status, char *text, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(text, size, "was killed by signal %d", WTERMSIG(status));
	else
		snprintf(text, size, "ended with status %d", WEXITSTATUS(status));
}

static int on_child(struct loop *loop, int signo, void *userdata)
{
	struct serve *serve = userdata;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		char text[64];

		for (uint64_t i = 0; i < serve->settings->workers; i++)
			if (serve->workers[i] == pid)
				serve->workers[i] = 0;
		serve->running--;
		if (serve->is_stopping)
			continue;
		if (serve->leaving > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
			serve->leaving--;
			loop_set_timer(serve->restart, 0, 0);
			continue;
		}
		describe(status, text, sizeof(text));
		log_warning(0, "a worker %s; starting another", text);
		loop_set_timer(serve->restart, RESTART_DELAY_MS, 0);
	}
	if (serve->is_stopping && serve->running == 0)
		loop_stop(loop);
	return 0;
}

static void signal_workers(const struct serve *serve, int signo)
{
	for (uint64_t i = 0; i < serve->settings->workers; i++)
		if (serve->workers[i] > 0)
			kill(serve->workers[i], signo);
}

static int on_reload(struct loop *loop, int signo, void *userdata)
{
	struct serve *serve = userdata;
	struct listener_tls *fresh;
	struct diag diag = {0};
	char text[1024];

	if (serve->is_stopping)
		return 0;
	if (listener_tls_new(serve->settings, &fresh, &diag) < 0) {
		log_warning(0, "keeping the old TLS files: %s",
			    diag_format(&diag, text, sizeof(text)));
		return 0;
	}
	listener_tls_free(serve->tls);
	serve->tls = fresh;
	serve->leaving = serve->running;
	signal_workers(serve, SIGTERM);
	log_info("read the TLS files anew");
	return 0;
}

static int on_late(struct loop *loop, void *userdata)
{
	struct serve *serve = userdata;

	if (!serve->is_stopping)
		return on_restart(loop, userdata);
	log_warning(0, "a worker does not end; killing it");
	signal_workers(serve, SIGKILL);
	return 0;
}

static int on_stop(struct loop *loop, int signo, void *userdata)
{
	struct serve *serve = userdata;

	serve->is_stopping = true;
	signal_workers(serve, SIGTERM);
	if (serve->running == 0)
		loop_stop(loop);
	loop_set_timer(serve->restart, STOP_TIMEOUT_MS, 0);
	return 0;
}

static int run(struct serve *serve)
{
	int r;

	r = loop_new(&serve->loop);
	r = r ?: loop_add_signal(serve->loop, SIGCHLD, on_child, serve);
	r = r ?: loop_add_signal(serve->loop, SIGHUP, on_reload, serve);
	r = r ?: loop_add_signal(serve->loop, SIGTERM, on_stop, serve);
	r = r ?: loop_add_signal(serve->loop, SIGINT, on_stop, serve);
	r = r ?: loop_add_timer(serve->loop, RESTART_DELAY_MS, 0, on_late, serve, &serve->restart);
	r = r ?: on_restart(serve->loop, serve);
	return r ?: loop_run(serve->loop);
}

static int prepare(struct serve *serve)
{
	const struct settings *settings = serve->settings;
	struct diag diag = {0};
	char text[1024];
	int r;

	r = listener_tls_new(settings, &serve->tls, &diag);
	if (r < 0) {
		log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
		return r;
	}
	r = bind_patiently(settings->address, &serve->listen_fd);
	if (r < 0)
		return log_error(r, "cannot listen on '%s'", settings->address);
	r = drop_privilege(settings->user);
	if (r < 0)
		return log_error(r, "cannot become user %s", settings->user);

	serve->workers = calloc(settings->workers, sizeof(*serve->workers));
	return serve->workers ? 0 : log_error(-ENOMEM, "cannot start");
}

int verb_serve(const struct settings *settings, const struct options *options)
{
	struct serve serve = {.settings = settings, .listen_fd = -1};
	struct store *store = NULL;
	int r;

	umask(0077);
	signal(SIGPIPE, SIG_IGN);
	r = prepare(&serve);
	/* Made or brought up to date once, before the workers open it. */
	if (r == 0) {
		r = store_sqlite.open(settings->path, &store);
		if (r < 0)
			log_error(r, "cannot open the store in %s", settings->path);
		store_closep(&store);
	}
	if (r == 0) {
		log_info("listening on %s, store in %s", settings->address, settings->path);
		r = run(&serve);
		if (r < 0)
			log_error(r, "cannot go on");
	}

	loop_free(serve.loop);
	listener_tls_free(serve.tls);
	free(serve.workers);
	if (serve.listen_fd >= 0)
		close(serve.listen_fd);
	return r < 0 ? EXIT_ERROR : EXIT_GOOD;
}
