/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of directories by file handle, bounded: when it is full it starts anew. */
#ifndef PLUMBLINE_SENSOR_DIR_CACHE_H
#define PLUMBLINE_SENSOR_DIR_CACHE_H

#include <stddef.h>

#include "base/cleanup.h"

struct dir_cache;

struct dir_key {
	const void *data; /* file system id and handle */
	size_t len;
};

int dir_cache_new(size_t max_entries, struct dir_cache **ret_cache);
struct dir_cache *dir_cache_free(struct dir_cache *cache);
DEFINE_CLEANUP(struct dir_cache *, dir_cache_free)

/* NULL when it is not there. Valid until the next put or clear. */
const char *dir_cache_get(const struct dir_cache *cache, const struct dir_key *key);
/* @key must not be there. Returns the kept copy of @path, or NULL when out of memory. */
const char *dir_cache_put(struct dir_cache *cache, const struct dir_key *key, const char *path);
void dir_cache_clear(struct dir_cache *cache);

#endif
