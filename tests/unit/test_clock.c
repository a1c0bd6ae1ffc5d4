/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/cleanup.h"
#include "unit/unit.h"

static const struct {
	const char *text;
	int64_t ns;
} times[] = {
	{"1970-01-01T00:00:00Z", 0},
	{"1970-01-01T00:00:00.001Z", 1000000},
	{"1970-01-01T00:00:00.123456789Z", 123456789},
	{"2024-02-29T12:00:00Z", 1709208000000000000},
	{"2024-02-29T14:00:00+02:00", 1709208000000000000},
	{"2024-02-29T06:30:00-05:30", 1709208000000000000},
	{"1969-12-31T23:59:59.5Z", -500000000},
};

START_TEST(parses_rfc3339)
{
	int64_t ns = 42;

	ck_assert_int_eq(clock_parse(times[_i].text, &ns), 0);
	ck_assert_int_eq(ns, times[_i].ns);
}
END_TEST

static const char *const bad_times[] = {
	"",
	"yesterday",
	"2024-02-29",
	"2024-02-29T12:00:00",
	"2024-02-29T12:00:00z ",
	"2024-02-29T12:00:00.Z",
	"2024-02-29T12:00:00.1234567890Z",
	"2024-02-29T12:00:00Z!",
	"2024-13-01T00:00:00Z",
	"2024-02-30T00:00:00Z",
	"2024-02-29T12:00:00+2:00",
	"2024-02-29T12:00:00+99:00",
	"2024-02-29T12:00:00+-1:00",
	"9999-12-31T23:59:59Z", /* beyond what nanoseconds in 64 bits hold */
	"0001-01-01T00:00:00Z",
};

START_TEST(refuses_other_text_and_other_times)
{
	int64_t ns = 42;

	ck_assert_int_eq(clock_parse(bad_times[_i], &ns), -EINVAL);
	ck_assert_int_eq(ns, 42);
}
END_TEST

START_TEST(what_it_writes_it_reads)
{
	int64_t now = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC, back;
	char text[RFC3339_SIZE];

	ck_assert_int_eq(clock_parse(clock_format(now, text), &back), 0);
	ck_assert_int_eq(back, now);
	ck_assert_str_eq(clock_format(-1, text), "1969-12-31T23:59:59.999Z");
	clock_format(INT64_MAX, text);
	clock_format(INT64_MIN, text);
}
END_TEST

START_TEST(clocks_go_forward)
{
	int64_t mono = clock_mono_ns(), boot = clock_boot_ns();

	ck_assert_int_gt(mono, 0);
	ck_assert_int_ge(clock_mono_ns(), mono);
	ck_assert_int_ge(clock_boot_ns(), boot);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, parses_rfc3339, 0, ARRAY_SIZE(times));
	tcase_add_loop_test(tcase, refuses_other_text_and_other_times, 0, ARRAY_SIZE(bad_times));
	tcase_add_test(tcase, what_it_writes_it_reads);
	tcase_add_test(tcase, clocks_go_forward);
}

UNIT_MAIN("clock")
