/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline_rules_*() in baseline/baseline.h. */
#include "unit/unit.h"

#include "base/ini.h"
#include "base/strbuf.h"
#include "baseline/baseline.h"

START_TEST(rules_come_back_as_they_were)
{
	struct baseline_rules in = {0}, out = {0};
	struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(strv_append(&in.trees, "/usr"), 0);
	ck_assert_int_eq(strv_append(&in.trees, "/opt/with space"), 0);
	ck_assert_int_eq(strv_append(&in.ignores, "/usr/*/cache"), 0);
	ck_assert_int_eq(strv_append(&in.never_block, "/usr/\xff"), 0);
	ck_assert_int_eq(baseline_rules_write(&in, &text), 0);
	ck_assert_str_eq(text.data,
			 "[monitor]\ntree = /usr\ntree = /opt/with space\n\n"
			 "[ignore]\npath = /usr/*/cache\n\n[never_block]\npath = /usr/\xff\n");
	ck_assert_int_eq(baseline_rules_parse(text.data, text.len, &out, NULL), 0);
	ck_assert_str_eq(out.trees[1], "/opt/with space");
	ck_assert_ptr_null(out.trees[2]);
	ck_assert_str_eq(out.ignores[0], "/usr/*/cache");
	ck_assert_ptr_null(out.updaters);
	ck_assert_str_eq(out.never_block[0], "/usr/\xff");
	baseline_rules_done(&in);
	baseline_rules_done(&out);
	strbuf_done(&text);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} wrongs[] = {
	{"[monitor]\ntree = /usr\nfolder = /opt\n", 3, "unknown key folder"},
	{"[monitors]\ntree = /usr\n", 1, "unknown section"},
	{"[monitor]\ntree = usr\n", 2, "absolute"},
	{"[monitor]\ntree = /usr/../etc\n", 2, "absolute"},
	{"[monitor]\ntree = /usr/\n", 2, "absolute"},
	{"[monitor]\ntree = /usr//bin\n", 2, "absolute"},
	{"[ignore]\npath = *.pyc\n", 2, "absolute"},
	{"[updaters]\nprogram =\n", 2, "absolute"},
};

START_TEST(mistakes_are_refused_with_their_line)
{
	struct baseline_rules out = {0};
	struct diag diag = {0};

	ck_assert_int_eq(baseline_rules_parse(wrongs[_i].text, strlen(wrongs[_i].text), &out,
					      &diag),
			 -EINVAL);
	ck_assert_str_eq(diag.file, "rules.ini");
	ck_assert_uint_eq(diag.line, wrongs[_i].line);
	ck_assert_msg(strstr(diag.text, wrongs[_i].says) != NULL, "%s", diag.text);
}
END_TEST

static const char *const not_in_ini[] = {
	"/a\nb",
	"/a\r",
	"/a ",
	"/a ;b",
	"/a/../b",
	"/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
	"90"
	"/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
	"90"
	"/01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
	"90",
};

START_TEST(what_ini_cannot_carry_is_not_written)
{
	struct baseline_rules in = {0};
	struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(strv_append(&in.trees, not_in_ini[_i]), 0);
	ck_assert_msg(baseline_rules_write(&in, &text) == -EINVAL, "%s", not_in_ini[_i]);
	ck_assert_uint_eq(text.len, 0);
	baseline_rules_done(&in);
	strbuf_done(&text);
}
END_TEST

START_TEST(ignore_takes_paths_trees_and_patterns)
{
	static char *list[] = {(char *)"/etc/mtab", (char *)"/srv/log", (char *)"/opt/*/tmp",
			       (char *)"/opt/app/*.log", NULL};
	const struct baseline_rules rules = {.ignores = list};
	const struct baseline_rules none = {0};

	ck_assert(baseline_rules_ignore(&rules, "/etc/mtab"));
	ck_assert(!baseline_rules_ignore(&rules, "/etc/mtab2"));
	ck_assert(baseline_rules_ignore(&rules, "/srv/log/a/b"));
	ck_assert(!baseline_rules_ignore(&rules, "/srv/logs"));
	ck_assert(baseline_rules_ignore(&rules, "/opt/app/tmp"));
	ck_assert(baseline_rules_ignore(&rules, "/opt/app/tmp/deep/er"));
	ck_assert(!baseline_rules_ignore(&rules, "/opt/a/b/tmp"));
	ck_assert(baseline_rules_ignore(&rules, "/opt/app/x.log"));
	ck_assert(!baseline_rules_ignore(&rules, "/opt/app/sub/x.log"));
	ck_assert(!baseline_rules_ignore(&none, "/etc/mtab"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, rules_come_back_as_they_were);
	tcase_add_loop_test(tcase, mistakes_are_refused_with_their_line, 0, ARRAY_SIZE(wrongs));
	tcase_add_loop_test(tcase, what_ini_cannot_carry_is_not_written, 0, ARRAY_SIZE(not_in_ini));
	tcase_add_test(tcase, ignore_takes_paths_trees_and_patterns);
}

UNIT_MAIN("baseline_rules")
