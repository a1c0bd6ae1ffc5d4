/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "unit/unit.h"

#define ITEMS  10000
#define WINDOW 64

struct item {
	unsigned number, result;
	bool is_dropped;
};

struct job {
	struct pool *pool;
	unsigned workers;
	atomic_uint begun, works;
	unsigned finished, drops;
	unsigned bad_work, bad_finish;
	atomic_bool is_held, is_seen; /* item 0 waits until it is let go; the second one was seen */
};

static struct job *job; /* drop() has no userdata */

static int work(void *arg, unsigned worker, void *userdata)
{
	struct item *item = arg;

	ck_assert_ptr_eq(userdata, job);
	if (worker >= job->workers)
		return -ERANGE;
	job->begun++;
	while (item->number == 0 && job->is_held)
		sched_yield();
	job->works++;
	item->result = item->number * 3;
	job->is_seen |= item->number == WINDOW - 1;
	return item->number == job->bad_work ? -EIO : 0;
}

static int finish(void *arg, void *userdata)
{
	const struct item *item = arg;

	ck_assert_uint_eq(item->number, job->finished);
	ck_assert_uint_eq(item->result, item->number % 5 == 4 ? 0 : item->number * 3);
	job->finished++;
	return item->number == job->bad_finish ? -ENOSPC : 0;
}

static void done(void *arg)
{
	struct item *item = arg;

	ck_assert(!item->is_dropped);
	item->is_dropped = true;
	job->drops++;
}

static const struct pool_ops ops = {sizeof(struct item), work, finish, done};

static void setup(void)
{
	job = calloc(1, sizeof(*job));
	job->bad_work = job->bad_finish = UINT32_MAX;
}

static void teardown(void)
{
	pool_free(job->pool);
	free(job);
}

static void start(unsigned workers)
{
	job->workers = workers;
	ck_assert_int_eq(pool_new(&ops, workers, WINDOW, job, &job->pool), 0);
}

/* All ways to go in by turns. */
static int put(unsigned number)
{
	struct item *item;
	int r = pool_get(job->pool, (void **)&item);

	if (r < 0)
		return r;
	*item = (struct item){.number = number};
	pool_put(job->pool, number % 5 == 4   ? POOL_NO_WORK
			    : number % 5 == 2 ? POOL_FIRST
					      : POOL_IN_TURN);
	return 0;
}

START_TEST(items_come_out_in_the_order_they_went_in)
{
	static const unsigned workers[] = {1, 2, 16};

	start(workers[_i]);
	for (unsigned i = 0; i < ITEMS; i++)
		ck_assert_int_eq(put(i), 0);
	ck_assert_int_eq(pool_drain(job->pool), 0);
	ck_assert_uint_eq(job->finished, ITEMS);
	ck_assert_uint_eq(job->works, ITEMS / 5 * 4);
	job->pool = pool_free(job->pool);
	ck_assert_uint_eq(job->drops, WINDOW);
}
END_TEST

/* The first item is held: the rest of the window is worked on, nothing is finished, and there is no
 * room for one more. */
START_TEST(one_slow_item_holds_back_the_window_only)
{
	job->is_held = true;
	start(2);
	for (unsigned i = 0; i < WINDOW; i++)
		ck_assert_int_eq(put(i), 0);
	while (!job->is_seen)
		sched_yield();
	ck_assert_uint_eq(job->finished, 0);
	job->is_held = false;
	ck_assert_int_eq(put(WINDOW), 0);
	ck_assert_uint_ge(job->finished, 1);
	ck_assert_int_eq(pool_drain(job->pool), 0);
	ck_assert_uint_eq(job->finished, WINDOW + 1);
}
END_TEST

START_TEST(the_first_error_ends_it)
{
	int r = 0;

	if (_i == 0)
		job->bad_work = 10;
	else
		job->bad_finish = 10;
	start(2);
	for (unsigned i = 0; i < ITEMS && r == 0; i++)
		r = put(i);
	ck_assert_int_eq(r, _i == 0 ? -EIO : -ENOSPC);
	ck_assert_uint_le(job->finished, 11);
	ck_assert(job->finished == 11 || job->bad_finish != 10);
	ck_assert_int_eq(pool_drain(job->pool), r);
	job->pool = pool_free(job->pool);
	ck_assert_uint_ge(job->drops, 11);
	ck_assert_uint_le(job->drops, WINDOW);
	ck_assert_uint_le(job->works, 10 + WINDOW + 1);
}
END_TEST

START_TEST(what_waits_at_an_error_is_not_worked_on)
{
	job->is_held = true;
	job->bad_work = 0;
	start(1);
	ck_assert_int_eq(put(0), 0);
	while (!job->begun)
		sched_yield();
	for (unsigned i = 1; i < WINDOW; i++)
		ck_assert_int_eq(put(i), 0);
	job->is_held = false;
	ck_assert_int_eq(pool_drain(job->pool), -EIO);
	job->pool = pool_free(job->pool);
	ck_assert_uint_eq(job->works, 1);
	ck_assert_uint_eq(job->finished, 0);
}
END_TEST

START_TEST(nothing_to_do_is_no_error)
{
	start(4);
	ck_assert_int_eq(pool_drain(job->pool), 0);
	ck_assert_uint_eq(job->works, 0);
}
END_TEST

START_TEST(worker_count_is_bounded)
{
	ck_assert_uint_ge(pool_default_workers(), 1);
	ck_assert_uint_le(pool_default_workers(), POOL_MAX_WORKERS);
	ck_assert_int_eq(pool_new(&ops, 0, 1, NULL, &job->pool), -EINVAL);
	ck_assert_int_eq(pool_new(&ops, 17, 1, NULL, &job->pool), -EINVAL);
	ck_assert_int_eq(pool_new(&ops, 1, 0, NULL, &job->pool), -EINVAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, items_come_out_in_the_order_they_went_in, 0, 3);
	tcase_add_test(tcase, one_slow_item_holds_back_the_window_only);
	tcase_add_loop_test(tcase, the_first_error_ends_it, 0, 2);
	tcase_add_test(tcase, what_waits_at_an_error_is_not_worked_on);
	tcase_add_test(tcase, nothing_to_do_is_no_error);
	tcase_add_test(tcase, worker_count_is_bounded);
}

UNIT_MAIN("pool")
