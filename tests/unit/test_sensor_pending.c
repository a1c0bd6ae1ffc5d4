/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/pending.h. */
#include "sensor/pending.h"

#include "base/clock.h"
#include "model/event.h"
#include "unit.h"

#define MS NSEC_PER_MSEC

static struct pending *pending;

static void setup(void)
{
	ck_assert_int_eq(pending_new(4, &pending), 0);
}

static void teardown(void)
{
	pending = pending_free(pending);
}

static int add(const char *path, uint32_t changes, int64_t at_ms)
{
	struct pending_change change = {
		.path = (char *)path, .changes = changes, .first_ns = at_ms * MS};

	return pending_add(pending, &change);
}

static void expect(const char *path, uint32_t changes, int64_t now_ms)
{
	struct pending_change change;

	ck_assert(pending_take(pending, now_ms * MS, &change));
	ck_assert_str_eq(change.path, path);
	ck_assert_uint_eq(change.changes, changes);
	pending_change_done(&change);
}

static void expect_none(int64_t now_ms)
{
	struct pending_change change;

	ck_assert(!pending_take(pending, now_ms * MS, &change));
}

START_TEST(waits_until_the_path_is_quiet)
{
	ck_assert_int_eq(add("/a", 1, 1000), 0);
	expect_none(1000 + PENDING_QUIET_MS - 1);
	ck_assert_int_eq(add("/a", 2, 1100), 0);
	expect_none(1100 + PENDING_QUIET_MS - 1);
	expect("/a", 3, 1100 + PENDING_QUIET_MS);
	expect_none(99999);
	ck_assert_uint_eq(pending_count(pending), 0);
}
END_TEST

START_TEST(does_not_wait_longer_than_its_bound)
{
	for (int64_t at = 1000; at < 1000 + 2 * PENDING_LONGEST_MS; at += 100) {
		struct pending_change change;

		ck_assert_int_eq(add("/busy", 1, at), 0);
		if (!pending_take(pending, at * MS, &change))
			continue;
		ck_assert_int_ge(at, 1000 + PENDING_LONGEST_MS - PENDING_QUIET_MS);
		ck_assert_int_le(at, 1000 + PENDING_LONGEST_MS);
		pending_change_done(&change);
		return;
	}
	ck_abort_msg("a path that is never quiet was never due");
}
END_TEST

START_TEST(comes_in_order_of_due_time)
{
	ck_assert_int_eq(add("/a", 1, 1000), 0);
	ck_assert_int_eq(add("/b", 1, 1010), 0);
	ck_assert_int_eq(add("/c", 1, 1020), 0);
	ck_assert_int_eq(add("/a", 1, 1030), 0);
	ck_assert(pending_due(pending) == (1010 + PENDING_QUIET_MS) * MS);
	expect("/b", 1, 9999);
	expect("/c", 1, 9999);
	expect("/a", 1, 9999);
	ck_assert(pending_due(pending) == INT64_MAX);
}
END_TEST

START_TEST(a_late_record_does_not_hide_behind_newer_ones)
{
	ck_assert_int_eq(add("/new", 1, 2000), 0);
	ck_assert_int_eq(add("/old", 1, 1000), 0);
	expect("/new", 1, 2000 + PENDING_QUIET_MS);
	expect("/old", 1, 2000 + PENDING_QUIET_MS);
}
END_TEST

START_TEST(refuses_when_full_and_still_folds)
{
	ck_assert_int_eq(add("/1", 1, 1), 0);
	ck_assert_int_eq(add("/2", 1, 1), 0);
	ck_assert_int_eq(add("/3", 1, 1), 0);
	ck_assert_int_eq(add("/4", 1, 1), 0);
	ck_assert_int_eq(add("/5", 1, 1), -ENOBUFS);
	ck_assert_int_eq(add("/4", 2, 1), 0);
	ck_assert_uint_eq(pending_count(pending), 4);
	ck_assert(pending_has(pending, "/4"));
	ck_assert(!pending_has(pending, "/5"));
}
END_TEST

