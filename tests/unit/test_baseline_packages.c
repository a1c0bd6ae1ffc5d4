/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/packages.h, on a made-up database. */
#include "unit/unit.h"

#include "baseline/packages.h"

#define MD5_A "00112233445566778899aabbccddeeff"
#define MD5_B "ffeeddccbbaa99887766554433221100"
#define MD5_C "0123456789abcdef0123456789abcdef"

static char *root, *dir;

static void setup(void)
{
	char info[256];

	root = unit_folder_new();
	ck_assert_int_gt(asprintf(&dir, "%s/dpkg", root), 0);
	(void)snprintf(info, sizeof(info), "%s/info", dir);
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	ck_assert_int_eq(mkdir(info, 0755), 0);

	unit_write(dir, "status",
		   "Package: tools\nStatus: install ok installed\nArchitecture: amd64\n"
		   "Multi-Arch: foreign\nVersion: 1.2-3\n"
		   "Conffiles:\n /etc/tools.conf " MD5_C "\n /etc/old.conf " MD5_A " obsolete\n"
		   "Description: tools\n more of it\n\n"
		   "Package: libx\nStatus: install ok installed\nArchitecture: amd64\n"
		   "Multi-Arch: same\nVersion: 2.0\n\n"
		   "Package: gone\nStatus: deinstall ok config-files\nArchitecture: amd64\n"
		   "Version: 9\n\n"
		   "Package: half\nStatus: install ok half-configured\nVersion: 3\n\n"
		   "Package: over\nStatus: install ok installed\nVersion: 4");
	unit_write(info, "tools.list",
		   "/.\n/bin\n/bin/tool\n/usr\n/usr/bin\n/usr/bin/other\n"
		   "/etc/tools.conf\n/usr/bin/diverted\n/opt/tool\n");
	unit_write(info, "tools.md5sums",
		   MD5_A "  bin/tool\n" MD5_B "  usr/bin/other\nnonsense\n" MD5_C
			 "  usr/bin/diverted\n");
	unit_write(info, "libx:amd64.list", "/lib64/libx.so\n");
	unit_write(info, "gone.list", "/usr/bin/gone\n");
	unit_write(info, "half.list", "/usr/bin/half\n");
	unit_write(info, "over.list", "/usr/bin/diverted\n");
	unit_write(dir, "diversions", "/usr/bin/diverted\n/usr/bin/diverted.real\nover\n");
}

static void teardown(void)
{
	unit_folder_free(root);
	free(dir);
}

static struct packages *open_all(char *const *trees)
{
	const struct packages_source source = {.dir = dir, .root = root, .trees = trees};
	struct packages *p = NULL;

	ck_assert_int_eq(packages_open(&source, &p, NULL), 0);
	return p;
}

static int open_in(const char *where, struct packages **ret_packages)
{
	const struct packages_source source = {.dir = where, .root = root};

	return packages_open(&source, ret_packages, NULL);
}

/* First byte of the checksum, or negative errno. */
static int first_byte(struct packages *p, const char *path)
{
	const struct package_file *file;
	int r = packages_get_file(p, path, &file);

	if (r == 0)
		ck_assert_uint_eq(file->digest_size, MD5_SIZE);
	return r < 0 ? r : file->digest[0];
}

static const char *owner(const struct packages *p, const char *path)
{
	const struct package *package = packages_find(p, path);

	return package ? package->name : NULL;
}

START_TEST(installed_packages_own_their_paths)
{
	struct packages *p = open_all(NULL);

	ck_assert_uint_eq(packages_count(p), 4);
	ck_assert_pstr_eq(owner(p, "/usr/bin/other"), "tools");
	ck_assert_str_eq(packages_find(p, "/usr/bin/other")->version, "1.2-3");
	ck_assert_int_gt(packages_find(p, "/usr/bin/other")->unpacked_ns, 1600000000000000000);
	ck_assert_pstr_eq(owner(p, "/lib64/libx.so"), "libx");
	ck_assert_pstr_eq(owner(p, "/usr/bin/half"), "half");
	ck_assert_ptr_null(owner(p, "/usr/bin/gone"));
	ck_assert_ptr_null(owner(p, "/usr/bin/none"));
	ck_assert_ptr_null(owner(p, "/."));
	packages_close(p);
}
END_TEST

