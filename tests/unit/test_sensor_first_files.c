/* SPDX-License-Identifier: Apache-2.0 */
/* agent/sensor/first_files.c: what runs comes before what units start and need, and each once. */
#include "sensor/first_files.h"

#include <elf.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "unit.h"

static char *root;
static struct watch_set *set;

static void put_bytes(const char *dir, const char *name, const void *bytes, size_t len)
{
	cleanup_free char *path = NULL;
	char *part;
	FILE *file;

	ck_assert_int_gt(asprintf(&path, "%s%s/%s", root, dir, name), 0);
	for (part = strchr(path + strlen(root) + 1, '/'); part; part = strchr(part + 1, '/')) {
		*part = '\0';
		(void)mkdir(path, 0755);
		*part = '/';
	}
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
	fclose(file);
}

static void put(const char *dir, const char *name, const char *text)
{
	put_bytes(dir, name, text, strlen(text));
}

/* A program, or library, that names one library and the folders where it is to be looked for. */
static void put_elf(const char *dir, const char *name, const char *needs, const char *folders)
{
	struct {
		Elf64_Ehdr head;
		Elf64_Phdr segments[2];
		Elf64_Dyn dynamic[5];
		char strings[128];
	} image = {
		.head = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB},
			 .e_phoff = sizeof(image.head),
			 .e_phnum = 2,
			 .e_phentsize = sizeof(Elf64_Phdr)},
		.segments = {{.p_type = PT_LOAD, .p_filesz = sizeof(image)},
			     {.p_type = PT_DYNAMIC,
			      .p_offset = (char *)image.dynamic - (char *)&image,
			      .p_filesz = sizeof(image.dynamic)}},
		.dynamic = {{DT_STRTAB, {(char *)image.strings - (char *)&image}},
			    {DT_STRSZ, {sizeof(image.strings)}},
			    {DT_NEEDED, {1}},
			    {DT_RUNPATH, {64}},
			    {DT_NULL, {0}}},
	};

	snprintf(image.strings + 1, 63, "%s", needs);
	snprintf(image.strings + 64, 64, "%s", folders);
	put_bytes(dir, name, &image, sizeof(image));
}

/* As on a machine whose /lib is that of /usr. */
static void put_link(const char *target, const char *name)
{
	cleanup_free char *path = NULL;

	ck_assert_int_gt(asprintf(&path, "%s%s", root, name), 0);
	ck_assert_int_eq(symlink(target, path), 0);
}

static void setup(void)
{
	char *trees[] = {(char *)"/usr", NULL};
	char *ignores[] = {(char *)"/usr/tmp", NULL};

	root = unit_folder_new();
	ck_assert_int_eq(
		watch_set_new(&(struct sensor_rules){.trees = trees, .ignores = ignores}, &set), 0);
}

static void teardown(void)
{
	watch_set_free(set);
	unit_folder_free(root);
}

static char *list(void)
{
	struct first_files *files = NULL;
	struct strbuf text = STRBUF_INIT;
	const char *path;

	ck_assert_int_eq(first_files_new(root, set, &files), 0);
	while ((path = first_files_next(files)))
		strbuf_printf(&text, "%s;", path);
	first_files_free(files);
	return text.data ? strbuf_take(&text) : strdup("");
}

START_TEST(what_runs_comes_before_what_units_start)
{
	cleanup_free char *found = NULL;

	put("/proc/7", "maps",
	    "5500-5600 r--p 00000000 fe:01 11   /usr/bin/hmi\n"
	    "5600-5700 r-xp 00001000 fe:01 11   /usr/bin/hmi\n"
	    "7f00-7f01 r-xp 00001000 fe:01 12   /usr/lib/libc.so.6\n"
	    "7f02-7f03 rw-p 00001000 fe:01 13   /usr/lib/data\n"
	    "7f04-7f05 r-xp 00001000 fe:01 14   /usr/bin/old (deleted)\n"
	    "7f06-7f07 r-xp 00001000 fe:01 15   /usr/bin/new\\012line\n"
	    "7f08-7f09 r-xp 00000000 00:00 0    [vdso]\n"
	    "7f0a-7f0b r-xp 00001000 fe:01 16   /home/u/tool\n"
	    "7f0c-7f0d r-xp 00001000 fe:01 17   /usr/tmp/x\n"
	    "7f0e r-xp");
	put("/proc/self", "maps", "1-2 r-xp 0 fe:01 1 /usr/bin/self\n");
	put("/usr/lib/systemd/system", "a.service",
	    "[Service]\nExecStartPre=-/usr/bin/prepare --all\nExecStart=@!/usr/bin/hmi hmi\n"
	    "ExecStart=relative\n# ExecStart=/usr/bin/comment\nExecStop=/usr/bin/stop\n");
	put("/usr/lib/systemd/system", "b.timer", "ExecStart=/usr/bin/timer\n");
	put("/usr/bin", "hmi", "");
	put("/usr/bin", "prepare", "");
	found = list();
	ck_assert_str_eq(found, "/usr/bin/hmi;/usr/lib/libc.so.6;/usr/bin/prepare;");
}
END_TEST

START_TEST(libraries_of_what_units_start_come_behind_it)
{
	cleanup_free char *found = NULL;

	put("/proc/7", "maps", "5600-5700 r-xp 00001000 fe:01 11   /usr/bin/hmi\n");
	put_elf("/usr/bin", "hmi", "libknown.so", "");
	put("/usr/lib/systemd/system", "a.service",
	    "ExecStart=/usr/bin/hmi\nExecStart=/lib/line/pump\nExecStart=/usr/bin/second\n");
	put_link("usr/lib", "/lib");
	put_elf("/usr/lib/line", "pump", "liba.so.1", "$ORIGIN/own:/usr/tmp");
	put_elf("/usr/lib/line/own", "liba.so.1", "libb.so", "relative");
	put("/usr/tmp", "liba.so.1", "ignored");
	put("/usr/lib/x86_64-linux-gnu", "libb.so.2.1", "");
	put_link("libb.so.2.1", "/usr/lib/x86_64-linux-gnu/libb.so");
	put_elf("/usr/bin", "second", "libb.so", "");
	put("/usr/lib", "libknown.so", "what runs has mapped what it needs");
	put("/usr/lib", "libc.so", "needed by nothing");
	found = list();
	ck_assert_str_eq(found, "/usr/bin/hmi;/usr/lib/line/pump;/usr/bin/second;"
				"/usr/lib/line/own/liba.so.1;"
				"/usr/lib/x86_64-linux-gnu/libb.so.2.1;");
}
END_TEST

START_TEST(list_is_bounded)
{
	cleanup_strbuf struct strbuf maps = STRBUF_INIT;
	cleanup_free char *found = NULL;
	size_t count = 0;

	for (int i = 0; i < 2 * FIRST_FILES_MAX; i++)
		strbuf_printf(&maps, "1-2 r-xp 0 fe:01 1 /usr/lib/%d\n", i);
	put("/proc/1", "maps", maps.data);
	found = list();
	for (const char *at = found; (at = strchr(at, ';')); at++)
		count++;
	ck_assert_uint_eq(count, FIRST_FILES_MAX);
}
END_TEST

START_TEST(nothing_there_is_an_empty_list)
{
	cleanup_free char *found = list();

	ck_assert_str_eq(found, "");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_runs_comes_before_what_units_start);
	tcase_add_test(tcase, libraries_of_what_units_start_come_behind_it);
	tcase_add_test(tcase, list_is_bounded);
	tcase_add_test(tcase, nothing_there_is_an_empty_list);
}

UNIT_MAIN("sensor_first_files")