/* Two that ask about one path, and whether what both know may stand. */
static const struct {
	uint8_t first, second; /* 0: knows nothing */
	uint8_t known;
} asked[] = {{7, 7, 7}, {7, 8, 0}, {7, 0, 0}, {0, 7, 0}};

START_TEST(what_is_known_stands_only_where_all_know_the_same)
{
	struct pending_change change = {.path = (char *)"/a", .first_ns = 1000 * MS};

	change.has_known = asked[_i].first > 0;
	change.known[0] = asked[_i].first;
	ck_assert_int_eq(pending_add(pending, &change), 0);
	change.has_known = asked[_i].second > 0;
	change.known[0] = asked[_i].second;
	ck_assert_int_eq(pending_add(pending, &change), 0);
	ck_assert(pending_take(pending, 2000 * MS, &change));
	ck_assert_uint_eq(change.has_known ? change.known[0] : 0, asked[_i].known);
	pending_change_done(&change);
}
END_TEST

START_TEST(names_the_last_who_changed_it)
{
	struct pending_change change = {
		.path = (char *)"/a",
		.first_ns = 1,
		.pid = 10,
		.subject = {.is_known = true, .pid = 10, .exe = (char *)"/bin/first"},
	};

	ck_assert_int_eq(pending_add(pending, &change), 0);
	change.subject =
		(struct subject){.is_known = true, .pid = 11, .exe = (char *)"/bin/second"};
	ck_assert_int_eq(pending_add(pending, &change), 0);
	ck_assert(pending_take(pending, INT64_MAX, &change));
	ck_assert_str_eq(change.subject.exe, "/bin/second");
	pending_change_done(&change);
}
END_TEST

START_TEST(does_not_put_a_stranger_s_change_down_to_the_one_before)
{
	struct pending_change change = {
		.path = (char *)"/a",
		.first_ns = 1,
		.pid = 10,
		.subject = {.is_known = true, .pid = 10, .exe = (char *)"/bin/first"},
	};

	ck_assert_int_eq(pending_add(pending, &change), 0);
	change.pid = 11;
	change.subject = (struct subject){0};
	ck_assert_int_eq(pending_add(pending, &change), 0);
	ck_assert(pending_take(pending, INT64_MAX, &change));
	ck_assert(!change.subject.is_known);
	ck_assert_uint_eq(change.pid, 11);
	pending_change_done(&change);
}
END_TEST

START_TEST(names_the_writer_though_another_put_the_time_back)
{
	struct pending_change change = {
		.path = (char *)"/a",
		.changes = EVENT_CHANGE_WRITE,
		.first_ns = 1,
		.pid = 10,
		.subject = {.is_known = true, .pid = 10, .exe = (char *)"/bin/writer"},
	};

	ck_assert_int_eq(pending_add(pending, &change), 0);
	change.changes = EVENT_CHANGE_ATTRIBUTE;
	change.pid = 11;
	change.subject = (struct subject){.is_known = true, .pid = 11, .exe = (char *)"/bin/touch"};
	ck_assert_int_eq(pending_add(pending, &change), 0);
	ck_assert(pending_take(pending, INT64_MAX, &change));
	ck_assert_str_eq(change.subject.exe, "/bin/writer");
	ck_assert_uint_eq(change.pid, 10);
	ck_assert_uint_eq(change.changes, EVENT_CHANGE_WRITE | EVENT_CHANGE_ATTRIBUTE);
	pending_change_done(&change);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, waits_until_the_path_is_quiet);
	tcase_add_test(tcase, does_not_wait_longer_than_its_bound);
	tcase_add_test(tcase, comes_in_order_of_due_time);
	tcase_add_test(tcase, a_late_record_does_not_hide_behind_newer_ones);
	tcase_add_test(tcase, refuses_when_full_and_still_folds);
	tcase_add_loop_test(tcase, what_is_known_stands_only_where_all_know_the_same, 0,
			    ARRAY_SIZE(asked));
	tcase_add_test(tcase, names_the_last_who_changed_it);
	tcase_add_test(tcase, does_not_put_a_stranger_s_change_down_to_the_one_before);
	tcase_add_test(tcase, names_the_writer_though_another_put_the_time_back);
}

UNIT_MAIN("sensor_pending")
