/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preloaded into a program: moves its clocks ahead by the seconds that the file
 * named by CLOCK_SHIM_FILE holds, each an int64_t: first those of a suspend, in
 * which the monotonic clock stands, then those that just went by (none where
 * the file ends before). The file is mapped at the start, so a sandbox that
 * comes later is none of its matter.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const volatile struct {
	int64_t suspended, passed;
} * ahead_s;

__attribute__((constructor)) static void map_file(void)
{
	const char *path = getenv("CLOCK_SHIM_FILE");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *map =
		fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);

	if (fd >= 0)
		close(fd);
	if (map != MAP_FAILED)
		ahead_s = map;
}

int clock_gettime(clockid_t id, struct timespec *ts)
{
	int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
	int r = real(id, ts);

	if (ahead_s && (id == CLOCK_BOOTTIME || id == CLOCK_REALTIME))
		ts->tv_sec += ahead_s->suspended + ahead_s->passed;
	else if (ahead_s && id == CLOCK_MONOTONIC)
		ts->tv_sec += ahead_s->passed;
	return r;
}
