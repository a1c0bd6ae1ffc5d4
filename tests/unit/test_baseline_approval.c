/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of baseline/approval.h. Signatures and chains are tested with openssl's own program in
 * integration/021. */
#include "unit/unit.h"

#include "base/strbuf.h"
#include "baseline/approval.h"

#define HEX   "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100"

static const char good[] =
	"{\"statement_sha256\":\"" HEX "\",\"name\":\"A B\",\"role\":\"approver\","
	"\"meaning\":\"fit for use\",\"ticket\":null,"
	"\"time\":\"2025-11-24T16:00:00.123Z\",\"certificate\":\"" OTHER "\"}";

START_TEST(text_comes_back_as_it_was)
{
	struct baseline_approval a = {
		.name = (char *)"A \"B\" \xc3\xa4",
		.role = (char *)"reviewer",
		.meaning = (char *)"read\nand found good",
		.ticket = (char *)"CHG-1",
		.time_ns = 1764000000123000000,
		.certificate_sha256 = OTHER,
	};
	struct baseline_approval out = {0};
	char statement[SHA256_HEX_SIZE];
	struct strbuf text = STRBUF_INIT;

	ck_assert_int_eq(approval_write(&a, HEX, &text), 0);
	ck_assert_int_eq(approval_read(text.data, text.len, &out, statement, NULL), 0);
	ck_assert_str_eq(statement, HEX);
	ck_assert_str_eq(out.name, a.name);
	ck_assert_str_eq(out.role, a.role);
	ck_assert_str_eq(out.meaning, a.meaning);
	ck_assert_str_eq(out.ticket, a.ticket);
	ck_assert_int_eq(out.time_ns, a.time_ns);
	ck_assert_str_eq(out.certificate_sha256, OTHER);
	baseline_approval_done(&out);
	strbuf_done(&text);
}
END_TEST

START_TEST(other_tools_may_write_it_in_another_form)
{
	static const char text[] = "{ \"time\": \"2025-11-24T17:00:00+01:00\", \"role\": \"r\",\r\n"
				   "\"certificate\": \"" OTHER "\", \"name\": \"\\u0041\",\n"
				   "\"meaning\": \"[m}\", \"statement_sha256\": \"" HEX "\" }";
	struct baseline_approval out = {0};
	char statement[SHA256_HEX_SIZE];

	ck_assert_int_eq(approval_read(text, sizeof(text) - 1, &out, statement, NULL), 0);
	ck_assert_str_eq(out.name, "A");
	ck_assert_ptr_null(out.ticket);
	ck_assert_int_eq(out.time_ns, 1764000000000000000);
	baseline_approval_done(&out);
}
END_TEST

static const struct {
	const char *from, *to;
} wrongs[] = {
	{"{", "["},
	{"}", ""},
	{"}", "}x"},
	{"\"name\":\"A B\"", "\"name\":\"\""},
	{"\"name\":\"A B\"", "\"name\":null"},
	{"\"name\":\"A B\"", "\"name\":7"},
	{"\"name\":\"A B\"", "\"name\":{\"a\":\"b\"}"},
	{"\"name\":\"A B\"", "\"name\":\"A\\u0000B\""},
	{"\"name\":\"A B\"", "\"name\":\"A\xff\""},
	{"\"name\":\"A B\",", ""},
	{"\"name\":\"A B\"", "\"name\":\"A B\",\"name\":\"C\""},
	{"\"role\":\"approver\",", ""},
	{"\"meaning\":\"fit for use\",", ""},
	{"2025-11-24T16:00:00.123Z", "yesterday"},
	{"\"statement_sha256\":\"0", "\"statement_sha256\":\"A"},
	{"\"statement_sha256\":\"00", "\"statement_sha256\":\"0"},
	{"\"certificate\":\"f", "\"certificate\":\"F"},
	{"\"ticket\":null", "\"ticket\":[]"},
};

START_TEST(other_text_is_refused)
{
	const char *at = strstr(good, wrongs[_i].from);
	struct baseline_approval out = {0};
	char statement[SHA256_HEX_SIZE];
	struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};

	ck_assert_int_eq(approval_read(good, sizeof(good) - 1, &out, statement, NULL), 0);
	baseline_approval_done(&out);
	ck_assert_ptr_nonnull(at);
	strbuf_add(&text, good, (size_t)(at - good));
	strbuf_add_str(&text, wrongs[_i].to);
	strbuf_add_str(&text, at + strlen(wrongs[_i].from));
	ck_assert_msg(approval_read(text.data, text.len, &out, statement, &diag) == -EBADMSG, "%s",
		      text.data);
	ck_assert_str_ne(diag.text, "");
	strbuf_done(&text);
}
END_TEST

START_TEST(a_nested_text_is_refused_before_it_is_parsed)
{
	static const char deep[] = "{\"name\":{\"a\":{\"a\":{\"a\":{";
	struct baseline_approval out = {0};
	char statement[SHA256_HEX_SIZE];
	struct diag diag = {0};

	ck_assert_int_eq(approval_read(deep, sizeof(deep) - 1, &out, statement, &diag), -EBADMSG);
	ck_assert_ptr_nonnull(strstr(diag.text, "no flat JSON object"));
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, text_comes_back_as_it_was);
	tcase_add_test(tcase, other_tools_may_write_it_in_another_form);
	tcase_add_test(tcase, a_nested_text_is_refused_before_it_is_parsed);
	tcase_add_loop_test(tcase, other_text_is_refused, 0, ARRAY_SIZE(wrongs));
}

UNIT_MAIN("baseline_approval")
