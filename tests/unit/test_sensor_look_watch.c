/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/look_watch.h, with real files, by fanotify and by inotify alone. */
#include <poll.h>
#include <sys/wait.h>

#include "sensor/look_watch.h"
#include "unit.h"

#define WAIT_MS	   5000
#define MAX_EVENTS 64

static struct look_watch *watch;
static char *folder;
static struct {
	char path[512];
	bool is_name, is_below;
	uint32_t pid;
} events[MAX_EVENTS];
static unsigned count;

static void on_event(const struct look_event *event, void *userdata)
{
	ck_assert_uint_lt(count, MAX_EVENTS);
	snprintf(events[count].path, sizeof(events[count].path), "%s",
		 event->path ? event->path : "");
	events[count].is_name = event->is_name;
	events[count].is_below = event->is_below;
	events[count++].pid = event->pid;
}

static const char *at(const char *name)
{
	static char paths[8][512];
	static unsigned next;
	char *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static int find(const char *path)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(events[i].path, path) == 0)
			return (int)i;
	return -1;
}

/* Until @path was told; its number among the events. */
static int await(const char *path)
{
	struct pollfd fd = {.fd = look_watch_fd(watch), .events = POLLIN};

	while (find(path) < 0) {
		ck_assert_msg(poll(&fd, 1, WAIT_MS) > 0, "%s was not told", path);
		ck_assert_int_ge(look_watch_dispatch(watch), 0);
	}
	return find(path);
}

static void add(enum look_kind kind, const char *path)
{
	ck_assert_int_eq(look_watch_add(watch, kind, path), 0);
	ck_assert_uint_eq(look_watch_refresh(watch, false), 0);
}

static bool has_fanotify(int i)
{
	return i == 0;
}

static void begin(int i)
{
	count = 0;
	ck_assert_int_eq(look_watch_open(has_fanotify(i), on_event, NULL, &watch), 0);
}

static void setup(void)
{
	folder = unit_folder_new();
}

static void teardown(void)
{
	watch = look_watch_close(watch);
	unit_folder_free(folder);
}

START_TEST(a_write_is_told_and_a_neighbour_is_not)
{
	int event;

	begin(_i);
	write_file(at("wanted"), "1");
	add(LOOK_AT, at("wanted"));
	write_file(at("other"), "1");
	write_file(at("wanted"), "2");
	event = await(at("wanted"));
	ck_assert_int_lt(find(at("other")), 0);
	if (has_fanotify(_i) && geteuid() == 0)
		ck_assert_uint_eq(events[event].pid, (uint32_t)getpid());
	else
		ck_assert_uint_eq(events[event].pid, 0);
}
END_TEST

START_TEST(what_is_missing_is_told_when_it_comes)
{
	begin(_i);
	add(LOOK_AT, at("a/b/c"));
	ck_assert_int_eq(mkdir(at("a"), 0755), 0);
	ck_assert(events[await(at("a"))].is_below);
	ck_assert_int_eq(mkdir(at("a/b"), 0755), 0);
	(void)await(at("a/b"));
	count = 0;
	write_file(at("a/b/c"), "1");
	ck_assert(events[await(at("a/b/c"))].is_name);
}
END_TEST

START_TEST(a_file_in_place_of_another_is_told)
{
	begin(_i);
	write_file(at("passwd"), "1");
	add(LOOK_AT, at("passwd"));
	write_file(at("passwd+"), "2");
	ck_assert_int_eq(rename(at("passwd+"), at("passwd")), 0);
	ck_assert(events[await(at("passwd"))].is_name);
	count = 0;
	ck_assert_int_eq(chmod(at("passwd"), 0600), 0);
	ck_assert(!events[await(at("passwd"))].is_name);
}
END_TEST

