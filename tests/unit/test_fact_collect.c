/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of model/fact_collect.h and base/id_names.h. */
#include "model/fact_collect.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

static char dir[] = "/tmp/test_fact_collect.XXXXXX";
static struct id_names *names;
static struct fact_collector *collector;

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, len), (ssize_t)len);
	close(fd);
}

static void setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	put(path_of("passwd"),
	    "root:x:0:0::/:/bin/sh\nsecond:x:0:0::/:/bin/sh\nbroken\n#c:x:7:\n"
	    "op:x:1000:1000::/:/bin/sh\n",
	    80);
	put(path_of("group"), "root:x:0:\n", 10);

	char *passwd = strdup(path_of("passwd"));

	ck_assert_int_eq(id_names_new(passwd, path_of("group"), &names), 0);
	free(passwd);
	ck_assert_int_eq(fact_collector_new(names, &collector), 0);
}

static void teardown(void)
{
	static const char *const all[] = {"passwd", "group", "f", "link", "fifo", "big", "d"};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		remove(path_of(all[i]));
	rmdir(dir);
	collector = fact_collector_free(collector);
	names = id_names_free(names);
}

START_TEST(reads_a_regular_file_with_digest_and_names)
{
	cleanup_file_fact struct file_fact fact = {0};
	uint8_t digest[SHA256_SIZE];

	put(path_of("f"), "#!/bin/sh\n", 10);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("f"), &fact), 0);
	ck_assert_int_eq(hash_buffer("#!/bin/sh\n", 10, digest), 0);
	ck_assert_str_eq(fact.path, path_of("f"));
	ck_assert_int_eq(fact.type, FILE_TYPE_REGULAR);
	ck_assert_int_eq(fact.role, FILE_ROLE_SCRIPT);
	ck_assert(fact.has_digest);
	ck_assert_mem_eq(fact.sha256, digest, SHA256_SIZE);
	ck_assert_uint_eq(fact.size, 10);
	ck_assert_uint_eq(fact.mode, 0644);
	ck_assert_ptr_null(fact.xattrs);
	ck_assert_ptr_null(fact.capabilities);
}
END_TEST

START_TEST(hashes_a_file_longer_than_its_buffer)
{
	cleanup_file_fact struct file_fact fact = {0};
	size_t len = 1000001;
	cleanup_free uint8_t *data = malloc(len);
	uint8_t digest[SHA256_SIZE];

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)(i * 31 >> 3);
	put(path_of("big"), data, len);
	ck_assert_int_eq(hash_buffer(data, len, digest), 0);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("big"), &fact), 0);
	ck_assert_mem_eq(fact.sha256, digest, SHA256_SIZE);
}
END_TEST

START_TEST(resolves_the_last_component_in_the_given_directory)
{
	cleanup_file_fact struct file_fact fact = {0};
	cleanup_close int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	put(path_of("f"), "x", 1);
	/* The path is only a name here: what is read is relative to the directory. */
	ck_assert_int_eq(fact_collect(collector, dirfd, "/nowhere/f", &fact), 0);
	ck_assert_str_eq(fact.path, "/nowhere/f");
	ck_assert(fact.has_digest);
}
END_TEST

START_TEST(opens_neither_link_nor_fifo)
{
	cleanup_file_fact struct file_fact link_fact = {0}, fifo_fact = {0};

	ck_assert_int_eq(symlink("/etc/shadow", path_of("link")), 0);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("link"), &link_fact), 0);
	ck_assert_int_eq(link_fact.type, FILE_TYPE_SYMLINK);
	ck_assert_str_eq(link_fact.link_target, "/etc/shadow");
	ck_assert(!link_fact.has_digest);

	ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("fifo"), &fifo_fact), 0);
	ck_assert_int_eq(fifo_fact.type, FILE_TYPE_FIFO);
	ck_assert(!fifo_fact.has_digest);
}
END_TEST

START_TEST(nothing_there_is_a_fact)
{
	cleanup_file_fact struct file_fact fact = {0}, below = {0};

	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("f"), &fact), 0);
	ck_assert_int_eq(fact.type, FILE_TYPE_NONE);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("passwd/below"), &below), 0);
	ck_assert_int_eq(below.type, FILE_TYPE_NONE);
}
END_TEST

START_TEST(directory_has_a_fact_without_digest)
{
	cleanup_file_fact struct file_fact fact = {0};

	ck_assert_int_eq(mkdir(path_of("d"), 0750), 0);
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("d"), &fact), 0);
	ck_assert_int_eq(fact.type, FILE_TYPE_DIRECTORY);
	ck_assert_int_eq(fact.role, FILE_ROLE_DATA);
	ck_assert_uint_eq(fact.mode, 0750);
	ck_assert_uint_eq(fact.size, 0);
}
END_TEST

