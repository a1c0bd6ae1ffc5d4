/* SPDX-License-Identifier: Apache-2.0 */
/* agent/sensor/stamp_store.c: which stamps count, and when they end. */
#include "sensor/stamp_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "unit.h"

#define BOOT  "0a8f31c2-0000-4000-8000-000000000001"
#define OTHER "0a8f31c2-0000-4000-8000-000000000002"
/* Where the file keeps the clock's offset: behind magic and boot id. */
#define OFFSET_AT 56

static char *folder, *path;
static struct stamp_store *store;
static struct stat st;
static int64_t now_ns;

static int open_file(void)
{
	cleanup_free char *name = NULL;
	int fd;

	ck_assert_int_gt(asprintf(&name, "%s/stamps", folder), 0);
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void begin_run(const char *boot_id)
{
	store = stamp_store_close(store);
	ck_assert_int_eq(stamp_store_open(open_file(), boot_id, &store), 0);
}

/* A file with times of ten minutes ago, as far as the store is told. */
static void setup(void)
{
	int fd;

	if (geteuid() != 0)
		exit(77);
	folder = unit_folder_new();
	ck_assert_int_gt(asprintf(&path, "%s/program", folder), 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	close(fd);
	now_ns = clock_real_ns();
	st.st_ctim.tv_sec -= 600;
	st.st_mtim.tv_sec -= 600;
	begin_run(BOOT);
}

static void teardown(void)
{
	store = stamp_store_close(store);
	unit_folder_free(folder);
	free(path);
}

static void put(bool is_reported)
{
	struct file_fact fact = {
		.path = path, .has_digest = true, .role = FILE_ROLE_EXECUTABLE, .sha256 = {1, 2}};

	stamp_store_put(store, &st, &fact, now_ns, is_reported);
}

static enum stamp_origin get(bool takes_earlier)
{
	struct file_fact fact = {.path = path};
	enum stamp_origin origin = stamp_store_get(store, &st, takes_earlier, &fact);

	ck_assert_int_eq(fact.has_digest, origin != STAMP_NONE);
	if (origin != STAMP_NONE) {
		ck_assert_int_eq(fact.sha256[1], 2);
		ck_assert_int_eq(fact.role, FILE_ROLE_EXECUTABLE);
	}
	return origin;
}

START_TEST(settled_file_is_known_in_the_next_run_where_that_is_wanted)
{
	ck_assert_int_eq(get(true), STAMP_NONE);
	put(false);
	ck_assert_int_eq(get(false), STAMP_OF_THIS_RUN);
	begin_run(BOOT);
	ck_assert_int_eq(get(false), STAMP_NONE);
	ck_assert_int_eq(get(true), STAMP_OF_EARLIER_RUN);
	put(false);
	ck_assert_int_eq(get(false), STAMP_OF_THIS_RUN);
	stamp_store_remove(store, &st);
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

/* Pages that a mapping dirtied lately can be written again without a trace in ctime. */
START_TEST(young_file_counts_in_this_run_alone_and_only_where_changes_are_reported)
{
	st.st_ctim.tv_sec += 597;
	put(false);
	ck_assert_int_eq(get(true), STAMP_NONE);
	put(true);
	ck_assert_int_eq(get(true), STAMP_OF_THIS_RUN);
	begin_run(BOOT);
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(write_in_the_tick_of_the_hash_leaves_no_stamp)
{
	put(true);
	st.st_ctim.tv_sec += 599;
	put(true);
	st.st_ctim.tv_sec -= 599;
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(any_other_stamp_is_another_file)
{
	put(true);
	switch (_i) {
	case 0:
		st.st_ctim.tv_nsec ^= 1;
		break;
	case 1:
		st.st_mtim.tv_nsec ^= 1;
		break;
	case 2:
		st.st_size++;
		break;
	default:
		st.st_ino++;
		break;
	}
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(nothing_outlives_the_boot)
{
	put(true);
	begin_run(OTHER);
	ck_assert_int_eq(get(true), STAMP_NONE);
	begin_run(BOOT);
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(clock_that_is_set_back_voids_all)
{
	put(true);
	stamp_store_clock_set(store, false);
	ck_assert_int_eq(get(true), STAMP_OF_THIS_RUN);
	stamp_store_clock_set(store, true);
	ck_assert_int_eq(get(true), STAMP_NONE);
	begin_run(BOOT);
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(clock_that_is_behind_since_the_last_run_voids_all)
{
	int64_t offset_ns = clock_real_ns() - clock_boot_ns() + 5 * NSEC_PER_SEC;
	int fd;

	put(true);
	fd = open_file();
	ck_assert_int_eq(pwrite(fd, &offset_ns, sizeof(offset_ns), OFFSET_AT), sizeof(offset_ns));
	close(fd);
	begin_run(BOOT);
	ck_assert_int_eq(get(true), STAMP_NONE);
}
END_TEST

START_TEST(file_that_others_may_write_is_refused)
{
	struct stamp_store *other = NULL;
	int fd = open_file();

	ck_assert_int_eq(fchmod(fd, 0620), 0);
	ck_assert_int_eq(stamp_store_open(fd, BOOT, &other), -EPERM);
	ck_assert_int_eq(fchmod(fd, 0600), 0);
	ck_assert_int_eq(fchown(fd, 65534, 0), 0);
	ck_assert_int_eq(stamp_store_open(fd, BOOT, &other), -EPERM);
	close(fd);
}
END_TEST

START_TEST(cut_file_begins_anew)
{
	int fd;

	put(true);
	fd = open_file();
	ck_assert_int_eq(ftruncate(fd, 4096), 0);
	close(fd);
	begin_run(BOOT);
	ck_assert_int_eq(get(true), STAMP_NONE);
	put(true);
	ck_assert_int_eq(get(true), STAMP_OF_THIS_RUN);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, settled_file_is_known_in_the_next_run_where_that_is_wanted);
	tcase_add_test(tcase,
		       young_file_counts_in_this_run_alone_and_only_where_changes_are_reported);
	tcase_add_test(tcase, write_in_the_tick_of_the_hash_leaves_no_stamp);
	tcase_add_loop_test(tcase, any_other_stamp_is_another_file, 0, 4);
	tcase_add_test(tcase, nothing_outlives_the_boot);
	tcase_add_test(tcase, clock_that_is_set_back_voids_all);
	tcase_add_test(tcase, clock_that_is_behind_since_the_last_run_voids_all);
	tcase_add_test(tcase, file_that_others_may_write_is_refused);
	tcase_add_test(tcase, cut_file_begins_anew);
}

UNIT_MAIN("sensor_stamp_store")
