/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/twins.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sensor/record.h"

/* Together more starts than the ring of them holds. */
#define BUCKETS	    1024
#define BUCKET_KEYS 8
/* Two programs on one hook run one after the other; a task may be preempted in between. */
#define APART_NS (200 * NSEC_PER_MSEC)

struct key {
	uint64_t cookie, what, ktime;
	uint32_t type, dev;
};

struct bucket {
	uint32_t next, pad; /* in the place of the oldest */
	struct key keys[BUCKET_KEYS];
};

struct twins {
	struct bucket buckets[BUCKETS];
};

int twins_new(struct twins **ret_twins)
{
	*ret_twins = calloc(1, sizeof(**ret_twins));
	return *ret_twins ? 0 : -ENOMEM;
}

struct twins *twins_free(struct twins *twins)
{
	free(twins);
	return NULL;
}

/* False for a record of a kind that is not kept. */
static bool make_key(const void *data, size_t len, struct key *ret_key)
{
	struct record record;

	if (record_decode(data, len, &record) < 0)
		return false;
	*ret_key = (struct key){
		.cookie = record.hdr.cookie,
		.ktime = record.hdr.ktime,
		.type = record.hdr.type,
	};
	/* That it runs, and that it has started, are the same news. Of one without a program, which
	 * has just ended, that it runs is not told: its start is news. */
	if (record.hdr.type == EV_EXEC ||
	    (record.hdr.type == EV_TASK && record.exec.exe.length > 0)) {
		ret_key->type = EV_EXEC;
		ret_key->what = record.exec.exec_id;
		return true;
	}
	if (record.hdr.type == EV_CLOCK) {
		ret_key->what = record.clock.set_ns;
		return true;
	}
	if (record.hdr.type != EV_LOAD)
		return false;
	ret_key->what = record.load.ino << 8 | record.load.how;
	ret_key->dev = record.load.dev;
	return true;
}

static struct bucket *bucket_of(struct twins *twins, const struct key *key)
{
	uint64_t mixed = (key->cookie ^ key->what << 20) * 0x9e3779b97f4a7c15;

	return &twins->buckets[mixed >> 54];
}

void twins_put(struct twins *twins, const void *data, size_t len)
{
	struct bucket *bucket;
	struct key key;

	if (!make_key(data, len, &key))
		return;
	bucket = bucket_of(twins, &key);
	bucket->keys[bucket->next] = key;
	bucket->next = (bucket->next + 1) % BUCKET_KEYS;
}

static bool is_same(const struct key *a, const struct key *b)
{
	uint64_t apart = a->ktime > b->ktime ? a->ktime - b->ktime : b->ktime - a->ktime;

	if (a->type != b->type || a->cookie != b->cookie || a->what != b->what || a->dev != b->dev)
		return false;
	/* A start has a number of its own; code may be loaded, and a time be set, again. */
	return a->type == EV_EXEC || apart <= APART_NS;
}

bool twins_take(struct twins *twins, const void *data, size_t len)
{
	struct bucket *bucket;
	struct key key;

	if (!make_key(data, len, &key))
		return false;
	bucket = bucket_of(twins, &key);
	for (unsigned i = 0; i < BUCKET_KEYS; i++) {
		if (!is_same(&bucket->keys[i], &key))
			continue;
		/* No record has this type, so nothing equals it. */
		bucket->keys[i].type = EV_NONE;
		return true;
	}
	return false;
}
