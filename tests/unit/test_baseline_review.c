/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/review.h, and of package_file_judge(), which fills what it tells. */
#include "unit/unit.h"

#include "baseline/packages.h"
#include "baseline/review.h"

#define BIT(kind) (1u << REVIEW_##kind)
#define P	  ((char *)"pump")

static const struct {
	struct file_fact fact;
	unsigned expected;
} kinds[] = {
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_EXECUTABLE, .package = P}, 0},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_EXECUTABLE, .package = P, .differs = true},
	 BIT(DIFFERS)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_CONFIG, .package = P, .differs = true},
	 BIT(CONFIG)},
	{{.type = FILE_TYPE_REGULAR,
	  .role = FILE_ROLE_CONFIG,
	  .package = P,
	  .differs = true,
	  .attributes_differ = true},
	 BIT(CONFIG) | BIT(ATTRIBUTES)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_EXECUTABLE}, BIT(PROGRAM)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_LIBRARY}, BIT(PROGRAM)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_SCRIPT}, BIT(PROGRAM)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_MODULE}, BIT(PROGRAM)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_IMAGE}, BIT(PROGRAM)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_DATA}, BIT(FILE)},
	{{.type = FILE_TYPE_REGULAR, .role = FILE_ROLE_CONFIG}, BIT(FILE)},
	{{.type = FILE_TYPE_REGULAR, .unstated = FILE_DIFF_PACKAGE}, 0},
	{{.path = (char *)"/opt/__pycache__/a.cpython-311.pyc", .type = FILE_TYPE_REGULAR},
	 BIT(PYTHON_CACHE)},
	{{.path = (char *)"/opt/__pycache__/a.so",
	  .type = FILE_TYPE_REGULAR,
	  .role = FILE_ROLE_LIBRARY},
	 BIT(PROGRAM)},
	{{.path = (char *)"/opt/a.pyc", .type = FILE_TYPE_REGULAR}, BIT(FILE)},
	{{.path = (char *)"/etc/alternatives/vi",
	  .type = FILE_TYPE_SYMLINK,
	  .link_target = (char *)"/usr/bin/vim"},
	 BIT(ALTERNATIVE)},
	{{.type = FILE_TYPE_SYMLINK, .link_target = (char *)"/etc/alternatives/vi"},
	 BIT(ALTERNATIVE)},
	{{.type = FILE_TYPE_SYMLINK, .link_target = (char *)"/etc/alternatives-x/vi"}, BIT(LINK)},
	{{.type = FILE_TYPE_SYMLINK, .link_target = (char *)"usr/bin"}, BIT(LINK)},
	{{.type = FILE_TYPE_SYMLINK, .link_target = (char *)"usr/bin", .package = P}, 0},
	{{.type = FILE_TYPE_DIRECTORY}, 0},
	{{.type = FILE_TYPE_FIFO}, 0},
};

START_TEST(each_kind_is_told)
{
	struct file_fact fact = kinds[_i].fact;

	if (!fact.path)
		fact.path = (char *)"/opt/x";
	ck_assert_uint_eq(review_of(&fact), kinds[_i].expected);
}
END_TEST

START_TEST(each_kind_has_words)
{
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		ck_assert_ptr_nonnull(review_kinds[i].key);
		ck_assert_ptr_nonnull(review_kinds[i].label);
		ck_assert_ptr_nonnull(review_kinds[i].meaning);
	}
}
END_TEST

#define FILE_FACT \
	.type = FILE_TYPE_REGULAR, .mode = 0755, .user = (char *)"root", .group = (char *)"adm"
#define LINK_FACT .type = FILE_TYPE_SYMLINK, .mode = 0777, .link_target = (char *)"a"

#define SHIPPED(...) (&(const struct package_file){__VA_ARGS__})

static const struct {
	const struct package_file *file;
	struct file_fact fact;
	bool differs;
} attributes[] = {
	{SHIPPED(.mode = 0), {FILE_FACT}, false}, /* nothing is known */
	{SHIPPED(.mode = S_IFREG | 0755, .user = "root", .group = "adm"), {FILE_FACT}, false},
	{SHIPPED(.mode = S_IFREG | 04755), {FILE_FACT}, true},
	{SHIPPED(.mode = S_IFDIR | 0755), {FILE_FACT}, true},
	{SHIPPED(.user = "daemon"), {FILE_FACT}, true},
	{SHIPPED(.group = "root"), {FILE_FACT}, true},
	{SHIPPED(.user = "root"),
	 {.type = FILE_TYPE_REGULAR, .uid = 77},
	 true}, /* a number without name */
	{SHIPPED(.capabilities = ""), {FILE_FACT}, false},
	{SHIPPED(.capabilities = "cap_net_raw=ep"), {FILE_FACT}, true},
	{SHIPPED(.capabilities = ""), {FILE_FACT, .capabilities = (char *)"cap_net_raw=ep"}, true},
	{SHIPPED(.capabilities = "= cap_net_raw+ep"),
	 {FILE_FACT, .capabilities = (char *)"cap_net_raw=ep"},
	 false}, /* as older releases write it */
	{SHIPPED(.capabilities = "cap_net_raw=p"),
	 {FILE_FACT, .capabilities = (char *)"cap_net_raw=ep"},
	 true},
	{SHIPPED(.capabilities = "nonsense"),
	 {FILE_FACT, .capabilities = (char *)"nonsense"},
	 true},
	{SHIPPED(.mode = S_IFLNK | 0777, .target = "a"), {LINK_FACT}, false},
	{SHIPPED(.mode = S_IFLNK | 0755), {LINK_FACT}, false}, /* a link has no mode */
	{SHIPPED(.mode = S_IFLNK | 0777, .target = "b"), {LINK_FACT}, true},
};

START_TEST(attributes_are_held_against_the_package)
{
	struct file_fact fact = attributes[_i].fact;

	package_file_judge(attributes[_i].file, &fact);
	ck_assert_int_eq(fact.attributes_differ, attributes[_i].differs);
}
END_TEST

START_TEST(settings_elsewhere_than_in_etc_are_settings)
{
	const struct package_file file = {.is_config = true};
	struct file_fact data = {.role = FILE_ROLE_DATA}, script = {.role = FILE_ROLE_SCRIPT};

	package_file_judge(&file, &data);
	package_file_judge(&file, &script);
	ck_assert_int_eq(data.role, FILE_ROLE_CONFIG);
	ck_assert_int_eq(script.role, FILE_ROLE_SCRIPT);
	package_file_judge(NULL, &data);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, each_kind_is_told, 0, ARRAY_SIZE(kinds));
	tcase_add_test(tcase, each_kind_has_words);
	tcase_add_loop_test(tcase, attributes_are_held_against_the_package, 0,
			    ARRAY_SIZE(attributes));
	tcase_add_test(tcase, settings_elsewhere_than_in_etc_are_settings);
}

UNIT_MAIN("baseline_review")
