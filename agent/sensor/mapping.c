/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/mapping.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

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
