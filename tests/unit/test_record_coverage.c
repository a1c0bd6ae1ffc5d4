/* SPDX-License-Identifier: Apache-2.0 */
/* agent/record/record_coverage.c: intervals, what of them is told, and who signed that. */
#include "record_rig.h"

#include "base/clock.h"
#include "record/db.h"

static int print_coverage(const struct coverage *coverage, void *userdata)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %lld-%lld;", coverage_state_name(coverage->state),
		 (long long)coverage->start_ns, (long long)coverage->end_ns);
	strcat(userdata, line);
	return 0;
}

START_TEST(lasting_interval_ends_where_the_next_begins)
{
	struct coverage observing = {.state = COVERAGE_OBSERVING, .start_ns = 10, .rung = "trace"};
	struct coverage gap = {.state = COVERAGE_GAP, .start_ns = 15, .end_ns = 16};
	struct coverage covered = {.state = COVERAGE_COVERED, .start_ns = 20, .rung = "trace"};
	struct coverage back = {.state = COVERAGE_WARMING, .start_ns = 18, .rung = "trace"};
	cleanup_coverage struct coverage last = {0};
	struct record_page page = {.limit = 10};
	char text[512] = "";

	ck_assert_int_eq(record_get_lasting_coverage(record, &last), -ENOENT);
	ck_assert_int_eq(record_put_coverage(record, &observing), 0);
	ck_assert_int_eq(record_put_coverage(record, &gap), 0);
	ck_assert_int_eq(record_put_coverage(record, &covered), 0);
	/* The clock went back: no interval may end before it began. */
	ck_assert_int_eq(record_put_coverage(record, &back), 0);
	ck_assert_int_eq(record_page_coverage(record, &page, print_coverage, text), 4);
	ck_assert_str_eq(text, "observing 10-20;gap 15-16;covered 20-20;warming 18-0;");
	ck_assert_int_eq(record_get_lasting_coverage(record, &last), 0);
	ck_assert_int_eq(last.state, COVERAGE_WARMING);
	ck_assert_str_eq(last.rung, "trace");

	text[0] = '\0';
	page = (struct record_page){.limit = 10, .since_ns = 17};
	ck_assert_int_eq(record_page_coverage(record, &page, print_coverage, text), 3);
}
END_TEST

START_TEST(step_of_the_clock_splits_the_lasting_interval)
{
	struct coverage covered = {.state = COVERAGE_COVERED,
				   .start_ns = 20 * NSEC_PER_MSEC,
				   .rung = "trace",
				   .cause = "why",
				   .basis = "hash"};
	cleanup_coverage struct coverage last = {0};
	struct record_page page = {.limit = 10};
	int64_t row, again;
	char text[512] = "";

	ck_assert_int_eq(record_step_coverage(record, 10, 5), 0);
	ck_assert_int_eq(record_put_coverage(record, &covered), 0);
	ck_assert_int_eq(record_get_owed_coverage(record, &last, &row), 0);
	ck_assert_int_eq(record_mark_coverage(record, row, 1), 0);
	coverage_done(&last);
	ck_assert_int_eq(record_step_coverage(record, 90 * NSEC_PER_MSEC, 7 * NSEC_PER_MSEC), 0);
	ck_assert_int_eq(record_step_coverage(record, 8 * NSEC_PER_MSEC, 500 * NSEC_PER_MSEC), 0);
	ck_assert_int_eq(record_page_coverage(record, &page, print_coverage, text), 3);
	ck_assert_str_eq(text,
			 "covered 20000000-90000000;covered 7000000-8000000;covered 500000000-0;");
	ck_assert_int_eq(record_get_lasting_coverage(record, &last), 0);
	ck_assert_str_eq(last.rung, "trace");
	ck_assert_str_eq(last.cause, "why");
	ck_assert_str_eq(last.basis, "hash");
	coverage_done(&last);
	/* Its end is told. */
	ck_assert_int_eq(record_get_owed_coverage(record, &last, &again), 0);
	ck_assert_int_eq(again, row);
}
END_TEST

static int print_signed(const char *text, void *userdata)
{
	strcat(userdata, text);
	return 0;
}

