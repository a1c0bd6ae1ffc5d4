/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/index.h. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "baseline/index.h"

static char dir[64], db[96];
static struct baseline_index *idx;

static void setup(void)
{
	strcpy(dir, "/tmp/plumbline-index.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(db, sizeof(db), "%s/index.db", dir);
	ck_assert_int_eq(baseline_index_open(db, &idx), 0);
}

static void teardown(void)
{
	char name[128];

	idx = baseline_index_close(idx);
	unlink(db);
	snprintf(name, sizeof(name), "%s.new", db);
	unlink(name);
	ck_assert_int_eq(rmdir(dir), 0); /* nothing else was left */
}

static void add(const char *path, uint8_t seed)
{
	struct file_fact fact = {
		.path = (char *)path,
		.type = FILE_TYPE_REGULAR,
		.role = FILE_ROLE_EXECUTABLE,
		.has_digest = true,
		.size = 4096U + seed,
		.mode = 0755,
	};

	memset(fact.sha256, seed, SHA256_SIZE);
	ck_assert_int_eq(baseline_index_add(idx, &fact), 0);
}

/* Ends a load of one site layer, whose statement is "{REVISION}". */
static void commit(const char *digest, uint64_t revision)
{
	char statement[32];

	snprintf(statement, sizeof(statement), "{%llu}", (unsigned long long)revision);
	ck_assert_int_eq(baseline_index_add_layer(idx, LAYER_SITE, "s1", statement), 0);
	ck_assert_int_eq(baseline_index_commit(idx, digest), 0);
}

static void load(uint64_t revision, const char *const *paths, size_t count)
{
	ck_assert_int_eq(baseline_index_begin(idx), 0);
	for (size_t i = 0; i < count; i++)
		add(paths[i], (uint8_t)(i + 1));
	commit("d1", revision);
}

static const char *const small[] = {"/usr",	  "/usr-local", "/usr/bin",
				    "/usr/bin/a", "/usr/lib/b", "/usr_x"};

START_TEST(keeps_every_field)
{
	struct file_fact in = {
		.path = (char *)"/usr/bin/odd\xff\nname",
		.type = FILE_TYPE_SYMLINK,
		.role = FILE_ROLE_LIBRARY,
		.size = 1ULL << 40,
		.mode = 04711,
		.uid = 4294967294U,
		.gid = 7,
		.user = (char *)"root",
		.capabilities = (char *)"cap_net_raw=ep",
		.xattrs = (char *)"security.ima=03",
		.link_target = (char *)"../x\xfe",
		.package = (char *)"coreutils",
		.version = (char *)"9.1-1",
		.unstated = FILE_DIFF_SIZE | FILE_DIFF_XATTRS,
		.layer = LAYER_HOST,
	};
	struct file_fact out = {0};

	ck_assert_int_eq(baseline_index_begin(idx), 0);
	ck_assert_int_eq(baseline_index_add(idx, &in), 0);
	commit("abc", 7);
	ck_assert_int_eq(baseline_index_find_path(idx, in.path, &out), 0);
	ck_assert_str_eq(out.path, in.path);
	ck_assert_int_eq(out.type, in.type);
	ck_assert_int_eq(out.role, in.role);
	ck_assert(!out.has_digest);
	ck_assert_uint_eq(out.size, in.size);
	ck_assert_uint_eq(out.mode, in.mode);
	ck_assert_uint_eq(out.uid, in.uid);
	ck_assert_uint_eq(out.gid, in.gid);
	ck_assert_str_eq(out.user, in.user);
	ck_assert_ptr_null(out.group);
	ck_assert_str_eq(out.capabilities, in.capabilities);
	ck_assert_str_eq(out.xattrs, in.xattrs);
	ck_assert_str_eq(out.link_target, in.link_target);
	ck_assert_str_eq(out.package, in.package);
	ck_assert_str_eq(out.version, in.version);
	ck_assert_uint_eq(out.unstated, in.unstated);
	ck_assert_int_eq(out.layer, in.layer);
	file_fact_done(&out);
}
END_TEST

START_TEST(survives_reopening)
{
	struct stat st;

	load(3, small, ARRAY_SIZE(small));
	ck_assert_int_eq(stat(db, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	baseline_index_close(idx);
	ck_assert_int_eq(baseline_index_open(db, &idx), 0);
	ck_assert_str_eq(baseline_index_digest(idx), "d1");
	ck_assert_str_eq(baseline_index_statement(idx, LAYER_SITE), "{3}");
	ck_assert_str_eq(baseline_index_layer_digest(idx, LAYER_SITE), "s1");
	ck_assert_ptr_null(baseline_index_statement(idx, LAYER_HOST));
	ck_assert_uint_eq(baseline_index_entries(idx), ARRAY_SIZE(small));
}
END_TEST

START_TEST(empty_finds_nothing)
{
	struct file_fact out = {0};
	uint8_t digest[SHA256_SIZE] = {0};

	ck_assert_str_eq(baseline_index_digest(idx), "");
	ck_assert_ptr_null(baseline_index_statement(idx, LAYER_SITE));
	ck_assert_int_eq(baseline_index_find_path(idx, "/usr", &out), -ENOENT);
	ck_assert_int_eq(baseline_index_find_digest(idx, digest, &out), -ENOENT);
	ck_assert_int_eq(baseline_index_mark(idx, "/usr"), -ENOENT);
}
END_TEST

START_TEST(answers_from_the_old_content_until_the_commit)
{
	struct file_fact out = {0};

	load(1, small, ARRAY_SIZE(small));
	ck_assert_int_eq(baseline_index_begin(idx), 0);
	ck_assert_int_eq(baseline_index_begin(idx), -EBUSY);
	add("/opt/new", 9);
	ck_assert_int_eq(baseline_index_find_path(idx, "/opt/new", &out), -ENOENT);
	ck_assert_int_eq(baseline_index_find_path(idx, "/usr/bin/a", &out), 0);
	file_fact_done(&out);
	commit("d2", 2);
	ck_assert_int_eq(baseline_index_find_path(idx, "/opt/new", &out), 0);
	file_fact_done(&out);
	ck_assert_int_eq(baseline_index_find_path(idx, "/usr/bin/a", &out), -ENOENT);
	ck_assert_str_eq(baseline_index_digest(idx), "d2");
}
END_TEST

START_TEST(rollback_and_a_killed_load_leave_the_old_content)
{
	char name[128];
	FILE *half;

	load(1, small, ARRAY_SIZE(small));
	ck_assert_int_eq(baseline_index_begin(idx), 0);
	add("/opt/new", 9);
	baseline_index_rollback(idx);
	ck_assert_str_eq(baseline_index_digest(idx), "d1");

	/* A killed load: PATH.new is there, half filled. */
	snprintf(name, sizeof(name), "%s.new", db);
	half = fopen(name, "w");
	ck_assert_ptr_nonnull(half);
	fputs("half", half);
	fclose(half);
	load(2, small, 2);
	ck_assert_uint_eq(baseline_index_entries(idx), 2);
}
END_TEST

START_TEST(refuses_a_path_twice)
{
	struct file_fact fact = {.path = (char *)"/a", .type = FILE_TYPE_DIRECTORY};

	ck_assert_int_eq(baseline_index_begin(idx), 0);
	ck_assert_int_eq(baseline_index_add(idx, &fact), 0);
	ck_assert_int_eq(baseline_index_add(idx, &fact), -EEXIST);
}
END_TEST

START_TEST(finds_by_whole_digest)
{
	struct file_fact fact = {
		.path = (char *)"/a", .type = FILE_TYPE_REGULAR, .has_digest = true};
	struct file_fact out = {0};
	uint8_t digest[SHA256_SIZE];

	/* Two contents that share the first 31 bytes of their digest. */
	memset(fact.sha256, 5, SHA256_SIZE);
	ck_assert_int_eq(baseline_index_begin(idx), 0);
	ck_assert_int_eq(baseline_index_add(idx, &fact), 0);
	fact.path = (char *)"/b";
	fact.sha256[31] = 6;
	ck_assert_int_eq(baseline_index_add(idx, &fact), 0);
	commit("d", 1);

	ck_assert_int_eq(baseline_index_find_digest(idx, fact.sha256, &out), 0);
	ck_assert_str_eq(out.path, "/b");
	file_fact_done(&out);
	memcpy(digest, fact.sha256, SHA256_SIZE);
	digest[31] = 7;
	ck_assert_int_eq(baseline_index_find_digest(idx, digest, &out), -ENOENT);
}
END_TEST

START_TEST(look_ups_do_not_lock_each_time)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct file_fact out = {0};
	int fd;

	ck_assert_int_eq(baseline_index_begin(idx), 0);
	add("/a", 1);
	commit("d", 1);
	ck_assert_int_eq(baseline_index_find_path(idx, "/a", &out), 0);
	file_fact_done(&out);
	/* As another would see it; its own locks a process does not. */
	fd = open(db, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &lock), 0);
	ck_assert_int_eq(lock.l_type, F_RDLCK);
	close(fd);
}
END_TEST

START_TEST(drops_a_damaged_file)
{
	FILE *file;

	load(1, small, ARRAY_SIZE(small));
	baseline_index_close(idx);
	file = fopen(db, "w");
	ck_assert_ptr_nonnull(file);
	fputs("this is not a database, and longer than a header of one would be: "
	      "0123456789012345678901234567890123456789",
	      file);
	fclose(file);
	ck_assert_int_eq(baseline_index_open(db, &idx), 0);
	ck_assert_str_eq(baseline_index_digest(idx), "");
	ck_assert_int_eq(access(db, F_OK), -1);
	load(2, small, 1);
	ck_assert_str_eq(baseline_index_statement(idx, LAYER_SITE), "{2}");
}
END_TEST

static int collect(const struct file_fact *entry, void *userdata)
{
	char *seen = userdata;
	struct file_fact out = {0};

	strcat(strcat(seen, entry->path), " ");
	/* A look-up within the visit must not disturb it. */
	ck_assert_int_eq(baseline_index_find_path(idx, "/usr", &out), 0);
	file_fact_done(&out);
	return 0;
}

START_TEST(gives_what_a_scan_did_not_see)
{
	char seen[256] = "";

	load(1, small, ARRAY_SIZE(small));
	ck_assert_int_eq(baseline_index_begin_scan(idx, "/usr"), 0);
	ck_assert_int_eq(baseline_index_mark(idx, "/usr"), 0);
	ck_assert_int_eq(baseline_index_mark(idx, "/usr/bin"), 0);
	ck_assert_int_eq(baseline_index_mark(idx, "/usr/none"), -ENOENT);
	ck_assert_int_eq(baseline_index_each_unmarked(idx, "/usr", collect, seen), 0);
	ck_assert_str_eq(seen,
			 "/usr/bin/a /usr/lib/b "); /* /usr-local and /usr_x are not below /usr */

	seen[0] = '\0';
	ck_assert_int_eq(baseline_index_begin_scan(idx, "/usr/bin"), 0);
	ck_assert_int_eq(baseline_index_each_unmarked(idx, "/usr/bin", collect, seen), 0);
	ck_assert_str_eq(seen, "/usr/bin /usr/bin/a ");

	seen[0] = '\0';
	ck_assert_int_eq(baseline_index_begin_scan(idx, "/"), 0);
	ck_assert_int_eq(baseline_index_each_unmarked(idx, "/", collect, seen), 0);
	ck_assert_str_eq(seen, "/usr /usr-local /usr/bin /usr/bin/a /usr/lib/b /usr_x ");
}
END_TEST

START_TEST(a_load_ends_scans)
{
	char seen[256] = "";

	load(1, small, ARRAY_SIZE(small));
	ck_assert_int_eq(baseline_index_begin_scan(idx, "/usr"), 0);
	load(2, small, ARRAY_SIZE(small));
	ck_assert_int_eq(baseline_index_each_unmarked(idx, "/usr", collect, seen), -ESTALE);
	ck_assert_str_eq(seen, "");
}
END_TEST

/* The number is generous (the claim is "seconds, not minutes"); it also proves sorted and spilled
 * loads. */
START_TEST(loads_many_entries_in_seconds)
{
	int64_t start = clock_mono_ns();
	struct file_fact out = {0};
	char path[96];

	ck_assert_int_eq(baseline_index_begin(idx), 0);
	for (unsigned i = 0; i < 150000; i++) {
		struct file_fact fact = {
			.path = path,
			.type = FILE_TYPE_REGULAR,
			.has_digest = true,
			.package = (char *)"some-package:amd64",
			.version = (char *)"1:2.3.4-5+deb12u6",
		};

		snprintf(path, sizeof(path), "/usr/share/some-folder-%03u/some-file-%06u", i / 500,
			 i);
		ck_assert_int_eq(hash_buffer(path, strlen(path), fact.sha256), 0);
		ck_assert_int_eq(baseline_index_add(idx, &fact), 0);
	}
	commit("d", 1);
	ck_assert_int_eq(baseline_index_find_path(idx, path, &out), 0);
	file_fact_done(&out);
	ck_assert_int_lt(clock_mono_ns() - start, 20 * NSEC_PER_SEC);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("baseline_index");
	TCase *tcase = tcase_create("claims");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, keeps_every_field);
	tcase_add_test(tcase, survives_reopening);
	tcase_add_test(tcase, empty_finds_nothing);
	tcase_add_test(tcase, answers_from_the_old_content_until_the_commit);
	tcase_add_test(tcase, rollback_and_a_killed_load_leave_the_old_content);
	tcase_add_test(tcase, refuses_a_path_twice);
	tcase_add_test(tcase, finds_by_whole_digest);
	tcase_add_test(tcase, look_ups_do_not_lock_each_time);
	tcase_add_test(tcase, drops_a_damaged_file);
	tcase_add_test(tcase, gives_what_a_scan_did_not_see);
	tcase_add_test(tcase, a_load_ends_scans);
	tcase_add_test(tcase, loads_many_entries_in_seconds);
	tcase_set_timeout(tcase, 40);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
