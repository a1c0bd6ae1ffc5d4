/* SPDX-License-Identifier: Apache-2.0 */
/* agent/base/clock_watch.c: steps of the wall clock and sleep, from what three clocks say. */
#include "base/clock_watch.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "unit/unit.h"

#define S NSEC_PER_SEC

static const struct {
	struct clock_look now; /* after {1000, 100, 90} s */
	struct clock_news news;
} looks[] = {
	{{1001 * S, 101 * S, 91 * S}, {0, 0}},
	{{1001 * S + S / 2, 101 * S, 91 * S}, {0, 0}},
	{{4601 * S, 101 * S, 91 * S}, {3600 * S, 0}},
	{{941 * S, 101 * S, 91 * S}, {-60 * S, 0}},
	{{1301 * S, 401 * S, 91 * S}, {0, 300 * S}},
	/* It woke up, and a time server then set its clock. */
	{{1201 * S, 401 * S, 91 * S}, {-100 * S, 300 * S}},
};

START_TEST(tells_steps_and_sleep_apart)
{
	const struct clock_look before = {1000 * S, 100 * S, 90 * S};
	struct clock_news news = {42, 42};
	bool is_news = clock_compare(&before, &looks[_i].now, &news);

	ck_assert_int_eq(news.stepped_ns, looks[_i].news.stepped_ns);
	ck_assert_int_eq(news.suspended_ns, looks[_i].news.suspended_ns);
	ck_assert_int_eq(is_news, news.stepped_ns || news.suspended_ns);
}
END_TEST

START_TEST(two_looks_in_a_row_are_no_news)
{
	struct clock_look before = clock_look_now(), now = clock_look_now();
	struct clock_news news;

	ck_assert(!clock_compare(&before, &now, &news));
	ck_assert_int_ge(now.real_ns, 1700000000 * S);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, tells_steps_and_sleep_apart, 0, ARRAY_SIZE(looks));
	tcase_add_test(tcase, two_looks_in_a_row_are_no_news);
}

UNIT_MAIN("clock_watch")