START_TEST(paths_are_where_merged_folders_put_them)
{
	struct packages *p;
	char link[256];

	(void)snprintf(link, sizeof(link), "%s/bin", root);
	ck_assert_int_eq(symlink("usr/bin", link), 0);
	p = open_all(NULL);
	ck_assert_pstr_eq(owner(p, "/usr/bin/tool"), "tools");
	ck_assert_ptr_null(owner(p, "/bin/tool"));
	ck_assert_pstr_eq(owner(p, "/lib64/libx.so"), "libx"); /* this one is no link here */
	packages_close(p);
}
END_TEST

START_TEST(a_diverted_path_is_the_diverting_package_s)
{
	struct packages *p = open_all(NULL);

	ck_assert_pstr_eq(owner(p, "/usr/bin/diverted"), "over");
	ck_assert_pstr_eq(owner(p, "/usr/bin/diverted.real"), "tools");
	ck_assert_int_eq(first_byte(p, "/usr/bin/diverted.real"), 0x01);
	ck_assert_int_eq(first_byte(p, "/usr/bin/diverted"), -ENOENT);
	packages_close(p);
}
END_TEST

START_TEST(checksums_are_those_of_list_and_conffiles)
{
	struct packages *p;
	char link[256];

	(void)snprintf(link, sizeof(link), "%s/bin", root);
	ck_assert_int_eq(symlink("/usr/bin", link), 0);
	p = open_all(NULL);
	ck_assert_int_eq(first_byte(p, "/usr/bin/tool"), 0x00);
	ck_assert_int_eq(first_byte(p, "/usr/bin/other"), 0xff);
	ck_assert_int_eq(first_byte(p, "/etc/tools.conf"), 0x01);
	ck_assert_int_eq(first_byte(p, "/opt/tool"), -ENOENT);
	ck_assert_int_eq(first_byte(p, "/usr/bin/none"), -ENOENT);
	packages_close(p);
}
END_TEST

START_TEST(only_wanted_trees_are_kept)
{
	char *trees[] = {(char *)"/opt", NULL};
	struct packages *p = open_all(trees);

	ck_assert_pstr_eq(owner(p, "/opt/tool"), "tools");
	ck_assert_ptr_null(owner(p, "/usr/bin/other"));
	packages_close(p);
}
END_TEST

static int count_path(const char *path, void *userdata)
{
	++*(unsigned *)userdata;
	return strcmp(path, "/opt/tool") == 0 ? 7 : 0;
}

START_TEST(each_path_is_visited_until_told)
{
	struct packages *p = open_all(NULL);
	unsigned count = 0;

	ck_assert_int_eq(packages_each(p, count_path, &count), 7);
	ck_assert_uint_ge(count, 1);
	packages_close(p);
}
END_TEST

START_TEST(no_database_owns_nothing)
{
	struct packages *p = NULL;

	ck_assert_int_eq(open_in("/nonexistent", &p), 0);
	ck_assert_uint_eq(packages_count(p), 0);
	ck_assert_ptr_null(packages_find(p, "/usr/bin/other"));
	packages_close(p);
}
END_TEST

START_TEST(a_name_that_leads_elsewhere_is_refused)
{
	struct packages *p = NULL;

	unit_write(dir, "status", "Package: ../../x\nStatus: install ok installed\nVersion: 1\n");
	ck_assert_int_eq(open_in(dir, &p), -EBADMSG);
}
END_TEST

/* The field ends with the file, without a newline. */
START_TEST(conffiles_may_end_the_file)
{
	struct packages *p;

	unit_write(dir, "status",
		   "Package: tools\nStatus: install ok installed\nVersion: 1\n"
		   "Conffiles:\n /etc/tools.conf " MD5_C);
	p = open_all(NULL);
	ck_assert_int_eq(first_byte(p, "/etc/tools.conf"), 0x01);
	packages_close(p);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, installed_packages_own_their_paths);
	tcase_add_test(tcase, paths_are_where_merged_folders_put_them);
	tcase_add_test(tcase, a_diverted_path_is_the_diverting_package_s);
	tcase_add_test(tcase, checksums_are_those_of_list_and_conffiles);
	tcase_add_test(tcase, only_wanted_trees_are_kept);
	tcase_add_test(tcase, each_path_is_visited_until_told);
	tcase_add_test(tcase, no_database_owns_nothing);
	tcase_add_test(tcase, a_name_that_leads_elsewhere_is_refused);
	tcase_add_test(tcase, conffiles_may_end_the_file);
}

UNIT_MAIN("baseline_packages")
