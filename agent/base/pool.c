/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#define POOL_MAX_WORKERS 16

struct pool {
	size_t count;
	pool_fn fn;
	void *userdata;
	atomic_size_t next;
	atomic_int error; /* the first one; workers stop when it is set */
};

struct worker {
	struct pool *pool;
	unsigned number;
	pthread_t thread;
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

static void *work(void *arg)
{
	struct worker *worker = arg;
	struct pool *pool = worker->pool;

	while (atomic_load(&pool->error) == 0) {
		size_t item = atomic_fetch_add(&pool->next, 1);
		int r, none = 0;

		if (item >= pool->count)
			break;
		r = pool->fn(item, worker->number, pool->userdata);
		if (r < 0)
			atomic_compare_exchange_strong(&pool->error, &none, r);
	}
	return NULL;
}

int pool_run(unsigned workers, size_t count, pool_fn fn, void *userdata)
{
	struct pool pool = {.count = count, .fn = fn, .userdata = userdata};
	struct worker team[POOL_MAX_WORKERS];
	unsigned started = 1;

	if (workers < 1 || workers > POOL_MAX_WORKERS)
		return -EINVAL;

	/* This thread is worker 0, so one worker needs no thread and a failed start only costs
	 * speed. */
	for (unsigned i = 0; i < workers; i++)
		team[i] = (struct worker){.pool = &pool, .number = i};
	while (started < workers && started < count) {
		if (pthread_create(&team[started].thread, NULL, work, &team[started]) != 0)
			break;
		started++;
	}
	work(&team[0]);
	for (unsigned i = 1; i < started; i++)
		pthread_join(team[i].thread, NULL);
	return atomic_load(&pool.error);
}
