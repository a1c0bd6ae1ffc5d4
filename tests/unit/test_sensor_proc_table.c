/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/proc_table.h. */
#include "sensor/proc_table.h"

#include "unit.h"

static struct proc_table *table;
static struct id_names *names;

static void setup(void)
{
	ck_assert_int_eq(proc_table_new(8, &table), 0);
	ck_assert_int_eq(id_names_new("/nowhere", "/nowhere", &names), 0);
}

static void teardown(void)
{
	table = proc_table_free(table);
	names = id_names_free(names);
}

static struct proc_news news(uint64_t cookie, uint64_t parent, uint32_t pid, const char *exe)
{
	return (struct proc_news){
		.cookie = cookie,
		.parent_cookie = parent,
		.pid = pid,
		.ppid = 1,
		.uid = 1000,
		.euid = 0,
		.login_uid = 1000,
		.time_ns = (int64_t)cookie,
		.comm = "comm",
		.exe = exe,
		.unit = exe ? "cron.service" : NULL,
	};
}

static void exec(uint64_t cookie, uint64_t parent, uint32_t pid, const char *exe)
{
	struct proc_news n = news(cookie, parent, pid, exe);

	ck_assert_int_eq(proc_table_exec(table, &n), 0);
}

static void fork_of(uint64_t cookie, uint64_t parent, uint32_t pid)
{
	struct proc_news n = news(cookie, parent, pid, NULL);

	ck_assert_int_eq(proc_table_fork(table, &n), 0);
}

START_TEST(tells_who_with_parents_nearest_first)
{
	cleanup_subject struct subject subject = {0};

	exec(100, 100, 1, "/sbin/init");
	exec(101, 100, 20, "/bin/shell");
	exec(102, 101, 21, "/bin/tool with\nnewline");
	exec(103, 102, 22, "/bin/leaf");
	ck_assert_int_eq(proc_table_subject(table, 103, names, &subject), 0);
	ck_assert(subject.is_known);
	ck_assert_str_eq(subject.exe, "/bin/leaf");
	ck_assert_str_eq(subject.unit, "cron.service");
	ck_assert_uint_eq(subject.pid, 22);
	ck_assert_uint_eq(subject.uid, 1000);
	ck_assert_uint_eq(subject.euid, 0);
	ck_assert_ptr_null(subject.user);
	/* The root of all is its own parent and ends the chain. */
	ck_assert_str_eq(subject.parents, "/bin/tool with\\x0anewline(21) < /bin/shell(20)");
}
END_TEST

START_TEST(a_fork_has_the_program_of_its_parent_until_it_starts_another)
{
	cleanup_subject struct subject before = {0}, after = {0};

	exec(10, 1, 100, "/bin/shell");
	fork_of(11, 10, 101);
	ck_assert_int_eq(proc_table_subject(table, 11, names, &before), 0);
	ck_assert_str_eq(before.exe, "/bin/shell");
	ck_assert_str_eq(before.unit, "cron.service");
	exec(11, 10, 101, "/bin/other");
	ck_assert_int_eq(proc_table_subject(table, 11, names, &after), 0);
	ck_assert_str_eq(after.exe, "/bin/other");
}
END_TEST

START_TEST(a_parent_is_named_by_what_it_ran_then)
{
	cleanup_subject struct subject subject = {0}, later = {0}, copy = {0};

	exec(10, 1, 100, "/bin/shell");
	fork_of(20, 10, 101);
	exec(20, 10, 101, "/bin/tool");
	/* `sh -c "tool; last"`: the shell becomes the last one. */
	struct proc_news last = news(10, 1, 100, "/bin/last");

	last.time_ns = 30;
	ck_assert_int_eq(proc_table_exec(table, &last), 0);
	fork_of(25, 10, 102); /* its record comes late */
	fork_of(40, 10, 103);
	ck_assert_int_eq(proc_table_subject(table, 20, names, &subject), 0);
	ck_assert_str_eq(subject.parents, "/bin/shell(100)");
	ck_assert_int_eq(proc_table_subject(table, 25, names, &copy), 0);
	ck_assert_str_eq(copy.exe, "/bin/shell");
	ck_assert_int_eq(proc_table_subject(table, 40, names, &later), 0);
	ck_assert_str_eq(later.exe, "/bin/last");
	ck_assert_str_eq(later.parents, "/bin/last(100)");
}
END_TEST

