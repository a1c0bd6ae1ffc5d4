/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what is at a path with its digest, and hashes an inode once for its many names.
 *
 * A file that changes while it is read is tried again a few times, then told as such.
 */
#ifndef PLUMBLINE_BASELINE_CONTENT_H
#define PLUMBLINE_BASELINE_CONTENT_H

#include "base/cleanup.h"
#include "model/fact_collect.h"

/* Digests of inodes with several names, for all threads. It holds a bounded number of them: an
 * inode that it has lost is hashed again. */
struct content_cache;

int content_cache_new(struct content_cache **ret_cache);
struct content_cache *content_cache_free(struct content_cache *cache);
DEFINE_CLEANUP(struct content_cache *, content_cache_free)

/*
 * 0 with @ret_fact filled (nothing there: FILE_TYPE_NONE). 1 when the content of a regular file
 * could not be had: @ret_fact is filled without a digest and @ret_why (static text) says why.
 * -EAGAIN when even that cannot be told because it keeps changing, -ENOMEM, or another negative
 * errno of the look itself.
 *
 * The digest of an inode with several names is taken from @cache when it is there and the inode has
 * not changed since.
 */
int content_read(struct fact_collector *collector, const char *path, struct content_cache *cache,
		 struct file_fact *ret_fact, const char **ret_why);

#endif
