/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/delta.h and of one line of baseline/changes.h. */
#include "unit/unit.h"

#include "base/ini.h"
#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/delta.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

#define HEAD "plumbline-delta-1\nfrom = " HEX "\n"
#define ENTRY(path)                                                                          \
	"{\"path\":\"" path "\",\"type\":\"directory\",\"role\":\"data\",\"mode\":\"0755\"," \
	"\"uid\":0,\"gid\":0}"
#define ADDED(path) "[added " path "]\nnow = " ENTRY(path) "\n"

static int parse(const char *text, struct delta *ret_delta, struct diag *diag)
{
	return delta_parse("d", text, strlen(text), ret_delta, diag);
}

START_TEST(what_is_written_is_read)
{
	char *findings[] = {(char *)HEX, NULL};
	const struct delta_group group = {.package = (char *)"p]\n",
					  .verdict = {DELTA_ACCEPT, (char *)"why = [x]"}};
	const struct delta_path path = {
		.path = (char *)"/a ]\xff",
		.kind = DIFF_ADDED,
		.now = ENTRY("/a ]\\\\xff"),
		.now_len = strlen(path.now),
		.findings = findings,
		.verdict = {DELTA_REFUSE, NULL},
	};
	const struct delta_path gone = {.path = (char *)"/0", .kind = DIFF_REMOVED};
	struct strbuf text = STRBUF_INIT;
	struct delta delta = {0};

	delta_write_head(HEX, "# a comment\n", &text);
	delta_write_group(&group, "# one\n", &text);
	delta_write_path(&path, "# two\n", &text);
	delta_write_path(&gone, "", &text);
	ck_assert_int_eq(parse(text.data, &delta, NULL), 0);
	ck_assert_str_eq(delta.from, HEX);
	ck_assert_uint_eq(delta.group_count, 1);
	ck_assert_str_eq(delta.groups[0].package, group.package);
	ck_assert_uint_eq(delta.path_count, 2);
	ck_assert_str_eq(delta.paths[0].path, "/0"); /* in order of the paths */
	ck_assert_int_eq(delta.paths[0].kind, DIFF_REMOVED);
	ck_assert_int_eq(delta_decision_of(&delta, &delta.paths[0]), DELTA_ACCEPT);
	ck_assert_str_eq(delta_reason_of(&delta, &delta.paths[0]), "why = [x]");
	ck_assert_str_eq(delta.paths[1].path, path.path);
	ck_assert_int_eq(delta_decision_of(&delta, &delta.paths[1]), DELTA_REFUSE);
	ck_assert_str_eq(delta.paths[1].findings[0], HEX);
	ck_assert_mem_eq(delta.paths[1].now, path.now, path.now_len);
	ck_assert_uint_eq(delta.paths[1].now_len, path.now_len);
	delta_done(&delta);
	strbuf_done(&text);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
	const char *told;
} bad[] = {
	{"", 0, "missing"},
	{"plumbline-delta-2\n", 1, "first line"},
	{"\nplumbline-delta-1\n", 1, "first line"},
	{"plumbline-delta-1\n[no package]\n", 2, "from"},
	{"plumbline-delta-1\nfrom = 0123\n", 2, "SHA-256"},
	{HEAD "from = " HEX "\n", 3, "once"},
	{HEAD "reason = x\n", 3, "before the first section"},
	{HEAD ADDED("/a"), 3, "below [package"},
	{HEAD "[no package\n", 3, "ends with ]"},
	{HEAD "[package ]\n", 3, "not escaped"},
	{HEAD "[packages x]\n", 3, "no section"},
	{HEAD "[no package]\n[same /a]\n", 4, "no section"},
	{HEAD "[no package]\n[added a]\n", 4, "not absolute"},
	{HEAD "[no package]\n[added /\\q]\n", 4, "not escaped"},
	{HEAD "[no package]\n[added /\xff]\n", 4, "not escaped"},
	{HEAD "[no package]\n[added /a\\x00]\n", 4, "not escaped"},
	{HEAD "[no package]\n[added /a]\n", 4, "\"now\" is missing"},
	{HEAD "[no package]\n[added /a]\n[no package]\n", 4, "\"now\" is missing"},
	{HEAD "[no package]\n[removed /a]\nnow = " ENTRY("/a") "\n", 4, "has no \"now\""},
	{HEAD "[no package]\n[added /a]\nnow = " ENTRY("/b") "\n", 5, "the entry of this path"},
	{HEAD "[no package]\n[added /a]\nnow = {}\n", 5, "canonical"},
	{HEAD "[no package]\n" ADDED("/a") "now = " ENTRY("/a") "\n", 6, "already"},
	{HEAD "[no package]\n" ADDED("/a") "[removed /b]\n" ADDED("/a"), 7, "line 4 once more"},
	{HEAD "[no package]\ndecision = yes\n", 4, "accept"},
	{HEAD "[no package]\ndecision = accept\ndecision = accept\n", 5, "already"},
	{HEAD "[no package]\nreason = a\x1b[0m\n", 4, "control characters"},
	{HEAD "[no package]\nreason = a\xe2\x80\xae\n", 4, "control characters"},
	{HEAD "[no package]\nfinding = " HEX "\n", 4, "nothing else"},
	{HEAD "[no package]\n[removed /a]\nfinding = 12\n", 5, "id of a finding"},
	{HEAD "[no package]\nticket = 12\n", 4, "no key"},
	{HEAD "[no package]\nreason\n", 4, "neither"},
};

