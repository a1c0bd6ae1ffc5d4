/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what is at a path into a file_fact: the same code for the baseline,
 * `verify` and the sensor, so that equal files always give equal facts.
 *
 * Only regular files are opened, never a link, fifo or device. It knows no
 * package database: package and version stay NULL.
 */
#ifndef PLUMBLINE_MODEL_FACT_COLLECT_H
#define PLUMBLINE_MODEL_FACT_COLLECT_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/id_names.h"
#include "model/file_fact.h"

/* Scratch of one thread: hash context, read buffer, and the (shared, borrowed) names. */
struct fact_collector;

int fact_collector_new(const struct id_names *names, struct fact_collector **ret_collector);
struct fact_collector *fact_collector_free(struct fact_collector *collector);
DEFINE_CLEANUP(struct fact_collector *, fact_collector_free)

/*
 * The whole fact of @path with its digest. @dirfd is the directory that holds the last component of
 * @path (saves the path walk), or AT_FDCWD. On success 0 and @ret_fact is filled (overwritten, not
 * freed); nothing there is a fact of FILE_TYPE_NONE.
 *
 * 1: filled, but the content of this regular file could not be read (has_digest false; why:
 * fact_collector_error()). -EAGAIN: the file changed while it was read, ask again later. Else
 * another negative errno.
 */
int fact_collect(struct fact_collector *collector, int dirfd, const char *path,
		 struct file_fact *ret_fact);
/* errno, positive, of the last open or read that failed */
int fact_collector_error(const struct fact_collector *collector);

/*
 * The same in two steps, for a caller that may know the digest from elsewhere: fact_open() fills
 * all but digest and role, and leaves @ret_fd at -1 unless it is a regular file that could be
 * opened; fact_hash() adds digest and role. fact_head() adds the role alone.
 */
int fact_open(struct fact_collector *collector, int dirfd, const char *path,
	      struct file_fact *ret_fact, struct stat *ret_st, int *ret_fd);
/* The same of a regular file that is open already, as @path. */
int fact_open_fd(struct fact_collector *collector, int fd, const char *path,
		 struct file_fact *ret_fact);
int fact_hash(struct fact_collector *collector, int fd, const struct stat *st,
	      struct file_fact *fact);

/*
 * The same in pieces, for a file that takes long: each step reads up to @max_bytes. 1: there is
 * more; 0: digest and role are in @fact; -EAGAIN: the file changed; or another negative errno.
 */
struct fact_hashing;
int fact_hashing_new(int fd, const struct stat *st,
		     struct fact_hashing **ret_hashing); /* takes @fd on success */
struct fact_hashing *fact_hashing_free(struct fact_hashing *hashing);
DEFINE_CLEANUP(struct fact_hashing *, fact_hashing_free)
int fact_hashing_step(struct fact_hashing *hashing, struct fact_collector *collector,
		      size_t max_bytes, struct file_fact *fact);

int fact_head(struct fact_collector *collector, int fd, struct file_fact *fact);

/* Content of the xattr security.capability as text: "cap_net_admin,cap_net_raw=ep", with "
 * [rootid=N]" behind where one is set. Allocated; -EINVAL when it is none, -ENOMEM. */
int fact_format_capabilities(const void *xattr, size_t len, char **ret_text);

#endif
