/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/digest_cache.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash_key.h"

/* Entries that share a set push each other out: the least recently used goes. */
#define WAYS 4

struct slot {
	uint64_t dev, ino; /* ino 0: free */
	int64_t size, ctime_ns;
	uint64_t used; /* by the cache's tick */
	enum file_role role;
	uint8_t sha256[SHA256_SIZE];
};

struct digest_cache {
	struct slot *slots; /* set_mask + 1 sets of WAYS */
	size_t set_mask;
	uint64_t tick;
};

int digest_cache_new(size_t max_entries, struct digest_cache **ret_cache)
{
	struct digest_cache *cache = calloc(1, sizeof(*cache));
	size_t sets = 1;

	if (!cache)
		return -ENOMEM;
	while (sets * 2 * WAYS <= max_entries)
		sets *= 2;
	cache->set_mask = sets - 1;
	cache->slots = calloc(sets * WAYS, sizeof(*cache->slots));
	if (!cache->slots) {
		free(cache);
		return -ENOMEM;
	}
	*ret_cache = cache;
	return 0;
}

struct digest_cache *digest_cache_free(struct digest_cache *cache)
{
	if (cache)
		free(cache->slots);
	free(cache);
	return NULL;
}

static int64_t ctime_of(const struct stat *st)
{
	return st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec;
}

static struct slot *set_of(const struct digest_cache *cache, const struct stat *st)
{
	uint64_t key[2] = {st->st_dev, st->st_ino};

	return &cache->slots[(hash_key(key, sizeof(key)) & cache->set_mask) * WAYS];
}

static struct slot *find(const struct digest_cache *cache, const struct stat *st)
{
	struct slot *set = set_of(cache, st);

	for (size_t i = 0; i < WAYS; i++)
		if (set[i].ino == st->st_ino && set[i].dev == st->st_dev)
			return &set[i];
	return NULL;
}

bool digest_cache_get(struct digest_cache *cache, const struct stat *st, struct file_fact *fact)
{
	struct slot *slot = find(cache, st);

	if (!slot || slot->size != st->st_size || slot->ctime_ns != ctime_of(st))
		return false;
	slot->used = ++cache->tick;
	memcpy(fact->sha256, slot->sha256, SHA256_SIZE);
	fact->has_digest = true;
	fact->role = slot->role;
	return true;
}

static struct slot *slot_for(struct digest_cache *cache, const struct stat *st)
{
	struct slot *set = set_of(cache, st);
	struct slot *oldest = find(cache, st);

	if (oldest)
		return oldest;
	oldest = set;
	for (size_t i = 1; i < WAYS; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	return oldest;
}

void digest_cache_put(struct digest_cache *cache, const struct stat *st,
		      const struct file_fact *fact, int64_t hashed_ns, bool is_reported)
{
	int64_t age_ns = is_reported ? DIGEST_CACHE_AGE_NS : DIGEST_CACHE_FAR_AGE_NS;
	struct slot *slot;

	if (!fact->has_digest || st->st_ino == 0)
		return;
	if (ctime_of(st) > hashed_ns - age_ns) {
		digest_cache_remove(cache, st);
		return;
	}
	slot = slot_for(cache, st);
	*slot = (struct slot){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.ctime_ns = ctime_of(st),
		.used = ++cache->tick,
		.role = fact->role,
	};
	memcpy(slot->sha256, fact->sha256, SHA256_SIZE);
}

void digest_cache_remove(struct digest_cache *cache, const struct stat *st)
{
	struct slot *slot = find(cache, st);

	if (slot)
		*slot = (struct slot){0};
}

void digest_cache_remove_device(struct digest_cache *cache, uint64_t dev)
{
	for (size_t i = 0; i < (cache->set_mask + 1) * WAYS; i++)
		if (cache->slots[i].dev == dev)
			cache->slots[i] = (struct slot){0};
}

void digest_cache_clear(struct digest_cache *cache)
{
	memset(cache->slots, 0, (cache->set_mask + 1) * WAYS * sizeof(*cache->slots));
}
