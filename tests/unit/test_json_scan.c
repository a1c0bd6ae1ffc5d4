/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/json_scan.h. */
#include "unit/unit.h"

#include "baseline/json_scan.h"

struct bytes {
	const char *at, *end;
};

static int get_byte(void *userdata)
{
	struct bytes *bytes = userdata;

	return bytes->at < bytes->end ? (unsigned char)*bytes->at++ : -1;
}

/* One sign for each token: { } [ ] k"KEY" "STRING" . and $ for the end; "!PROBLEM" after it. */
static void scan_all(const char *text, size_t len, struct strbuf *out)
{
	struct bytes bytes = {text, text + len};
	enum json_token token = JSON_SCAN_OTHER;
	struct json_scan scan;
	int r;

	json_scan_init(&scan, get_byte, &bytes);
	do {
		r = json_scan_next(&scan, &token);
		if (r < 0) {
			ck_assert_int_eq(r, -EBADMSG);
			strbuf_printf(out, "!%s", scan.problem);
			break;
		}
		strbuf_add_char(out, "${}[]k\"."[token]);
		if (token == JSON_SCAN_KEY || token == JSON_SCAN_STRING)
			strbuf_printf(out, "%s\"", scan.text.data);
	} while (token != JSON_SCAN_END);
	json_scan_done(&scan);
}

static const struct {
	const char *text, *tokens;
} cases[] = {
	{" 1 ", ".$"},
	{"\"\"", "\"\"$"},
	{"{\"a\":[1,-0.5e+3,true,false,null,{}],\"b\":\"c\"}", "{ka\"[.....{}]kb\"\"c\"}$"},
	{"\t[\r\n]", "[]$"},
	{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\\/\b\f\n\r\t\"$"},
	{"\"\\u00e4\\uD83D\\ude00\\u20ac\"", "\"\xc3\xa4\xf0\x9f\x98\x80\xe2\x82\xac\"$"},
	{"\"\xc3\xa4\"", "\"\xc3\xa4\"$"},
	{"", "!the document ends too early"},
	{"[1", "[.!the document ends too early"},
	{"{\"a\":", "{ka\"!the document ends too early"},
	{"\"a", "!the document ends within a text"},
	{"[1,]", "[.!no JSON"},
	{"[,1]", "[!no JSON"},
	{"[1 2]", "[.!a comma or closing bracket is missing"},
	{"[1}", "[.!a comma or closing bracket is missing"},
	{"{\"a\" 1}", "{ka\"!a colon is missing"},
	{"{\"a\":1,}", "{ka\".!a key is missing"},
	{"{1:1}", "{!a key is missing"},
	{"01", ".!something follows the document"},
	{"1 {}", ".!something follows the document"},
	{"1.", "!a number that JSON does not know"},
	{"-", "!a number that JSON does not know"},
	{"1e", "!a number that JSON does not know"},
	{"+1", "!no JSON"},
	{"nul", "!no JSON"},
	{"\"\\x\"", "!an escape that JSON does not know"},
	{"\"\\ud800x\"", "!half of a pair of \\u escapes"},
	{"\"\\ud800\\u0041\"", "!half of a pair of \\u escapes"},
	{"\"\\udc00\"", "!a \\u escape that stands for nothing"},
	{"\"\\u12g4\"", "!a \\u escape that stands for nothing"},
	{"\"\n\"", "!a control character in a text"},
	{"\"\xe4\"", "!a text is not UTF-8"},
	{"\"\xed\xa0\x80\"", "!a text is not UTF-8"},
	{"'a'", "!no JSON"},
	{"/**/1", "!no JSON"},
};

START_TEST(a_text_is_these_tokens)
{
	struct strbuf out = STRBUF_INIT;

	scan_all(cases[_i].text, strlen(cases[_i].text), &out);
	ck_assert_str_eq(out.data, cases[_i].tokens);
	strbuf_done(&out);
}
END_TEST

START_TEST(depth_has_a_limit)
{
	char text[2 * JSON_SCAN_DEPTH + 3];
	struct strbuf out = STRBUF_INIT;

	memset(text, '[', JSON_SCAN_DEPTH + 1);
	memset(text + JSON_SCAN_DEPTH + 1, ']', JSON_SCAN_DEPTH + 1);
	scan_all(text + 1, 2 * JSON_SCAN_DEPTH, &out);
	ck_assert_int_eq(out.data[out.len - 1], '$');
	strbuf_clear(&out);
	scan_all(text, 2 * JSON_SCAN_DEPTH + 2, &out);
	ck_assert_ptr_nonnull(strstr(out.data, "!it is nested too deeply"));
	strbuf_done(&out);
}
END_TEST

/* A text of any length costs no more than the limit, and what follows is read. */
START_TEST(a_long_text_is_cut_and_read_over)
{
	struct strbuf text = STRBUF_INIT;
	enum json_token token;
	struct json_scan scan;
	struct bytes bytes;

	strbuf_add_str(&text, "[\"");
	for (size_t i = 0; i < 3 * JSON_SCAN_TEXT_MAX; i++)
		strbuf_add_char(&text, 'a');
	strbuf_add_str(&text, "\",\"b\"]");
	bytes = (struct bytes){text.data, text.data + text.len};
	json_scan_init(&scan, get_byte, &bytes);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert(scan.is_cut);
	ck_assert_uint_eq(scan.text.len, JSON_SCAN_TEXT_MAX);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert(!scan.is_cut);
	ck_assert_str_eq(scan.text.data, "b");
	json_scan_done(&scan);
	strbuf_done(&text);
}
END_TEST

START_TEST(a_nul_stays_in_the_text)
{
	static const char text[] = "\"a\\u0000b\"";
	struct bytes bytes = {text, text + sizeof(text) - 1};
	enum json_token token;
	struct json_scan scan;

	json_scan_init(&scan, get_byte, &bytes);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert_uint_eq(scan.text.len, 3);
	ck_assert_mem_eq(scan.text.data, "a\0b", 3);
	json_scan_done(&scan);
}
END_TEST

START_TEST(a_value_is_skipped_to_its_end)
{
	static const char text[] = "[{\"a\":[{}],\"b\":{}},[],\"c\",7]";
	struct bytes bytes = {text, text + sizeof(text) - 1};
	enum json_token token;
	struct json_scan scan;

	json_scan_init(&scan, get_byte, &bytes);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(json_scan_next(&scan, &token), 0);
		ck_assert_int_eq(json_scan_skip(&scan, token), 0);
	}
	ck_assert_str_eq(scan.text.data, "c");
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert_int_eq(token, JSON_SCAN_OTHER);
	ck_assert_int_eq(json_scan_next(&scan, &token), 0);
	ck_assert_int_eq(token, JSON_SCAN_ARRAY_END);
	json_scan_done(&scan);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, a_text_is_these_tokens, 0, ARRAY_SIZE(cases));
	tcase_add_test(tcase, depth_has_a_limit);
	tcase_add_test(tcase, a_long_text_is_cut_and_read_over);
	tcase_add_test(tcase, a_nul_stays_in_the_text);
	tcase_add_test(tcase, a_value_is_skipped_to_its_end);
}

UNIT_MAIN("json_scan")