START_TEST(what_is_wrong_is_refused_with_its_line)
{
	struct diag diag = {0};
	struct delta delta = {0};

	ck_assert_int_eq(parse(bad[_i].text, &delta, &diag), -EINVAL);
	ck_assert_msg(strstr(diag.text, bad[_i].told), "%s: %s", bad[_i].text, diag.text);
	if (bad[_i].line > 0)
		ck_assert_uint_eq(diag.line, bad[_i].line);
	ck_assert_str_eq(diag.file, "d");
	ck_assert_ptr_null(delta.paths);
}
END_TEST

START_TEST(a_nul_byte_is_refused)
{
	static const char text[] = HEAD "[no package]\n#\0\n";
	struct diag diag = {0};
	struct delta delta = {0};

	ck_assert_int_eq(delta_parse("d", text, sizeof(text) - 1, &delta, &diag), -EINVAL);
	ck_assert_uint_eq(diag.line, 4);
}
END_TEST

static const struct {
	const char *text;
	unsigned line; /* 0 with @told: of no line; without: it is decided */
	const char *told;
} decided[] = {
	{HEAD, 0, "nothing is accepted"},
	{HEAD "[no package]\ndecision = refuse\n" ADDED("/a"), 0, "nothing is accepted"},
	{HEAD "[no package]\n[removed /b]\n" ADDED("/a"), 4, "decision"},
	{HEAD "[no package]\ndecision = accept\n" ADDED("/a"), 5, "without a reason"},
	{HEAD "[no package]\nreason = r\n" ADDED("/a"), 5, "decision"},
	{HEAD "[package p]\ndecision = accept\nreason = r\n[no package]\n" ADDED("/a"), 7,
	 "decision"},
	{HEAD "[no package]\ndecision = accept\nreason = r\n" ADDED("/a"), 0, NULL},
	{HEAD "[no package]\nreason = r\n" ADDED("/a") "decision = accept\n", 0, NULL},
	{HEAD "[no package]\ndecision = refuse\n" ADDED("/a") "decision = accept\nreason = r\n"
							      "[removed /b]\n",
	 0, NULL},
};

