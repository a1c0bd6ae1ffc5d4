/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/linked_files.h. */
#include "sensor/linked_files.h"

#include "unit.h"

static struct linked_files *linked;

static void setup(void)
{
	ck_assert_int_eq(linked_files_new(&linked), 0);
}

static void teardown(void)
{
	linked = linked_files_free(linked);
	ck_assert_ptr_null(linked);
}

START_TEST(a_file_is_found_by_both_its_numbers)
{
	ck_assert_int_eq(linked_files_put(linked, 8, 100, "/opt/a"), 0);
	ck_assert_str_eq(linked_files_find(linked, 8, 100), "/opt/a");
	ck_assert_ptr_null(linked_files_find(linked, 8, 101));
	ck_assert_ptr_null(linked_files_find(linked, 9, 100));
}
END_TEST

START_TEST(the_newest_name_counts)
{
	ck_assert_int_eq(linked_files_put(linked, 8, 100, "/opt/a"), 0);
	ck_assert_int_eq(linked_files_put(linked, 8, 100, "/opt/b"), 0);
	ck_assert_str_eq(linked_files_find(linked, 8, 100), "/opt/b");
}
END_TEST

START_TEST(a_path_is_kept_by_its_text)
{
	char path[] = "/opt/a";

	ck_assert_int_eq(linked_files_put(linked, 8, 100, path), 0);
	path[5] = 'b';
	ck_assert_str_eq(linked_files_find(linked, 8, 100), "/opt/a");
}
END_TEST

/* More files than places: one that was driven out is not known, and is no other. */
START_TEST(what_has_no_room_is_not_known)
{
	enum {
		FILES = 20000
	};
	unsigned known = 0;

	for (unsigned i = 0; i < FILES; i++) {
		char path[32];

		snprintf(path, sizeof(path), "/opt/%u", i);
		ck_assert_int_eq(linked_files_put(linked, 8, i, path), 0);
	}
	for (unsigned i = 0; i < FILES; i++) {
		const char *found = linked_files_find(linked, 8, i);
		char path[32];

		snprintf(path, sizeof(path), "/opt/%u", i);
		known += found != NULL;
		if (found)
			ck_assert_str_eq(found, path);
	}
	ck_assert_uint_gt(known, 2000);
	ck_assert_uint_lt(known, FILES);
	ck_assert_ptr_nonnull(linked_files_find(linked, 8, FILES - 1));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_file_is_found_by_both_its_numbers);
	tcase_add_test(tcase, the_newest_name_counts);
	tcase_add_test(tcase, a_path_is_kept_by_its_text);
	tcase_add_test(tcase, what_has_no_room_is_not_known);
}

UNIT_MAIN("sensor_linked_files")