START_TEST(a_fork_record_that_comes_late_changes_nothing)
{
	cleanup_subject struct subject subject = {0};

	exec(10, 1, 100, "/bin/shell");
	exec(11, 10, 101, "/bin/other");
	fork_of(11, 10, 101);
	ck_assert_int_eq(proc_table_subject(table, 11, names, &subject), 0);
	ck_assert_str_eq(subject.exe, "/bin/other");
}
END_TEST

START_TEST(a_pid_finds_its_latest_owner)
{
	cleanup_subject struct subject subject = {0};

	exec(10, 1, 100, "/bin/first");
	proc_table_exit(table, 10, 11);
	exec(20, 1, 100, "/bin/second");
	ck_assert_int_eq(proc_table_subject_of_pid(table, 100, names, &subject), 0);
	ck_assert_str_eq(subject.exe, "/bin/second");
	ck_assert_uint_eq(subject.cookie, 20);
}
END_TEST

START_TEST(remembers_the_ended_until_told_to_forget)
{
	struct subject subject = {0};

	exec(10, 1, 100, "/bin/gone");
	exec(11, 1, 101, "/bin/there");
	proc_table_exit(table, 10, 500);
	proc_table_forget(table, 500);
	ck_assert_int_eq(proc_table_subject_of_pid(table, 100, names, &subject), 0);
	subject_done(&subject);
	proc_table_forget(table, 501);
	ck_assert_int_eq(proc_table_subject_of_pid(table, 100, names, &subject), -ENOENT);
	ck_assert_int_eq(proc_table_subject(table, 10, names, &subject), -ENOENT);
	ck_assert_uint_eq(proc_table_count(table), 1);
}
END_TEST

START_TEST(is_bounded_and_keeps_what_is_used)
{
	cleanup_subject struct subject subject = {0};
	struct subject gone;

	exec(1, 0, 1, "/sbin/kept");
	for (uint64_t i = 2; i < 100; i++) {
		cleanup_subject struct subject used = {0};

		exec(i, 1, (uint32_t)i, "/bin/x");
		ck_assert_int_eq(proc_table_subject(table, 1, names, &used), 0);
	}
	ck_assert_uint_eq(proc_table_count(table), 8);
	ck_assert_int_eq(proc_table_subject(table, 1, names, &subject), 0);
	ck_assert_str_eq(subject.exe, "/sbin/kept");
	ck_assert_int_eq(proc_table_subject(table, 50, names, &gone), -ENOENT);
}
END_TEST

START_TEST(counts_who_still_runs_a_program)
{
	exec(1, 0, 1, "/opt/x");
	fork_of(2, 1, 2);
	exec(3, 0, 3, "/opt/y");
	ck_assert_uint_eq(proc_table_runs(table, "/opt/x"), 2);
	proc_table_exit(table, 1, 10);
	exec(2, 1, 2, "/opt/y");
	ck_assert_uint_eq(proc_table_runs(table, "/opt/x"), 0);
	ck_assert_uint_eq(proc_table_runs(table, "/opt/y"), 2);
}
END_TEST

static bool is_odd(uint64_t cookie, uint32_t pid)
{
	return pid % 2;
}

START_TEST(a_sweep_ends_what_runs_no_more_and_keeps_the_rest)
{
	exec(10, 1, 100, "/bin/a");
	exec(11, 1, 101, "/bin/a");
	ck_assert(proc_table_has(table, 10));
	ck_assert(!proc_table_has(table, 12));
	ck_assert(!proc_table_has(table, 0));
	proc_table_sweep(table, is_odd, 50);
	ck_assert_uint_eq(proc_table_runs(table, "/bin/a"), 1);
	proc_table_forget(table, 51);
	ck_assert(!proc_table_has(table, 10));
	ck_assert(proc_table_has(table, 11));
}
END_TEST

static char *updaters[] = {"/usr/bin/apt", "/usr/bin/dpkg", "/usr/bin/upgrade-script", NULL};

/* As of 2026-11-22 02:15:03 UTC. */
static void exec_at_three(uint64_t cookie, uint64_t parent, uint32_t pid, const char *exe,
			  const char *script)
{
	struct proc_news n = news(cookie, parent, pid, exe);

	n.script = script;
	n.wall_ns = 1795313703000000000;
	ck_assert_int_eq(proc_table_exec(table, &n), 0);
}

static void check_change_set(uint64_t cookie, const char *want)
{
	cleanup_subject struct subject subject = {0};

	ck_assert_int_eq(proc_table_subject(table, cookie, names, &subject), 0);
	ck_assert_pstr_eq(subject.change_set, want);
}

