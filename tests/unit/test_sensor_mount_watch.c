/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/mount_watch.h. */
#include "sensor/mount_watch.h"

#include <errno.h>

#include "base/str.h"
#include "sensor/mounts.h"
#include "unit.h"

#define SECOND INT64_C(1000000000)

static struct watch_set *set;
static struct mount_watch *watch;
static struct strbuf told;

static void setup(void)
{
	char tree[] = "/opt/line", ignored[] = "/opt/line/logs";
	char *trees[] = {tree, NULL}, *ignores[] = {ignored, NULL};

	ck_assert_int_eq(
		watch_set_new(&(struct sensor_rules){.trees = trees, .ignores = ignores}, &set), 0);
	ck_assert_int_eq(mount_watch_new(&watch), 0);
}

static void teardown(void)
{
	mount_watch_free(watch);
	watch_set_free(set);
	strbuf_done(&told);
}

static void tell(const char *point, const char *now, const struct subject *subject, void *userdata)
{
	strbuf_printf(&told, "%s: %s by %u\n", point, now, subject ? subject->pid : 0);
}

/* One look at a table of @points, all of the same kind; what it told. */
static const char *look(const char *const *points, int64_t now_ns)
{
	struct mount_line line = {
		.root = "/", .options = "rw,noexec", .type = "tmpfs", .super_options = "rw"};

	strbuf_clear(&told);
	strbuf_add_str(&told, "");
	mount_watch_begin(watch);
	for (; *points; points++) {
		line.point = *points;
		ck_assert_int_eq(mount_watch_add(watch, set, &line), 0);
	}
	ck_assert_int_eq(mount_watch_end(watch, now_ns, tell, NULL), 0);
	return told.data ? told.data : "";
}

#define LOOK(now_ns, ...) look((const char *const[]){__VA_ARGS__, NULL}, now_ns)

static void note(enum ev_mount_how how, const char *path, uint32_t pid, int64_t time_ns)
{
	mount_watch_note(watch, how, path, &(struct subject){.is_known = true, .pid = pid},
			 time_ns);
}

START_TEST(places_over_in_and_at_trees_are_told_and_no_others)
{
	ck_assert_str_eq(
		LOOK(SECOND, "/", "/opt", "/opt/line", "/opt/line/x", "/opt/line/logs", "/srv",
		     "/opt/lines"),
		"/: tmpfs (rw,noexec) by 0\n/opt: tmpfs (rw,noexec) by 0\n"
		"/opt/line: tmpfs (rw,noexec) by 0\n/opt/line/x: tmpfs (rw,noexec) by 0\n");
	ck_assert_str_eq(LOOK(SECOND, "/", "/opt", "/opt/line", "/opt/line/x"), "");
	ck_assert_str_eq(LOOK(SECOND, "/", "/opt", "/opt/line"),
			 "/opt/line/x: nothing mounted by 0\n");
}
END_TEST

START_TEST(the_one_who_fits_best_is_named)
{
	LOOK(SECOND, "/");
	note(EV_MOUNT_NEW, "/opt/line", 1, SECOND);
	note(EV_MOUNT_NEW, "/srv", 2, SECOND);
	note(EV_MOUNT_UNMOUNT, "/opt/line", 3, SECOND);
	note(EV_MOUNT_SUPER, NULL, 4, SECOND);
	ck_assert_str_eq(LOOK(2 * SECOND, "/", "/opt/line"), "/opt/line: tmpfs (rw,noexec) by 1\n");
	/* He did that once; who unmounted it is another. */
	note(EV_MOUNT_UNMOUNT, "/opt/line", 5, SECOND);
	ck_assert_str_eq(LOOK(2 * SECOND, "/"), "/opt/line: nothing mounted by 5\n");
	note(EV_MOUNT_SUPER, "/opt/line", 6, SECOND);
	ck_assert_str_eq(LOOK(2 * SECOND, "/", "/opt/line"), "/opt/line: tmpfs (rw,noexec) by 0\n");
}
END_TEST

START_TEST(what_goes_along_has_the_same_doer)
{
	LOOK(SECOND, "/");
	note(EV_MOUNT_BIND, "/opt/line", 1, SECOND);
	ck_assert_str_eq(
		LOOK(SECOND, "/", "/opt/line", "/opt/line/x"),
		"/opt/line: tmpfs (rw,noexec) by 1\n/opt/line/x: tmpfs (rw,noexec) by 1\n");
	note(EV_MOUNT_MOVE, "/opt/line/y", 2, SECOND);
	ck_assert_str_eq(
		LOOK(SECOND, "/", "/opt/line", "/opt/line/y"),
		"/opt/line/x: nothing mounted by 2\n/opt/line/y: tmpfs (rw,noexec) by 2\n");
}
END_TEST

START_TEST(records_that_are_old_explain_nothing)
{
	LOOK(SECOND, "/");
	note(EV_MOUNT_NEW, "/opt/line", 1, SECOND);
	mount_watch_begin(watch);
	ck_assert(mount_watch_is_explained(watch, SECOND) ==
		  false); /* "/" went, and nobody knows */
	ck_assert_str_eq(LOOK(2 * SECOND + MOUNT_WATCH_JOIN_NS, "/", "/opt/line"),
			 "/opt/line: tmpfs (rw,noexec) by 0\n");
}
END_TEST

static const struct {
	struct mount_line line;
	const char *words;
} lines[] = {
	{{"/", "/", "rw,relatime", "ext4", "/dev/vda1", "rw"}, "ext4 /dev/vda1 (rw)"},
	{{"/", "/", "rw,relatime", "ext4", "/dev/vda1", "ro,x"}, "ext4 /dev/vda1 (ro)"},
	{{"/a b", "/", "ro,nosuid", "xfs", "/dev/x", "rw"}, "xfs /dev/x folder /a b (ro,nosuid)"},
	{{"/", "/", "rw,nodev,noexec", "tmpfs", "none", NULL}, "tmpfs (rw,nodev,noexec)"},
	{{"/", "/", "rw", "fuse\n", "a\tb", "rw,roX"}, "fuse\\x0a a\\x09b (rw)"},
};

START_TEST(words_say_what_decides_about_writing_and_running)
{
	cleanup_strbuf struct strbuf wanted = STRBUF_INIT;

	strbuf_printf(&wanted, "/: %s by 0\n", lines[_i].words);
	mount_watch_begin(watch);
	ck_assert_int_eq(mount_watch_add(watch, set, &lines[_i].line), 0);
	ck_assert_int_eq(mount_watch_end(watch, SECOND, tell, NULL), 0);
	ck_assert_str_eq(told.data, wanted.data);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, places_over_in_and_at_trees_are_told_and_no_others);
	tcase_add_test(tcase, the_one_who_fits_best_is_named);
	tcase_add_test(tcase, what_goes_along_has_the_same_doer);
	tcase_add_test(tcase, records_that_are_old_explain_nothing);
	tcase_add_loop_test(tcase, words_say_what_decides_about_writing_and_running, 0,
			    ARRAY_SIZE(lines));
}

UNIT_MAIN("sensor_mount_watch")
