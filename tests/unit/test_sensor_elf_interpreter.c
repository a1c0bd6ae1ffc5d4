/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/elf_interpreter.h. */
#include "sensor/elf_interpreter.h"

#include <elf.h>
#include <sys/mman.h>

#include "unit.h"

static int fd;
static char path[64];

static void setup(void)
{
	fd = memfd_create("elf", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
}

static void teardown(void)
{
	close(fd);
}

static void put(const void *data, size_t len, off_t at)
{
	ck_assert_int_eq(pwrite(fd, data, len, at), (ssize_t)len);
}

static Elf64_Ehdr wide_head(uint16_t count)
{
	return (Elf64_Ehdr){
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_phnum = count,
		.e_phentsize = sizeof(Elf64_Phdr),
	};
}

static void put_wide(uint64_t offset, uint64_t size)
{
	Elf64_Ehdr head = wide_head(2);
	Elf64_Phdr segments[2] = {{.p_type = PT_LOAD},
				  {.p_type = PT_INTERP, .p_offset = offset, .p_filesz = size}};

	put(&head, sizeof(head), 0);
	put(segments, sizeof(segments), sizeof(head));
}

START_TEST(the_loader_of_a_real_program_is_found)
{
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(elf_interpreter(self, path, sizeof(path)), 0);
	ck_assert_int_eq(access(path, X_OK), 0);
	close(self);
}
END_TEST

START_TEST(a_narrow_program_is_read_too)
{
	Elf32_Ehdr head = {
		.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB},
		.e_phoff = sizeof(Elf32_Ehdr),
		.e_phnum = 1,
		.e_phentsize = sizeof(Elf32_Phdr),
	};
	Elf32_Phdr segment = {.p_type = PT_INTERP, .p_offset = 500, .p_filesz = 4};

	put(&head, sizeof(head), 0);
	put(&segment, sizeof(segment), sizeof(head));
	put("/ld", 4, 500);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), 0);
	ck_assert_str_eq(path, "/ld");
}
END_TEST

START_TEST(what_names_none_is_told_from_what_is_no_program)
{
	Elf64_Ehdr head = wide_head(0);

	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	put("#!/bin/sh\nexit 0 and some more to have the size of a head\n", 58, 0);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	put(&head, sizeof(head), 0);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOENT);
	ck_assert_str_eq(path, "");
}
END_TEST

START_TEST(numbers_that_lead_outside_are_refused)
{
	Elf64_Ehdr head = wide_head(1);

	put_wide(1000, 4); /* behind the end */
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	put_wide(UINT64_MAX, 4);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	put_wide(0, sizeof(path) + 1);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENAMETOOLONG);
	put_wide(0, 8); /* without an end */
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	ck_assert_str_eq(path, "");
	head.e_phoff = UINT64_MAX - 8;
	put(&head, sizeof(head), 0);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
	head = wide_head(60000);
	put(&head, sizeof(head), 0);
	ck_assert_int_eq(elf_interpreter(fd, path, sizeof(path)), -ENOEXEC);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_loader_of_a_real_program_is_found);
	tcase_add_test(tcase, a_narrow_program_is_read_too);
	tcase_add_test(tcase, what_names_none_is_told_from_what_is_no_program);
	tcase_add_test(tcase, numbers_that_lead_outside_are_refused);
}

UNIT_MAIN("elf_interpreter")
