/* SPDX-License-Identifier: Apache-2.0 */
#include "privsep/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "privsep/protocol.h"

#define EXIT_CANNOT_RUN	 127
#define MAX_ENVIRONMENT	 9
#define MOST_DESCRIPTORS 65536

/* What a child inherits by name; all else of the environment is left behind. */
static const char *const kept_names[] = {
	"JOURNAL_STREAM", /* how log lines are written */
#ifdef PLUMBLINE_ASAN
	"ASAN_OPTIONS",
	"UBSAN_OPTIONS",
	"LSAN_OPTIONS",
#endif
};

static void fill_environment(char *environment[static MAX_ENVIRONMENT])
{
	unsigned count = 0;

	environment[count++] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	environment[count++] = "LC_ALL=C.UTF-8";
	/* libcurl brings GnuTLS along for protocols that are not used here; its start alone takes
	 * a megabyte. */
	environment[count++] = "GNUTLS_NO_IMPLICIT_INIT=1";
	for (unsigned i = 0; i < sizeof(kept_names) / sizeof(kept_names[0]); i++) {
		size_t len = strlen(kept_names[i]);

		for (char **entry = environ; *entry; entry++)
			if (strncmp(*entry, kept_names[i], len) == 0 && (*entry)[len] == '=')
				environment[count++] = *entry;
	}
	environment[count] = NULL;
}

void spawn_reset_signals(void)
{
	sigset_t none;

	for (int signo = 1; signo < NSIG; signo++)
		signal(signo, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

void spawn_close_from(int first)
{
	/* The call is refused in containers whose engine is older than it. */
	if (close_range((unsigned)first, UINT_MAX, 0) == 0)
		return;
	for (int fd = first; fd < MOST_DESCRIPTORS; fd++)
		close(fd);
}

static void run_program(const char *path, char *const arguments[], int channel_fd)
{
	char *environment[MAX_ENVIRONMENT];
	int null_fd;

	spawn_reset_signals();
	/* What a terminal or a script sends to the supervisor's group is not for its children. */
	setsid();
	fill_environment(environment);
	/* dup2() onto itself would keep close-on-exec. */
	if (channel_fd == CHILD_FD_SUPERVISOR) {
		if (fcntl(channel_fd, F_SETFD, 0) < 0)
			return;
	} else if (dup2(channel_fd, CHILD_FD_SUPERVISOR) < 0) {
		return;
	}
	null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
		return;
	spawn_close_from(CHILD_FD_SUPERVISOR + 1);
	execve(path, arguments, environment);
}

pid_t spawn_child(const char *path, char *const arguments[], int channel_fd)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		run_program(path, arguments, channel_fd);
		_exit(EXIT_CANNOT_RUN);
	}
	return pid;
}
