/* SPDX-License-Identifier: Apache-2.0 */
/* Files that a process has mapped, or is about to, by the links that the kernel keeps of them. */
#ifndef PLUMBLINE_SENSOR_MAPPING_H
#define PLUMBLINE_SENSOR_MAPPING_H

#include <stddef.h>
#include <stdint.h>

/*
 * The link "/proc/PID/map_files/..." of a file with inode number @ino that process @pid has mapped;
 * or "/proc/PID/fd/..." when it has not yet, and has the file open. -ENOENT when it has neither;
 * another file may have that number, so the caller looks at what it opens. Or another negative
 * errno.
 */
int mapping_find(uint32_t pid, uint64_t ino, char *link, size_t size);

/*
 * A descriptor of what that link leads to, for reading. Ranges come and go while a process is still
 * mapping: what is gone when it is to be opened is looked for again, some times. Errors as above.
 */
int mapping_open(uint32_t pid, uint64_t ino);

#endif
