/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/statement.h. */
#include "unit/unit.h"

#include "base/ini.h"
#include "base/strbuf.h"
#include "baseline/statement.h"

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void fill(struct baseline_statement *s)
{
	*s = (struct baseline_statement){
		.name = strdup("Line 3 \xc3\xa4 \"HMI\""),
		.layer = strdup("site"),
		.revision = 7,
		.previous = HEX,
		.ticket = strdup("CHG-1"),
		.made_by = strdup("root"),
		.made_on = strdup("hmi-3"),
		.made_at_ns = 1764000000123000000,
		.entries = 10,
		.files = 5,
		.bytes_hashed = 1ULL << 40,
		.unstated = 6,
		.package_checked = 1,
		.package_unchanged = 2,
		.differs_from_package = 3,
		.not_packaged = 4,
		.content_digest = HEX,
		.entries_sha256 = HEX,
		.entries_bytes = 99,
		.rules_sha256 = HEX,
		.rules_bytes = 98,
	};
	ck_assert_int_eq(strv_append(&s->trees, "/usr"), 0);
	ck_assert_int_eq(strv_append(&s->trees, "/opt/\xff\n"), 0);
	ck_assert_int_eq(statement_add_problem(s, "/usr/\xfe", "changed"), 0);
	ck_assert_int_eq(statement_add_review(s, 1u << REVIEW_PROGRAM | 1u << REVIEW_LINK,
					      "/opt/\xff implant"),
			 0);
	ck_assert_int_eq(statement_seal(s), 0);
}

static void write_one(struct strbuf *out)
{
	struct baseline_statement s;

	fill(&s);
	ck_assert_int_eq(statement_write(&s, out), 0);
	baseline_statement_done(&s);
}

START_TEST(statement_comes_back_as_it_was)
{
	struct baseline_statement s = {0};
	struct strbuf text = STRBUF_INIT;

	write_one(&text);
	ck_assert_int_eq(statement_read(text.data, text.len, &s, NULL), 0);
	ck_assert_str_eq(s.name, "Line 3 \xc3\xa4 \"HMI\"");
	ck_assert_str_eq(s.layer, "site");
	ck_assert_uint_eq(s.revision, 7);
	ck_assert_str_eq(s.previous, HEX);
	ck_assert_str_eq(s.ticket, "CHG-1");
	ck_assert_int_eq(s.made_at_ns, 1764000000123000000);
	ck_assert_uint_eq(s.bytes_hashed, 1ULL << 40);
	ck_assert_uint_eq(s.unstated, 6);
	ck_assert_uint_eq(s.package_checked, 1);
	ck_assert_uint_eq(s.package_unchanged, 2);
	ck_assert_uint_eq(s.differs_from_package, 3);
	ck_assert_uint_eq(s.not_packaged, 4);
	for (unsigned i = 0; i < REVIEW_COUNT; i++)
		ck_assert_uint_eq(s.review[i], i == REVIEW_PROGRAM || i == REVIEW_LINK);
	ck_assert_str_eq(s.listed[REVIEW_PROGRAM].paths[0], "/opt/\xff implant");
	ck_assert_ptr_null(s.listed[REVIEW_LINK].paths); /* counted only */
	ck_assert_uint_eq(s.not_read, 1);
	ck_assert_uint_eq(s.problem_count, 1);
	ck_assert_str_eq(s.problems[0].path, "/usr/\xfe");
	ck_assert_str_eq(s.trees[1], "/opt/\xff\n");
	ck_assert_ptr_null(s.trees[2]);
	ck_assert_uint_eq(s.entries_bytes, 99);
	ck_assert_uint_eq(s.rules_bytes, 98);
	baseline_statement_done(&s);
	strbuf_done(&text);
}
END_TEST

/* Each is the good text with one piece replaced. */
static const struct {
	const char *from, *to;
} wrongs[] = {
	{"{\"format\"", " {\"format\""},
	{"}\n", "}"},
	{"}\n", "}\n\n"},
	{"\"format\":\"plumbline-baseline-1\"", "\"format\":\"plumbline-baseline-2\""},
	{"\"revision\":7", "\"revision\":0"},
	{"\"revision\":7", "\"revision\":7.0"},
	{"\"revision\":7", "\"revision\":-7"},
	{"\"revision\":7", "\"revision\":\"7\""},
	{"\"revision\":7", "\"revision\":7,\"revision\":8"},
	{"\"revision\":7", "\"revision\":7,\"note\":\"unseen\""},
	{"\"layer\":\"site\"", "\"layer\":\"moon\""},
	{"\"layer\":\"site\",\"revision\":7", "\"revision\":7,\"layer\":\"site\""},
	{"\"previous\":\"0", "\"previous\":\"A"},
	{"\"previous\":\"0", "\"previous\":\""},
	{"\"ticket\":\"CHG-1\"", "\"ticket\":\"CHG\\u0000-1\""},
	{"\"ticket\":\"CHG-1\",", ""},
	{"\"ticket\":\"CHG-1\"", "\"ticket\":\"CHG\\u002d1\""},
	{"\"made_by\":\"root\"", "\"made_by\":null"},
	{"\"made_at\":\"2025", "\"made_at\":\"x025"},
	{".123Z", ".1230Z"},
	{"\"trees\":[", "\"trees\":[[[[[\"a\"]]]],"},
	{"\"trees\":[\"/usr\"", "\"trees\":[7"},
	{"\"problems\":[{", "\"problems\":[{\"extra\":1,"},
	{"\"not_read\":1", "\"not_read\":99999999999999999999"},
	{"\"unstated\":6,", ""},
	{"\"differs\":3", "\"differs\":3,\"more\":4"},
};

