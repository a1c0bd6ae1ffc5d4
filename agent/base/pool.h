/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workers for a stream of items: the one place with threads.
 *
 * Items go in one by one, several threads work on them in any order, and each comes out in the
 * order in which it went in. At most a window of them is under way, so memory does not grow with
 * the stream. All but the work itself happens in the thread of the caller.
 */
#ifndef PLUMBLINE_BASE_POOL_H
#define PLUMBLINE_BASE_POOL_H

#include <stddef.h>

#include "base/cleanup.h"

#define POOL_MAX_WORKERS 16

struct pool;

struct pool_ops {
	size_t item_size;
	/* In a thread of the pool; @worker is 0 to workers-1, for scratch of its own. */
	int (*work)(void *item, unsigned worker, void *userdata);
	/* In the thread of the caller, in order. What it leaves in @item, such as memory to be used
	 * again, is there when pool_get() gives the same item the next time. */
	int (*finish)(void *item, void *userdata);
	/* Frees what the item holds, whether finished or not; once for each item of the window that
	 * was used. May find it zeroed. */
	void (*done)(void *item);
};

/* How an item goes in. */
enum pool_order {
	POOL_IN_TURN,
	/* Before what waits: long work that begins late leaves the other workers idle at the end.
	 */
	POOL_FIRST,
	POOL_NO_WORK, /* only to be finished in its turn */
};

/* Processors this process may use, at least 1, at most POOL_MAX_WORKERS. */
unsigned pool_default_workers(void);

/* @ops and @userdata are borrowed. -EINVAL for no worker or window, or too many workers. */
int pool_new(const struct pool_ops *ops, unsigned workers, size_t window, void *userdata,
	     struct pool **ret_pool);
/* Waits for the work that runs and drops the rest. Returns NULL. */
struct pool *pool_free(struct pool *pool);
DEFINE_CLEANUP(struct pool *, pool_free)

/*
 * The next item to fill, zeroed or as finish left it; until pool_put() it is the caller's. Finishes
 * what is ready, and waits when the window is full. Negative: the first error of work or finish,
 * after which the pool can only be freed.
 */
int pool_get(struct pool *pool, void **ret_item);
/* Hands over the item that pool_get() gave. */
void pool_put(struct pool *pool, enum pool_order order);

/* Finishes all that went in. 0, or the first error. */
int pool_drain(struct pool *pool);

#endif
