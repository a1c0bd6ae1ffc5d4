/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/held_files.h. */
#include "sensor/held_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#define MAX 4

static struct held_files *held;
static char dir[] = "/tmp/plumbline-held.XXXXXX";
static char path[64];
static int fd;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/file", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(held_files_new(MAX, &held), 0);
}

static void teardown(void)
{
	held = held_files_free(held);
	close(fd);
	unlink(path);
	rmdir(dir);
	snprintf(dir + sizeof(dir) - 7, 7, "XXXXXX");
}

static void change(void)
{
	ck_assert_int_eq(write(fd, "x", 1), 1); /* another size, if not another time */
}

static const char *next(int64_t now_ns)
{
	uint32_t pid = 0;
	const char *found = held_files_next(held, now_ns, &pid);

	ck_assert(!found || pid == (uint32_t)getpid());
	return found;
}

START_TEST(a_change_is_told_once_and_not_before_its_time)
{
	ck_assert_int_eq(held_files_due(held), INT64_MAX);
	ck_assert_int_eq(held_files_opened(held, path, getpid(), 1), 0);
	ck_assert_int_eq(held_files_due(held), 1 + HELD_FILES_LOOK_NS);
	ck_assert_ptr_null(next(1 + HELD_FILES_LOOK_NS));
	change();
	ck_assert_ptr_null(next(HELD_FILES_LOOK_NS + 2));
	ck_assert_str_eq(next(1 + 2 * HELD_FILES_LOOK_NS), path);
	ck_assert_ptr_null(next(1 + 2 * HELD_FILES_LOOK_NS));
	ck_assert_ptr_null(next(1 + 4 * HELD_FILES_LOOK_NS));
}
END_TEST

START_TEST(one_that_keeps_changing_rests_ever_longer)
{
	int64_t now_ns = 0, rest_ns = 0;

	ck_assert_int_eq(held_files_opened(held, path, getpid(), now_ns), 0);
	for (int i = 0; i < 10; i++) {
		rest_ns = held_files_due(held) - now_ns;
		now_ns = held_files_due(held);
		change();
		ck_assert_str_eq(next(now_ns), path);
		ck_assert_ptr_null(next(now_ns));
		ck_assert_int_ge(held_files_due(held) - now_ns, rest_ns);
	}
	ck_assert_int_eq(rest_ns, HELD_FILES_LONGEST_NS);
	now_ns = held_files_due(held);
	ck_assert_ptr_null(next(now_ns));
	ck_assert_int_eq(held_files_due(held) - now_ns, HELD_FILES_LOOK_NS);
}
END_TEST

START_TEST(held_until_the_last_close)
{
	ck_assert_int_eq(held_files_opened(held, path, getpid(), 0), 0);
	ck_assert_int_eq(held_files_opened(held, path, getpid(), 0), 0);
	held_files_closed(held, path);
	ck_assert_uint_eq(held_files_count(held), 1);
	held_files_closed(held, path);
	held_files_closed(held, path);
	ck_assert_uint_eq(held_files_count(held), 0);
	ck_assert_ptr_null(next(HELD_FILES_LOOK_NS));
	ck_assert_int_eq(held_files_due(held), INT64_MAX);
}
END_TEST

START_TEST(one_that_is_gone_is_forgotten)
{
	ck_assert_int_eq(held_files_opened(held, path, getpid(), 0), 0);
	unlink(path);
	ck_assert_ptr_null(next(HELD_FILES_LOOK_NS));
	ck_assert_uint_eq(held_files_count(held), 0);
}
END_TEST

START_TEST(the_file_of_an_ended_process_makes_room)
{
	char others[MAX][80];

	ck_assert_int_eq(held_files_opened(held, path, getpid(), 0), 0);
	for (int i = 0; i < MAX; i++) {
		snprintf(others[i], sizeof(others[i]), "%s/other%d", dir, i);
		close(open(others[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
		/* No process has a pid beyond the kernel's limit. */
		ck_assert_int_eq(held_files_opened(held, others[i],
						   i == 1 ? 1U << 30 : (uint32_t)getpid(), 0),
				 0);
	}
	ck_assert_uint_eq(held_files_count(held), MAX);
	change();
	ck_assert_str_eq(next(HELD_FILES_LOOK_NS), path);
	for (int i = 0; i < MAX; i++)
		unlink(others[i]);
}
END_TEST

START_TEST(what_runs_is_found)
{
	char *trees[] = {dir, NULL};
	struct watch_set *set = NULL;

	ck_assert_int_eq(watch_set_new(&(struct sensor_rules){.trees = trees}, &set), 0);
	ck_assert_int_eq(held_files_add_running(held, "/proc", set), 0);
	ck_assert_int_eq(held_files_add_running(held, "/proc", set), 0);
	ck_assert_uint_eq(held_files_count(held), 1);
	held_files_closed(held, path);
	ck_assert_uint_eq(held_files_count(held), 0);
	watch_set_free(set);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_change_is_told_once_and_not_before_its_time);
	tcase_add_test(tcase, one_that_keeps_changing_rests_ever_longer);
	tcase_add_test(tcase, held_until_the_last_close);
	tcase_add_test(tcase, one_that_is_gone_is_forgotten);
	tcase_add_test(tcase, the_file_of_an_ended_process_makes_room);
	tcase_add_test(tcase, what_runs_is_found);
}

UNIT_MAIN("sensor_held_files")