START_TEST(other_text_is_refused)
{
	struct strbuf text = STRBUF_INIT, wrong = STRBUF_INIT;
	struct baseline_statement s = {0};
	struct diag diag = {0};
	const char *at;

	write_one(&text);
	at = strstr(text.data, wrongs[_i].from);
	ck_assert_msg(at != NULL, "%s", wrongs[_i].from);
	strbuf_add(&wrong, text.data, (size_t)(at - text.data));
	strbuf_add_str(&wrong, wrongs[_i].to);
	strbuf_add_str(&wrong, at + strlen(wrongs[_i].from));
	ck_assert_msg(statement_read(wrong.data, wrong.len, &s, &diag) == -EBADMSG, "%s",
		      wrong.data);
	ck_assert_str_ne(diag.text, "");
	strbuf_done(&text);
	strbuf_done(&wrong);
}
END_TEST

START_TEST(too_long_and_too_deep_are_refused_before_parsing)
{
	struct strbuf text = STRBUF_INIT;
	struct baseline_statement s = {0};
	struct diag diag = {0};

	for (int i = 0; i < STATEMENT_MAX + 1; i++)
		strbuf_add_char(&text, '[');
	ck_assert_int_eq(statement_read(text.data, text.len, &s, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "too long"));
	ck_assert_int_eq(statement_read(text.data, 1000, &s, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "too deeply"));
	strbuf_done(&text);
}
END_TEST

START_TEST(problems_are_listed_up_to_a_bound_and_counted_beyond)
{
	struct baseline_statement s;
	struct strbuf text = STRBUF_INIT;
	char path[64];

	fill(&s);
	for (int i = 0; i < 100000; i++) {
		(void)snprintf(path, sizeof(path), "/srv/\xff\xff\xff\xff\xff\xff\xff\xff/%d", i);
		ck_assert_int_eq(statement_add_problem(&s, path, "changed while it was read"), 0);
	}
	ck_assert_uint_eq(s.not_read, 100001);
	ck_assert_uint_gt(s.problem_count, 20);
	ck_assert_int_eq(statement_write(&s, &text), 0);
	ck_assert_uint_le(text.len, STATEMENT_MAX);
	baseline_statement_done(&s);
	ck_assert_int_eq(statement_read(text.data, text.len, &s, NULL), 0);
	ck_assert_uint_eq(s.not_read, 100001);
	baseline_statement_done(&s);
	strbuf_done(&text);
}
END_TEST

/* All lists full at once still fit, and come back. */
START_TEST(paths_to_look_at_are_listed_up_to_a_bound_and_counted_beyond)
{
	struct baseline_statement s, back = {0};
	struct strbuf text = STRBUF_INIT;
	char path[64];
	size_t listed = 0;

	fill(&s);
	statement_clear_review(&s);
	for (unsigned i = 0; i < 5000; i++) {
		(void)snprintf(path, sizeof(path), "/opt/%05u\x01\x02\x03\x04", i);
		ck_assert_int_eq(statement_add_review(&s, (1u << REVIEW_COUNT) - 1, path), 0);
		ck_assert_int_eq(statement_add_problem(&s, path, "changed"), 0);
	}
	ck_assert_int_eq(statement_write(&s, &text), 0);
	ck_assert_int_eq(statement_read(text.data, text.len, &back, NULL), 0);
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		ck_assert_uint_eq(back.review[i], 5000);
		ck_assert_int_eq(back.listed[i].paths != NULL, review_kinds[i].is_listed);
	}
	while (back.listed[REVIEW_PROGRAM].paths[listed])
		listed++;
	ck_assert_uint_ge(listed, 50);
	ck_assert_uint_lt(listed, 5000);
	baseline_statement_done(&s);
	baseline_statement_done(&back);
	strbuf_done(&text);
}
END_TEST

START_TEST(writer_refuses_what_nobody_could_read)
{
	struct baseline_statement s;
	struct strbuf text = STRBUF_INIT;

	fill(&s);
	s.name[0] = '\xff';
	ck_assert_int_eq(statement_write(&s, &text), -EINVAL);
	s.name[0] = '\0';
	ck_assert_int_eq(statement_write(&s, &text), -EINVAL);
	/* Lines that this program did not print, and letters that run backwards. */
	s.name[0] = 'L';
	ck_assert_int_eq(statement_write(&s, &text), 0);
	free(s.ticket);
	s.ticket = strdup("CHG-1\napproval 1:     verified");
	ck_assert_int_eq(statement_write(&s, &text), -EINVAL);
	s.ticket[5] = '\0';
	free(s.problems[0].text);
	s.problems[0].text = strdup("\xe2\x80\xae"
				    "degnahc");
	ck_assert_int_eq(statement_write(&s, &text), -EINVAL);
	baseline_statement_done(&s);
	strbuf_done(&text);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, statement_comes_back_as_it_was);
	tcase_add_loop_test(tcase, other_text_is_refused, 0, ARRAY_SIZE(wrongs));
	tcase_add_test(tcase, too_long_and_too_deep_are_refused_before_parsing);
	tcase_add_test(tcase, problems_are_listed_up_to_a_bound_and_counted_beyond);
	tcase_add_test(tcase, paths_to_look_at_are_listed_up_to_a_bound_and_counted_beyond);
	tcase_add_test(tcase, writer_refuses_what_nobody_could_read);
}

UNIT_MAIN("baseline_statement")
