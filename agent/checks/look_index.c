/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/look_index.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_key.h"

/* Besides enum looked_how: something below the path was looked at. */
#define LOOKED_BELOW 3
#define HOWS	     4

/* Open addressing; 0 is free. */
struct key_set {
	uint64_t *slots;
	size_t mask, count;
};

struct keys {
	uint64_t *list; /* ordered, each once */
	size_t count;
};

struct look_index {
	struct keys *checks;
	size_t count;
	struct key_set told;
	struct looked news;
};

/* Of the first @len bytes of @path; never 0. */
static uint64_t key_of(unsigned how, const char *path, size_t len)
{
	uint64_t key = hash_key(path, len) * HOWS + how;

	return key ? key : HOWS;
}

int look_index_new(size_t checks, struct look_index **ret_index)
{
	cleanup_with(look_index_freep) struct look_index *index = calloc(1, sizeof(*index));

	if (!index)
		return -ENOMEM;
	index->checks = calloc(checks ? checks : 1, sizeof(*index->checks));
	if (!index->checks)
		return -ENOMEM;
	index->count = checks;
	index->news.max = LOOK_INDEX_MAX_PATHS;
	*ret_index = TAKE_PTR(index);
	return 0;
}

struct look_index *look_index_free(struct look_index *index)
{
	if (!index)
		return NULL;
	for (size_t i = 0; index->checks && i < index->count; i++)
		free(index->checks[i].list);
	free(index->checks);
	free(index->told.slots);
	looked_done(&index->news);
	free(index);
	return NULL;
}

static uint64_t *find_slot(const struct key_set *set, uint64_t key)
{
	size_t at = (size_t)(key >> 2) & set->mask;

	while (set->slots[at] && set->slots[at] != key)
		at = (at + 1) & set->mask;
	return &set->slots[at];
}

static int grow(struct key_set *set)
{
	size_t slots = set->slots ? 2 * (set->mask + 1) : 256;
	struct key_set larger = {calloc(slots, sizeof(*larger.slots)), slots - 1, set->count};

	if (!larger.slots)
		return -ENOMEM;
	for (size_t i = 0; set->slots && i <= set->mask; i++)
		if (set->slots[i])
			*find_slot(&larger, set->slots[i]) = set->slots[i];
	free(set->slots);
	*set = larger;
	return 0;
}

/* 1 when it was not there. */
static int add_key(struct key_set *set, uint64_t key)
{
	uint64_t *slot;

	if (!set->slots || set->count * 2 > set->mask) {
		int r = grow(set);

		if (r < 0)
			return r;
	}
	slot = find_slot(set, key);
	if (*slot)
		return 0;
	*slot = key;
	set->count++;
	return 1;
}

static int tell(struct look_index *index, enum looked_how how, const char *path)
{
	int r;

	if (index->told.count >= LOOK_INDEX_MAX_PATHS)
		return 0;
	r = add_key(&index->told, key_of(how, path, strlen(path)));
	if (r <= 0)
		return r;
	looked_add(&index->news, how, path);
	return strbuf_check(&index->news.paths);
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool has_key(const struct keys *keys, uint64_t key)
{
	return keys->count &&
	       bsearch(&key, keys->list, keys->count, sizeof(key), compare_keys) != NULL;
}

/* "/" is the empty path here, as is what stands above "/etc". */
static size_t length_of(const char *path)
{
	return path[1] ? strlen(path) : 0;
}

/* @path itself and all folders above it. */
static void add_keys(struct key_set *set, enum looked_how how, const char *path, int *r)
{
	size_t len = length_of(path);

	if (*r >= 0)
		*r = add_key(set, key_of(how, path, len));
	for (size_t at = len; at > 0 && *r >= 0; at--)
		if (at == len || path[at] == '/')
			*r = add_key(set, key_of(LOOKED_BELOW, path, at));
}

/* Ordered, and as few bytes as they need. */
static int list_keys(const struct key_set *set, struct keys *ret_keys)
{
	struct keys keys = {calloc(set->count ? set->count : 1, sizeof(*keys.list)), 0};

	if (!keys.list)
		return -ENOMEM;
	for (size_t i = 0; set->slots && i <= set->mask; i++)
		if (set->slots[i])
			keys.list[keys.count++] = set->slots[i];
	if (keys.count)
		qsort(keys.list, keys.count, sizeof(*keys.list), compare_keys);
	*ret_keys = keys;
	return 0;
}

int look_index_put(struct look_index *index, size_t check, const struct looked *looked)
{
	struct key_set set = {0};
	struct keys keys = {0};
	enum looked_how how;
	const char *path;
	size_t at = 0;
	int r = strbuf_check(&looked->paths);

	if (check >= index->count)
		return -EINVAL;
	while (r >= 0 && looked->count <= LOOKED_MAX && looked_next(looked, &at, &how, &path)) {
		add_keys(&set, how, path, &r);
		if (r >= 0)
			r = tell(index, how, path);
	}
	if (r >= 0)
		r = list_keys(&set, &keys);
	free(set.slots);
	if (r < 0)
		return r;
	free(index->checks[check].list);
	index->checks[check] = keys;
	return 0;
}

void look_index_find(const struct look_index *index, const char *path, unsigned how,
		     look_index_fn fn, void *userdata)
{
	size_t len = length_of(path), above = len;

	while (above > 0 && path[--above] != '/')
		continue;
	for (size_t i = 0; i < index->count; i++) {
		const struct keys *keys = &index->checks[i];

		if (has_key(keys, key_of(LOOKED_AT, path, len)) ||
		    has_key(keys, key_of(LOOKED_ALL, path, above)) ||
		    (how & TOUCH_NAME && has_key(keys, key_of(LOOKED_NAMES, path, above))) ||
		    (how & TOUCH_BELOW && has_key(keys, key_of(LOOKED_BELOW, path, len))))
			fn(i, userdata);
	}
}

struct looked *look_index_news(struct look_index *index)
{
	return &index->news;
}

void look_index_forget_told(struct look_index *index)
{
	free(index->told.slots);
	index->told = (struct key_set){0};
	looked_clear(&index->news);
}
