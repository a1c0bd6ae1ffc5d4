/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/evidence_key.c */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "daemon/evidence_key.h"

static char dir[] = "/tmp/plumbline-key.XXXXXX";
static int dirfd_;

static const uint8_t chain_a[SHA256_SIZE] = {0xaa};
static const uint8_t chain_b[SHA256_SIZE] = {0xbb};

static void setup(void)
{
	strcpy(dir + strlen(dir) - 6, "XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dirfd_ = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dirfd_, 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	return remove(path);
}

static void teardown(void)
{
	close(dirfd_);
	nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct evidence_key *open_key(void)
{
	struct evidence_key *key = NULL;

	ck_assert_int_eq(evidence_key_open(dirfd_, &key, NULL), 0);
	return key;
}

static void write_file(const char *name, const char *text)
{
	ck_assert_int_eq(fd_replace_file(dirfd_, name, text, strlen(text), 0600), 0);
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	ck_assert_int_eq(fstatat(dirfd_, name, &st, 0), 0);
	return st.st_mode & 07777;
}

START_TEST(the_key_is_made_once_and_stays_private)
{
	char id[SHA256_HEX_SIZE];
	struct evidence_key *key = open_key();

	ck_assert_uint_eq(mode_of("evidence.key"), 0600);
	ck_assert_uint_eq(mode_of("evidence.pub"), 0644);
	strcpy(id, evidence_key_id(key));
	ck_assert_uint_eq(strlen(id), SHA256_HEX_SIZE - 1);
	evidence_key_close(key);
	key = open_key();
	ck_assert_str_eq(evidence_key_id(key), id);
	evidence_key_close(key);
}
END_TEST

START_TEST(a_lost_public_key_comes_back)
{
	cleanup_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT;

	evidence_key_close(open_key());
	ck_assert_int_eq(fd_read_file(dirfd_, "evidence.pub", 1000, &before), 0);
	ck_assert_int_eq(unlinkat(dirfd_, "evidence.pub", 0), 0);
	evidence_key_close(open_key());
	ck_assert_int_eq(fd_read_file(dirfd_, "evidence.pub", 1000, &after), 0);
	ck_assert_str_eq(before.data, after.data);
}
END_TEST

START_TEST(only_higher_sequences_are_signed)
{
	struct evidence_key *key = open_key();
	struct evidence_signature first, again, untouched = {.sequence = 99};

	ck_assert_int_eq(evidence_key_sign(key, 5, chain_a, &first), 0);
	ck_assert_uint_gt(first.der_len, 60);
	/* The last head gets the signature that it has, not another. */
	ck_assert_int_eq(evidence_key_sign(key, 5, chain_a, &again), 0);
	ck_assert_mem_eq(&first, &again, sizeof(first));
	ck_assert_int_eq(evidence_key_sign(key, 5, chain_b, &untouched), -ESTALE);
	ck_assert_int_eq(evidence_key_sign(key, 4, chain_a, &untouched), -ESTALE);
	ck_assert_int_eq(evidence_key_sign(key, 0, chain_a, &untouched), -ESTALE);
	ck_assert_uint_eq(untouched.sequence, 99);
	ck_assert_int_eq(evidence_key_sign(key, 6, chain_b, &again), 0);
	evidence_key_close(key);
}
END_TEST

START_TEST(the_last_sequence_outlives_the_process)
{
	struct evidence_key *key = open_key();
	struct evidence_signature first, again;

	ck_assert_int_eq(evidence_key_sign(key, UINT64_MAX - 1, chain_a, &first), 0);
	evidence_key_close(key);
	key = open_key();
	ck_assert_int_eq(evidence_key_sign(key, UINT64_MAX - 1, chain_a, &again), 0);
	ck_assert_mem_eq(first.der, again.der, first.der_len);
	ck_assert_int_eq(evidence_key_sign(key, UINT64_MAX - 2, chain_a, &again), -ESTALE);
	evidence_key_close(key);
}
END_TEST

START_TEST(nothing_is_signed_that_cannot_be_remembered)
{
	struct evidence_key *key = open_key();
	struct evidence_signature signature = {.sequence = 99};

	/* A folder in the way of the file, which root cannot write over either. */
	ck_assert_int_eq(mkdirat(dirfd_, "signed-head", 0700), 0);
	ck_assert_int_lt(evidence_key_sign(key, 1, chain_a, &signature), 0);
	ck_assert_uint_eq(signature.sequence, 99);
	evidence_key_close(key);
}
END_TEST

START_TEST(a_damaged_key_is_refused_and_left_alone)
{
	static const char *const contents[] = {"", "garbage",
					       "-----BEGIN PRIVATE KEY-----\nAAAA\n"};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct evidence_key *key = NULL;
	struct diag diag = {0};

	write_file("evidence.key", contents[_i]);
	ck_assert_int_eq(evidence_key_open(dirfd_, &key, &diag), -EBADMSG);
	ck_assert_ptr_null(key);
	ck_assert_ptr_nonnull(strstr(diag.text, "not an EC private key"));
	ck_assert_int_eq(fd_read_file(dirfd_, "evidence.key", 1000, &text), 0);
	ck_assert_str_eq(text.data ? text.data : "", contents[_i]);
}
END_TEST

START_TEST(a_damaged_memory_of_the_last_head_stops_signing)
{
	static const char *const contents[] = {
		"",
		"7",
		"7 aa",
		"x aa bb\n",
		"7 aabb 3045\n",
		"7 00000000000000000000000000000000000000000000000000000000000000zz 3045\n",
	};
	struct evidence_key *key = NULL;
	struct diag diag = {0};

	evidence_key_close(open_key());
	write_file("signed-head", contents[_i]);
	ck_assert_int_lt(evidence_key_open(dirfd_, &key, &diag), 0);
	ck_assert_ptr_null(key);
	ck_assert_str_eq(diag.file, "signed-head");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("evidence_key");
	TCase *tcase = tcase_create("evidence_key");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_key_is_made_once_and_stays_private);
	tcase_add_test(tcase, a_lost_public_key_comes_back);
	tcase_add_test(tcase, only_higher_sequences_are_signed);
	tcase_add_test(tcase, the_last_sequence_outlives_the_process);
	tcase_add_test(tcase, nothing_is_signed_that_cannot_be_remembered);
	tcase_add_loop_test(tcase, a_damaged_key_is_refused_and_left_alone, 0, 3);
	tcase_add_loop_test(tcase, a_damaged_memory_of_the_last_head_stops_signing, 0, 6);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
