/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/dir_cache.h"

#include <errno.h>
#include <string.h>

#include "base/hash_key.h"

struct dir {
	struct dir *chain;
	size_t key_len;
	const char *path; /* behind the key */
	char key[];
};

struct dir_cache {
	struct dir **buckets;
	size_t mask, count, max;
};

int dir_cache_new(size_t max_entries, struct dir_cache **ret_cache)
{
	struct dir_cache *cache = calloc(1, sizeof(*cache));
	size_t buckets = 16;

	if (!cache)
		return -ENOMEM;
	while (buckets < max_entries)
		buckets *= 2;
	cache->buckets = calloc(buckets, sizeof(*cache->buckets));
	if (!cache->buckets) {
		free(cache);
		return -ENOMEM;
	}
	cache->mask = buckets - 1;
	cache->max = max_entries;
	*ret_cache = cache;
	return 0;
}

struct dir_cache *dir_cache_free(struct dir_cache *cache)
{
	if (!cache)
		return NULL;
	dir_cache_clear(cache);
	free(cache->buckets);
	free(cache);
	return NULL;
}

const char *dir_cache_get(const struct dir_cache *cache, const struct dir_key *key)
{
	const struct dir *dir = cache->buckets[hash_key(key->data, key->len) & cache->mask];

	while (dir && (dir->key_len != key->len || memcmp(dir->key, key->data, key->len) != 0))
		dir = dir->chain;
	return dir ? dir->path : NULL;
}

const char *dir_cache_put(struct dir_cache *cache, const struct dir_key *key, const char *path)
{
	size_t path_size = strlen(path) + 1;
	struct dir **bucket, *dir;

	if (cache->count == cache->max)
		dir_cache_clear(cache);
	dir = malloc(sizeof(*dir) + key->len + path_size);
	if (!dir)
		return NULL;
	dir->key_len = key->len;
	memcpy(dir->key, key->data, key->len);
	dir->path = memcpy(dir->key + key->len, path, path_size);
	bucket = &cache->buckets[hash_key(key->data, key->len) & cache->mask];
	dir->chain = *bucket;
	*bucket = dir;
	cache->count++;
	return dir->path;
}

void dir_cache_clear(struct dir_cache *cache)
{
	if (cache->count == 0)
		return;
	for (size_t i = 0; i <= cache->mask; i++) {
		for (struct dir *dir = cache->buckets[i]; dir;) {
			struct dir *chain = dir->chain;

			free(dir);
			dir = chain;
		}
		cache->buckets[i] = NULL;
	}
	cache->count = 0;
}
