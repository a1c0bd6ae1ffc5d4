/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a fanotify group that names folders by handle and what is in them by name. It knows
 * neither paths nor marks.
 */
#ifndef PLUMBLINE_SENSOR_FAN_READ_H
#define PLUMBLINE_SENSOR_FAN_READ_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define FAN_READ_BYTES ((size_t)32 * 1024)

/* A folder as the kernel names it. */
struct fan_dir {
	fsid_t fsid;
	union {
		struct file_handle handle;
		struct {
			struct file_handle head;
			unsigned char bytes[MAX_HANDLE_SZ];
		};
	};
};

/* Bytes of @dir that mean something: all others are zero. */
size_t fan_dir_size(const struct fan_dir *dir);

struct fan_news {
	const struct fan_dir *dir; /* NULL: the queue overflowed */
	const char *name;	   /* in it; "." for itself */
	uint64_t mask;		   /* FAN_* */
	uint32_t pid;		   /* thread-group id of who did it; 0: none */
};

typedef void (*fan_news_fn)(const struct fan_news *news, void *userdata);

/* Reads once into @buffer (FAN_READ_BYTES). 1 when there may be more, 0 or negative errno. */
int fan_read(int fd, char *buffer, fan_news_fn fn, void *userdata);

#endif
