/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/kept.h"

#include <string.h>

#include "base/hash_key.h"
#include "base/str.h"

static size_t bucket_of(enum kept_what what, const char *path)
{
	return (hash_key(path, strlen(path)) + (size_t)what) % KEPT_BUCKETS;
}

const struct kept_item *kept_find(const struct kept *kept, enum kept_what what, const char *path)
{
	const struct kept_item *item = kept ? kept->buckets[bucket_of(what, path)] : NULL;

	while (item && (item->what != what || !str_equal(item->path, path)))
		item = item->next;
	return item;
}

void kept_add(struct kept *kept, const struct kept_item *item)
{
	struct kept_item **bucket, *copy;
	size_t bytes = sizeof(*item) + strlen(item->path) + strlen(item->real) + item->len;
	char *data;

	if (!kept || bytes > KEPT_MAX_BYTES - kept->bytes)
		return;
	kept->bytes += bytes;
	bucket = &kept->buckets[bucket_of(item->what, item->path)];
	copy = arena_alloc(&kept->arena, sizeof(*copy));
	data = copy ? arena_alloc(&kept->arena, item->len + 1) : NULL;
	if (!data)
		return;
	if (item->len)
		memcpy(data, item->data, item->len);
	*copy = (struct kept_item){
		.next = *bucket,
		.what = item->what,
		.path = arena_strdup(&kept->arena, item->path),
		.real = arena_strdup(&kept->arena, item->real),
		.data = data,
		.len = item->len,
	};
	if (!copy->path || !copy->real)
		return;
	*bucket = copy;
}

void kept_done(struct kept *kept)
{
	arena_done(&kept->arena);
	*kept = (struct kept){0};
}
