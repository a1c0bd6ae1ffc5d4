/* SPDX-License-Identifier: Apache-2.0 */
#include "model/file_fact.h"

#include <elf.h>

#include "unit/unit.h"

/* First bytes of an ELF file: class, byte order, and the type at offset 16. */
#define ELF_HEAD(byte_order, low, high)                               \
	{                                                             \
		0x7f, 'E', 'L', 'F', ELFCLASS64, byte_order,          \
			EV_CURRENT, [16] = low, [17] = high, [19] = 0 \
	}

static const unsigned char elf_dyn[] = ELF_HEAD(ELFDATA2LSB, ET_DYN, 0);
static const unsigned char elf_exec[] = ELF_HEAD(ELFDATA2LSB, ET_EXEC, 0);
static const unsigned char elf_rel[] = ELF_HEAD(ELFDATA2LSB, ET_REL, 0);
static const unsigned char elf_big_endian_exec[] = ELF_HEAD(ELFDATA2MSB, 0, ET_EXEC);

static const struct {
	Elf64_Ehdr elf;
	Elf64_Phdr header;
} elf_with_ld_so = {
	.elf = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
		.e_type = ET_DYN,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1},
	.header = {.p_type = PT_INTERP},
};

#define HEAD(bytes) bytes, sizeof(bytes)

static const struct {
	const char *path;
	uint32_t mode;
	const void *head;
	size_t head_len;
	enum file_role role;
} roles[] = {
	{"/usr/bin/true", 0755, HEAD(elf_dyn), FILE_ROLE_EXECUTABLE},
	{"/usr/bin/busybox", 0755, HEAD(elf_exec), FILE_ROLE_EXECUTABLE},
	{"/usr/bin/foreign", 0755, HEAD(elf_big_endian_exec), FILE_ROLE_EXECUTABLE},
	{"/usr/bin/not-runnable", 0644, HEAD(elf_exec), FILE_ROLE_EXECUTABLE},
	{"/usr/lib/libm.so.6", 0644, HEAD(elf_dyn), FILE_ROLE_LIBRARY},
	{"/usr/lib/libm.so", 0755, HEAD(elf_dyn), FILE_ROLE_LIBRARY},
	{"/usr/lib/x.sources.so", 0755, HEAD(elf_dyn), FILE_ROLE_LIBRARY},
	{"/usr/lib/plugin", 0644, HEAD(elf_dyn), FILE_ROLE_LIBRARY},
	{"/tmp/for-ld.so.1", 0644, &elf_with_ld_so, sizeof(elf_with_ld_so), FILE_ROLE_LIBRARY},
	{"/tmp/for-ld", 0644, &elf_with_ld_so, sizeof(elf_with_ld_so), FILE_ROLE_EXECUTABLE},
	{"/tmp/cut", 0644, &elf_with_ld_so, sizeof(elf_with_ld_so) - 1, FILE_ROLE_LIBRARY},
	{"/usr/lib/modules/6.1/x.ko", 0644, HEAD(elf_rel), FILE_ROLE_MODULE},
	{"/usr/lib/modules/6.1/x.ko.xz", 0644,
	 "\xfd"
	 "7zXZ",
	 6, FILE_ROLE_MODULE},
	{"/usr/lib/crt1.o", 0644, HEAD(elf_rel), FILE_ROLE_DATA},
	{"/usr/bin/script", 0755, "#!/bin/sh\n", 10, FILE_ROLE_SCRIPT},
	{"/etc/init.d/thing", 0755, "#!/bin/sh\n", 10, FILE_ROLE_SCRIPT},
	{"/usr/lib/python3/x.py", 0644, "#!/usr/bin/python3\n", 19, FILE_ROLE_SCRIPT},
	{"/usr/bin/no-shebang", 0755, "echo hi\n", 8, FILE_ROLE_SCRIPT},
	{"/etc/hosts", 0644, "127.0.0.1", 9, FILE_ROLE_CONFIG},
	{"/etcetera/hosts", 0644, "127.0.0.1", 9, FILE_ROLE_DATA},
	{"/usr/share/doc/x", 0644, "", 0, FILE_ROLE_DATA},
	{"/opt/x.squashfs", 0644, "hsqs....", 8, FILE_ROLE_IMAGE},
	{"/usr/bin/short-elf", 0644,
	 "\x7f"
	 "ELF",
	 4, FILE_ROLE_DATA},
};

START_TEST(role_follows_content_name_and_mode)
{
	ck_assert_str_eq(file_role_name(file_role_guess(roles[_i].path, roles[_i].mode,
							roles[_i].head, roles[_i].head_len)),
			 file_role_name(roles[_i].role));
}
END_TEST

/* One approved program; each case changes one attribute of a copy. */
static struct file_fact approved_program(void)
{
	struct file_fact fact = {
		.path = strdup("/usr/bin/hmi"),
		.type = FILE_TYPE_REGULAR,
		.role = FILE_ROLE_EXECUTABLE,
		.has_digest = true,
		.sha256 = {1, 2, 3},
		.size = 100,
		.mode = 0755,
		.user = strdup("root"),
		.capabilities = strdup("cap_net_raw=ep"),
		.package = strdup("hmi"),
		.version = strdup("1.2"),
	};
	return fact;
}

START_TEST(equal_facts_have_no_difference)
{
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	ck_assert_uint_eq(file_fact_diff(&approved, &now), 0);
	ck_assert_str_eq(now.version, "1.2");
	ck_assert_ptr_ne(now.path, approved.path);
}
END_TEST

