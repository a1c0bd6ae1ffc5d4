/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benches exec, open and storm repeat; started by them only.
 *
 *   bench_worker exec COUNT PROGRAM     posix_spawn and wait: nanoseconds of each, one a line
 *   bench_worker open COUNT FILE        open for reading and close: nanoseconds per pair of each
 *                                       hundred, one a line
 *   bench_worker write COUNT FILE       the same, opened for writing
 *   bench_worker exec-storm SECONDS PROGRAM   as fast as it goes: how many were started
 *   bench_worker file-storm SECONDS FOLDER    create, write, rename and remove: how many files
 *   bench_worker nothing                ends at once: the program to start
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

#define NSEC	     1000000000LL
#define OPENS_A_TIME 100
#define MAX_COUNT    10000000L

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NSEC + now.tv_nsec;
}

static int start_and_wait(const char *program)
{
	char *const arguments[] = {(char *)program, (char *)"nothing", NULL};
	char *const environment[] = {NULL};
	int status;
	pid_t pid;
	int r;

	r = posix_spawn(&pid, program, NULL, NULL, arguments, environment);
	if (r != 0)
		return -r;
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

static int open_and_close(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return close(fd) < 0 ? -errno : 0;
}

/* Figures are kept until the end: a pipe that is read meanwhile would take part in the measurement.
 */
static void print_all(const int64_t *figures, long count)
{
	for (long i = 0; i < count; i++)
		printf("%" PRId64 "\n", figures[i]);
}

static int time_starts(long count, const char *program)
{
	cleanup_free int64_t *figures = calloc((size_t)count, sizeof(*figures));

	if (!figures)
		return -ENOMEM;
	for (long i = 0; i < count; i++) {
		int64_t before = now_ns();
		int r = start_and_wait(program);

		if (r < 0)
			return r;
		figures[i] = now_ns() - before;
	}
	print_all(figures, count);
	return 0;
}

static int time_opens(long count, const char *path, int flags)
{
	cleanup_free int64_t *figures = calloc((size_t)count / OPENS_A_TIME + 1, sizeof(*figures));
	long done;

	if (!figures)
		return -ENOMEM;
	for (done = 0; done < count / OPENS_A_TIME; done++) {
		int64_t before = now_ns();

		for (int i = 0; i < OPENS_A_TIME; i++) {
			int r = open_and_close(path, flags);

			if (r < 0)
				return r;
		}
		figures[done] = (now_ns() - before) / OPENS_A_TIME;
	}
	print_all(figures, done);
	return 0;
}

static int storm_starts(long seconds, const char *program)
{
	int64_t end = now_ns() + seconds * NSEC;
	long count = 0;

	for (; now_ns() < end; count++) {
		int r = start_and_wait(program);

		if (r < 0)
			return r;
	}
	printf("%ld\n", count);
	return 0;
}

static int change_file(int dirfd, long number)
{
	char name[32], new_name[32];
	int fd, r = 0;

	snprintf(name, sizeof(name), "storm-%ld", number % 1000);
	snprintf(new_name, sizeof(new_name), "storm-%ld.new", number % 1000);
	fd = openat(dirfd, new_name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	if (write(fd, name, strlen(name)) < 0)
		r = -errno;
	close(fd);
	if (r == 0 && renameat(dirfd, new_name, dirfd, name) < 0)
		r = -errno;
	/* Half of them stay, so that a walk afterwards has something to meet. */
	if (r == 0 && number % 2 && unlinkat(dirfd, name, 0) < 0)
		r = -errno;
	return r;
}

static int storm_files(long seconds, const char *folder)
{
	cleanup_close int dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t end = now_ns() + seconds * NSEC;
	long count = 0;

	if (dirfd < 0)
		return -errno;
	for (; now_ns() < end; count++) {
		int r = change_file(dirfd, count);

		if (r < 0)
			return r;
	}
	printf("%ld\n", count);
	return 0;
}

static int run(const char *what, long count, const char *path)
{
	if (strcmp(what, "exec") == 0)
		return time_starts(count, path);
	if (strcmp(what, "open") == 0)
		return time_opens(count, path, O_RDONLY);
	if (strcmp(what, "write") == 0)
		return time_opens(count, path, O_WRONLY);
	if (strcmp(what, "exec-storm") == 0)
		return storm_starts(count, path);
	if (strcmp(what, "file-storm") == 0)
		return storm_files(count, path);
	return -EINVAL;
}

int main(int argc, char **argv)
{
	long count;
	int r;

	if (argc == 2 && strcmp(argv[1], "nothing") == 0)
		return 0;
	count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
	if (count <= 0 || count > MAX_COUNT) {
		fprintf(stderr, "bench_worker: is started by the benches only\n");
		return 2;
	}
	r = run(argv[1], count, argv[3]);
	if (r < 0)
		fprintf(stderr, "bench_worker: %s %s: %s\n", argv[1], argv[3], strerror(-r));
	return r < 0;
}