START_TEST(all_that_an_updater_starts_does_one_change_set)
{
	ck_assert_int_eq(proc_table_set_updaters(table, updaters), 0);
	exec(10, 1, 100, "/bin/shell");
	fork_of(11, 10, 101);
	check_change_set(11, NULL);
	exec_at_three(11, 10, 101, "/usr/bin/apt", NULL);
	fork_of(12, 11, 102);
	exec_at_three(12, 11, 102, "/usr/bin/dpkg", NULL);
	exec(13, 12, 103, "/bin/shell"); /* whose fork was lost */
	check_change_set(11, "apt-20261122T021503Z-101");
	check_change_set(12, "apt-20261122T021503Z-101");
	check_change_set(13, "apt-20261122T021503Z-101");
	check_change_set(10, NULL);
}
END_TEST

START_TEST(a_script_can_be_an_updater)
{
	ck_assert_int_eq(proc_table_set_updaters(table, updaters), 0);
	exec_at_three(10, 1, 100, "/usr/bin/python3", "/usr/bin/upgrade-script");
	exec_at_three(11, 1, 101, "/usr/bin/python3", "/usr/bin/game");
	check_change_set(10, "upgrade-script-20261122T021503Z-100");
	check_change_set(11, NULL);
}
END_TEST

START_TEST(what_was_started_before_the_updater_is_not_its_work)
{
	ck_assert_int_eq(proc_table_set_updaters(table, updaters), 0);
	exec(10, 1, 100, "/bin/shell");
	fork_of(20, 10, 101);
	/* `exec apt` in a shell that has a child already. */
	struct proc_news later = news(10, 1, 100, "/usr/bin/apt");

	later.time_ns = 30;
	ck_assert_int_eq(proc_table_exec(table, &later), 0);
	exec(20, 10, 101, "/bin/tool");
	check_change_set(20, NULL);
	fork_of(40, 10, 102);
	check_change_set(40, "apt-19700101T000000Z-100");
}
END_TEST

START_TEST(an_updater_that_is_at_work_when_the_rules_come_is_found)
{
	char *none[] = {NULL};

	exec_at_three(10, 1, 100, "/usr/bin/dpkg", NULL);
	fork_of(11, 10, 101);
	fork_of(12, 11, 102);
	fork_of(13, 1, 103);
	ck_assert_int_eq(proc_table_set_updaters(table, updaters), 0);
	check_change_set(12, "dpkg-20261122T021503Z-100");
	check_change_set(13, NULL);
	/* Its work stays what it was, whatever comes later is not. */
	ck_assert_int_eq(proc_table_set_updaters(table, none), 0);
	check_change_set(11, "dpkg-20261122T021503Z-100");
	exec_at_three(20, 1, 104, "/usr/bin/dpkg", NULL);
	check_change_set(20, NULL);
}
END_TEST

START_TEST(a_change_set_ends_with_the_memory_of_its_updater)
{
	ck_assert_int_eq(proc_table_set_updaters(table, updaters), 0);
	exec_at_three(10, 1, 100, "/usr/bin/apt", NULL);
	fork_of(11, 10, 101);
	proc_table_exit(table, 10, 500);
	check_change_set(11, "apt-20261122T021503Z-100");
	proc_table_forget(table, 501);
	check_change_set(11, NULL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_sweep_ends_what_runs_no_more_and_keeps_the_rest);
	tcase_add_test(tcase, tells_who_with_parents_nearest_first);
	tcase_add_test(tcase, a_fork_has_the_program_of_its_parent_until_it_starts_another);
	tcase_add_test(tcase, a_parent_is_named_by_what_it_ran_then);
	tcase_add_test(tcase, a_fork_record_that_comes_late_changes_nothing);
	tcase_add_test(tcase, a_pid_finds_its_latest_owner);
	tcase_add_test(tcase, remembers_the_ended_until_told_to_forget);
	tcase_add_test(tcase, is_bounded_and_keeps_what_is_used);
	tcase_add_test(tcase, counts_who_still_runs_a_program);
	tcase_add_test(tcase, all_that_an_updater_starts_does_one_change_set);
	tcase_add_test(tcase, a_script_can_be_an_updater);
	tcase_add_test(tcase, what_was_started_before_the_updater_is_not_its_work);
	tcase_add_test(tcase, an_updater_that_is_at_work_when_the_rules_come_is_found);
	tcase_add_test(tcase, a_change_set_ends_with_the_memory_of_its_updater);
}

UNIT_MAIN("sensor_proc_table")
