/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/json_depth.h"

#include "unit/unit.h"

START_TEST(depth_is_counted_outside_of_strings)
{
	static const char text[] = "{\"a\":[{\"b\":\"[[[[\\\"[[\"}],\"c\":[]}";

	ck_assert(json_is_shallow(text, sizeof(text) - 1, 3));
	ck_assert(!json_is_shallow(text, sizeof(text) - 1, 2));
	ck_assert(json_is_shallow("]]]{}", 5, 1));
	ck_assert(!json_is_shallow("[", 1, 0));
}
END_TEST

START_TEST(commas_stand_between_values_only)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_begin_object(&j);
	json_put_u64(&j, "u", UINT64_MAX);
	json_put_i64(&j, "i", INT64_MIN);
	json_key(&j, "list");
	json_begin_array(&j);
	json_begin_object(&j);
	json_end_object(&j);
	json_begin_array(&j);
	json_end_array(&j);
	json_null(&j);
	json_end_array(&j);
	json_put_bool(&j, "yes", true);
	json_put_bool(&j, "no", false);
	json_put_string(&j, "none", NULL);
	json_end_object(&j);

	ck_assert_int_eq(strbuf_check(&sb), 0);
	ck_assert_str_eq(sb.data, "{\"u\":18446744073709551615,\"i\":-9223372036854775808,"
				  "\"list\":[{},[],null],\"yes\":true,\"no\":false,\"none\":null}");
}
END_TEST

static const struct {
	const char *text, *json;
} strings[] = {
	{"", "\"\""},
	{"plain", "\"plain\""},
	{"quote\"back\\", "\"quote\\\"back\\\\\""},
	{"line\n\ttab", "\"line\\n\\ttab\""},
	{"\x01\x1b\x7f", "\"\\u0001\\u001b\\u007f\""},
	{"caf\xc3\xa9", "\"caf\xc3\xa9\""},
	{"bad\xff.", "\"bad\xef\xbf\xbd.\""},
	{"</script>", "\"</script>\""},
};

START_TEST(strings_are_escaped_and_always_utf8)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_string(&j, strings[_i].text);
	ck_assert_str_eq(sb.data, strings[_i].json);
}
END_TEST

START_TEST(paths_stay_reversible)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_path(&j, "/opt/a\\b\xff\n");
	ck_assert_str_eq(sb.data, "\"/opt/a\\\\\\\\b\\\\xff\\\\x0a\"");
}
END_TEST

START_TEST(zero_time_is_null)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_begin_object(&j);
	json_put_time(&j, "never", 0);
	json_put_time(&j, "then", 1732217692123000000);
	json_end_object(&j);
	ck_assert_str_eq(sb.data, "{\"never\":null,\"then\":\"2024-11-21T19:34:52.123Z\"}");
}
END_TEST

START_TEST(nesting_beyond_the_bound_is_an_error)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	for (int i = 0; i < 40; i++)
		json_begin_array(&j);
	ck_assert_int_lt(strbuf_check(&sb), 0);
}
END_TEST

START_TEST(an_end_without_begin_is_an_error)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);

	json_end_object(&j);
	ck_assert_int_lt(strbuf_check(&sb), 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, commas_stand_between_values_only);
	tcase_add_loop_test(tcase, strings_are_escaped_and_always_utf8, 0, ARRAY_SIZE(strings));
	tcase_add_test(tcase, paths_stay_reversible);
	tcase_add_test(tcase, zero_time_is_null);
	tcase_add_test(tcase, nesting_beyond_the_bound_is_an_error);
	tcase_add_test(tcase, depth_is_counted_outside_of_strings);
	tcase_add_test(tcase, an_end_without_begin_is_an_error);
}

UNIT_MAIN("json")
