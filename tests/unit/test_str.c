/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "unit/unit.h"

static const struct {
	const char *raw;
	size_t len;
	const char *escaped;
} escapes[] = {
	{"", 0, ""},
	{"/usr/bin/true", 13, "/usr/bin/true"},
	{"a\\b", 3, "a\\\\b"},
	{"new\nline\t", 9, "new\\x0aline\\x09"},
	{"nul\0byte", 8, "nul\\x00byte"},
	{"caf\xc3\xa9", 5, "caf\xc3\xa9"},
	{"latin\xe9", 6, "latin\\xe9"},
	{"\x7f", 1, "\\x7f"},
	{"\xc0\xaf", 2, "\\xc0\\xaf"},			 /* over-long slash */
	{"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},		 /* surrogate */
	{"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* above U+10FFFF */
	{"\xf0\x9f\x94\xa7", 4, "\xf0\x9f\x94\xa7"},	 /* U+1F527 */
	{"\xf0\x9f\x94", 3, "\\xf0\\x9f\\x94"},		 /* cut short */
	{"\xe2\x82x", 3, "\\xe2\\x82x"},
	{"\xc2\x9b"
	 "2J",
	 4, "\\xc2\\x9b2J"},	     /* CSI: a terminal clears its screen */
	{"\xc2\xa0", 2, "\xc2\xa0"}, /* the first that is shown */
	{"\xe2\x80\xae"
	 "gpj",
	 6, "\\xe2\\x80\\xaegpj"}, /* read from right to left */
	{"\xe2\x81\xa9", 3, "\\xe2\\x81\\xa9"},
	{"\xe2\x80\xa6", 3, "\xe2\x80\xa6"}, /* an ellipsis */
};

START_TEST(escape_is_reversible)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT, back = STRBUF_INIT;

	str_escape(&escaped, escapes[_i].raw, escapes[_i].len);
	ck_assert_str_eq(escaped.data ? escaped.data : "", escapes[_i].escaped);
	ck_assert_int_eq(str_unescape(&back, escapes[_i].escaped, strlen(escapes[_i].escaped)), 0);
	ck_assert_uint_eq(back.len, escapes[_i].len);
	if (back.len > 0)
		ck_assert_mem_eq(back.data, escapes[_i].raw, back.len);
}
END_TEST

START_TEST(show_leaves_escapes_as_they_are)
{
	cleanup_strbuf struct strbuf shown = STRBUF_INIT;

	str_show(&shown, "/opt/a\\x0ab \x1b[2J\n\xff");
	ck_assert_str_eq(shown.data, "/opt/a\\x0ab \\x1b[2J\\x0a\\xff");
}
END_TEST

START_TEST(unescape_refuses_what_escape_does_not_write)
{
	static const char *const bad[] = {"\\", "\\x", "\\x0", "\\xZZ", "\\n", "\\x0A", "a\\"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		cleanup_strbuf struct strbuf back = STRBUF_INIT;

		ck_assert_int_eq(str_unescape(&back, bad[i], strlen(bad[i])), -EINVAL);
	}
}
END_TEST

START_TEST(unescape_stops_at_the_given_length)
{
	cleanup_strbuf struct strbuf back = STRBUF_INIT;

	ck_assert_int_eq(str_unescape(&back, "\\x41", 3), -EINVAL);
	ck_assert_int_eq(str_unescape(&back, "ab\\x41", 2), 0);
	ck_assert_str_eq(back.data, "ab");
}
END_TEST

START_TEST(hex_goes_both_ways)
{
	const uint8_t bytes[] = {0x00, 0x7f, 0xff, 0xa5};
	uint8_t back[4];
	char text[9];

	hex_encode(bytes, sizeof(bytes), text);
	ck_assert_str_eq(text, "007fffa5");
	ck_assert_int_eq(hex_decode(text, 8, back, 4), 0);
	ck_assert_mem_eq(back, bytes, 4);
}
END_TEST

START_TEST(hex_refuses_other_lengths_and_digits)
{
	uint8_t back[2] = {1, 2};

	ck_assert_int_eq(hex_decode("0011", 3, back, 2), -EINVAL);
	ck_assert_int_eq(hex_decode("00112", 5, back, 2), -EINVAL);
	ck_assert_int_eq(hex_decode("00AA", 4, back, 2), -EINVAL); /* one form only */
	ck_assert_int_eq(hex_decode("0 11", 4, back, 2), -EINVAL);
}
END_TEST

START_TEST(numbers_are_whole_or_refused)
{
	uint64_t u = 7;
	int64_t i = 7;

	ck_assert_int_eq(str_to_u64("18446744073709551615", 10, &u), 0);
	ck_assert_uint_eq(u, UINT64_MAX);
	ck_assert_int_eq(str_to_u64("18446744073709551616", 10, &u), -ERANGE);
	ck_assert_int_eq(str_to_u64("0x10", 0, &u), 0);
	ck_assert_uint_eq(u, 16);
	ck_assert_int_eq(str_to_u64("ff", 16, &u), 0);
	ck_assert_uint_eq(u, 255);
	ck_assert_int_eq(str_to_u64("", 10, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64("-1", 10, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64("+1", 10, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64(" 1", 10, &u), -EINVAL);
	ck_assert_int_eq(str_to_u64("1 ", 10, &u), -EINVAL);
	ck_assert_uint_eq(u, 255); /* untouched on failure */

	ck_assert_int_eq(str_to_i64("-9223372036854775808", 10, &i), 0);
	ck_assert_int_eq(i, INT64_MIN);
	ck_assert_int_eq(str_to_i64("9223372036854775808", 10, &i), -ERANGE);
	ck_assert_int_eq(str_to_i64("--1", 10, &i), -EINVAL);
}
END_TEST

START_TEST(below_is_by_whole_names)
{
	ck_assert(path_is_below("/usr/bin/true", "/usr"));
	ck_assert(path_is_below("/usr", "/usr"));
	ck_assert(!path_is_below("/usrlocal", "/usr"));
	ck_assert(!path_is_below("/us", "/usr"));
	ck_assert(path_is_below("/anything", "/"));
	ck_assert(!path_is_below("relative", "/"));
}
END_TEST

START_TEST(normalize_resolves_by_text)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{"/", "/"},
		{"//", "/"},
		{"/usr/", "/usr"},
		{"/usr//bin", "/usr/bin"},
		{"/usr/./bin/.", "/usr/bin"},
		{"/usr/../etc", "/etc"},
		{"/../..", "/"},
		{"/a/b/../../c", "/c"},
		{"/..a/...", "/..a/..."},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[64];

		str_copy(path, sizeof(path), cases[i].from);
		ck_assert_int_eq(path_normalize(path), 0);
		ck_assert_str_eq(path, cases[i].to);
	}
	ck_assert_int_eq(path_normalize((char[]){"usr/bin"}), -EINVAL);
	ck_assert_int_eq(path_normalize((char[]){""}), -EINVAL);
}
END_TEST

START_TEST(copy_says_when_it_cut)
{
	char to[4];

	ck_assert(str_copy(to, sizeof(to), "abc"));
	ck_assert_str_eq(to, "abc");
	ck_assert(!str_copy(to, sizeof(to), "abcd"));
	ck_assert_str_eq(to, "abc");
}
END_TEST

START_TEST(null_equals_null_only)
{
	ck_assert(str_equal(NULL, NULL));
	ck_assert(!str_equal(NULL, ""));
	ck_assert(!str_equal("", NULL));
	ck_assert(str_equal("a", (char[]){"a"}));
	ck_assert(str_starts("config.modified", "config."));
	ck_assert(!str_starts("con", "config"));
	ck_assert(str_ends("libm.so", ".so"));
	ck_assert(!str_ends("o", ".so"));
}
END_TEST

START_TEST(strbuf_grows_and_hands_over)
{
	struct strbuf sb = STRBUF_INIT;
	char *text;

	for (int i = 0; i < 1000; i++)
		strbuf_printf(&sb, "%04d,", i);
	ck_assert_uint_eq(sb.len, 5000);
	ck_assert_int_eq(strbuf_check(&sb), 0);
	text = strbuf_take(&sb);
	ck_assert_int_eq(strncmp(text + 4990, "0998,0999,", 10), 0);
	free(text);
	ck_assert_uint_eq(sb.len, 0);
	text = strbuf_take(&sb);
	ck_assert_str_eq(text, "");
	free(text);
	strbuf_done(&sb);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, escape_is_reversible, 0, ARRAY_SIZE(escapes));
	tcase_add_test(tcase, show_leaves_escapes_as_they_are);
	tcase_add_test(tcase, unescape_refuses_what_escape_does_not_write);
	tcase_add_test(tcase, unescape_stops_at_the_given_length);
	tcase_add_test(tcase, hex_goes_both_ways);
	tcase_add_test(tcase, hex_refuses_other_lengths_and_digits);
	tcase_add_test(tcase, numbers_are_whole_or_refused);
	tcase_add_test(tcase, below_is_by_whole_names);
	tcase_add_test(tcase, normalize_resolves_by_text);
	tcase_add_test(tcase, copy_says_when_it_cut);
	tcase_add_test(tcase, null_equals_null_only);
	tcase_add_test(tcase, strbuf_grows_and_hands_over);
}

UNIT_MAIN("str")