START_TEST(a_folder_that_was_replaced_is_watched_again)
{
	begin(_i);
	ck_assert_int_eq(mkdir(at("d"), 0755), 0);
	write_file(at("d/x"), "1");
	add(LOOK_AT, at("d/x"));
	ck_assert_int_eq(rename(at("d"), at("old")), 0);
	(void)await(at("d"));
	ck_assert_int_eq(mkdir(at("d"), 0755), 0);
	count = 0;
	while (find(at("d/x")) < 0) {
		write_file(at("d/x"), "2");
		(void)await(find(at("d")) < 0 ? at("d") : at("d/x"));
	}
	count = 0;
	write_file(at("old/x"), "3");
	write_file(at("d/x"), "3");
	(void)await(at("d/x"));
	ck_assert_int_lt(find(at("old/x")), 0);
}
END_TEST

START_TEST(names_of_a_folder_are_told_and_content_only_if_asked)
{
	begin(_i);
	ck_assert_int_eq(mkdir(at("n"), 0755), 0);
	ck_assert_int_eq(mkdir(at("f"), 0755), 0);
	write_file(at("n/old"), "1");
	write_file(at("f/old"), "1");
	add(LOOK_NAMES, at("n"));
	add(LOOK_ALL, at("f"));
	write_file(at("n/old"), "2");
	write_file(at("f/old"), "2");
	write_file(at("n/new"), "1");
	(void)await(at("f/old"));
	(void)await(at("n/new"));
	ck_assert_int_lt(find(at("n/old")), 0);
}
END_TEST

START_TEST(nothing_is_told_after_a_clear)
{
	begin(_i);
	write_file(at("one"), "1");
	add(LOOK_AT, at("one"));
	look_watch_clear(watch);
	write_file(at("one"), "2");
	write_file(at("two"), "1");
	add(LOOK_AT, at("two"));
	write_file(at("two"), "2");
	(void)await(at("two"));
	ck_assert_int_lt(find(at("one")), 0);
}
END_TEST

/* The setting gets the value that it has. */
START_TEST(a_setting_of_the_kernel_is_told_with_its_writer)
{
	static const char path[] = "/proc/sys/kernel/printk_ratelimit_burst";
	char value[64];
	ssize_t len;
	int fd = open(path, O_RDWR | O_CLOEXEC), event;

	begin(_i);
	if (fd < 0)
		return;
	add(LOOK_AT, path);
	len = read(fd, value, sizeof(value));
	ck_assert_int_gt(len, 0);
	ck_assert_int_eq(pwrite(fd, value, (size_t)len, 0), len);
	/* It is still open: that it was written is enough. */
	event = await(path);
	ck_assert_uint_eq(events[event].pid, has_fanotify(_i) ? (uint32_t)getpid() : 0);
	close(fd);
}
END_TEST

START_TEST(the_table_of_folders_is_bounded)
{
	char path[64];
	int r = 0;

	begin(_i);
	for (unsigned i = 0; i < LOOK_WATCH_MAX_DIRS && r == 0; i++) {
		snprintf(path, sizeof(path), "/nowhere/%u/x", i);
		r = look_watch_add(watch, LOOK_AT, path);
	}
	ck_assert_int_eq(r, -ENOBUFS);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_write_is_told_and_a_neighbour_is_not, 0, 2);
	tcase_add_loop_test(tcase, what_is_missing_is_told_when_it_comes, 0, 2);
	tcase_add_loop_test(tcase, a_file_in_place_of_another_is_told, 0, 2);
	tcase_add_loop_test(tcase, a_folder_that_was_replaced_is_watched_again, 0, 2);
	tcase_add_loop_test(tcase, names_of_a_folder_are_told_and_content_only_if_asked, 0, 2);
	tcase_add_loop_test(tcase, nothing_is_told_after_a_clear, 0, 2);
	tcase_add_loop_test(tcase, a_setting_of_the_kernel_is_told_with_its_writer, 0, 2);
	tcase_add_test(tcase, the_table_of_folders_is_bounded);
}

UNIT_MAIN("sensor_look_watch")
