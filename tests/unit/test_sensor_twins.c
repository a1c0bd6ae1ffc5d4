/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ebpf/event.h"
#include "sensor/twins.h"
#include "unit.h"

static struct twins *twins;

static void setup(void)
{
	ck_assert_int_eq(twins_new(&twins), 0);
}

static void teardown(void)
{
	twins = twins_free(twins);
}

static struct ev_exec start_of(uint64_t cookie, uint32_t exec_id)
{
	return (struct ev_exec){
		.hdr = {.abi = EV_ABI,
			.type = EV_EXEC,
			.size = EV_FIXED,
			.cookie = cookie,
			.ktime = 5000000000},
		.exec_id = exec_id,
	};
}

static struct ev_load load_at(uint64_t ktime)
{
	return (struct ev_load){
		.hdr = {.abi = EV_ABI,
			.type = EV_LOAD,
			.size = EV_FIXED,
			.cookie = 7,
			.ktime = ktime},
		.ino = 12,
		.how = EV_LOAD_LIBRARY,
	};
}

START_TEST(a_start_is_told_once_for_each_time_that_it_was_put)
{
	struct ev_exec first = start_of(1, 2), again = start_of(1, 3), other = start_of(2, 2);

	twins_put(twins, &first, sizeof(first));
	ck_assert(!twins_take(twins, &again, sizeof(again)));
	ck_assert(!twins_take(twins, &other, sizeof(other)));
	ck_assert(twins_take(twins, &first, sizeof(first)));
	ck_assert(!twins_take(twins, &first, sizeof(first)));
}
END_TEST

START_TEST(one_that_runs_is_the_one_that_started)
{
	uint8_t record[EV_FIXED + 1] = {0};
	struct ev_exec start = start_of(1, 2), task = start;

	task.hdr.type = EV_TASK;
	task.hdr.ktime += 60000000000;
	task.exe.length = 1;
	task.hdr.size++;
	memcpy(record, &task, sizeof(task));
	twins_put(twins, record, sizeof(record));
	ck_assert(twins_take(twins, &start, sizeof(start)));
}
END_TEST

/* A zombie is listed, but nothing is left of it to be told. */
START_TEST(the_start_of_one_that_was_listed_without_its_program_is_news)
{
	struct ev_exec start = start_of(1, 2), task = start;

	task.hdr.type = EV_TASK;
	twins_put(twins, &task, sizeof(task));
	ck_assert(!twins_take(twins, &start, sizeof(start)));
}
END_TEST

START_TEST(code_that_is_loaded_again_later_is_news)
{
	struct ev_load first = load_at(1000000000), twin = load_at(1000900000),
		       later = load_at(3000000000);

	twins_put(twins, &first, sizeof(first));
	ck_assert(!twins_take(twins, &later, sizeof(later)));
	ck_assert(twins_take(twins, &twin, sizeof(twin)));
}
END_TEST

static struct ev_clock clock_at(uint64_t ktime, uint64_t set_ns)
{
	return (struct ev_clock){
		.hdr = {.abi = EV_ABI,
			.type = EV_CLOCK,
			.size = EV_FIXED,
			.cookie = 7,
			.ktime = ktime},
		.set_ns = set_ns,
	};
}

START_TEST(a_clock_is_set_once_by_one_call)
{
	struct ev_clock first = clock_at(1000000000, 5), twin = clock_at(1000900000, 5),
			other = clock_at(1000900000, 6), later = clock_at(3000000000, 5);

	twins_put(twins, &first, sizeof(first));
	ck_assert(!twins_take(twins, &other, sizeof(other)));
	ck_assert(!twins_take(twins, &later, sizeof(later)));
	ck_assert(twins_take(twins, &twin, sizeof(twin)));
}
END_TEST

START_TEST(too_many_are_forgotten_and_nothing_else_happens)
{
	struct ev_exec last;

	for (uint32_t i = 0; i < 100000; i++) {
		last = start_of(1 + i % 5, i);
		twins_put(twins, &last, sizeof(last));
	}
	ck_assert(twins_take(twins, &last, sizeof(last)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sensor_twins");
	TCase *tcase = tcase_create("twins");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_start_is_told_once_for_each_time_that_it_was_put);
	tcase_add_test(tcase, one_that_runs_is_the_one_that_started);
	tcase_add_test(tcase, the_start_of_one_that_was_listed_without_its_program_is_news);
	tcase_add_test(tcase, code_that_is_loaded_again_later_is_news);
	tcase_add_test(tcase, a_clock_is_set_once_by_one_call);
	tcase_add_test(tcase, too_many_are_forgotten_and_nothing_else_happens);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
