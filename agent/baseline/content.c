/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/content.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"

#define ATTEMPTS   3
#define SETTLED_NS (2 * NSEC_PER_SEC)
#define PLACES	   ((size_t)16384) /* of the cache; 1.8 MB */

/* What tells an inode, and whether it is as it was. */
struct identity {
	uint64_t device, inode, size;
	struct timespec changed, modified;
};

struct place {
	bool is_used;
	struct identity identity;
	uint8_t sha256[SHA256_SIZE];
};

/* An inode has one place; the last one that wants it has it. */
struct content_cache {
	pthread_mutex_t lock;
	struct place places[PLACES];
};

int content_cache_new(struct content_cache **ret_cache)
{
	struct content_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return -ENOMEM;
	pthread_mutex_init(&cache->lock, NULL);
	*ret_cache = cache;
	return 0;
}

struct content_cache *content_cache_free(struct content_cache *cache)
{
	if (cache)
		pthread_mutex_destroy(&cache->lock);
	free(cache);
	return NULL;
}

static struct identity identity_of(const struct stat *st)
{
	return (struct identity){st->st_dev, st->st_ino, (uint64_t)st->st_size, st->st_ctim,
				 st->st_mtim};
}

static struct place *place_of(struct content_cache *cache, const struct identity *id)
{
	return &cache->places[((id->inode ^ id->device << 20) * 0x9e3779b97f4a7c15 >> 32) % PLACES];
}

static bool cache_find(struct content_cache *cache, const struct identity *id,
		       uint8_t sha256[static SHA256_SIZE])
{
	const struct place *place = place_of(cache, id);
	bool is_known;

	pthread_mutex_lock(&cache->lock);
	is_known = place->is_used && memcmp(&place->identity, id, sizeof(*id)) == 0;
	if (is_known)
		memcpy(sha256, place->sha256, SHA256_SIZE);
	pthread_mutex_unlock(&cache->lock);
	return is_known;
}

/* A write in the tick of the hash would leave the same times. */
static bool is_settled(const struct stat *st)
{
	return st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec + SETTLED_NS <=
	       clock_real_ns();
}

static void cache_note(struct content_cache *cache, const struct identity *id,
		       const uint8_t sha256[static SHA256_SIZE])
{
	struct place *place = place_of(cache, id);

	pthread_mutex_lock(&cache->lock);
	place->is_used = true;
	place->identity = *id;
	memcpy(place->sha256, sha256, SHA256_SIZE);
	pthread_mutex_unlock(&cache->lock);
}

/* Digest and role. The role goes by the name too, so each name reads the first bytes itself. */
static int fill_content(struct fact_collector *collector, int fd, const struct stat *st,
			struct content_cache *cache, struct file_fact *fact)
{
	struct identity id = identity_of(st);
	bool is_shared = st->st_nlink > 1 && is_settled(st);
	int r;

	if (is_shared && cache_find(cache, &id, fact->sha256)) {
		r = fact_head(collector, fd, fact);
		if (r == 0)
			fact->has_digest = true;
		return r;
	}
	r = fact_hash(collector, fd, st, fact);
	if (r == 0 && is_shared)
		cache_note(cache, &id, fact->sha256);
	return r;
}

static int read_once(struct fact_collector *collector, const char *path,
		     struct content_cache *cache, struct file_fact *ret_fact, const char **ret_why)
{
	cleanup_file_fact struct file_fact fact = {0};
	cleanup_close int fd = -1;
	struct stat st;
	int r;

	r = fact_open(collector, AT_FDCWD, path, &fact, &st, &fd);
	if (r < 0)
		return r;
	if (fact.type == FILE_TYPE_REGULAR) {
		r = fd < 0 ? -fact_collector_error(collector)
			   : fill_content(collector, fd, &st, cache, &fact);
		if (r == -ENOMEM)
			return r;
	}
	if (r < 0)
		*ret_why = r == -EAGAIN ? "changed while it was read" : strerrordesc_np(-r);
	*ret_fact = fact;
	fact = (struct file_fact){0};
	return r == -EAGAIN ? r : r < 0;
}

int content_read(struct fact_collector *collector, const char *path, struct content_cache *cache,
		 struct file_fact *ret_fact, const char **ret_why)
{
	struct file_fact fact = {0};
	const char *why = NULL;
	int r = -EAGAIN;

	for (int i = 0; r == -EAGAIN && i < ATTEMPTS; i++) {
		file_fact_done(&fact);
		fact = (struct file_fact){0};
		r = read_once(collector, path, cache, &fact, &why);
	}
	if (r < 0 && !fact.path)
		return r;
	*ret_fact = fact;
	if (r != 0)
		*ret_why = why;
	return r != 0;
}
