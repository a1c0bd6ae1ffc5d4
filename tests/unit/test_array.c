/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of arrays that grow. */
#include "base/array.h"

#include <errno.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "unit/unit.h"

/* An address sanitizer else ends who asks for more than there is. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

START_TEST(what_was_added_stays_as_it_grows)
{
	cleanup_free uint64_t *list = NULL;
	size_t room = 0;

	for (size_t count = 0; count < 1000; count++) {
		ck_assert_int_eq(array_grow(&list, count, &room, sizeof(*list)), 0);
		ck_assert_uint_gt(room, count);
		list[count] = count;
	}
	for (size_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(list[i], i);
}
END_TEST

START_TEST(an_array_with_room_is_left_alone)
{
	cleanup_free uint64_t *list = NULL;
	uint64_t *before;
	size_t room = 0, first;

	ck_assert_int_eq(array_grow(&list, 0, &room, sizeof(*list)), 0);
	before = list;
	first = room;
	ck_assert_int_eq(array_grow(&list, first - 1, &room, sizeof(*list)), 0);
	ck_assert_ptr_eq(list, before);
	ck_assert_uint_eq(room, first);
	ck_assert_int_eq(array_grow(&list, first, &room, sizeof(*list)), 0);
	ck_assert_uint_gt(room, first);
}
END_TEST

START_TEST(what_no_memory_holds_leaves_all_as_it_was)
{
	cleanup_free uint64_t *list = NULL;
	uint64_t *before;
	size_t room = 0, first;

	ck_assert_int_eq(array_grow(&list, 0, &room, sizeof(*list)), 0);
	before = list;
	first = room;
	ck_assert_int_eq(array_grow(&list, first, &room, SIZE_MAX / first), -ENOMEM);
	ck_assert_ptr_eq(list, before);
	ck_assert_uint_eq(room, first);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_was_added_stays_as_it_grows);
	tcase_add_test(tcase, an_array_with_room_is_left_alone);
	tcase_add_test(tcase, what_no_memory_holds_leaves_all_as_it_was);
}

UNIT_MAIN("array")
