/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/watch_set.h and of exec_news_unit(). */
#include "sensor/exec_news.h"
#include "sensor/watch_set.h"
#include "unit.h"

static struct watch_set *set;

static void setup(void)
{
	char *trees[] = {(char *)"/usr/", (char *)"/opt/app", (char *)"/usr/local",
			 (char *)"/opt/app", NULL};
	char *ignores[] = {(char *)"/usr/share/doc", (char *)"/opt/app/*.log",
			   (char *)"/usr/lib/*/cache", NULL};

	ck_assert_int_eq(
		watch_set_new(&(struct sensor_rules){.trees = trees, .ignores = ignores}, &set), 0);
}

static void teardown(void)
{
	set = watch_set_free(set);
}

START_TEST(a_tree_in_a_tree_is_dropped)
{
	ck_assert_uint_eq(watch_set_count(set), 2);
	ck_assert_str_eq(watch_set_tree(set, 0), "/usr");
	ck_assert_str_eq(watch_set_tree(set, 1), "/opt/app");
}
END_TEST

static const struct {
	const char *path;
	bool has, meets;
} cases[] = {
	{"/usr", true, true},
	{"/usr/bin/sh", true, true},
	{"/usrx", false, false},
	{"/", false, true},
	{"/opt", false, true},
	{"/opt/other", false, false},
	{"/usr/share/doc", false, false},
	{"/usr/share/doc/x/y", false, false},
	{"/usr/share/docs", true, true},
	{"/opt/app/x.log", false, false},
	{"/opt/app/sub/x.log", true, true},
	{"/usr/lib/x/cache/deep/file", false, false},
	{"/usr/lib/x/y/cache", true, true},
};

START_TEST(knows_what_is_monitored)
{
	ck_assert_int_eq(watch_set_has(set, cases[_i].path), cases[_i].has);
	ck_assert_int_eq(watch_set_meets(set, cases[_i].path), cases[_i].meets);
}
END_TEST

START_TEST(refuses_a_relative_tree)
{
	char *trees[] = {(char *)"usr", NULL};
	struct watch_set *other = NULL;

	ck_assert_int_eq(watch_set_new(&(struct sensor_rules){.trees = trees}, &other), -EINVAL);
}
END_TEST

START_TEST(no_rules_monitor_nothing)
{
	struct watch_set *none = NULL;

	ck_assert_int_eq(watch_set_new(&(struct sensor_rules){0}, &none), 0);
	ck_assert(!watch_set_has(none, "/"));
	ck_assert(!watch_set_meets(none, "/"));
	watch_set_free(none);
}
END_TEST

static const struct {
	const char *cgroup, *unit;
} units[] = {
	{"/system.slice/cron.service", "cron.service"},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope", "x.scope"},
	{"/system.slice/docker-1.scope/init", "docker-1.scope/init"},
	{"/some/group", "/some/group"},
	{"/.service", "/.service"},
	{"", NULL},
};

START_TEST(units_are_found_in_cgroup_paths)
{
	const char *unit = exec_news_unit(units[_i].cgroup);

	if (units[_i].unit)
		ck_assert_str_eq(unit, units[_i].unit);
	else
		ck_assert_ptr_null(unit);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_tree_in_a_tree_is_dropped);
	tcase_add_loop_test(tcase, knows_what_is_monitored, 0, sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, refuses_a_relative_tree);
	tcase_add_test(tcase, no_rules_monitor_nothing);
	tcase_add_loop_test(tcase, units_are_found_in_cgroup_paths, 0,
			    sizeof(units) / sizeof(units[0]));
}

UNIT_MAIN("sensor_watch_set")
