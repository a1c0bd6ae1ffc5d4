/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of cli/change_packages.h, on a made-up database and files of the test's own. */
#include "unit/unit.h"

#include "cli/change_packages.h"

#define SHIPPED	     "shipped\n"
#define MD5_SHIPPED  "fd3d1512c1f4af5f65da9313a20a3bbb"
#define SET	     "apt-get-20260101T000000Z-7"
#define FINDINGS_MAX 8

static char *root, *dir;
static struct packages *packages;
static struct finding findings[FINDINGS_MAX];
static const struct finding *borrowed[FINDINGS_MAX];
static size_t finding_count;

/* "<root>/NAME" per line, as dpkg lists what a package owns. */
static void write_list(const char *package, const char *first, const char *second)
{
	char info[256], name[64], text[1024];

	(void)snprintf(info, sizeof(info), "%s/info", dir);
	(void)snprintf(name, sizeof(name), "%s.list", package);
	(void)snprintf(text, sizeof(text), "%s/%s\n%s/%s\n", root, first, root, second);
	unit_write(info, name, text);
	(void)snprintf(name, sizeof(name), "%s.md5sums", package);
	(void)snprintf(text, sizeof(text), MD5_SHIPPED "  %s/%s\n", root + 1, first);
	unit_write(info, name, text);
}

static void setup(void)
{
	struct packages_source source;
	char info[256];

	root = unit_folder_new();
	ck_assert_int_gt(asprintf(&dir, "%s/dpkg", root), 0);
	(void)snprintf(info, sizeof(info), "%s/info", dir);
	ck_assert_int_eq(mkdir(dir, 0755), 0);
	ck_assert_int_eq(mkdir(info, 0755), 0);
	unit_write(dir, "status",
		   "Package: pump\nStatus: install ok installed\nVersion: 2.0\n\n"
		   "Package: valve\nStatus: install ok installed\nVersion: 1.1\n\n");
	write_list("pump", "pump-control", "pump-link");
	write_list("valve", "valve-control", "valve-state");
	unit_write(root, "pump-control", SHIPPED);
	unit_write(root, "valve-control", SHIPPED);
	unit_write(root, "valve-state", "no checksum\n");
	source = (struct packages_source){.dir = dir, .root = root};
	ck_assert_int_eq(packages_open(&source, &packages, NULL), 0);
	finding_count = 0;
}

static void teardown(void)
{
	for (size_t i = 0; i < finding_count; i++)
		free(findings[i].path);
	packages_close(packages);
	unit_folder_free(root);
	free(dir);
}

/* An open finding of the set about <root>/@name; the test may change it. */
static struct finding *add(enum finding_kind kind, const char *name, const char *package)
{
	struct finding *finding = &findings[finding_count];

	ck_assert_uint_lt(finding_count, FINDINGS_MAX);
	*finding = (struct finding){
		.kind = kind,
		.state = FINDING_STATE_OPEN,
		.package = (char *)package,
		.change_set = (char *)SET,
	};
	ck_assert_int_gt(asprintf(&finding->path, "%s/%s", root, name), 0);
	borrowed[finding_count++] = finding;
	return finding;
}

static struct change_packages look(void)
{
	struct change_packages ret;

	ck_assert_int_eq(change_packages_look(packages, SET, borrowed, finding_count, &ret), 0);
	return ret;
}

/* All @names, with commas between. */
static const char *joined(char **names)
{
	static char text[1024];

	text[0] = '\0';
	for (; names && *names; names++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s",
			       text[0] ? ", " : "", *names);
	return text;
}

START_TEST(a_package_is_named_once_with_both_versions)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_MODIFIED, "pump-control", "pump 1.0");
	add(FINDING_DATA_MODIFIED, "pump-link", "pump 1.0");
	add(FINDING_SOFTWARE_MODIFIED, "valve-control", "valve 1.1");
	l = look();
	ck_assert_str_eq(joined(l.names), "pump 1.0 -> 2.0, valve 1.1 (again)");
}
END_TEST

