/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of agent/model/incident.h. */
#include "unit.h"

#include "base/clock.h"
#include "model/incident.h"

#define HOUR (3600 * NSEC_PER_SEC)
#define DAY  (24 * HOUR)
#define NOW  (1800000000 * NSEC_PER_SEC) /* 2027-01-15T08:00:00Z */

static struct incident incident;

static void setup(void)
{
	const struct incident_word word = {NOW - HOUR, "anna", "it was not us"};

	ck_assert_int_eq(incident_declare(&incident, &word, NOW, NULL), 0);
}

static void teardown(void)
{
	incident_done(&incident);
}

static const char *clock_at(int64_t now_ns)
{
	static char text[256];
	cleanup_strbuf struct strbuf out = STRBUF_INIT;

	incident_put_clock(&incident, now_ns, &out);
	snprintf(text, sizeof(text), "%s", out.data);
	return text;
}

static const char *hold_at(int64_t now_ns)
{
	static char text[256];
	cleanup_strbuf struct strbuf out = STRBUF_INIT;

	incident_put_hold(&incident, now_ns, &out);
	snprintf(text, sizeof(text), "%s", out.data);
	return text;
}

static void step(int (*take)(struct incident *, const struct incident_word *, int64_t,
			     struct diag *),
		 int64_t time_ns, int64_t now_ns)
{
	const struct incident_word word = {time_ns, "ben", "text"};
	struct diag diag = {0};

	ck_assert_msg(take(&incident, &word, now_ns, &diag) == 0, "%s", diag.text);
}

START_TEST(the_report_is_due_72_hours_after_the_discovery)
{
	ck_assert_str_eq(clock_at(NOW), "report due 2027-01-18T07:00:00.000Z, 71 h 0 min left");
	ck_assert_str_eq(clock_at(NOW + 71 * HOUR),
			 "report due 2027-01-18T07:00:00.000Z, 0 h 0 min left");
	ck_assert(!incident_is_late(&incident, NOW + 71 * HOUR));
	ck_assert_str_eq(clock_at(NOW + 72 * HOUR),
			 "report due 2027-01-18T07:00:00.000Z, OVERDUE by 1 h 0 min");
	ck_assert(incident_is_late(&incident, NOW + 71 * HOUR + 1));
}
END_TEST

START_TEST(a_report_stops_the_clock_and_says_how_late_it_was)
{
	struct incident other = {0};

	ck_assert_int_eq(incident_copy(&incident, &other), 0);
	step(incident_report, NOW + 2 * HOUR, NOW + 80 * HOUR);
	ck_assert_str_eq(clock_at(NOW + 200 * HOUR),
			 "reported at 2027-01-15T10:00:00.000Z, 3 h 0 min after its discovery");
	ck_assert(!incident_is_late(&incident, NOW + 200 * HOUR));
	incident_done(&incident);
	incident = other;
	step(incident_report, 0, NOW + 80 * HOUR);
	ck_assert_str_eq(clock_at(NOW + 200 * HOUR),
			 "reported at 2027-01-18T16:00:00.000Z, 81 h 0 min after its discovery: "
			 "late by 9 h 0 min");
	ck_assert(incident_is_late(&incident, NOW + 200 * HOUR));
}
END_TEST

START_TEST(evidence_is_held_while_open_and_90_days_from_the_report)
{
	ck_assert_int_eq(incident_hold_until_ns(&incident), INT64_MAX);
	step(incident_report, NOW, NOW);
	ck_assert_int_eq(incident_hold_until_ns(&incident), INT64_MAX);
	ck_assert_str_eq(hold_at(NOW), "evidence is kept while it is open, and at least until "
				       "2027-04-15T08:00:00.000Z");
	step(incident_close, 0, NOW + DAY);
	ck_assert_int_eq(incident_hold_until_ns(&incident), NOW + 90 * DAY);
	ck_assert_str_eq(hold_at(NOW + 89 * DAY),
			 "evidence is kept until 2027-04-15T08:00:00.000Z");
	ck_assert_str_eq(hold_at(NOW + 90 * DAY),
			 "evidence was kept until 2027-04-15T08:00:00.000Z");
}
END_TEST

START_TEST(without_a_report_it_is_held_from_the_closing)
{
	step(incident_close, 0, NOW + DAY);
	ck_assert_int_eq(incident_hold_until_ns(&incident), NOW + 91 * DAY);
	ck_assert_str_eq(clock_at(NOW + DAY), "closed without a report");
	ck_assert_ptr_nonnull(strstr(hold_at(NOW + DAY), "90 days from the closing"));
}
END_TEST

