/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/tar.h. That stock tar reads the same is shown in
 * integration/020-baseline-format. */
#include "unit/unit.h"

#include "base/cleanup.h"
#include "baseline/tar.h"

static struct tar_member member_of(const char *name, uint64_t size, int64_t time_s)
{
	struct tar_member member = {.size = size, .time_s = time_s};

	(void)snprintf(member.name, sizeof(member.name), "%s", name);
	return member;
}

START_TEST(header_comes_back_as_it_was)
{
	struct tar_member in = member_of("approvals/01.p7m", TAR_SIZE_MAX, 1764000000), out = {0};
	uint8_t block[TAR_BLOCK];

	ck_assert_int_eq(tar_write_header(&in, block), 0);
	ck_assert_int_eq(tar_read_header(block, &out), 1);
	ck_assert_str_eq(out.name, in.name);
	ck_assert_uint_eq(out.size, in.size);
	ck_assert_int_eq(out.time_s, in.time_s);
}
END_TEST

START_TEST(zeros_are_the_end)
{
	uint8_t block[TAR_BLOCK] = {0};
	struct tar_member out;

	ck_assert_int_eq(tar_read_header(block, &out), 0);
}
END_TEST

static const char *const bad_names[] = {
	"", "/etc/passwd", "a//b", "../a", "a/../b", "a/.", ".hidden", "a/", "A", "a b", "a\n",
};

START_TEST(writer_refuses_name)
{
	struct tar_member in = member_of(bad_names[_i], 0, 0);
	uint8_t block[TAR_BLOCK];

	ck_assert_int_eq(tar_write_header(&in, block), -EINVAL);
}
END_TEST

START_TEST(writer_refuses_numbers_that_do_not_fit)
{
	struct tar_member large = member_of("a", TAR_SIZE_MAX + 1, 0), past = member_of("a", 0, -1);
	uint8_t block[TAR_BLOCK];

	ck_assert_int_eq(tar_write_header(&large, block), -EINVAL);
	ck_assert_int_eq(tar_write_header(&past, block), -EINVAL);
}
END_TEST

/* Every one: type, link name, user, device, prefix, padding, and the sum over them. */
START_TEST(every_flipped_bit_is_refused)
{
	struct tar_member in = member_of("statement.json", 1234, 1764000000), out;
	uint8_t block[TAR_BLOCK];

	ck_assert_int_eq(tar_write_header(&in, block), 0);
	for (unsigned bit = 0; bit < 8 * TAR_BLOCK; bit++) {
		block[bit / 8] ^= (uint8_t)(1U << (bit % 8));
		ck_assert_msg(tar_read_header(block, &out) == -EBADMSG, "bit %u of byte %u",
			      bit % 8, bit / 8);
		block[bit / 8] ^= (uint8_t)(1U << (bit % 8));
	}
}
END_TEST

/* Puts @len bytes at @offset and mends the sum, as somebody who knows the format would. */
static void forge(uint8_t block[static TAR_BLOCK], size_t offset, const char *bytes, size_t len)
{
	char text[8];
	unsigned sum = 0;

	memcpy(block + offset, bytes, len);
	memset(block + 148, ' ', 8);
	for (unsigned i = 0; i < TAR_BLOCK; i++)
		sum += block[i];
	(void)snprintf(text, sizeof(text), "%06o", sum);
	memcpy(block + 148, text, 7);
}

static const struct {
	const char *what;
	size_t offset;
	const char *bytes;
	size_t len;
} forgeries[] = {
	{"symbolic link", 156, "2", 1},
	{"hard link", 156, "1", 1},
	{"character device", 156, "3", 1},
	{"folder", 156, "5", 1},
	{"pax header", 156, "x", 1},
	{"pax global header", 156, "g", 1},
	{"GNU long name", 156, "L", 1},
	{"GNU sparse", 156, "S", 1},
	{"old regular file", 156, "\0", 1},
	{"GNU magic", 257, "ustar  ", 8},
	{"no magic", 257, "\0\0\0\0\0\0\0\0", 8},
	{"prefix", 345, "x/", 2},
	{"link name", 157, "/etc/passwd", 11},
	{"absolute name", 0, "/tatement.json", 14},
	{"parent in name", 0, "../tement.json", 14},
	{"name after its NUL", 20, "x", 1},
	{"binary size", 124, "\200\0\0\0\0\0\0\0\0\0\4\322", 12},
	{"size with spaces", 124, "       2322 ", 12},
	{"size without end", 124, "000000023220", 12},
	{"set-user-id", 100, "0004755", 7},
	{"padding", 500, "x", 1},
};

START_TEST(forged_header_is_refused)
{
	struct tar_member in = member_of("statement.json", 1234, 1764000000), out;
	uint8_t block[TAR_BLOCK];

	ck_assert_int_eq(tar_write_header(&in, block), 0);
	forge(block, 124, (const char *)block + 124, 0);
	ck_assert_int_eq(tar_read_header(block, &out), 1); /* the mended sum alone is right */
	forge(block, forgeries[_i].offset, forgeries[_i].bytes, forgeries[_i].len);
	ck_assert_msg(tar_read_header(block, &out) == -EBADMSG, "%s", forgeries[_i].what);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, header_comes_back_as_it_was);
	tcase_add_test(tcase, zeros_are_the_end);
	tcase_add_loop_test(tcase, writer_refuses_name, 0, ARRAY_SIZE(bad_names));
	tcase_add_test(tcase, writer_refuses_numbers_that_do_not_fit);
	tcase_add_test(tcase, every_flipped_bit_is_refused);
	tcase_add_loop_test(tcase, forged_header_is_refused, 0, ARRAY_SIZE(forgeries));
}

UNIT_MAIN("baseline_tar")
