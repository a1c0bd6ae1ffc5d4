/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/permit_cache.h"

#include <string.h>

#include "base/hash_key.h"

static size_t set_of(uint64_t dev, uint64_t ino)
{
	const uint64_t inode[] = {dev, ino};

	return hash_key(inode, sizeof(inode)) & (PERMIT_CACHE_SETS - 1);
}

static bool is_inode(const struct permit_cached *entry, uint64_t dev, uint64_t ino)
{
	return entry->key.ino == ino && entry->key.dev == dev;
}

bool permit_cache_get(const struct permit_cache *cache, const struct permit_key *key,
		      bool *ret_is_approved)
{
	const struct permit_cached *set = cache->sets[set_of(key->dev, key->ino)];

	for (size_t i = 0; key->ino && i < PERMIT_CACHE_WAYS; i++) {
		if (!is_inode(&set[i], key->dev, key->ino) || set[i].key.size != key->size ||
		    set[i].key.ctime_ns != key->ctime_ns)
			continue;
		*ret_is_approved = set[i].is_approved;
		return true;
	}
	return false;
}

void permit_cache_put(struct permit_cache *cache, const struct permit_key *key, bool is_approved)
{
	struct permit_cached *set = cache->sets[set_of(key->dev, key->ino)];

	if (!key->ino)
		return;
	permit_cache_forget(cache, key->dev, key->ino);
	memmove(&set[1], &set[0], (PERMIT_CACHE_WAYS - 1) * sizeof(*set));
	set[0] = (struct permit_cached){*key, is_approved};
}

void permit_cache_forget(struct permit_cache *cache, uint64_t dev, uint64_t ino)
{
	struct permit_cached *set = cache->sets[set_of(dev, ino)];

	for (size_t i = 0; i < PERMIT_CACHE_WAYS; i++)
		if (is_inode(&set[i], dev, ino))
			set[i] = (struct permit_cached){0};
}

void permit_cache_clear(struct permit_cache *cache)
{
	memset(cache, 0, sizeof(*cache));
}