START_TEST(each_attribute_is_told_apart)
{
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	now.sha256[31] ^= 1;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CONTENT);
	now.mode = 04755;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CONTENT | FILE_DIFF_MODE);
	now.sha256[31] ^= 1;
	now.mode = 0755;
	now.gid = 7;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_OWNER);
	now.gid = 0;
	free(now.capabilities);
	now.capabilities = NULL;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CAPABILITIES);
	now.capabilities = strdup("cap_net_raw=ep");
	now.xattrs = strdup("security.selinux=00");
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_XATTRS);
}
END_TEST

/* Each field on its own: one that is not stated does not hide another. */
START_TEST(an_unstated_attribute_is_no_difference)
{
	static const unsigned bits[] = {FILE_DIFF_MODE, FILE_DIFF_OWNER, FILE_DIFF_CAPABILITIES,
					FILE_DIFF_XATTRS};
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	now.mode = 0700;
	now.uid = 7;
	free(now.capabilities);
	now.capabilities = NULL;
	now.xattrs = strdup("security.selinux=00");
	approved.unstated = bits[_i];
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_ATTRIBUTES & ~bits[_i]);
	approved.unstated = 0;
	now.unstated = bits[_i];
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_ATTRIBUTES & ~bits[_i]);
	now.sha256[0] ^= 1;
	now.unstated = FILE_FIELDS_UNSTATED;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CONTENT);
}
END_TEST

/* A list of digests does not make a program run as root. */
START_TEST(power_is_not_approved_by_silence)
{
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	free(approved.capabilities);
	approved.capabilities = NULL;
	approved.mode = 0;
	approved.unstated = FILE_FIELDS_UNSTATED;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CAPABILITIES);
	free(now.capabilities);
	now.capabilities = NULL;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), 0);
	now.mode = 04755;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_MODE);
	now.mode = 02755;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_MODE);
	/* A list beside a list, which says nothing either. */
	now.unstated = FILE_FIELDS_UNSTATED;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), 0);
	/* A folder's bit hands down its group, and a program gets nothing by it. */
	now.unstated = 0;
	approved.type = now.type = FILE_TYPE_DIRECTORY;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), 0);
}
END_TEST

START_TEST(each_field_that_may_be_unstated_has_a_name)
{
	unsigned all = 0;

	for (const struct file_field *f = file_fields_unstated; f->name; f++) {
		ck_assert_uint_eq(all & f->bit, 0);
		all |= f->bit;
	}
	ck_assert_uint_eq(all, FILE_FIELDS_UNSTATED);
}
END_TEST

START_TEST(an_unread_file_is_never_equal)
{
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	now.has_digest = false;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_UNREADABLE);
}
END_TEST

START_TEST(another_type_is_the_whole_difference)
{
	cleanup_file_fact struct file_fact approved = approved_program(), now = {0};

	ck_assert_int_eq(file_fact_copy(&approved, &now), 0);
	now.type = FILE_TYPE_SYMLINK;
	now.mode = 0777;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_TYPE);
}
END_TEST

START_TEST(a_link_is_its_target)
{
	struct file_fact approved = {
		.type = FILE_TYPE_SYMLINK, .mode = 0777, .link_target = (char *)"a"};
	struct file_fact now = {
		.type = FILE_TYPE_SYMLINK, .mode = 0755, .link_target = (char *)"b"};

	ck_assert_uint_eq(file_fact_diff(&approved, &now), FILE_DIFF_CONTENT);
	now.link_target = approved.link_target;
	ck_assert_uint_eq(file_fact_diff(&approved, &now), 0);
}
END_TEST

START_TEST(names_go_both_ways)
{
	enum file_type type;
	enum file_role role;

	for (enum file_type t = 0; t < FILE_TYPE_COUNT; t++) {
		ck_assert_int_eq(file_type_parse(file_type_name(t), &type), 0);
		ck_assert_int_eq(type, t);
	}
	for (enum file_role r = 0; r < FILE_ROLE_COUNT; r++) {
		ck_assert_int_eq(file_role_parse(file_role_name(r), &role), 0);
		ck_assert_int_eq(role, r);
	}
	ck_assert_int_eq(file_type_parse("unknown", &type), -EINVAL);
	ck_assert_int_eq(file_role_parse("", &role), -EINVAL);
	ck_assert_int_eq(file_type_from_mode(S_IFLNK | 0777), FILE_TYPE_SYMLINK);
	ck_assert_int_eq(file_type_from_mode(0), FILE_TYPE_NONE);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, role_follows_content_name_and_mode, 0, ARRAY_SIZE(roles));
	tcase_add_test(tcase, equal_facts_have_no_difference);
	tcase_add_test(tcase, each_attribute_is_told_apart);
	tcase_add_loop_test(tcase, an_unstated_attribute_is_no_difference, 0, 4);
	tcase_add_test(tcase, power_is_not_approved_by_silence);
	tcase_add_test(tcase, each_field_that_may_be_unstated_has_a_name);
	tcase_add_test(tcase, an_unread_file_is_never_equal);
	tcase_add_test(tcase, another_type_is_the_whole_difference);
	tcase_add_test(tcase, a_link_is_its_target);
	tcase_add_test(tcase, names_go_both_ways);
}

UNIT_MAIN("file_fact")
