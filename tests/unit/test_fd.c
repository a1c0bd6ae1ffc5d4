/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <dirent.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "unit/unit.h"

static char *folder;
static int dirfd_;

static void setup(void)
{
	folder = unit_folder_new();
	dirfd_ = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd_, 0);
}

static void teardown(void)
{
	close(dirfd_);
	unit_folder_free(folder);
}

static unsigned count_entries(void)
{
	cleanup_closedir DIR *dir = opendir(folder);
	unsigned count = 0;

	while (readdir(dir))
		count++;
	return count - 2;
}

START_TEST(replace_leaves_new_content_and_mode_and_nothing_else)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct stat st;

	umask(077);
	unit_write(folder, "state", "old");
	ck_assert_int_eq(fd_replace_file(dirfd_, "state", "new text", 8, 0644), 0);
	ck_assert_int_eq(fd_read_file(dirfd_, "state", 100, &text), 0);
	ck_assert_str_eq(text.data, "new text");
	ck_assert_int_eq(fstatat(dirfd_, "state", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0644);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(a_failed_replace_keeps_the_old)
{
	ck_assert_int_eq(mkdirat(dirfd_, "state", 0755), 0);
	ck_assert_int_eq(fd_replace_file(dirfd_, "state", "x", 1, 0644), -EISDIR);
	ck_assert_uint_eq(count_entries(), 1);
}
END_TEST

START_TEST(read_is_bounded)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	unit_write(folder, "ten", "0123456789");
	ck_assert_int_eq(fd_read_file(dirfd_, "ten", 9, &text), -EFBIG);
	ck_assert_int_eq(fd_read_file(dirfd_, "ten", 10, &text), 0);
	ck_assert_uint_eq(text.len, 10);
}
END_TEST

START_TEST(a_large_file_comes_whole)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT, back = STRBUF_INIT;

	for (int i = 0; i < 20000; i++)
		strbuf_printf(&text, "%d\n", i);
	ck_assert_int_eq(fd_replace_file(dirfd_, "large", text.data, text.len, 0600), 0);
	ck_assert_int_eq(fd_read_file(dirfd_, "large", 1 << 20, &back), 0);
	ck_assert_uint_eq(back.len, text.len);
	ck_assert_mem_eq(back.data, text.data, text.len);
}
END_TEST

START_TEST(a_fifo_is_refused_at_once)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(mkfifoat(dirfd_, "fifo", 0600), 0);
	ck_assert_int_eq(fd_read_file(dirfd_, "fifo", 100, &text), -EINVAL);
	ck_assert_int_eq(fd_read_file(dirfd_, "absent", 100, &text), -ENOENT);
	ck_assert_int_eq(fd_read_file(AT_FDCWD, "/proc/self/stat", 4096, &text), 0);
	ck_assert_uint_gt(text.len, 0);
}
END_TEST

START_TEST(full_read_joins_what_a_pipe_delivers_in_parts)
{
	char got[6] = "";
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	if (fork() == 0) {
		(void)fd_write_all(ends[1], "abc", 3);
		usleep(20000); /* so that the reader meets a short read; the claim holds without it
				*/
		(void)fd_write_all(ends[1], "de", 2);
		_exit(0);
	}
	close(ends[1]);
	ck_assert_int_eq(fd_read_full(ends[0], got, sizeof(got)), 5);
	ck_assert_str_eq(got, "abcde");
	close(ends[0]);
}
END_TEST

START_TEST(path_of_a_descriptor)
{
	char path[4096], small[4];

	ck_assert_int_eq(fd_get_path(dirfd_, path, sizeof(path)), 0);
	ck_assert_str_eq(path, folder);
	ck_assert_int_eq(fd_get_path(dirfd_, small, sizeof(small)), -ENAMETOOLONG);
	ck_assert_int_eq(fd_get_path(-1, path, sizeof(path)), -ENOENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, replace_leaves_new_content_and_mode_and_nothing_else);
	tcase_add_test(tcase, a_failed_replace_keeps_the_old);
	tcase_add_test(tcase, read_is_bounded);
	tcase_add_test(tcase, a_large_file_comes_whole);
	tcase_add_test(tcase, a_fifo_is_refused_at_once);
	tcase_add_test(tcase, full_read_joins_what_a_pipe_delivers_in_parts);
	tcase_add_test(tcase, path_of_a_descriptor);
}

UNIT_MAIN("fd")
