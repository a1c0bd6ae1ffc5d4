/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers of the permission mode that may be given again: which file, as its
 * stamp shows it, and what was decided. A stamp alone can be forged, so the
 * owner also forgets an inode at each event of a write, and all at a new set
 * of decisions. Fixed size, no allocation after it was made; pure memory.
 */
#ifndef PLUMBLINE_SENSOR_PERMIT_CACHE_H
#define PLUMBLINE_SENSOR_PERMIT_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PERMIT_CACHE_SETS 1024 /* a power of two */
#define PERMIT_CACHE_WAYS 4

struct permit_key {
	uint64_t dev, ino, size;
	int64_t ctime_ns;
};

struct permit_cached {
	struct permit_key key; /* ino 0: free */
	bool is_approved;
};

struct permit_cache {
	struct permit_cached sets[PERMIT_CACHE_SETS][PERMIT_CACHE_WAYS]; /* newest first */
};

/* True and @ret_is_approved when the very same stamp was put. */
bool permit_cache_get(const struct permit_cache *cache, const struct permit_key *key,
		      bool *ret_is_approved);
void permit_cache_put(struct permit_cache *cache, const struct permit_key *key, bool is_approved);
/* Whatever its size and time. */
void permit_cache_forget(struct permit_cache *cache, uint64_t dev, uint64_t ino);
void permit_cache_clear(struct permit_cache *cache);

#endif
