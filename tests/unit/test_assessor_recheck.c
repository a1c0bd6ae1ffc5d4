/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of daemon/assessor_recheck.h. */
#include "base/clock.h"
#include "daemon/assessor_recheck.h"
#include "unit.h"

#define CHECKS 3
#define START  (INT64_C(1000) * NSEC_PER_SEC)
#define SETTLE (RECHECK_SETTLE_MS * NSEC_PER_MSEC)

static struct recheck *recheck;
static bool wanted[CHECKS];

static void ran(size_t check, const char *path, const char *actual, int64_t now_ns)
{
	cleanup_looked struct looked looked = {0};
	const struct check_result result = {.outcome = CHECK_PASS, .actual = (char *)actual};

	looked_add(&looked, LOOKED_AT, path);
	ck_assert_int_eq(recheck_ran(recheck, check, &result, &looked, now_ns), 0);
}

static void setup(void)
{
	ck_assert_int_eq(recheck_new(CHECKS, &recheck), 0);
	ran(0, "/a", "1", START - 1000 * NSEC_PER_SEC);
	ran(1, "/a", "1", START - 1000 * NSEC_PER_SEC);
	ran(2, "/b", "1", START - 1000 * NSEC_PER_SEC);
	memset(wanted, 0, sizeof(wanted));
}

static void teardown(void)
{
	recheck = recheck_free(recheck);
}

static void touch(const char *path, uint32_t pid, int64_t now_ns)
{
	const struct subject who = {.is_known = pid != 0, .pid = pid};

	ck_assert_int_eq(recheck_touched(recheck, path, 0, &who, now_ns), 0);
}

START_TEST(a_storm_is_one_run_of_what_looked_there)
{
	ck_assert_int_eq(recheck_due(recheck), RECHECK_NEVER);
	for (int i = 0; i < 1000; i++)
		touch("/a", 7, START + i * 1000);
	ck_assert_int_eq(recheck_due(recheck), START + SETTLE);
	ck_assert_uint_eq(recheck_take(recheck, START + SETTLE - 1, wanted), 0);
	ck_assert_uint_eq(recheck_take(recheck, START + SETTLE, wanted), 2);
	ck_assert(wanted[0] && wanted[1] && !wanted[2]);
	ck_assert_int_eq(recheck_due(recheck), RECHECK_NEVER);
}
END_TEST

START_TEST(who_touched_it_is_kept_until_it_ran)
{
	touch("/a", 7, START);
	touch("/a", 0, START + 1);
	ck_assert_str_eq(recheck_cause_of(recheck, 0).path, "/a");
	ck_assert_uint_eq(recheck_cause_of(recheck, 0).who->pid, 7);
	touch("/a", 8, START + 2);
	ck_assert_uint_eq(recheck_cause_of(recheck, 0).who->pid, 8);
	(void)recheck_take(recheck, START + SETTLE, wanted);
	ran(0, "/a", "2", START + SETTLE);
	ck_assert_ptr_null(recheck_cause_of(recheck, 0).path);
	ck_assert(!recheck_cause_of(recheck, 0).who->is_known);
	ck_assert_ptr_null(recheck_cause_of(recheck, 2).path);
}
END_TEST

START_TEST(what_was_touched_while_it_ran_is_looked_at_again)
{
	touch("/a", 7, START);
	(void)recheck_take(recheck, START + SETTLE, wanted);
	touch("/a", 8, START + SETTLE);
	ran(0, "/a", "2", START + SETTLE + 1);
	ck_assert_uint_eq(recheck_cause_of(recheck, 0).who->pid, 8);
	ck_assert_int_eq(recheck_due(recheck), START + 2 * SETTLE);
}
END_TEST

/* How long check 2 waits for its turn after a touch at @now_ns; it then finds @actual. */
static int64_t round_trip(int64_t now_ns, const char *actual)
{
	int64_t due_ns;

	touch("/b", 7, now_ns);
	due_ns = recheck_due(recheck);
	ck_assert_uint_eq(recheck_take(recheck, due_ns, wanted), 1);
	ran(2, "/b", actual, due_ns);
	return due_ns - now_ns;
}

START_TEST(one_that_finds_the_same_all_day_waits_longer)
{
	int64_t now_ns = START, wait_ns = 0;

	for (int i = 0; i < 20; i++) {
		wait_ns = round_trip(now_ns, "1");
		now_ns += wait_ns;
	}
	ck_assert_int_eq(wait_ns, RECHECK_LONGEST_MS * NSEC_PER_MSEC);
	/* Another result, or a long calm, and it is quick again. */
	now_ns += round_trip(now_ns, "2");
	ck_assert_int_eq(round_trip(now_ns, "3"), SETTLE);
	(void)round_trip(now_ns, "3");
	ck_assert_int_eq(round_trip(now_ns + 3600 * NSEC_PER_SEC, "3"), SETTLE);
}
END_TEST

START_TEST(all_can_be_wanted)
{
	recheck_all(recheck, START);
	ck_assert_uint_eq(recheck_take(recheck, START + SETTLE, wanted), CHECKS);
	ck_assert_ptr_null(recheck_cause_of(recheck, 0).path);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_storm_is_one_run_of_what_looked_there);
	tcase_add_test(tcase, who_touched_it_is_kept_until_it_ran);
	tcase_add_test(tcase, what_was_touched_while_it_ran_is_looked_at_again);
	tcase_add_test(tcase, one_that_finds_the_same_all_day_waits_longer);
	tcase_add_test(tcase, all_can_be_wanted);
}

UNIT_MAIN("assessor_recheck")
