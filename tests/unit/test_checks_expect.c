/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of checks/expect.h. */
#include "unit.h"

#include "base/cleanup.h"
#include "checks/expect.h"

#define TEXT PROBE_GIVES_TEXT
#define LIST PROBE_GIVES_LIST

static const struct {
	const char *expect, *description;
	const char *value; /* NULL: absent; with a newline at the end: a list */
	enum check_outcome outcome;
} judged[] = {
	{"equals two words", "two words", "two words", CHECK_PASS},
	{"equals 1", "1", "1 ", CHECK_FAIL},
	{"equals 1", "1", NULL, CHECK_FAIL},
	{"differs off", "anything but off", "off", CHECK_FAIL},
	{"differs off", "anything but off", "on", CHECK_PASS},
	{"differs off", "anything but off", NULL, CHECK_PASS},
	{"one_of 1 2", "1 or 2", "2", CHECK_PASS},
	{"one_of 1 2", "1 or 2", "12", CHECK_FAIL},
	{"one_of 1 2", "1 or 2", "1 2", CHECK_FAIL},
	{"at_least 2", "at least 2", "2", CHECK_PASS},
	{"at_least 2", "at least 2", "1", CHECK_FAIL},
	{"at_least 2", "at least 2", "-9", CHECK_FAIL},
	{"at_least 2", "at least 2", "", CHECK_ERROR},
	{"at_least 2", "at least 2", "3x", CHECK_ERROR},
	{"at_least 2", "at least 2", "99999999999999999999", CHECK_ERROR},
	{"at_least 2", "at least 2", NULL, CHECK_FAIL},
	{"at_most 2", "at most 2", "2", CHECK_PASS},
	{"at_most 2", "at most 2", "3", CHECK_FAIL},
	{"at_most 2", "at most 2", "-1", CHECK_PASS},
	{"between 1 5", "1 to 5", "0", CHECK_FAIL},
	{"between 1 5", "1 to 5", "1", CHECK_PASS},
	{"between 1 5", "1 to 5", "5", CHECK_PASS},
	{"between 1 5", "1 to 5", "6", CHECK_FAIL},
	{"present", "set", "", CHECK_PASS},
	{"present", "set", NULL, CHECK_FAIL},
	{"absent", "not set", "", CHECK_FAIL},
	{"absent", "not set", NULL, CHECK_PASS},
	{"has a b", "a, b", "b\na\nc\n", CHECK_PASS},
	{"has a b", "a, b", "ab\nb\n", CHECK_FAIL},
	{"has a b", "a, b", NULL, CHECK_FAIL},
	{"lacks a b", "none of a, b", "ab\nc a\n", CHECK_PASS},
	{"lacks a b", "none of a, b", "c\nb x\n", CHECK_FAIL},
	{"lacks a b", "none of a, b", NULL, CHECK_PASS},
	{"only a b", "nothing but a, b", "a x\nb\n", CHECK_PASS},
	{"only a b", "nothing but a, b", "a\nab\n", CHECK_FAIL},
	{"only a b", "nothing but a, b", "\n", CHECK_PASS},
	{"none", "none", "\n", CHECK_PASS},
	{"none", "none", "a\n", CHECK_FAIL},
	{"some", "at least one", "a\n", CHECK_PASS},
	{"some", "at least one", "\n", CHECK_FAIL},
	{"count 2", "exactly 2", "a\nb\n", CHECK_PASS},
	{"count 2", "exactly 2", "a\n", CHECK_FAIL},
	{"equals 1", "1", "1\n", CHECK_ERROR},
	{"none", "none", "1", CHECK_ERROR},
};

static void fill(struct probe_value *value, const char *text)
{
	cleanup_free char *copy = strdup(text ? text : "");
	char *rest = copy, *line;

	if (!text)
		return;
	if (!strchr(text, '\n')) {
		(void)probe_text(value, text);
		return;
	}
	probe_list_add(value, NULL);
	while ((line = strsep(&rest, "\n")))
		if (*line)
			probe_list_add(value, line);
}

START_TEST(judges)
{
	cleanup_expect struct expect expect = {0};
	cleanup_probe_value struct probe_value value = {0};
	cleanup_strbuf struct strbuf words = STRBUF_INIT, reason = STRBUF_INIT;
	enum check_outcome outcome;

	ck_assert_int_eq(expect_parse(judged[_i].expect, TEXT | LIST, &expect, NULL), 0);
	expect_describe(&expect, &words);
	ck_assert_str_eq(words.data, judged[_i].description);
	fill(&value, judged[_i].value);
	outcome = expect_judge(&expect, &value, &reason);
	ck_assert_msg(outcome == judged[_i].outcome, "%s of '%s' is %s", judged[_i].expect,
		      judged[_i].value, check_outcome_name(outcome));
	ck_assert_int_eq(outcome == CHECK_ERROR, reason.len > 0);
}
END_TEST

static const struct {
	const char *text;
	unsigned gives;
	const char *message;
} refused[] = {
	{"", TEXT, "unknown operator ''"},
	{"equal 1", TEXT, "unknown operator 'equal'"},
	{"equals", TEXT, "'equals' needs an argument"},
	{"equals 1", LIST, "'equals' does not fit what this kind finds"},
	{"none", TEXT, "'none' does not fit what this kind finds"},
	{"none of them", LIST, "'none' takes no argument"},
	{"at_least many", TEXT, "'many' is not a number"},
	{"at_least 1 2", TEXT, "'1 2' is not a number"},
	{"between 1", TEXT, "'between' needs two numbers"},
	{"between 1 2 3", TEXT, "'1 2 3' is not a number"},
	{"between 5 1", TEXT, "'5 1' is an empty range"},
	{"count -1", LIST, "'-1' is not a count"},
};

START_TEST(refuses_what_it_cannot_judge)
{
	struct expect expect = {0};
	struct diag diag = {0};

	ck_assert_int_eq(expect_parse(refused[_i].text, refused[_i].gives, &expect, &diag),
			 -EINVAL);
	ck_assert_str_eq(diag.text, refused[_i].message);
	ck_assert_ptr_null(expect.words);
}
END_TEST

/* The global value is good; what holds for some logins only is not. */
START_TEST(other_values_must_pass_too)
{
	cleanup_expect struct expect expect = {0}, lacks = {0};
	cleanup_probe_value struct probe_value value = {0}, list = {0};
	cleanup_strbuf struct strbuf reason = STRBUF_INIT;

	ck_assert_int_eq(expect_parse("equals no", TEXT, &expect, NULL), 0);
	fill(&value, "no");
	strbuf_add_str(&value.others, "no\n");
	ck_assert_int_eq(expect_judge(&expect, &value, &reason), CHECK_PASS);
	strbuf_add_str(&value.others, "yes\n");
	ck_assert_int_eq(expect_judge(&expect, &value, &reason), CHECK_FAIL);

	ck_assert_int_eq(expect_parse("lacks weak", LIST, &lacks, NULL), 0);
	fill(&list, "good\n");
	strbuf_add_str(&list.others, "good better\n");
	ck_assert_int_eq(expect_judge(&lacks, &list, &reason), CHECK_PASS);
	strbuf_add_str(&list.others, "good weak\n");
	ck_assert_int_eq(expect_judge(&lacks, &list, &reason), CHECK_FAIL);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, judges, 0, (int)ARRAY_SIZE(judged));
	tcase_add_loop_test(tcase, refuses_what_it_cannot_judge, 0, (int)ARRAY_SIZE(refused));
	tcase_add_test(tcase, other_values_must_pass_too);
}

UNIT_MAIN("checks_expect")
