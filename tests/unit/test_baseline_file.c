/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/baseline.h and baseline/writer.h: what is written is read, what was touched is
 * refused. */
#include "unit/unit.h"

#include "base/ini.h"
#include "base/strbuf.h"
#include "baseline/baseline.h"
#include "baseline/entries.h"
#include "baseline/statement.h"
#include "baseline/tar.h"
#include "baseline/writer.h"

static char *folder, *path;

static void setup(void)
{
	folder = unit_folder_new();
	ck_assert_int_gt(asprintf(&path, "%s/b.tar", folder), 0);
}

static void teardown(void)
{
	unit_folder_free(folder);
	free(path);
}

static const char rules[] = "[monitor]\ntree = /usr\n";

/* Writes a baseline with these paths; the statement's counts are theirs unless @wrong_by says
 * otherwise: 1 for that of the entries, 2 for that of those with something unstated, 4 and 8 for
 * what its packages do not vouch for, 16 for what is to be looked at. */
static int write_file(const char *const *paths, size_t count, unsigned wrong_by)
{
	struct baseline_statement s = {
		.name = strdup("n"),
		.layer = strdup("host"),
		.revision = 1,
		.made_by = strdup("u"),
		.made_on = strdup("h"),
		.made_at_ns = 1764000000000000000,
		.entries = count + (wrong_by & 1),
		.unstated = wrong_by >> 1 & 1,
		.differs_from_package = wrong_by >> 2 & 1,
		.not_packaged = wrong_by >> 3 & 1,
		.review[REVIEW_PROGRAM] = wrong_by >> 4 & 1,
		.files = count,
		.bytes_hashed = 3 * count,
	};
	struct writer *writer = NULL;
	int r = writer_new(path, &writer, NULL);

	for (size_t i = 0; i < count && r == 0; i++) {
		struct file_fact fact = {
			.path = (char *)paths[i],
			.type = FILE_TYPE_REGULAR,
			.role = i % 2 ? FILE_ROLE_CONFIG : FILE_ROLE_LIBRARY,
			.has_digest = true,
			.size = 3,
			.mode = 0644,
			.package = (char *)"p",
		};
		struct strbuf line = STRBUF_INIT;

		ck_assert_int_eq(entry_write(&fact, &line), 0);
		ck_assert_int_eq(writer_add(writer, line.data, line.len), 0);
		strbuf_done(&line);
	}
	if (r == 0)
		r = writer_finish(writer, &s, rules, sizeof(rules) - 1, NULL);
	writer_free(writer);
	baseline_statement_done(&s);
	return r;
}

/* Opens and reads to the end. 0, or what refused it. @ret_digest may be NULL. */
static int read_fd(int fd, char *ret_digest, struct diag *diag)
{
	struct baseline *b = NULL;
	int r = baseline_open(fd, "b.tar", &b, diag);

	if (r < 0)
		return r;
	if (ret_digest)
		strcpy(ret_digest, baseline_get_digest(b));
	do {
		struct file_fact entry = {0};

		r = baseline_next(b, &entry, diag);
		file_fact_done(&entry);
	} while (r > 0);
	baseline_close(b);
	return r;
}

static int read_file(char *ret_digest, struct diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	ck_assert_int_ge(fd, 0);
	r = read_fd(fd, ret_digest, diag);
	close(fd);
	return r;
}

static const char *const three[] = {"/usr/a", "/usr/b", "/usr/b-c"};

START_TEST(file_comes_back_as_it_was)
{
	struct file_fact entry = {0};
	struct baseline *b = NULL;
	size_t len;
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(baseline_open(fd, "b.tar", &b, NULL), 0);
	close(fd);
	ck_assert_str_eq(baseline_get_statement(b)->name, "n");
	ck_assert_str_eq(baseline_get_rules(b, &len), rules);
	ck_assert_uint_eq(len, sizeof(rules) - 1);
	ck_assert_uint_eq(baseline_count_approvals(b), 0);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++) {
			ck_assert_int_eq(baseline_next(b, &entry, NULL), 1);
			ck_assert_str_eq(entry.path, three[i]);
			file_fact_done(&entry);
		}
		ck_assert_int_eq(baseline_next(b, &entry, NULL), 0);
		ck_assert_int_eq(baseline_next(b, &entry, NULL), 0);
		ck_assert_int_eq(baseline_rewind(b), 0);
	}
	baseline_close(b);
}
END_TEST

