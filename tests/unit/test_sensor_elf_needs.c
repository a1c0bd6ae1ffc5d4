/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of sensor/elf_needs.h and, over real files of this machine, of sensor/closure.h. */
#include "sensor/elf_needs.h"

#include <elf.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/str.h"
#include "baseline/build.h"
#include "sensor/closure.h"
#include "unit.h"

enum {
	DYNAMIC_AT = 512,
	STRINGS_AT = 1024,
};

/* A file of two segments: all of it loaded at address 0, and its dynamic table. */
struct image {
	Elf64_Ehdr head;
	Elf64_Phdr segments[2];
	Elf64_Dyn dynamic[6];
	char strings[64];
};

static struct elf_needs needs;

static void setup(void)
{
	needs = (struct elf_needs){0};
}

static void teardown(void)
{
	elf_needs_done(&needs);
}

static struct image good_image(void)
{
	struct image image = {
		.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			 .e_phoff = sizeof(Elf64_Ehdr),
			 .e_phnum = 2,
			 .e_phentsize = sizeof(Elf64_Phdr)},
		.segments = {{.p_type = PT_LOAD, .p_filesz = 4096},
			     {.p_type = PT_DYNAMIC,
			      .p_offset = DYNAMIC_AT,
			      .p_filesz = sizeof(image.dynamic)}},
		.dynamic = {{DT_STRTAB, {STRINGS_AT}},
			    {DT_STRSZ, {sizeof(image.strings)}},
			    {DT_NEEDED, {1}},
			    {DT_NEEDED, {9}},
			    {DT_RUNPATH, {17}},
			    {DT_NULL, {0}}},
		.strings = "\0liba.so\0libb.so\0/opt/a:/opt/b",
	};

	return image;
}

static int read_image(const struct image *image)
{
	int fd = memfd_create("elf", MFD_CLOEXEC), r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_gt(pwrite(fd, &image->head, sizeof(image->head), 0), 0);
	ck_assert_int_gt(pwrite(fd, image->segments, sizeof(image->segments), sizeof(image->head)),
			 0);
	ck_assert_int_gt(pwrite(fd, image->dynamic, sizeof(image->dynamic), DYNAMIC_AT), 0);
	ck_assert_int_gt(pwrite(fd, image->strings, sizeof(image->strings), STRINGS_AT), 0);
	r = elf_needs_read(fd, &needs);
	close(fd);
	return r;
}

START_TEST(names_and_path_are_read)
{
	struct image image = good_image();

	ck_assert_int_eq(read_image(&image), 0);
	ck_assert_ptr_null(needs.interpreter);
	ck_assert_str_eq(needs.path, "/opt/a:/opt/b");
	ck_assert_str_eq(needs.names[0], "liba.so");
	ck_assert_str_eq(needs.names[1], "libb.so");
	ck_assert_ptr_null(needs.names[2]);
}
END_TEST

START_TEST(a_real_program_names_the_c_library)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	bool has_libc = false;

	ck_assert_int_eq(elf_needs_read(fd, &needs), 0);
	ck_assert_int_eq(access(needs.interpreter, X_OK), 0);
	for (char **name = needs.names; *name; name++)
		has_libc |= str_starts(*name, "libc.so.");
	ck_assert(has_libc);
	close(fd);
}
END_TEST

static const struct {
	const char *what;
	size_t at; /* in struct image */
	uint64_t value;
} lies[] = {
	{"a name behind the strings", offsetof(struct image, dynamic[2].d_un.d_val), 64},
	{"strings that no segment holds", offsetof(struct image, dynamic[0].d_un.d_ptr), 1 << 20},
	{"no strings", offsetof(struct image, dynamic[1].d_un.d_val), 0},
	{"strings of a GiB", offsetof(struct image, dynamic[1].d_un.d_val), 1 << 30},
	{"strings that the file has not", offsetof(struct image, dynamic[1].d_un.d_val), 4096},
	{"a dynamic table of a GiB", offsetof(struct image, segments[1].p_filesz), 1 << 30},
	{"a dynamic table behind the end", offsetof(struct image, segments[1].p_offset), 1 << 20},
	{"headers behind the end", offsetof(struct image, head.e_phoff), UINT64_MAX},
};

START_TEST(a_lie_is_refused_and_leaves_nothing)
{
	struct image image = good_image();

	memcpy((char *)&image + lies[_i].at, &lies[_i].value, sizeof(lies[_i].value));
	ck_assert_msg(read_image(&image) == -EBADMSG, "%s", lies[_i].what);
	ck_assert_ptr_null(needs.names);
	ck_assert_ptr_null(needs.path);
}
END_TEST

START_TEST(what_is_no_program_is_told_apart)
{
	struct image image = good_image();

	image.head.e_ident[0] = '#';
	ck_assert_int_eq(read_image(&image), -ENOEXEC);
}
END_TEST

struct found {
	bool shell, loader, libc;
	unsigned count;
};

static int take(const char *path, void *userdata)
{
	struct found *found = userdata;

	found->shell |= str_equal(path, "/usr/bin/dash") || str_equal(path, "/usr/bin/bash");
	found->loader |= strstr(path, "/ld-linux") != NULL;
	found->libc |= strstr(path, "/libc.so.") != NULL;
	found->count++;
	return 0;
}

static int refuse(const char *path, void *userdata)
{
	return -EDOM;
}

START_TEST(closure_has_a_shell_and_all_it_needs)
{
	struct found found = {0};

	ck_assert_int_eq(closure_each("/nonexistent", take, &found), 0);
	ck_assert(found.shell && found.loader && found.libc);
	ck_assert_uint_gt(found.count, 10);
	ck_assert_int_eq(closure_each("/nonexistent", refuse, NULL), -EDOM);
}
END_TEST

static int is_not(const char *path, void *userdata)
{
	return str_equal(path, userdata) ? -EEXIST : 0;
}

/* Who signs a baseline reads them as never blocked. */
START_TEST(closure_has_what_baselines_call_never_blocked)
{
	char real[PATH_MAX];

	for (const char *const *path = build_default_never_block; *path; path++)
		if (realpath(*path, real))
			ck_assert_msg(closure_each("/nonexistent", is_not, real) == -EEXIST, "%s",
				      real);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, names_and_path_are_read);
	tcase_add_test(tcase, a_real_program_names_the_c_library);
	tcase_add_loop_test(tcase, a_lie_is_refused_and_leaves_nothing, 0, ARRAY_SIZE(lies));
	tcase_add_test(tcase, what_is_no_program_is_told_apart);
	tcase_add_test(tcase, closure_has_a_shell_and_all_it_needs);
	tcase_add_test(tcase, closure_has_what_baselines_call_never_blocked);
}

UNIT_MAIN("elf_needs")
