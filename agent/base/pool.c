/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct slot {
	bool is_done;
	struct slot *next; /* of what waits */
	_Alignas(max_align_t) unsigned char item[];
};

struct queue {
	struct slot *first, **end;
};

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
};

struct pool {
	const struct pool_ops *ops;
	void *userdata;
	unsigned char *slots; /* a ring */
	size_t slot_size, window;
	uint64_t in, out; /* items that went in and that were finished */
	struct worker team[POOL_MAX_WORKERS];
	unsigned started;

	pthread_mutex_t lock; /* of all below and of is_done */
	pthread_cond_t has_work, has_done;
	struct queue first, in_turn;
	bool is_over;
	int error; /* the first one; what waits is not worked on any more */
};

unsigned pool_default_workers(void)
{
	cpu_set_t set;
	int count;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return 1;
	count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > POOL_MAX_WORKERS ? POOL_MAX_WORKERS : (unsigned)count;
}

static struct slot *slot_at(const struct pool *pool, uint64_t number)
{
	return (struct slot *)(pool->slots + number % pool->window * pool->slot_size);
}

static void queue_add(struct queue *queue, struct slot *slot)
{
	slot->next = NULL;
	*queue->end = slot;
	queue->end = &slot->next;
}

static struct slot *queue_take(struct queue *queue)
{
	struct slot *slot = queue->first;

	if (!slot)
		return NULL;
	queue->first = slot->next;
	if (!queue->first)
		queue->end = &queue->first;
	return slot;
}

static void note_error(struct pool *pool, int error)
{
	if (error < 0 && pool->error == 0)
		pool->error = error;
}

/* One item that waits, if there is one; called and left with the lock held. */
static bool work_once(struct pool *pool, unsigned worker)
{
	struct slot *slot = queue_take(&pool->first);
	int r = 0;

	if (!slot)
		slot = queue_take(&pool->in_turn);
	if (!slot)
		return false;
	if (pool->error == 0) {
		pthread_mutex_unlock(&pool->lock);
		r = pool->ops->work(slot->item, worker, pool->userdata);
		pthread_mutex_lock(&pool->lock);
	}
	note_error(pool, r);
	slot->is_done = true;
	if (slot == slot_at(pool, pool->out))
		pthread_cond_signal(&pool->has_done);
	return true;
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct pool *pool = worker->pool;

	pthread_mutex_lock(&pool->lock);
	for (;;) {
		if (work_once(pool, worker->number))
			continue;
		if (pool->is_over)
			break;
		pthread_cond_wait(&pool->has_work, &pool->lock);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

int pool_new(const struct pool_ops *ops, unsigned workers, size_t window, void *userdata,
	     struct pool **ret_pool)
{
	struct pool *pool;

	if (workers < 1 || workers > POOL_MAX_WORKERS || window < 1)
		return -EINVAL;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return -ENOMEM;
	pool->slot_size = (sizeof(struct slot) + ops->item_size + _Alignof(max_align_t) - 1) &
			  ~(_Alignof(max_align_t) - 1);
	pool->slots = calloc(window, pool->slot_size);
	if (!pool->slots) {
		free(pool);
		return -ENOMEM;
	}
	pool->ops = ops;
	pool->userdata = userdata;
	pool->window = window;
	pool->first.end = &pool->first.first;
	pool->in_turn.end = &pool->in_turn.first;
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->has_work, NULL);
	pthread_cond_init(&pool->has_done, NULL);

	/* A thread that cannot be started only costs speed: see wait_for_oldest(). */
	for (unsigned i = 0; i < workers; i++) {
		struct worker *worker = &pool->team[pool->started];

		*worker = (struct worker){.pool = pool, .number = i};
		if (pthread_create(&worker->thread, NULL, run, worker) == 0)
			pool->started++;
	}
	*ret_pool = pool;
	return 0;
}

struct pool *pool_free(struct pool *pool)
{
	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->is_over = true;
	note_error(pool, -ECANCELED);
	pthread_cond_broadcast(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->started; i++)
		pthread_join(pool->team[i].thread, NULL);
	/* The one that pool_get() gave and that never went in counts. */
	for (size_t i = 0; i < pool->window && i <= pool->in; i++)
		pool->ops->done(slot_at(pool, i)->item);
	pthread_cond_destroy(&pool->has_done);
	pthread_cond_destroy(&pool->has_work);
	pthread_mutex_destroy(&pool->lock);
	free(pool->slots);
	free(pool);
	return NULL;
}

/* Called and left with the lock held. Without a thread the caller does the work. */
static void wait_for_oldest(struct pool *pool)
{
	const struct slot *oldest = slot_at(pool, pool->out);

	while (!oldest->is_done)
		if (pool->started > 0 || !work_once(pool, 0))
			pthread_cond_wait(&pool->has_done, &pool->lock);
}

/* Finishes items as long as they are ready, and until no more than @most are under way. */
static int finish_ready(struct pool *pool, size_t most)
{
	int r;

	pthread_mutex_lock(&pool->lock);
	while (pool->error == 0 && pool->in > pool->out) {
		struct slot *slot = slot_at(pool, pool->out);

		if (!slot->is_done && pool->in - pool->out <= most)
			break;
		wait_for_oldest(pool);
		if (pool->error < 0)
			break;
		pthread_mutex_unlock(&pool->lock);
		r = pool->ops->finish(slot->item, pool->userdata);
		pthread_mutex_lock(&pool->lock);
		note_error(pool, r);
		pool->out++;
	}
	r = pool->error;
	pthread_mutex_unlock(&pool->lock);
	return r;
}

int pool_get(struct pool *pool, void **ret_item)
{
	int r = finish_ready(pool, pool->window - 1);

	if (r < 0)
		return r;
	*ret_item = slot_at(pool, pool->in)->item;
	return 0;
}

void pool_put(struct pool *pool, enum pool_order order)
{
	struct slot *slot = slot_at(pool, pool->in);

	pthread_mutex_lock(&pool->lock);
	slot->is_done = order == POOL_NO_WORK;
	if (order == POOL_FIRST)
		queue_add(&pool->first, slot);
	else if (order == POOL_IN_TURN)
		queue_add(&pool->in_turn, slot);
	pool->in++;
	if (order != POOL_NO_WORK)
		pthread_cond_signal(&pool->has_work);
	pthread_mutex_unlock(&pool->lock);
}

int pool_drain(struct pool *pool)
{
	return finish_ready(pool, 0);
}