START_TEST(a_second_file_is_the_same_bytes)
{
	char first[SHA256_HEX_SIZE], second[SHA256_HEX_SIZE];

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	ck_assert_int_eq(read_file(first, NULL), 0);
	unlink(path);
	ck_assert_int_eq(write_file(three, 3, 0), 0);
	ck_assert_int_eq(read_file(second, NULL), 0);
	ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(an_existing_file_stays)
{
	unit_write(folder, "b.tar", "mine");
	ck_assert_int_eq(write_file(three, 3, 0), -EEXIST);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(nothing_is_seen_before_the_end)
{
	struct writer *writer = NULL;
	char *name;

	ck_assert_int_eq(writer_new(path, &writer, NULL), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	writer_free(writer);
	/* The folder is empty: it can be removed. */
	name = strdup(folder);
	ck_assert_int_eq(rmdir(name), 0);
	ck_assert_int_eq(mkdir(name, 0700), 0);
	free(name);
}
END_TEST

static const struct {
	const char *const paths[2];
	const char *says;
} bad_orders[] = {
	{{"/usr/a", "/usr/a"}, "twice or out of order"},
	{{"/usr/b", "/usr/a"}, "twice or out of order"},
	{{"/usr/\xff", "/usr/a"}, "twice or out of order"}, /* bytes count as unsigned */
};

START_TEST(disorder_is_refused)
{
	struct diag diag = {0};

	ck_assert_int_eq(write_file(bad_orders[_i].paths, 2, 0), 0);
	ck_assert_int_eq(read_file(NULL, &diag), -EBADMSG);
	ck_assert_msg(strstr(diag.text, bad_orders[_i].says) != NULL, "%s", diag.text);
	ck_assert_uint_eq(diag.line, 2);
}
END_TEST

START_TEST(wrong_counts_are_refused)
{
	struct diag diag = {0};

	ck_assert_int_eq(write_file(three, 3, 1U << _i), 0);
	ck_assert_int_eq(read_file(NULL, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "counts"));
}
END_TEST

/* The whole file as bytes, and a second descriptor to write changed ones to. */
static size_t slurp(uint8_t **ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	*ret_bytes = malloc((size_t)st.st_size);
	ck_assert_int_eq(read(fd, *ret_bytes, (size_t)st.st_size), st.st_size);
	close(fd);
	return (size_t)st.st_size;
}

/* An approval of the statement holds its digest; so a byte in it counts as seen when the digest is
 * another. */
START_TEST(every_changed_byte_is_seen)
{
	char good[SHA256_HEX_SIZE], now[SHA256_HEX_SIZE];
	uint8_t *bytes;
	size_t size;
	int fd, r;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	ck_assert_int_eq(read_file(good, NULL), 0);
	size = slurp(&bytes);
	fd = open(path, O_RDWR | O_CLOEXEC);
	for (size_t i = 0; i < size; i++) {
		uint8_t changed = bytes[i] ^ (uint8_t)(1U << (i % 8));

		ck_assert_int_eq(pwrite(fd, &changed, 1, (off_t)i), 1);
		r = read_fd(fd, now, NULL);
		ck_assert_msg(r == -EBADMSG || (r == 0 && strcmp(good, now) != 0), "byte %zu: %d",
			      i, r);
		ck_assert_int_eq(pwrite(fd, &bytes[i], 1, (off_t)i), 1);
	}
	ck_assert_int_eq(read_fd(fd, now, NULL), 0);
	close(fd);
	free(bytes);
}
END_TEST

/* Only the entries, all of them read, can tell. */
START_TEST(a_wrong_content_digest_is_refused)
{
	static const char key[] = "\"content_digest\":\"";
	struct diag diag = {0};
	uint8_t *bytes, *digit;
	size_t size;
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	size = slurp(&bytes);
	digit = memmem(bytes, size, key, strlen(key));
	ck_assert_ptr_nonnull(digit);
	digit += strlen(key);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(pwrite(fd, *digit == '0' ? "1" : "0", 1, digit - bytes), 1);
	ck_assert_int_eq(read_fd(fd, NULL, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "content digest"));
	close(fd);
	free(bytes);
}
END_TEST

START_TEST(every_shorter_file_is_refused)
{
	uint8_t *bytes;
	size_t size;
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	size = slurp(&bytes);
	free(bytes);
	fd = open(path, O_RDWR | O_CLOEXEC);
	while (size-- > 0) {
		ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
		ck_assert_msg(read_fd(fd, NULL, NULL) == -EBADMSG, "cut to %zu", size);
	}
	close(fd);
}
END_TEST

START_TEST(a_longer_file_is_refused)
{
	uint8_t block[TAR_BLOCK] = {0};
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
	/* Zeros are what tar itself may add up to its record size. */
	ck_assert_int_eq(write(fd, block, sizeof(block)), sizeof(block));
	ck_assert_int_eq(read_fd(fd, NULL, NULL), 0);
	block[TAR_BLOCK - 1] = 1;
	ck_assert_int_eq(write(fd, block, sizeof(block)), sizeof(block));
	ck_assert_int_eq(read_fd(fd, NULL, NULL), -EBADMSG);
	close(fd);
}
END_TEST

/* Offset and whole length of each member, as the headers say. */
static unsigned find_members(const uint8_t *bytes, size_t offsets[static 8],
			     size_t lengths[static 8])
{
	struct tar_member member;
	unsigned count = 0;
	size_t at = 0;

	while (tar_read_header(bytes + at, &member) == 1) {
		offsets[count] = at;
		lengths[count] = TAR_BLOCK + member.size + tar_padding(member.size);
		at += lengths[count++];
	}
	return count;
}

/* Orders of the three members, and one of them missing or there twice. */
static const char *const orders[] = {"021", "102", "120", "201",  "210",  "01",	 "02",
				     "12",  "0",   "",	  "0012", "0112", "0122"};

START_TEST(members_in_another_order_are_refused)
{
	static const uint8_t zeros[2 * TAR_BLOCK];
	size_t offsets[8], lengths[8];
	struct diag diag = {0};
	uint8_t *bytes;
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	slurp(&bytes);
	ck_assert_uint_eq(find_members(bytes, offsets, lengths), 3);
	fd = open(path, O_RDWR | O_TRUNC | O_CLOEXEC);
	for (const char *which = orders[_i]; *which; which++) {
		unsigned i = (unsigned)(*which - '0');

		ck_assert_int_eq(write(fd, bytes + offsets[i], lengths[i]), (ssize_t)lengths[i]);
	}
	ck_assert_int_eq(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	ck_assert_int_eq(read_fd(fd, NULL, &diag), -EBADMSG);
	ck_assert_str_ne(diag.text, "");
	close(fd);
	free(bytes);
}
END_TEST

START_TEST(something_else_than_a_file_is_refused)
{
	int fds[2];
	struct diag diag = {0};

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(read_fd(fds[0], NULL, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "regular file"));
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* The check at the opening is not enough: what is given out must be what was checked. */
START_TEST(a_change_between_check_and_use_is_seen)
{
	struct file_fact entry = {0};
	struct baseline *b = NULL;
	struct diag diag = {0};
	uint8_t *bytes, *mode;
	size_t size;
	int fd, r;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	size = slurp(&bytes);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(baseline_open(fd, "b.tar", &b, NULL), 0);
	mode = memmem(bytes, size, "0644\",\"uid\"", 11); /* of an entry, not of a tar header */
	ck_assert_ptr_nonnull(mode);
	ck_assert_int_eq(pwrite(fd, "4755", 4, mode - bytes), 4);
	do {
		r = baseline_next(b, &entry, &diag);
		file_fact_done(&entry);
	} while (r > 0);
	ck_assert_int_eq(r, -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "changed while it was read"));
	baseline_close(b);
	close(fd);
	free(bytes);
}
END_TEST

START_TEST(approvals_are_appended_in_order)
{
	struct baseline_approval a = {0};
	struct baseline *b = NULL;
	int fd;

	ck_assert_int_eq(write_file(three, 3, 0), 0);
	ck_assert_int_eq(chmod(path, 0640), 0);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(writer_add_approval(path, "no cms", 6, 1764000000000000000, NULL),
				 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(baseline_open(fd, "b.tar", &b, NULL), 0);
	ck_assert_uint_eq(baseline_count_approvals(b), 3);
	ck_assert_int_eq(baseline_read_approval(b, 2, NULL, &a, NULL), 0);
	ck_assert(!a.is_verified);
	ck_assert_str_eq(a.refusal, "it is no CMS in DER");
	baseline_approval_done(&a);
	ck_assert_int_eq(baseline_read_approval(b, 3, NULL, &a, NULL), -ENOENT);
	baseline_close(b);
	close(fd);

	struct stat st;
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
}
END_TEST

START_TEST(an_approval_is_not_added_to_a_bad_file)
{
	struct diag diag = {0};

	unit_write(folder, "b.tar", "no tar");
	ck_assert_int_eq(writer_add_approval(path, "x", 1, 0, &diag), -EBADMSG);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, file_comes_back_as_it_was);
	tcase_add_test(tcase, a_second_file_is_the_same_bytes);
	tcase_add_test(tcase, an_existing_file_stays);
	tcase_add_test(tcase, nothing_is_seen_before_the_end);
	tcase_add_loop_test(tcase, disorder_is_refused, 0, ARRAY_SIZE(bad_orders));
	tcase_add_loop_test(tcase, wrong_counts_are_refused, 0, 5);
	tcase_add_test(tcase, every_changed_byte_is_seen);
	tcase_add_test(tcase, a_wrong_content_digest_is_refused);
	tcase_add_test(tcase, every_shorter_file_is_refused);
	tcase_add_test(tcase, a_longer_file_is_refused);
	tcase_add_loop_test(tcase, members_in_another_order_are_refused, 0, ARRAY_SIZE(orders));
	tcase_add_test(tcase, something_else_than_a_file_is_refused);
	tcase_add_test(tcase, a_change_between_check_and_use_is_seen);
	tcase_add_test(tcase, approvals_are_appended_in_order);
	tcase_add_test(tcase, an_approval_is_not_added_to_a_bad_file);
}

UNIT_MAIN("baseline_file")