static const struct refusal {
	int (*take)(struct incident *, const struct incident_word *, int64_t, struct diag *);
	struct incident_word word;
	bool is_closed;
	int error;
	const char *says;
} refusals[] = {
	{incident_declare, {0, "ben", "again"}, false, -EEXIST, "declared at 2027-01-15T08:00:00"},
	{incident_declare, {NOW + DAY - 1, "ben", "x"}, true, -EINVAL, "earlier incident was"},
	{incident_declare, {NOW + 9 * DAY, "ben", "x"}, true, -EINVAL, "the time lies ahead"},
	{incident_declare, {0, "", "x"}, true, -EINVAL, "it is not said who"},
	{incident_declare, {0, "ben", NULL}, true, -EINVAL, "it is not said why"},
	{incident_report, {NOW - 2 * HOUR, "ben", NULL}, false, -EINVAL, "before its discovery"},
	{incident_report, {0, "ben", NULL}, true, -ENOENT, "its incident was closed at"},
	{incident_report, {0, NULL, NULL}, false, -EINVAL, "it is not said who"},
	{incident_close, {0, "ben", "x"}, true, -ENOENT, "its incident was closed at"},
	{incident_close, {0, "ben", NULL}, false, -EINVAL, "it is not said why"},
};

START_TEST(what_cannot_be_is_refused_and_changes_nothing)
{
	const struct refusal *row = &refusals[_i];
	struct incident before;
	struct diag diag = {0};

	if (row->is_closed)
		step(incident_close, 0, NOW + DAY);
	before = incident;
	ck_assert_int_eq(row->take(&incident, &row->word, NOW + 2 * DAY, &diag), row->error);
	ck_assert_msg(strstr(diag.text, row->says) != NULL, "%s", diag.text);
	ck_assert_int_eq(memcmp(&incident, &before, sizeof(before)), 0);
}
END_TEST

START_TEST(a_second_report_is_refused)
{
	const struct incident_word word = {0, "ben", NULL};

	step(incident_report, 0, NOW + HOUR);
	ck_assert_int_eq(incident_report(&incident, &word, NOW + DAY, NULL), -EALREADY);
	ck_assert_int_eq(incident.reported_ns, NOW + HOUR);
}
END_TEST

START_TEST(a_closed_one_can_come_again)
{
	step(incident_close, 0, NOW + DAY);
	step(incident_declare, NOW + 2 * DAY, NOW + 3 * DAY);
	ck_assert(incident_is_open(&incident));
	ck_assert_int_eq(incident.reported_ns, 0);
	ck_assert_str_eq(incident.declared_by, "ben");
	ck_assert_ptr_null(incident.closed_by);
}
END_TEST

/* What host and collector know, in either order. */
START_TEST(two_views_become_one)
{
	struct incident here = {0}, there = {0}, *into = _i ? &here : &there;
	const struct incident *from = _i ? &there : &here;
	const struct incident_word late = {NOW, "carl", "c"};

	ck_assert_int_eq(incident_copy(&incident, &here), 0);
	ck_assert_int_eq(incident_declare(&there, &late, NOW + 2 * HOUR, NULL), 0);
	ck_assert_int_eq(incident_report(&there, &late, NOW + 2 * HOUR, NULL), 0);
	ck_assert_int_eq(incident_close(&here, &late, NOW + 3 * HOUR, NULL), 0);
	ck_assert_int_eq(incident_merge(into, from), 0);
	ck_assert_int_eq(into->discovered_ns, NOW - HOUR);
	ck_assert_str_eq(into->declared_by, "anna");
	ck_assert_int_eq(into->reported_ns, NOW);
	ck_assert_int_eq(into->closed_ns, NOW + 3 * HOUR);
	ck_assert_str_eq(into->closed_by, "carl");
	incident_done(&here);
	incident_done(&there);
}
END_TEST

START_TEST(a_later_incident_takes_the_place_of_a_closed_one)
{
	struct incident here = {0}, there = {0}, *into = _i ? &here : &there;
	const struct incident *from = _i ? &there : &here;
	const struct incident_word again = {NOW + 5 * DAY, "carl", "again"};

	step(incident_close, 0, NOW + DAY);
	ck_assert_int_eq(incident_copy(&incident, &here), 0);
	ck_assert_int_eq(incident_declare(&there, &again, NOW + 5 * DAY, NULL), 0);
	ck_assert_int_eq(incident_merge(into, from), 0);
	ck_assert(incident_is_open(into));
	ck_assert_str_eq(into->reason, "again");
	incident_done(&here);
	incident_done(&there);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_report_is_due_72_hours_after_the_discovery);
	tcase_add_test(tcase, a_report_stops_the_clock_and_says_how_late_it_was);
	tcase_add_test(tcase, evidence_is_held_while_open_and_90_days_from_the_report);
	tcase_add_test(tcase, without_a_report_it_is_held_from_the_closing);
	tcase_add_loop_test(tcase, what_cannot_be_is_refused_and_changes_nothing, 0,
			    ARRAY_SIZE(refusals));
	tcase_add_test(tcase, a_second_report_is_refused);
	tcase_add_test(tcase, a_closed_one_can_come_again);
	tcase_add_loop_test(tcase, two_views_become_one, 0, 2);
	tcase_add_loop_test(tcase, a_later_incident_takes_the_place_of_a_closed_one, 0, 2);
}

UNIT_MAIN("incident")