START_TEST(interval_is_owed_until_told_and_signed_once)
{
	struct coverage observing = {.state = COVERAGE_OBSERVING, .start_ns = 10, .basis = "hash"};
	struct coverage covered = {.state = COVERAGE_COVERED, .start_ns = 20, .lost = 3};
	cleanup_coverage struct coverage first = {0}, second = {0}, third = {0};
	struct record_page page = {.limit = 10};
	char text[64] = "";
	int64_t row, other;

	ck_assert_int_eq(record_get_owed_coverage(record, &first, &row), -ENOENT);
	ck_assert_int_eq(record_put_coverage(record, &observing), 0);
	ck_assert_int_eq(record_get_owed_coverage(record, &first, &row), 0);
	ck_assert_str_eq(first.basis, "hash");
	ck_assert_int_eq(record_mark_coverage(record, row, 7), 0);
	ck_assert_int_eq(record_keep_signed(record, 6, "six;"), 0);
	ck_assert_int_eq(record_keep_signed(record, 8, "eight;"), 0);
	ck_assert_int_eq(record_keep_signed(record, 9, "nine;"), 0);
	/* Its end is told anew, before the one that follows. */
	ck_assert_int_eq(record_put_coverage(record, &covered), 0);
	ck_assert_int_eq(record_get_owed_coverage(record, &second, &other), 0);
	ck_assert_int_eq(other, row);
	ck_assert_int_eq(second.end_ns, 20);
	ck_assert_int_eq(record_mark_coverage(record, row, 10), 0);
	ck_assert_int_eq(record_get_owed_coverage(record, &third, &other), 0);
	ck_assert_uint_eq(third.lost, 3);
	ck_assert_int_eq(record_mark_coverage(record, other, 11), 0);
	ck_assert_int_eq(record_keep_signed(record, 12, "twelve;"), 0);
	ck_assert_int_eq(record_page_signed(record, &page, print_signed, text), 1);
	ck_assert_str_eq(text, "twelve;");
}
END_TEST

START_TEST(no_two_intervals_share_state_and_millisecond)
{
	struct coverage gap = {.state = COVERAGE_GAP, .start_ns = 5000000, .end_ns = 5000001};
	struct record_page page = {.limit = 10};
	char text[256] = "";

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(record_put_coverage(record, &gap), 0);
	ck_assert_int_eq(record_page_coverage(record, &page, print_coverage, text), 3);
	ck_assert_str_eq(text, "gap 5000000-5000001;gap 6000000-6000000;gap 7000000-7000000;");
}
END_TEST

/* A store of the version before, as that wrote it. */
START_TEST(coverage_of_an_older_store_is_told_again)
{
	static const char old[] =
		"DROP TABLE coverage; DROP TABLE signed_head; DROP TABLE incident;"
		"CREATE TABLE coverage (n INTEGER PRIMARY KEY, state TEXT NOT NULL,"
		" start INTEGER NOT NULL, end INTEGER NOT NULL, rung TEXT, cause TEXT,"
		" missed TEXT);"
		"CREATE INDEX coverage_end ON coverage (end);"
		"INSERT INTO coverage VALUES (NULL, 'down', 3, 0, 'trace', 'a cause', NULL);"
		"PRAGMA user_version = 1;";
	cleanup_coverage struct coverage coverage = {0};
	cleanup_free char *path = NULL;
	struct db *db = NULL;
	int64_t row;

	record = record_close(record);
	ck_assert_int_gt(asprintf(&path, "%s/record.db", folder), 0);
	ck_assert_int_eq(db_open(path, &db), 0);
	ck_assert_int_eq(db_exec(db, old), 0);
	db_close(db);
	ck_assert_int_eq(record_open(folder, OUTBOX_BYTES, &record), 0);
	ck_assert_int_eq(record_get_owed_coverage(record, &coverage, &row), 0);
	ck_assert_int_eq(coverage.state, COVERAGE_DOWN);
	ck_assert_str_eq(coverage.cause, "a cause");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, lasting_interval_ends_where_the_next_begins);
	tcase_add_test(tcase, step_of_the_clock_splits_the_lasting_interval);
	tcase_add_test(tcase, interval_is_owed_until_told_and_signed_once);
	tcase_add_test(tcase, no_two_intervals_share_state_and_millisecond);
	tcase_add_test(tcase, coverage_of_an_older_store_is_told_again);
}

UNIT_MAIN("record_coverage")
