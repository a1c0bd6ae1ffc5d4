/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/permit_set.h. */
#include "sensor/permit_set.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static struct permit_set *set;

static void setup(void)
{
	ck_assert_int_eq(permit_set_new(&set), 0);
}

static void teardown(void)
{
	set = permit_set_free(set);
}

static struct decision decision_of(uint32_t number, enum decision_kind kind)
{
	struct decision decision = {.kind = kind};

	/* The order of the bytes is not that of the numbers. */
	memcpy(decision.sha256 + SHA256_SIZE - sizeof(number), &number, sizeof(number));
	return decision;
}

static bool has(uint32_t number)
{
	struct decision decision = decision_of(number, DECISION_APPROVED);

	return permit_set_has(set, decision.sha256);
}

/* Numbers from @first, that many, from the last to the first. */
static void put(uint32_t first, uint32_t count)
{
	ck_assert_int_eq(permit_set_begin(set, count), 0);
	for (uint32_t i = count; i > 0; i--) {
		struct decision decision = decision_of(first + i - 1, DECISION_APPROVED);

		ck_assert_int_eq(permit_set_add(set, &decision, 1), 0);
	}
	ck_assert_int_eq(permit_set_commit(set), 0);
}

START_TEST(nothing_is_approved_before_the_first_set)
{
	ck_assert(!has(0));
	ck_assert_uint_eq(permit_set_generation(set), 0);
	ck_assert_int_eq(permit_set_begin(set, 1), 0);
	ck_assert_int_eq(permit_set_add(set, &(struct decision){.kind = DECISION_APPROVED}, 1), 0);
	ck_assert(!has(0));
}
END_TEST

START_TEST(what_was_put_in_any_order_is_found_and_nothing_else)
{
	put(1000, 5000);
	for (uint32_t i = 0; i < 7000; i++)
		ck_assert_int_eq(has(i), i >= 1000 && i < 6000);
	ck_assert_uint_eq(permit_set_count(set), 5000);
}
END_TEST

START_TEST(what_was_taken_back_is_not_approved)
{
	const struct decision two[] = {decision_of(1, DECISION_REVOKED),
				       decision_of(2, DECISION_APPROVED)};

	ck_assert_int_eq(permit_set_begin(set, 2), 0);
	ck_assert_int_eq(permit_set_add(set, two, 2), 0);
	ck_assert_int_eq(permit_set_commit(set), 0);
	ck_assert(!has(1));
	ck_assert(has(2));
}
END_TEST

START_TEST(a_new_set_takes_the_place_of_the_old_as_a_whole)
{
	for (uint32_t i = 1; i <= 5; i++) {
		put(i * 100, 10 * i);
		ck_assert_uint_eq(permit_set_generation(set), i);
		ck_assert(has(i * 100));
		ck_assert(!has((i - 1) * 100));
	}
}
END_TEST

START_TEST(the_old_one_answers_until_the_new_one_is_complete)
{
	struct decision decision = decision_of(7, DECISION_APPROVED);

	put(1, 3);
	ck_assert_int_eq(permit_set_begin(set, 2), 0);
	ck_assert_int_eq(permit_set_add(set, &decision, 1), 0);
	ck_assert_int_eq(permit_set_commit(set), -ENODATA);
	ck_assert(has(1) && has(3) && !has(7));
	ck_assert_int_eq(permit_set_add(set, &decision, 1), 0);
	ck_assert_int_eq(permit_set_add(set, &decision, 1), -EMSGSIZE);
	ck_assert_int_eq(permit_set_begin(set, DECISIONS_MAX + 1), -EMSGSIZE);
	ck_assert_int_eq(permit_set_add(set, &decision, 1), -EINVAL);
	ck_assert_int_eq(permit_set_commit(set), -EINVAL);
	ck_assert(has(1) && !has(7));
	ck_assert_uint_eq(permit_set_generation(set), 1);
}
END_TEST

/* The even numbers and the odd ones take turns; one of two neighbours is there at any time. */
START_TEST(another_process_sees_one_set_or_the_other)
{
	int status;
	pid_t pid;

	put(0, 1);
	pid = fork();
	if (pid == 0) {
		while (permit_set_generation(set) < 400) {
			uint32_t before = permit_set_generation(set);
			bool is_odd = has(1), is_even = has(0);

			if (before == permit_set_generation(set) && is_odd == is_even)
				_exit(1);
		}
		_exit(has(0) == has(1));
	}
	ck_assert_int_gt(pid, 0);
	for (uint32_t i = 1; i < 400; i++)
		put(i & 1, 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, nothing_is_approved_before_the_first_set);
	tcase_add_test(tcase, what_was_put_in_any_order_is_found_and_nothing_else);
	tcase_add_test(tcase, what_was_taken_back_is_not_approved);
	tcase_add_test(tcase, a_new_set_takes_the_place_of_the_old_as_a_whole);
	tcase_add_test(tcase, the_old_one_answers_until_the_new_one_is_complete);
	tcase_add_test(tcase, another_process_sees_one_set_or_the_other);
}

UNIT_MAIN("permit_set")
