/* SPDX-License-Identifier: Apache-2.0 */
/* agent/wire/status.c */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/status.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int decode(const char *text, struct status *ret_status, struct diag *diag)
{
	return status_decode(text, strlen(text), ret_status, diag);
}

START_TEST(comes_back_as_it_was)
{
	cleanup_status struct status back = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct status status = {
		.agent = (char *)"hmi-07",
		.phase = (char *)"covered",
		.rung = (char *)"trace",
		.coverage_since_ns = 1790000000123000000,
		.baseline_digest = DIGEST,
		.baseline_name = (char *)"line \"4\"",
		.baseline_revision = 7,
		.baseline_entries = 5737,
		.baseline_made_ns = 1700000000 * NSEC_PER_SEC,
		.open = 3,
		.open_by_severity = {[SEVERITY_HIGH] = 2},
		.checks = {[CHECK_ERROR] = 1},
		.sequence = 10,
		.acked = 9,
		.outbox_bytes = 512,
		.link_url = (char *)"https://127.0.0.1:8443",
		.link_is_up = true,
		.head = {.sequence = 10, .chain = DIGEST, .key_id = (char *)"k"},
	};

	ck_assert_int_eq(status_add_process(&status, "sensor", "running", 2), 0);
	ck_assert_int_eq(status_add_unseen(&status, "module.load", "no LSM"), 0);
	ck_assert_int_eq(status_encode(&status, &text), 0);
	ck_assert_int_eq(decode(text.data, &back, NULL), 0);

	ck_assert_str_eq(back.agent, "hmi-07");
	ck_assert_ptr_null(back.version);
	ck_assert_int_eq(back.coverage_since_ns, status.coverage_since_ns);
	ck_assert_str_eq(back.baseline_digest, DIGEST);
	ck_assert_str_eq(back.baseline_name, "line \"4\"");
	ck_assert_int_eq(back.baseline_made_ns, 1700000000 * NSEC_PER_SEC);
	ck_assert_uint_eq(back.open_by_severity[SEVERITY_HIGH], 2);
	ck_assert_uint_eq(back.checks[CHECK_ERROR], 1);
	ck_assert_uint_eq(back.outbox_bytes, 512);
	ck_assert(back.link_is_up);
	ck_assert_uint_eq(back.process_count, 1);
	ck_assert_str_eq(back.processes[0].state, "running");
	ck_assert_uint_eq(back.processes[0].restarts, 2);
	ck_assert_str_eq(back.unseen[0].note, "no LSM");
	ck_assert_uint_eq(back.head.sequence, 10);
	ck_assert_ptr_null(back.head.signature);

	for (size_t i = 0; i < status.process_count; i++) {
		free(status.processes[i].role);
		free(status.processes[i].state);
	}
	free(status.processes);
	free(status.unseen[0].what);
	free(status.unseen[0].note);
	free(status.unseen);
}
END_TEST

START_TEST(reads_what_another_version_may_say)
{
	cleanup_status struct status status = {0};

	ck_assert_int_eq(
		decode("{\"phase\":\"warming\",\"new\":[1],\"baseline\":null,\"link\":null}",
		       &status, NULL),
		0);
	ck_assert_str_eq(status.phase, "warming");
	ck_assert_str_eq(status.baseline_digest, "");
	ck_assert_ptr_null(status.link_url);
}
END_TEST

static const struct {
	const char *text, *problem;
} bad[] = {
	{"", "JSON"},
	{"[]", "not a JSON object"},
	{"{\"phase\":7}", "phase"},
	{"{\"coverage_since\":\"yesterday\"}", "coverage_since"},
	{"{\"baseline\":[]}", "baseline"},
	{"{\"baseline\":{\"digest\":\"abc\"}}", "digest"},
	{"{\"findings\":{\"open\":-1}}", "open"},
	{"{\"findings\":{\"high\":\"2\"}}", "high"},
	{"{\"processes\":[{\"restarts\":1.5}]}", "restarts"},
	{"{\"a\":[[[[[1]]]]]}", "nested"},
};

START_TEST(refuses_with_the_member_named)
{
	struct status status = {.open = 4711};
	struct diag diag = {0};

	ck_assert_int_eq(decode(bad[_i].text, &status, &diag), -EBADMSG);
	ck_assert_msg(strstr(diag.text, bad[_i].problem), "%s", diag.text);
	ck_assert_uint_eq(status.open, 4711);
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	tcase_add_test(tcase, comes_back_as_it_was);
	tcase_add_test(tcase, reads_what_another_version_may_say);
	tcase_add_loop_test(tcase, refuses_with_the_member_named, 0, (int)ARRAY_SIZE(bad));
	suite_add_tcase(suite, tcase);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(make_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed;
}
