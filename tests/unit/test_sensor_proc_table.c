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

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, tells_who_with_parents_nearest_first);
	tcase_add_test(tcase, a_fork_has_the_program_of_its_parent_until_it_starts_another);
	tcase_add_test(tcase, a_parent_is_named_by_what_it_ran_then);
	tcase_add_test(tcase, a_fork_record_that_comes_late_changes_nothing);
	tcase_add_test(tcase, a_pid_finds_its_latest_owner);
	tcase_add_test(tcase, remembers_the_ended_until_told_to_forget);
	tcase_add_test(tcase, is_bounded_and_keeps_what_is_used);
	tcase_add_test(tcase, counts_who_still_runs_a_program);
}

UNIT_MAIN("sensor_proc_table")
