/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/mount_list.h. */
#include "model/mount_list.h"

#include <errno.h>

#include "unit.h"

START_TEST(what_is_set_is_got_and_nothing_takes_it_out)
{
	cleanup_mount_list struct mount_list list = {0};

	ck_assert_str_eq(mount_list_get(&list, "/opt"), MOUNT_LIST_NOTHING);
	ck_assert_int_eq(mount_list_set(&list, "/opt", "tmpfs a (rw)"), 0);
	ck_assert_int_eq(mount_list_set(&list, "/boot", "ext4 b (ro)"), 0);
	ck_assert_int_eq(mount_list_set(&list, "/srv", "ext4 c (rw)"), 0);
	ck_assert_int_eq(mount_list_set(&list, "/opt", "tmpfs d (rw)"), 0);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(mount_list_get(&list, "/opt"), "tmpfs d (rw)");
	ck_assert_str_eq(mount_list_get(&list, "/boot"), "ext4 b (ro)");
	ck_assert_int_eq(mount_list_set(&list, "/boot", MOUNT_LIST_NOTHING), 0);
	ck_assert_int_eq(mount_list_set(&list, "/never", MOUNT_LIST_NOTHING), 0);
	ck_assert_str_eq(mount_list_get(&list, "/boot"), MOUNT_LIST_NOTHING);
	ck_assert_str_eq(mount_list_get(&list, "/srv"), "ext4 c (rw)");
	ck_assert_uint_eq(list.count, 2);
}
END_TEST

START_TEST(list_survives_being_written_and_read)
{
	cleanup_mount_list struct mount_list list = {0}, back = {0};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	ck_assert_int_eq(mount_list_set(&list, "/with\ttab\nand \\ more", "tmpfs x (rw)"), 0);
	ck_assert_int_eq(mount_list_set(&list, "/", "ext4 /dev/vda1 (ro)"), 0);
	mount_list_write(&list, &sb);
	ck_assert_int_eq(mount_list_read(sb.data, &back), 0);
	ck_assert_uint_eq(back.count, 2);
	ck_assert_str_eq(mount_list_get(&back, "/with\ttab\nand \\ more"), "tmpfs x (rw)");
	ck_assert_str_eq(mount_list_get(&back, "/"), "ext4 /dev/vda1 (ro)");
}
END_TEST

static const char *const damaged[] = {"/opt", "/opt\tx", "\tx\n", "/opt\n", "/a\\q\tx\n"};

START_TEST(damaged_text_is_refused)
{
	struct mount_list list = {0};

	ck_assert_int_eq(mount_list_read(damaged[_i], &list), -EBADMSG);
	ck_assert_uint_eq(list.count, 0);
}
END_TEST

START_TEST(list_is_bounded)
{
	cleanup_mount_list struct mount_list list = {0};
	char point[32];

	for (int i = 0; i < MOUNT_LIST_MAX; i++) {
		snprintf(point, sizeof(point), "/m%d", i);
		ck_assert_int_eq(mount_list_set(&list, point, "x"), 0);
	}
	ck_assert_int_eq(mount_list_set(&list, "/more", "x"), -ENOBUFS);
	ck_assert_int_eq(mount_list_set(&list, "/m7", "y"), 0);
	ck_assert_str_eq(mount_list_get(&list, "/m7"), "y");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_is_set_is_got_and_nothing_takes_it_out);
	tcase_add_test(tcase, list_survives_being_written_and_read);
	tcase_add_loop_test(tcase, damaged_text_is_refused, 0, ARRAY_SIZE(damaged));
	tcase_add_test(tcase, list_is_bounded);
}

UNIT_MAIN("mount_list")
