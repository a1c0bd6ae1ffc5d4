/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/mapping.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"

/* Of a process that has more, those behind are not looked at. */
#define MAX_DESCRIPTORS 4096
/* To open one link takes the kernel several looks at the range, and a process that changes it all
 * the time gets in between nearly always: that takes hundreds of tries, of some microseconds each.
 * One with very many ranges is not worth more than this. */
#define OPEN_TRIES	1024
#define OPEN_CPU_MAX_NS (100 * NSEC_PER_MSEC)
/* After so many looks at its ranges and descriptors it has no such file. */
#define MISSES 4

/* "7f12-7f34 r-xp 00001000 fe:01 4711   /path": the range, NUL-ended in place, and the inode. */
static int take_line(char *line, const char **ret_range, uint64_t *ret_ino)
{
	static const unsigned inode_field = 4;
	char *rest = line, *field = NULL;

	for (unsigned i = 0; i <= inode_field; i++) {
		field = strsep(&rest, " \n");
		if (!field || *field == '\0')
			return -EINVAL;
		if (i == 0)
			*ret_range = field;
	}
	return str_to_u64(field, 10, ret_ino);
}

static int find_mapped(uint32_t pid, uint64_t ino, char *link, size_t size)
{
	cleanup_fclose FILE *file = NULL;
	char path[64], line[512];

	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		const char *range;
		uint64_t found;

		/* The rest of a line that was too long is no such line. */
		if (take_line(line, &range, &found) < 0 || found != ino)
			continue;
		snprintf(link, size, "/proc/%u/map_files/%s", pid, range);
		return 0;
	}
	return -ENOENT;
}

static int find_open(uint32_t pid, uint64_t ino, char *link, size_t size)
{
	cleanup_closedir DIR *dir = NULL;
	struct dirent *entry;
	char path[64];
	int left = MAX_DESCRIPTORS;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	dir = opendir(path);
	if (!dir)
		return -errno;
	while (left-- > 0 && (entry = readdir(dir))) {
		struct statx stx;

		/* Not asking a server that may not answer. */
		if (statx(dirfd(dir), entry->d_name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO,
			  &stx) < 0 ||
		    !S_ISREG(stx.stx_mode) || stx.stx_ino != ino)
			continue;
		snprintf(link, size, "%s/%.20s", path, entry->d_name);
		return 0;
	}
	return -ENOENT;
}

/* The kernel tells before it maps, and until it has mapped the process holds the file open: one
 * that is seen neither mapped nor then open has been mapped in between, or is gone. */
int mapping_find(uint32_t pid, uint64_t ino, char *link, size_t size)
{
	int r;

	if (ino == 0) /* that of anonymous memory */
		return -ENOENT;
	r = find_mapped(pid, ino, link, size);
	if (r == -ENOENT)
		r = find_open(pid, ino, link, size);
	if (r == -ENOENT)
		r = find_mapped(pid, ino, link, size);
	return r;
}

int mapping_open(uint32_t pid, uint64_t ino)
{
	int64_t end = clock_thread_cpu_ns() + OPEN_CPU_MAX_NS;
	char link[64];
	int missed = 0;

	for (int i = 0; i < OPEN_TRIES && clock_thread_cpu_ns() < end; i++) {
		int r = mapping_find(pid, ino, link, sizeof(link));
		int fd = r < 0 ? r : open(link, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

		/* The list of ranges is no picture of one moment either. */
		if (r == -ENOENT && ++missed < MISSES)
			continue;
		if (r < 0 || fd >= 0)
			return fd;
		if (errno != ENOENT)
			return -errno;
		missed = 0;
	}
	return -ENOENT;
}
