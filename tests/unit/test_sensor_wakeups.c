/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/wakeups.h about a clock that was set. */
#include "sensor/wakeups.h"

#include "base/clock.h"
#include "unit.h"

static struct wakeups wakeups = WAKEUPS_NONE;

static void setup(void)
{
	ck_assert_int_eq(wakeups_init(&wakeups), 0);
	(void)wakeups_clock_step_to(&wakeups, 50 * NSEC_PER_SEC);
}

static void teardown(void)
{
	wakeups_done(&wakeups);
}

static int64_t step_to_ms(int64_t ms)
{
	return wakeups_clock_step_to(&wakeups, ms * NSEC_PER_MSEC) / NSEC_PER_MSEC;
}

START_TEST(how_clocks_are_read_is_no_step)
{
	ck_assert_int_eq(step_to_ms(49990), 0);
	ck_assert_int_eq(step_to_ms(50010), 0);
	ck_assert_int_eq(step_to_ms(49911), 0);
	ck_assert_int_eq(wakeups.offset_ns, 49911 * NSEC_PER_MSEC);
}
END_TEST

START_TEST(a_step_back_is_told_once_by_its_length)
{
	ck_assert_int_eq(step_to_ms(47000), 3000);
	ck_assert_int_eq(step_to_ms(47000), 0);
	ck_assert_int_eq(step_to_ms(46000), 1000);
}
END_TEST

START_TEST(small_steps_back_add_up)
{
	ck_assert_int_eq(step_to_ms(49940), 0);
	ck_assert_int_eq(step_to_ms(49880), 120);
	ck_assert_int_eq(step_to_ms(49820), 0);
}
END_TEST

START_TEST(a_step_forward_is_none_back)
{
	ck_assert_int_eq(step_to_ms(90000), 0);
	ck_assert_int_eq(step_to_ms(50000), 40000);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, how_clocks_are_read_is_no_step);
	tcase_add_test(tcase, a_step_back_is_told_once_by_its_length);
	tcase_add_test(tcase, small_steps_back_add_up);
	tcase_add_test(tcase, a_step_forward_is_none_back);
}

UNIT_MAIN("sensor_wakeups")
