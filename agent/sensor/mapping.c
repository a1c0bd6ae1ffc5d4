/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/mapping.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/cleanup.h"

int mapping_find(uint32_t pid, uint64_t ino, char *link, size_t size)
{
	cleanup_fclose FILE *file = NULL;
	char path[64], line[512];

	if (ino == 0) /* that of anonymous memory */
		return -ENOENT;
	snprintf(path, sizeof(path), "/proc/%u/maps", pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file)) {
		uint64_t from, to, found;

		/* "7f12-7f34 r-xp 00001000 fe:01 4711   /path"; the rest of a long one, and it has
		 * no such head. */
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*4s %*x %*x:%*x %" SCNu64, &from, &to,
			   &found) != 3 ||
		    found != ino)
			continue;
		snprintf(link, size, "/proc/%u/map_files/%" PRIx64 "-%" PRIx64, pid, from, to);
		return 0;
	}
	return -ENOENT;
}
