/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/proc_look.h, on a made-up /proc and on our own. */
#include "sensor/proc_look.h"

#include "base/id_names.h"
#include "unit.h"

static struct proc_look look;
static struct proc_table *table;
static char *proc;

static void put(uint32_t pid, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", proc, pid);
	(void)mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/%u/%s", proc, pid, name);
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

static void put_process(uint32_t pid, uint32_t ppid, unsigned start)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "%u (a) b (c) S %u 0 0 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 %u 9 9", pid, ppid,
		 start);
	put(pid, "stat", text);
	put(pid, "status", "Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t0\t0\t0\t0\n");
	put(pid, "loginuid", "4294967295");
	put(pid, "cgroup", "1:name=systemd:/other.service\n0::/system.slice/cron.service/sub\n");
}

static void setup(void)
{
	look = (struct proc_look){0};
	proc = strdup("/tmp/plumbline-proc.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(proc));
	ck_assert_int_eq(proc_table_new(16, &table), 0);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void teardown(void)
{
	proc_look_done(&look);
	table = proc_table_free(table);
	nftw(proc, drop, 16, FTW_DEPTH | FTW_PHYS);
	free(proc);
}

START_TEST(all_is_read_though_the_name_looks_like_fields)
{
	struct proc_news news;

	put_process(70, 7, 4242);
	ck_assert_int_eq(proc_look(&look, proc, 70, &news), 0);
	ck_assert_str_eq(news.comm, "a) b (c");
	ck_assert_uint_eq(news.ppid, 7);
	ck_assert_uint_eq(news.uid, 1000);
	ck_assert_uint_eq(news.euid, 0);
	ck_assert_uint_eq(news.login_uid, SUBJECT_UID_NONE);
	ck_assert_str_eq(news.unit, "cron.service");
	ck_assert_ptr_null(news.exe);
	ck_assert_uint_eq(news.cookie, proc_look_cookie(4242, 70));
	ck_assert_uint_eq(news.parent_cookie, 0); /* 7 is gone */
}
END_TEST

START_TEST(a_number_that_is_used_again_is_another_process)
{
	struct proc_news before, after;

	put_process(70, 0, 100);
	ck_assert_int_eq(proc_look(&look, proc, 70, &before), 0);
	put_process(70, 0, 101);
	ck_assert_int_eq(proc_look(&look, proc, 70, &after), 0);
	ck_assert_uint_ne(before.cookie, after.cookie);
	ck_assert_uint_eq(after.cookie & 0x3fffff, 70);
}
END_TEST

START_TEST(parents_come_along_until_one_is_known)
{
	cleanup_with(id_names_freep) struct id_names *names = NULL;
	cleanup_subject struct subject subject = {0};
	struct proc_news news;

	ck_assert_int_eq(id_names_new("/etc/passwd", "/etc/group", &names), 0);
	for (uint32_t pid = 1; pid <= 4; pid++)
		put_process(pid, pid - 1, pid);
	ck_assert_int_eq(proc_look_into(&look, proc, 4, table, &news), 0);
	ck_assert_uint_eq(news.pid, 4);
	ck_assert_uint_eq(proc_table_count(table), 4);
	ck_assert_int_eq(proc_table_subject_of_pid(table, 4, names, &subject), 0);
	ck_assert_str_eq(subject.parents, "a) b (c(3) < a) b (c(2) < a) b (c(1)");
}
END_TEST

START_TEST(what_is_gone_or_makes_no_sense_is_refused)
{
	struct proc_news news = {.pid = 5};

	ck_assert_int_eq(proc_look(&look, proc, 70, &news), -ENOENT);
	put(70, "stat", "70 (cut) S 1 0");
	ck_assert_int_eq(proc_look(&look, proc, 70, &news), -EBADMSG);
	put(70, "stat", "");
	ck_assert_int_eq(proc_look(&look, proc, 70, &news), -EBADMSG);
	ck_assert_uint_eq(news.pid, 5);
}
END_TEST

START_TEST(our_own_program_is_named_and_can_be_told_by_its_inode)
{
	struct proc_news news;
	struct stat st;

	ck_assert_int_eq(proc_look(&look, "/proc", (uint32_t)getpid(), &news), 0);
	ck_assert_int_eq(stat("/proc/self/exe", &st), 0);
	ck_assert_uint_eq(look.st.st_ino, st.st_ino);
	ck_assert_int_eq(stat(news.exe, &st), 0);
	ck_assert_uint_eq(look.st.st_ino, st.st_ino);
	ck_assert_uint_eq(news.ppid, (uint32_t)getppid());
	ck_assert_uint_eq(news.euid, geteuid());
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_is_read_though_the_name_looks_like_fields);
	tcase_add_test(tcase, a_number_that_is_used_again_is_another_process);
	tcase_add_test(tcase, parents_come_along_until_one_is_known);
	tcase_add_test(tcase, what_is_gone_or_makes_no_sense_is_refused);
	tcase_add_test(tcase, our_own_program_is_named_and_can_be_told_by_its_inode);
}

UNIT_MAIN("proc_look")