START_TEST(all_is_decided_and_what_is_accepted_has_a_reason)
{
	struct diag diag = {0};
	struct delta delta = {0};
	int r;

	ck_assert_int_eq(parse(decided[_i].text, &delta, NULL), 0);
	r = delta_check_decided("d", &delta, &diag);
	ck_assert_int_eq(r, decided[_i].told ? -EINVAL : 0);
	if (decided[_i].told)
		ck_assert_msg(strstr(diag.text, decided[_i].told), "%s", diag.text);
	ck_assert_uint_eq(diag.line, decided[_i].line);
	delta_done(&delta);
}
END_TEST

START_TEST(a_change_comes_back_as_it_was)
{
	char *findings[] = {(char *)HEX, NULL};
	const struct baseline_change change = {
		.path = (char *)"/a\n\\\xff\"",
		.kind = DIFF_ORIGIN,
		.reason = (char *)"because \\ of \"this\"",
		.findings = findings,
	};
	struct baseline_change again;
	struct strbuf line = STRBUF_INIT;

	ck_assert_int_eq(change_write(&change, &line), 0);
	ck_assert_int_eq(change_read(line.data, line.len - 1, &again), 0);
	ck_assert_str_eq(again.path, change.path);
	ck_assert_str_eq(again.reason, change.reason);
	ck_assert_int_eq(again.kind, DIFF_ORIGIN);
	ck_assert_str_eq(again.findings[0], HEX);
	ck_assert_ptr_null(again.findings[1]);
	baseline_change_done(&again);
	strbuf_done(&line);
}
END_TEST

static const char *const bad_lines[] = {
	"",
	"[]",
	"{}",
	"{\"path\":\"/a\",\"change\":\"added\"}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"\"}",
	"{\"path\":\"/a\",\"change\":\"same\",\"reason\":\"r\"}",
	"{\"path\":\"a\",\"change\":\"added\",\"reason\":\"r\"}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\\u001b\"}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\"} ",
	"{\"path\": \"/a\",\"change\":\"added\",\"reason\":\"r\"}",
	"{\"change\":\"added\",\"path\":\"/a\",\"reason\":\"r\"}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\",\"more\":1}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\",\"reason\":\"r\"}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\",\"findings\":[]}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\",\"findings\":[\"12\"]}",
	"{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\",\"findings\":[[]]}",
};

START_TEST(another_text_of_a_change_is_refused)
{
	static const char good[] = "{\"path\":\"/a\",\"change\":\"added\",\"reason\":\"r\"}";
	struct baseline_change change;

	ck_assert_int_eq(change_read(bad_lines[_i], strlen(bad_lines[_i]), &change), -EBADMSG);
	ck_assert_int_eq(change_read(good, sizeof(good) - 1, &change), 0);
	baseline_change_done(&change);
}
END_TEST

START_TEST(a_reason_is_one_line_of_text)
{
	char longest[CHANGE_REASON_MAX + 2];

	memset(longest, 'x', sizeof(longest));
	longest[CHANGE_REASON_MAX + 1] = '\0';
	ck_assert(!change_is_reason(longest));
	longest[CHANGE_REASON_MAX] = '\0';
	ck_assert(change_is_reason(longest));
	ck_assert(change_is_reason("update, C:\\x \xc3\xbc"));
	ck_assert(!change_is_reason(""));
	ck_assert(!change_is_reason("a\nb"));
	ck_assert(!change_is_reason("a\xff"));
	ck_assert(!change_is_reason("a\xe2\x80\xae"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_loop_test(tcase, what_is_wrong_is_refused_with_its_line, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tcase, a_nul_byte_is_refused);
	tcase_add_loop_test(tcase, all_is_decided_and_what_is_accepted_has_a_reason, 0,
			    (int)(sizeof(decided) / sizeof(decided[0])));
	tcase_add_test(tcase, a_change_comes_back_as_it_was);
	tcase_add_loop_test(tcase, another_text_of_a_change_is_refused, 0,
			    (int)(sizeof(bad_lines) / sizeof(bad_lines[0])));
	tcase_add_test(tcase, a_reason_is_one_line_of_text);
}

UNIT_MAIN("baseline_delta")