START_TEST(what_came_is_new_and_what_no_package_has_any_more_is_gone)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_ADDED, "pump-control", NULL);
	add(FINDING_SOFTWARE_REMOVED, "tree", "tree 2.1");
	l = look();
	ck_assert_str_eq(joined(l.names), "pump 2.0 (new), tree 2.1 (gone)");
	ck_assert_uint_eq(l.gone, 1);
}
END_TEST

START_TEST(a_file_that_another_package_took_over_is_of_a_new_package)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_MODIFIED, "pump-control", "pum 1.0");
	l = look();
	ck_assert_str_eq(joined(l.names), "pump 2.0 (new)");
}
END_TEST

START_TEST(content_is_held_against_the_checksum)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_ADDED, "pump-control", NULL);
	unit_write(root, "valve-control", "tampered\n");
	add(FINDING_SOFTWARE_ADDED, "valve-control", NULL);
	l = look();
	ck_assert_uint_eq(l.as_shipped, 1);
	ck_assert_uint_eq(l.other, 1);
	ck_assert_str_eq(joined(l.others), findings[1].path);
}
END_TEST

START_TEST(a_shipped_file_that_is_gone_is_other_than_shipped)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_REMOVED, "pump-control", "pump 2.0");
	ck_assert_int_eq(unlink(findings[0].path), 0);
	l = look();
	ck_assert_uint_eq(l.other, 1);
	ck_assert_uint_eq(l.as_shipped + l.gone, 0);
}
END_TEST

START_TEST(a_link_in_place_of_a_shipped_file_is_other_than_shipped)
{
	cleanup_change_packages struct change_packages l = {0};
	char target[256];

	(void)snprintf(target, sizeof(target), "%s/valve-control", root);
	add(FINDING_SOFTWARE_MODIFIED, "pump-control", "pump 2.0");
	ck_assert_int_eq(unlink(findings[0].path), 0);
	ck_assert_int_eq(symlink(target, findings[0].path), 0); /* with the shipped content */
	l = look();
	ck_assert_uint_eq(l.other, 1);
	ck_assert_uint_eq(l.as_shipped, 0);
}
END_TEST

START_TEST(what_the_database_cannot_tell_is_not_called_shipped)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_DATA_MODIFIED, "valve-state", "valve 1.1");
	unit_write(root, "cache", "made by a script\n");
	add(FINDING_DATA_ADDED, "cache", NULL);
	l = look();
	ck_assert_uint_eq(l.unknown, 1);
	ck_assert_uint_eq(l.of_none, 1);
	ck_assert_uint_eq(l.as_shipped + l.other, 0);
	ck_assert_str_eq(joined(l.names), "valve 1.1 (again)");
}
END_TEST

START_TEST(runs_other_sets_and_closed_findings_do_not_count)
{
	cleanup_change_packages struct change_packages l = {0};

	add(FINDING_SOFTWARE_UNKNOWN, "pump-control", NULL);
	add(FINDING_SOFTWARE_ADDED, "pump-control", NULL)->change_set = (char *)"apt-other-8";
	add(FINDING_SOFTWARE_ADDED, "pump-control", NULL)->change_set = NULL;
	add(FINDING_SOFTWARE_ADDED, "pump-control", NULL)->state = FINDING_STATE_RESOLVED;
	l = look();
	ck_assert_str_eq(joined(l.names), "");
	ck_assert_uint_eq(l.as_shipped + l.other + l.of_none + l.gone + l.unknown, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_package_is_named_once_with_both_versions);
	tcase_add_test(tcase, what_came_is_new_and_what_no_package_has_any_more_is_gone);
	tcase_add_test(tcase, a_file_that_another_package_took_over_is_of_a_new_package);
	tcase_add_test(tcase, content_is_held_against_the_checksum);
	tcase_add_test(tcase, a_shipped_file_that_is_gone_is_other_than_shipped);
	tcase_add_test(tcase, a_link_in_place_of_a_shipped_file_is_other_than_shipped);
	tcase_add_test(tcase, what_the_database_cannot_tell_is_not_called_shipped);
	tcase_add_test(tcase, runs_other_sets_and_closed_findings_do_not_count);
}

UNIT_MAIN("change_packages")
