/* SPDX-License-Identifier: Apache-2.0 */
/* File descriptors: whole reads and writes, atomic replacement. */
#ifndef PLUMBLINE_BASE_FD_H
#define PLUMBLINE_BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

struct strbuf;

/* 0 when all @len bytes were written; else negative errno. Restarts after EINTR. */
int fd_write_all(int fd, const void *data, size_t len);
/* Bytes read (less than @len only at end of file), or negative errno. */
ssize_t fd_read_full(int fd, void *data, size_t len);

/* Appends the whole file to @sb; -EFBIG when it holds more than @max bytes. Never waits on a fifo:
 * non-regular files other than those of /proc and /sys are refused with -EINVAL. */
int fd_read_file(int dirfd, const char *path, size_t max, struct strbuf *sb);

/*
 * Replaces @name in @dirfd by @data: temporary file, fsync, rename, fsync of the directory. After
 * a power cut either the old or the new content is there.
 */
int fd_replace_file(int dirfd, const char *name, const void *data, size_t len, mode_t mode);

/* Removes the files in the folder @name of @dirfd whose names begin with @prefix; folders stay. */
int fd_empty_folder(int dirfd, const char *name, const char *prefix);
/* Removes the folder with all files in it; one that has folders in it stays, empty of files. */
int fd_remove_folder(int dirfd, const char *name);

/* Path of /proc/self/fd/N for messages and for openat through the fd. */
int fd_get_path(int fd, char *buf, size_t size);

#endif