START_TEST(change_during_the_hash_is_noticed)
{
	cleanup_file_fact struct file_fact fact = {0};
	cleanup_close int fd = -1;
	struct stat st;

	put(path_of("f"), "one", 3);
	ck_assert_int_eq(fact_open(collector, AT_FDCWD, path_of("f"), &fact, &st, &fd), 0);
	put(path_of("f"), "three", 5);
	ck_assert_int_eq(fact_hash(collector, fd, &st, &fact), -EAGAIN);
	ck_assert(!fact.has_digest);
}
END_TEST

START_TEST(security_xattrs_are_sorted_and_capabilities_read)
{
	/* cap_net_raw=ep as setcap writes it: revision 2, effective */
	static const uint8_t caps[20] = {1, 0, 0, 2, 0, 0x20};
	cleanup_file_fact struct file_fact fact = {0};

	put(path_of("f"), "x", 1);
	if (setxattr(path_of("f"), "security.capability", caps, sizeof(caps), 0) < 0 ||
	    setxattr(path_of("f"), "security.zz", "\x01\xff", 2, 0) < 0 ||
	    setxattr(path_of("f"), "security.aa", "A", 1, 0) < 0)
		return; /* not root, or no such xattrs here: the decoder has its own test below */
	ck_assert_int_eq(fact_collect(collector, AT_FDCWD, path_of("f"), &fact), 0);
	ck_assert_str_eq(fact.capabilities, "cap_net_raw=ep");
	ck_assert_str_eq(fact.xattrs, "security.aa=41 security.zz=01ff");
}
END_TEST

static const struct {
	uint8_t data[24];
	size_t len;
	int r;
	const char *text;
} capability_cases[] = {
	{{1, 0, 0, 2, 0, 0x20}, 20, 0, "cap_net_raw=ep"},
	{{0, 0, 0, 2, 0, 0x20, 0, 0, 1}, 20, 0, "cap_chown=i cap_net_raw=p"},
	{{1, 0, 0, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0x80, 1},
	 20,
	 0,
	 "cap_chown,cap_dac_override,cap_bpf,cap_checkpoint_restore=ep"},
	{{1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, 20, 0, "63=ep"},
	{{0, 0, 0, 2}, 20, 0, "="},
	{{1, 0, 0, 1, 1}, 12, 0, "cap_chown=ep"},
	{{1, 0, 0, 3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3},
	 24,
	 0,
	 "cap_chown=ep [rootid=1000]"},
	{{1, 0, 0, 3, 1}, 20, -EINVAL, NULL},
	{{1, 0, 0, 9, 1}, 20, -EINVAL, NULL},
	{{1}, 4, -EINVAL, NULL},
};

START_TEST(capabilities_as_text)
{
	cleanup_free char *text = NULL;
	int r = fact_format_capabilities(capability_cases[_i].data, capability_cases[_i].len,
					 &text);

	ck_assert_int_eq(r, capability_cases[_i].r);
	if (r == 0)
		ck_assert_str_eq(text, capability_cases[_i].text);
}
END_TEST

START_TEST(names_follow_the_files)
{
	ck_assert_str_eq(id_names_user(names, 0), "root");
	ck_assert_str_eq(id_names_user(names, 1000), "op");
	ck_assert_ptr_null(id_names_user(names, 7));
	ck_assert_ptr_null(id_names_group(names, 1000));
	ck_assert_int_eq(id_names_refresh(names), 0);

	put(path_of("group"), "root:x:0:\noperators:x:1000:\n", 28);
	ck_assert_int_eq(id_names_refresh(names), 1);
	ck_assert_str_eq(id_names_group(names, 1000), "operators");

	ck_assert_int_eq(unlink(path_of("group")), 0);
	ck_assert_int_eq(id_names_refresh(names), 1);
	ck_assert_ptr_null(id_names_group(names, 0));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fact_collect");
	TCase *tc = tcase_create("core");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_a_regular_file_with_digest_and_names);
	tcase_add_test(tc, hashes_a_file_longer_than_its_buffer);
	tcase_add_test(tc, resolves_the_last_component_in_the_given_directory);
	tcase_add_test(tc, opens_neither_link_nor_fifo);
	tcase_add_test(tc, nothing_there_is_a_fact);
	tcase_add_test(tc, directory_has_a_fact_without_digest);
	tcase_add_test(tc, change_during_the_hash_is_noticed);
	tcase_add_test(tc, security_xattrs_are_sorted_and_capabilities_read);
	tcase_add_loop_test(tc, capabilities_as_text, 0, ARRAY_SIZE(capability_cases));
	tcase_add_test(tc, names_follow_the_files);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
