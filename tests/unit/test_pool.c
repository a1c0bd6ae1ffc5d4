/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdatomic.h>

#include "unit/unit.h"

#define ITEMS 10000

struct job {
	atomic_int seen[ITEMS];
	atomic_size_t done;
	unsigned workers;
	size_t bad_item;
};

static int visit(size_t item, unsigned worker, void *userdata)
{
	struct job *job = userdata;

	if (worker >= job->workers)
		return -ERANGE;
	atomic_fetch_add(&job->seen[item], 1);
	atomic_fetch_add(&job->done, 1);
	return item == job->bad_item ? -EIO : 0;
}

START_TEST(every_item_is_done_once)
{
	static const unsigned workers[] = {1, 2, 16};
	struct job *job = calloc(1, sizeof(*job));

	job->workers = workers[_i];
	job->bad_item = SIZE_MAX;
	ck_assert_int_eq(pool_run(job->workers, ITEMS, visit, job), 0);
	for (size_t i = 0; i < ITEMS; i++)
		ck_assert_int_eq(job->seen[i], 1);
	free(job);
}
END_TEST

START_TEST(an_error_ends_it_early)
{
	struct job *job = calloc(1, sizeof(*job));

	job->workers = 1;
	job->bad_item = 10;
	ck_assert_int_eq(pool_run(1, ITEMS, visit, job), -EIO);
	ck_assert_uint_eq(job->done, 11);
	free(job);
}
END_TEST

START_TEST(nothing_to_do_is_no_error)
{
	struct job *job = calloc(1, sizeof(*job));

	job->workers = 4;
	ck_assert_int_eq(pool_run(4, 0, visit, job), 0);
	ck_assert_uint_eq(job->done, 0);
	free(job);
}
END_TEST

START_TEST(worker_count_is_bounded)
{
	ck_assert_uint_ge(pool_default_workers(), 1);
	ck_assert_uint_le(pool_default_workers(), 16);
	ck_assert_int_eq(pool_run(0, 1, visit, NULL), -EINVAL);
	ck_assert_int_eq(pool_run(17, 1, visit, NULL), -EINVAL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, every_item_is_done_once, 0, 3);
	tcase_add_test(tcase, an_error_ends_it_early);
	tcase_add_test(tcase, nothing_to_do_is_no_error);
	tcase_add_test(tcase, worker_count_is_bounded);
}

UNIT_MAIN("pool")
