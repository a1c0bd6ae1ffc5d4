/* SPDX-License-Identifier: Apache-2.0 */
/* agent/record: findings that were declared an incident. */
#include "record_rig.h"

#include "base/clock.h"
#include "base/str.h"
#include "record/db.h"

static void step(struct finding *finding,
		 int (*take)(struct incident *, const struct incident_word *, int64_t,
			     struct diag *),
		 int64_t now_ns)
{
	const struct incident_word word = {0, "anna", "text"};

	ck_assert_int_eq(take(&finding->incident, &word, now_ns, NULL), 0);
	ck_assert_int_eq(record_put_incident(record, finding), 0);
}

/* One finding that is declared, as it is found again. */
static struct finding declared_finding(void)
{
	struct finding made = make_finding("/a", "x"), finding = {0};
	char prefix[9];

	put(&made);
	memcpy(prefix, made.id, 8);
	prefix[8] = '\0';
	ck_assert_int_eq(record_find_finding(record, prefix, &finding), 0);
	ck_assert_str_eq(finding.id, made.id);
	step(&finding, incident_declare, clock_real_ns());
	return finding;
}

static int check_unsent(const struct finding *finding, void *userdata)
{
	ck_assert_int_eq(finding->state, FINDING_STATE_INCIDENT);
	ck_assert(finding->incident.is_there);
	++*(unsigned *)userdata;
	return 0;
}

START_TEST(an_incident_and_its_clock_survive_a_restart)
{
	cleanup_finding struct finding finding = declared_finding(), again = {0};
	unsigned count = 0;

	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_int_eq(record_find_finding(record, finding.id, &again), 0);
	ck_assert_int_eq(again.state, FINDING_STATE_INCIDENT);
	ck_assert_int_eq(incident_due_ns(&again.incident), incident_due_ns(&finding.incident));
	ck_assert_str_eq(again.incident.declared_by, "anna");
	ck_assert_int_eq(record_each_unsent(record, INT64_MAX, 10, check_unsent, &count), 1);
	ck_assert_int_eq(record_each_incident(record, check_unsent, &count), 0);
	ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(a_finding_is_named_by_enough_of_its_id)
{
	struct finding one = make_finding("/a", "x");
	struct finding found = {0};

	put(&one);
	ck_assert_int_eq(record_find_finding(record, "0123456789", &found), -ENOENT);
	ck_assert_int_eq(record_find_finding(record, "0123456", &found), -EINVAL);
	ck_assert_int_eq(record_find_finding(record, "software", &found), -EINVAL);
	ck_assert_int_eq(record_find_finding(record, "", &found), -EINVAL);
	ck_assert_ptr_null(found.path);
}
END_TEST

START_TEST(a_difference_that_comes_back_is_still_the_incident)
{
	cleanup_finding struct finding finding = declared_finding();
	const struct record_match match = {.path = "/a", .kinds = UINT64_MAX};
	struct finding again = make_finding("/a", "x");

	ck_assert_int_eq(record_resolve(record, &match, 200, NULL, NULL), 1);
	ck_assert_int_eq(put(&again), RECORD_REOPENED);
	ck_assert_int_eq(again.state, FINDING_STATE_INCIDENT);
	ck_assert_str_eq(again.incident.reason, "text");
	incident_done(&again.incident);
	step(&finding, incident_close, clock_real_ns());
	again = make_finding("/a", "x");
	put(&again);
	ck_assert_int_eq(again.state, FINDING_STATE_OPEN);
	incident_done(&again.incident);
}
END_TEST

/* All rows that there may be, resolved and sent, none as old as what was put before. */
static void fill_up(void)
{
	struct db *db = NULL;
	char path[256];

	ck_assert_int_eq(record_commit(record), 0);
	record = record_close(record);
	snprintf(path, sizeof(path), "%s/record.db", folder);
	ck_assert_int_eq(db_open(path, &db), 0);
	ck_assert_int_eq(
		db_exec(db,
			"UPDATE finding SET state = 'resolved', sent = revision, last_seen = n;"
			"WITH RECURSIVE c(i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM c"
			" WHERE i < 100997) INSERT INTO finding (id, fingerprint, kind, severity,"
			" state, first_seen, last_seen, count, baseline, is_known, cookie, pid, "
			"ppid,"
			" uid, euid, login_uid, revision, sent) SELECT 'z' || i, '', 'data.added',"
			" 'low', 'resolved', i, i, 1, '', 0, 0, 0, 0, 0, 0, 0, 1, 1 FROM c"),
		0);
	db_close(db);
	ck_assert_int_eq(record_open(folder, OUTBOX_BYTES, &record), 0);
}

START_TEST(an_incident_keeps_its_finding_from_being_dropped)
{
	const int64_t closed_ns = clock_real_ns() - (_i ? 91 : 89) * 24 * 3600 * NSEC_PER_SEC;
	cleanup_finding struct finding finding = declared_finding(), found = {0};
	struct finding other = make_finding("/b", "x"), more = make_finding("/c", "x");

	put(&other);
	finding.incident.declared_ns = finding.incident.discovered_ns = closed_ns - 1;
	step(&finding, incident_close, closed_ns);
	fill_up();
	ck_assert_int_eq(put(&more), RECORD_NEW);
	ck_assert_int_eq(record_find_finding(record, other.id, &found), -ENOENT);
	ck_assert_int_eq(record_find_finding(record, finding.id, &found), _i ? -ENOENT : 0);
}
END_TEST

START_TEST(a_database_of_before_incidents_is_taken_over)
{
	struct finding old = make_finding("/a", "x");
	cleanup_finding struct finding finding = {0};
	struct db *db = NULL;
	char path[256];

	put(&old);
	ck_assert_int_eq(record_commit(record), 0);
	record = record_close(record);
	snprintf(path, sizeof(path), "%s/record.db", folder);
	ck_assert_int_eq(db_open(path, &db), 0);
	ck_assert_int_eq(db_exec(db, "DROP TABLE incident; PRAGMA user_version = 2"), 0);
	db_close(db);
	ck_assert_int_eq(record_open(folder, OUTBOX_BYTES, &record), 0);
	ck_assert_int_eq(record_find_finding(record, old.id, &finding), 0);
	step(&finding, incident_declare, clock_real_ns());
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 30);
	tcase_add_test(tcase, an_incident_and_its_clock_survive_a_restart);
	tcase_add_test(tcase, a_finding_is_named_by_enough_of_its_id);
	tcase_add_test(tcase, a_difference_that_comes_back_is_still_the_incident);
	tcase_add_loop_test(tcase, an_incident_keeps_its_finding_from_being_dropped, 0, 2);
	tcase_add_test(tcase, a_database_of_before_incidents_is_taken_over);
}

UNIT_MAIN("record_incident")
