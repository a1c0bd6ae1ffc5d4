/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests of programs that ran lately, so that a program that starts a hundred
 * times a second is not read a hundred times.
 *
 * A stamp is a hint and can be forged, so an entry counts only by these rules:
 *  - it was stored when ctime was already DIGEST_CACHE_AGE_NS old (a write in the same tick leaves
 * ctime as it is);
 *  - on a file system whose writes are not reported, ctime must be DIGEST_CACHE_FAR_AGE_NS old:
 * pages that a mapping dirtied are written back by then, and only a clean page moves ctime when it
 * is written again;
 *  - all entries are void after a backward step of the clock, and when anything was mounted or
 * unmounted;
 *  - a reported change of the file removes its entry.
 */
#ifndef PLUMBLINE_SENSOR_DIGEST_CACHE_H
#define PLUMBLINE_SENSOR_DIGEST_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "model/file_fact.h"

#define DIGEST_CACHE_AGE_NS	(INT64_C(2) * 1000000000)
#define DIGEST_CACHE_FAR_AGE_NS (INT64_C(120) * 1000000000)

struct digest_cache;

int digest_cache_new(size_t max_entries, struct digest_cache **ret_cache);
struct digest_cache *digest_cache_free(struct digest_cache *cache);
DEFINE_CLEANUP(struct digest_cache *, digest_cache_free)

/* Fills digest and role of @fact from the entry of @st; false when there is none that counts. */
bool digest_cache_get(struct digest_cache *cache, const struct stat *st, struct file_fact *fact);
/* @hashed_ns: wall clock when the hash began. @is_reported: changes of this file system are seen as
 * they happen. */
void digest_cache_put(struct digest_cache *cache, const struct stat *st,
		      const struct file_fact *fact, int64_t hashed_ns, bool is_reported);
void digest_cache_remove(struct digest_cache *cache, const struct stat *st);
/* Another file system may be on @dev by now. */
void digest_cache_remove_device(struct digest_cache *cache, uint64_t dev);
void digest_cache_clear(struct digest_cache *cache);

#endif
