/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/wakeups.h about a clock that was set. */
#include "sensor/wakeups.h"

#include "base/clock.h"
#include "unit.h"

static struct wakeups wakeups = WAKEUPS_NONE;

static void setup(void)
{
	ck_assert_int_eq(wakeups_init(&wakeups), 0);
	(void)wakeups_clock_step_to(&wakeups, 50 * NSEC_PER_SEC, 0);
}

static void teardown(void)
{
	wakeups_done(&wakeups);
}

static int64_t step_to_ms(int64_t ms)
{
	return wakeups_clock_step_to(&wakeups, ms * NSEC_PER_MSEC, 0) / NSEC_PER_MSEC;
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

/* Half a second after the clock was last looked at, and so much later for each @i. */
static int64_t told_ms(int64_t offset_ms, int i)
{
	int64_t boot_ns = (500 + i) * NSEC_PER_MSEC;

	return wakeups_clock_told(&wakeups, boot_ns + offset_ms * NSEC_PER_MSEC, boot_ns) /
	       NSEC_PER_MSEC;
}

static int64_t look_ms(int64_t offset_ms, int64_t boot_ms)
{
	return wakeups_clock_step_to(&wakeups, offset_ms * NSEC_PER_MSEC, boot_ms * NSEC_PER_MSEC) /
	       NSEC_PER_MSEC;
}

START_TEST(a_step_that_was_undone_at_once_is_told)
{
	ck_assert_int_eq(told_ms(47000, 0), 0);
	ck_assert_int_eq(told_ms(50000, 1), 3000);
	ck_assert_int_eq(look_ms(50000, 502), 0);
	ck_assert_int_eq(wakeups_clock_due(&wakeups), 0);
	/* The other way round. */
	ck_assert_int_eq(told_ms(54000, 10), 0);
	ck_assert_int_eq(told_ms(50000, 11), 0);
	ck_assert_int_eq(look_ms(50000, 512), 4000);
}
END_TEST

START_TEST(a_step_that_lasts_is_told_once)
{
	ck_assert_int_eq(told_ms(47000, 0), 0);
	ck_assert_int_eq(look_ms(47000, 501), 3000);
	ck_assert_int_eq(told_ms(50000, 10000), 0);
	ck_assert_int_eq(look_ms(50000, 10501), 0);
	/* Seen before it was told. */
	ck_assert_int_eq(look_ms(45000, 20000), 5000);
	ck_assert_int_eq(told_ms(45000, 20000), 0);
	ck_assert_int_eq(told_ms(50000, 20001), 0);
}
END_TEST

START_TEST(each_of_many_steps_is_told)
{
	ck_assert_int_eq(told_ms(47000, 0), 0);
	ck_assert_int_eq(told_ms(45000, 1), 3000);
	ck_assert_int_eq(told_ms(50000, 2), 2000);
	ck_assert_int_eq(told_ms(49950, 3), 0);
	ck_assert_int_eq(told_ms(44000, 4), 0);
	ck_assert_int_eq(look_ms(50000, 506), 0);
	/* What followed before it was seen that the clock is elsewhere. */
	ck_assert_int_eq(told_ms(50000, 5), 6000);
}
END_TEST

START_TEST(a_set_that_failed_is_no_step)
{
	int64_t due_ns;

	ck_assert_int_eq(told_ms(47000, 0), 0);
	/* It may yet come about. */
	ck_assert_int_eq(look_ms(50000, 510), 0);
	due_ns = wakeups_clock_due(&wakeups);
	ck_assert_int_eq(due_ns, 500 * NSEC_PER_MSEC + WAKEUPS_SETTLED_NS);
	ck_assert_int_eq(look_ms(50000, due_ns / NSEC_PER_MSEC), 0);
	ck_assert_int_eq(wakeups_clock_due(&wakeups), 0);
	ck_assert_int_eq(told_ms(50000, 5000), 0);
}
END_TEST

START_TEST(a_set_that_took_its_time_is_a_step)
{
	ck_assert_int_eq(told_ms(47000, 0), 0);
	ck_assert_int_eq(look_ms(50000, 510), 0);
	ck_assert_int_eq(told_ms(50000, 900), 3000);
}
END_TEST

START_TEST(slewing_is_no_step)
{
	ck_assert_int_eq(told_ms(49920, 0), 0);
	ck_assert_int_eq(told_ms(50010, 1), 0);
	ck_assert_int_eq(look_ms(50010, 502), 0);
}
END_TEST

START_TEST(any_time_may_be_told)
{
	ck_assert_int_eq(wakeups_clock_told(&wakeups, INT64_MAX, 0), 0);
	ck_assert_int_eq(wakeups_clock_told(&wakeups, 0, INT64_MAX), 0);
	ck_assert_int_eq(wakeups_clock_told(&wakeups, INT64_MAX, INT64_MIN), INT64_MAX);
	ck_assert_int_ge(wakeups_clock_due(&wakeups), INT64_MIN + WAKEUPS_SETTLED_NS);
	ck_assert_int_ge(wakeups_clock_step_to(&wakeups, INT64_MIN, INT64_MAX), 0);
	ck_assert_int_ge(wakeups_clock_told(&wakeups, 1, 1), 0);
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
	tcase_add_test(tcase, a_step_that_was_undone_at_once_is_told);
	tcase_add_test(tcase, a_step_that_lasts_is_told_once);
	tcase_add_test(tcase, each_of_many_steps_is_told);
	tcase_add_test(tcase, a_set_that_failed_is_no_step);
	tcase_add_test(tcase, a_set_that_took_its_time_is_a_step);
	tcase_add_test(tcase, slewing_is_no_step);
	tcase_add_test(tcase, any_time_may_be_told);
	tcase_add_test(tcase, a_step_forward_is_none_back);
}

UNIT_MAIN("sensor_wakeups")
