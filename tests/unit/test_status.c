/* SPDX-License-Identifier: Apache-2.0 */
/* agent/wire/status.c and agent/wire/standing.c */
#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "wire/standing.h"
#include "wire/status.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int decode(const char *text, struct status *ret_status, struct diag *diag)
{
	return status_decode(text, strlen(text), ret_status, diag);
}

/* Members that are one text, one number or one time each: none may stand for another. */
static const size_t texts[] = {
	offsetof(struct status, agent),
	offsetof(struct status, version),
	offsetof(struct status, os),
	offsetof(struct status, kernel),
	offsetof(struct status, profile),
	offsetof(struct status, phase),
	offsetof(struct status, rung),
	offsetof(struct status, rung_reason),
	offsetof(struct status, coverage_basis),
	offsetof(struct status, enforcement),
	offsetof(struct status, enforcement_reason),
	offsetof(struct status, baseline_name),
	offsetof(struct status, link_url),
	offsetof(struct status, link_reason),
	offsetof(struct status, head.signature),
	offsetof(struct status, head.key_id),
};
static const size_t numbers[] = {
	offsetof(struct status, baseline_revision),
	offsetof(struct status, baseline_entries),
	offsetof(struct status, decisions),
	offsetof(struct status, generation),
	offsetof(struct status, open),
	offsetof(struct status, sequence),
	offsetof(struct status, acked),
	offsetof(struct status, outbox_records),
	offsetof(struct status, outbox_bytes),
	offsetof(struct status, folded),
	offsetof(struct status, head.sequence),
};
static const size_t times[] = {
	offsetof(struct status, time_ns),
	offsetof(struct status, coverage_since_ns),
	offsetof(struct status, baseline_made_ns),
};
#define AT(type, status, offset) ((type *)((char *)(status) + (offset)))

static void fill(struct status *status)
{
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_int_gt(asprintf(AT(char *, status, texts[i]), "text \"%zu\"", i), 0);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		*AT(uint64_t, status, numbers[i]) = 100 + i;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		*AT(int64_t, status, times[i]) =
			(1700000000 + (int64_t)i) * NSEC_PER_SEC + 123 * NSEC_PER_MSEC;
	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		status->open_by_severity[i] = 200 + i;
	for (size_t i = 0; i < CHECK_OUTCOME_COUNT; i++)
		status->checks[i] = 300 + i;
	strcpy(status->baseline_digest, DIGEST);
	strcpy(status->head.chain, DIGEST);
	status->head.chain[0] = 'f';
	status->link_is_up = true;
	ck_assert_int_eq(status_add_process(status, "sensor", "running", 2), 0);
	ck_assert_int_eq(status_add_process(status, "recorder", "away", 3), 0);
	ck_assert_int_eq(status_add_unseen(status, "module.load", "no LSM"), 0);
}

START_TEST(comes_back_as_it_was)
{
	cleanup_status struct status status = {0}, back = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	fill(&status);
	ck_assert_int_eq(status_encode(&status, &text), 0);
	ck_assert_int_eq(decode(text.data, &back, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_str_eq(*AT(char *, &back, texts[i]), *AT(char *, &status, texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		ck_assert_uint_eq(*AT(uint64_t, &back, numbers[i]), 100 + i);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		ck_assert_int_eq(*AT(int64_t, &back, times[i]), *AT(int64_t, &status, times[i]));
	ck_assert_mem_eq(back.open_by_severity, status.open_by_severity,
			 sizeof(status.open_by_severity));
	ck_assert_mem_eq(back.checks, status.checks, sizeof(status.checks));
	ck_assert_str_eq(back.baseline_digest, DIGEST);
	ck_assert_str_eq(back.head.chain, status.head.chain);
	ck_assert(back.link_is_up);
	ck_assert_uint_eq(back.process_count, 2);
	ck_assert_str_eq(back.processes[0].role, "sensor");
	ck_assert_str_eq(back.processes[0].state, "running");
	ck_assert_uint_eq(back.processes[0].restarts, 2);
	ck_assert_str_eq(back.processes[1].state, "away");
	ck_assert_uint_eq(back.unseen_count, 1);
	ck_assert_str_eq(back.unseen[0].what, "module.load");
	ck_assert_str_eq(back.unseen[0].note, "no LSM");
}
END_TEST

START_TEST(what_is_not_known_stays_unknown)
{
	cleanup_status struct status back = {0};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct status status = {0};

	ck_assert_int_eq(status_encode(&status, &text), 0);
	ck_assert_int_eq(decode(text.data, &back, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		ck_assert_ptr_null(*AT(char *, &back, texts[i]));
	for (size_t i = 0; i < ARRAY_SIZE(times); i++)
		ck_assert_int_eq(*AT(int64_t, &back, times[i]), 0);
	ck_assert_str_eq(back.baseline_digest, "");
	ck_assert(!back.link_is_up);
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

START_TEST(how_the_sensor_stands_comes_back_as_it_was)
{
	static const struct standing want = {
		.capabilities = 0x1ffffffffff,
		.hindrances = STANDING_NAMESPACED,
		.rungs = {{"lsm", -EPERM}, {"trace", -ECANCELED}},
		.rung_count = 2,
		.parts = {{"iter/task", PART_UNNEEDED, 0, 7},
			  {"inode storage", PART_REFUSED, -ENOMEM, 0}},
		.part_count = 2,
	};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct standing got = {0};
	struct diag diag = {0};

	ck_assert_int_eq(standing_encode(&want, &sb), 0);
	ck_assert_msg(standing_decode(sb.data, sb.len, &got, &diag) == 0, "%s", diag.text);
	ck_assert_mem_eq(&got, &want, sizeof(got));
}
END_TEST

START_TEST(an_answer_of_another_kind_is_no_standing)
{
	static const char *const odd[] = {
		"{}",
		"[]",
		"{\"capabilities\":-1,\"hindrances\":0}",
		"{\"capabilities\":0,\"hindrances\":0,\"rungs\":[{\"name\":1,\"error\":0}]}",
		"{\"capabilities\":0,\"hindrances\":0,\"rungs\":[{\"name\":\"lsm\",\"error\":5000}]"
		"}",
		"{\"capabilities\":0,\"hindrances\":0,\"parts\":[{\"name\":\"x\",\"state\":\"odd\","
		"\"error\":0,\"skipped\":0}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		struct standing got;
		struct diag diag = {0};

		ck_assert_int_eq(standing_decode(odd[i], strlen(odd[i]), &got, &diag), -EBADMSG);
		ck_assert_str_ne(diag.text, "");
	}
}
END_TEST

static Suite *make_suite(void)
{
	Suite *suite = suite_create("status");
	TCase *tcase = tcase_create("status");

	tcase_add_test(tcase, comes_back_as_it_was);
	tcase_add_test(tcase, how_the_sensor_stands_comes_back_as_it_was);
	tcase_add_test(tcase, an_answer_of_another_kind_is_no_standing);
	tcase_add_test(tcase, what_is_not_known_stays_unknown);
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
