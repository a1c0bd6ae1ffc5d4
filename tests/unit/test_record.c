/* SPDX-License-Identifier: Apache-2.0 */
/* agent/record */
#include "record_rig.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "record/db.h"
#include "wire/batch.h"

static void append(const char *payload)
{
	ck_assert_int_eq(record_append(record, "test", payload, strlen(payload), NULL), 0);
}

/* ---- outbox and chain */

struct walk {
	uint64_t next;
	uint8_t chain[SHA256_SIZE];
	unsigned count;
};

/* The chain as wire/batch.h tells the collector to check it. */
static int check_link(uint64_t sequence, const char *type, const void *payload, size_t len,
		      const uint8_t chain[static SHA256_SIZE], void *userdata)
{
	struct walk *walk = userdata;

	ck_assert_uint_eq(sequence, walk->next);
	ck_assert_int_eq(batch_chain_next(walk->chain, sequence, payload, len), 0);
	ck_assert_mem_eq(walk->chain, chain, SHA256_SIZE);
	walk->next++;
	walk->count++;
	return 0;
}

static unsigned check_chain(uint64_t first)
{
	struct walk walk = {.next = first};

	ck_assert_int_eq(record_chain_before(record, first, walk.chain), 0);
	ck_assert_int_eq(record_each(record, first, check_link, &walk), 0);
	return walk.count;
}

START_TEST(sequence_has_no_holes_and_chain_verifies)
{
	struct record_head head;

	for (int i = 0; i < 300; i++)
		append(i % 2 ? "{\"a\":1}" : "{\"b\":22}");
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_uint_eq(check_chain(1), 300);
	ck_assert_uint_eq(check_chain(200), 101);
	ck_assert_int_eq(record_get_head(record, &head), 0);
	ck_assert_uint_eq(head.sequence, 300);
	ck_assert_uint_eq(head.outbox_bytes, 150 * 7 + 150 * 8);
}
END_TEST

START_TEST(readers_see_only_what_is_committed)
{
	struct record_head head;

	append("{}");
	ck_assert_int_eq(record_commit(record), 0);
	append("{}");
	ck_assert_uint_eq(check_chain(1), 1);
	ck_assert_int_eq(record_get_head(record, &head), 0);
	ck_assert_uint_eq(head.sequence, 2);
	ck_assert_uint_eq(head.committed, 1);
	ck_assert_int_eq(record_ack(record, 2), -ERANGE);
}
END_TEST

START_TEST(rollback_takes_sequence_finding_and_chain_back)
{
	struct finding finding = make_finding("/etc/a", "x");
	struct record_head before, after;
	uint64_t sequence;

	append("{}");
	ck_assert_int_eq(record_commit(record), 0);
	ck_assert_int_eq(record_get_head(record, &before), 0);
	append("{\"lost\":1}");
	ck_assert_int_eq(put(&finding), RECORD_NEW);
	ck_assert_uint_eq(record_rollback(record), 2);
	ck_assert_int_eq(record_get_head(record, &after), 0);
	ck_assert_mem_eq(&before, &after, sizeof(before));

	ck_assert_int_eq(record_append(record, "test", "{}", 2, &sequence), 0);
	ck_assert_uint_eq(sequence, 2);
	ck_assert_int_eq(put(&finding), RECORD_NEW);
}
END_TEST

START_TEST(acknowledged_records_leave_but_the_chain_goes_on)
{
	struct record_head head;
	uint8_t chain[SHA256_SIZE];

	for (int i = 0; i < 10; i++)
		append("{\"n\":1}");
	ck_assert_int_eq(record_commit(record), 0);
	ck_assert_int_eq(record_ack(record, 6), 0);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_int_eq(record_get_head(record, &head), 0);
	ck_assert_uint_eq(head.acked, 6);
	ck_assert_uint_eq(head.outbox_records, 4);
	ck_assert_uint_eq(head.outbox_bytes, 4 * 7);
	ck_assert_uint_eq(check_chain(7), 4);
	ck_assert_int_eq(record_chain_before(record, 3, chain), -ENOENT);

	/* All of it gone: the next record is still chained to the last one. */
	ck_assert_int_eq(record_ack(record, 10), 0);
	ck_assert_int_eq(record_ack(record, 4), 0);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	append("{}");
	ck_assert_int_eq(record_commit(record), 0);
	ck_assert_uint_eq(check_chain(11), 1);
	ck_assert_int_eq(record_get_head(record, &head), 0);
	ck_assert_uint_eq(head.outbox_bytes, 2);
}
END_TEST

START_TEST(full_outbox_folds_without_a_hole)
{
	struct record_head head;
	uint64_t sequence;

	reopen(10);
	append("{\"a\":1}");
	ck_assert_int_eq(record_append(record, "test", "{\"b\":1}", 7, &sequence), -ENOSPC);
	ck_assert_int_eq(record_append(record, "test", "{}", 2, &sequence), 0);
	ck_assert_uint_eq(sequence, 2);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(10);
	ck_assert_int_eq(record_get_head(record, &head), 0);
	ck_assert_uint_eq(head.folded, 1);
	ck_assert_uint_eq(check_chain(1), 2);
	ck_assert_int_eq(record_ack(record, 1), 0);
	ck_assert_int_eq(record_append(record, "test", "{\"b\":1}", 7, &sequence), 0);
	ck_assert_uint_eq(sequence, 3);
}
END_TEST

START_TEST(second_opener_is_refused)
{
	struct record *other = NULL;
	pid_t pid = fork();
	int status;

	/* Locks of one process do not stand in its own way, so another one asks. */
	if (pid == 0)
		_exit(record_open(folder, OUTBOX_BYTES, &other) == -EBUSY ? 0 : 1);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(damaged_file_is_refused)
{
	struct record *other = NULL;
	char *path = NULL;

	record = record_close(record);
	ck_assert_int_gt(asprintf(&path, "%s/record.db", folder), 0);
	unit_write(folder, "record.db", "this is no database, and it is long enough to be one....");
	ck_assert_int_eq(record_open(folder, OUTBOX_BYTES, &other), -EBADMSG);
	ck_assert_ptr_null(other);
	free(path);
}
END_TEST

/* ---- findings */

static int keep(const struct finding *finding, void *userdata)
{
	struct finding *kept = userdata;

	finding_done(kept);
	return finding_copy(finding, kept);
}

static int page_one(struct finding *kept, bool only_open)
{
	struct record_page page = {.limit = 10, .only_open = only_open};

	return record_page_findings(record, &page, keep, kept);
}

START_TEST(same_drift_twice_is_one_finding_with_a_count)
{
	struct finding finding = make_finding("/etc/\xff\x01", "x");
	cleanup_finding struct finding kept = {0};

	ck_assert_int_eq(put(&finding), RECORD_NEW);
	finding.first_seen_ns = finding.last_seen_ns = 200;
	finding.count = 1;
	ck_assert_int_eq(put(&finding), RECORD_AGAIN);
	ck_assert_uint_eq(finding.count, 2);
	ck_assert_int_eq(finding.first_seen_ns, 100);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_int_eq(page_one(&kept, true), 1);
	ck_assert_str_eq(kept.path, "/etc/\xff\x01");
	ck_assert_uint_eq(kept.count, 2);
	ck_assert_int_eq(kept.first_seen_ns, 100);
	ck_assert_int_eq(kept.last_seen_ns, 200);
	ck_assert_int_eq(kept.kind, FINDING_CONFIG_MODIFIED);
	ck_assert_int_eq(kept.severity, SEVERITY_HIGH);
	ck_assert_str_eq(kept.id, finding.id);
	ck_assert_str_eq(kept.fingerprint, finding.fingerprint);
	ck_assert_str_eq(kept.expected, "sha256:00");
	ck_assert_str_eq(kept.actual, "x");
	ck_assert_str_eq(kept.controls, "CM-3");
	ck_assert_ptr_null(kept.techniques);
	ck_assert_uint_eq(kept.subject.pid, 7);
	ck_assert_uint_eq(kept.subject.login_uid, SUBJECT_UID_NONE);
	ck_assert_str_eq(kept.subject.exe, "/bin/vi");
}
END_TEST

START_TEST(looking_again_neither_counts_nor_writes)
{
	struct finding finding = make_finding("/etc/a", "x");

	ck_assert_int_eq(put(&finding), RECORD_NEW);
	ck_assert_int_eq(record_commit(record), 0);
	finding.count = 0;
	finding.last_seen_ns += 60 * NSEC_PER_SEC;
	ck_assert_int_eq(put(&finding), RECORD_AGAIN);
	ck_assert_uint_eq(finding.count, 1);
	ck_assert_uint_eq(record_pending(record), 0);
	finding.count = 0;
	finding.last_seen_ns += 3600 * NSEC_PER_SEC;
	ck_assert_int_eq(put(&finding), RECORD_AGAIN);
	ck_assert_uint_gt(record_pending(record), 0);
}
END_TEST

START_TEST(nothing_is_last_seen_before_it_was_first_seen)
{
	struct finding finding = make_finding("/etc/a", "x");
	const struct record_match match = {.path = "/etc/a",
					   .kinds = 1ULL << FINDING_CONFIG_MODIFIED};
	cleanup_finding struct finding again = {0}, healed = {0};

	ck_assert_int_eq(put(&finding), RECORD_NEW);
	/* The clock was set back in between. */
	finding.last_seen_ns = 50;
	ck_assert_int_eq(put(&finding), RECORD_AGAIN);
	ck_assert_int_eq(finding.last_seen_ns, 100);
	ck_assert_int_eq(page_one(&again, true), 1);
	ck_assert_int_eq(again.last_seen_ns, 100);
	ck_assert_int_eq(record_resolve(record, &match, 60, NULL, NULL), 1);
	ck_assert_int_eq(page_one(&healed, false), 1);
	ck_assert_int_eq(healed.first_seen_ns, 100);
	ck_assert_int_eq(healed.last_seen_ns, 100);
}
END_TEST

START_TEST(newest_known_subject_stays)
{
	struct finding finding = make_finding("/etc/a", "x");
	cleanup_finding struct finding kept = {0};

	put(&finding);
	finding.subject = (struct subject){.is_known = false};
	finding.count = 1;
	put(&finding);
	ck_assert_int_eq(page_one(&kept, true), 1);
	ck_assert_uint_eq(kept.subject.pid, 7);
	finding.subject = (struct subject){.is_known = true, .pid = 9};
	put(&finding);
	ck_assert_int_eq(page_one(&kept, true), 1);
	ck_assert_uint_eq(kept.subject.pid, 9);
}
END_TEST

/* As the next sighting of @from has it. */
static void see_again(const struct finding *from, const char *change_set, const char *want)
{
	struct finding whole = *from;
	cleanup_finding struct finding again = {0};

	whole.change_set = (char *)change_set;
	ck_assert_int_eq(finding_copy(&whole, &again), 0);
	ck_assert_int_eq(put(&again), RECORD_AGAIN);
	ck_assert_pstr_eq(again.change_set, want);
}

START_TEST(what_was_there_without_an_update_does_not_move_into_it)
{
	struct finding own = make_finding("/etc/a", "x");
	struct finding brought = make_finding("/etc/b", "x");

	ck_assert_int_eq(put(&own), RECORD_NEW);
	see_again(&own, "apt-1", NULL);
	brought.change_set = (char *)"apt-1";
	ck_assert_int_eq(put(&brought), RECORD_NEW);
	see_again(&brought, "apt-1", "apt-1");
	see_again(&brought, "apt-2", "apt-2");
	/* Once another does it too, it is no update's alone. */
	see_again(&brought, NULL, NULL);
	see_again(&brought, "apt-2", NULL);
}
END_TEST

START_TEST(what_a_look_met_before_its_updater_was_known_is_of_the_update)
{
	struct finding met = make_finding("/etc/a", "x"), late = make_finding("/etc/b", "x");

	met.subject = late.subject = (struct subject){.is_known = false};
	ck_assert_int_eq(put(&met), RECORD_NEW);
	met.subject = (struct subject){.is_known = true, .pid = 9};
	see_again(&met, "apt-1", "apt-1");
	ck_assert_int_eq(put(&late), RECORD_NEW);
	late.subject = met.subject;
	late.last_seen_ns += 3600LL * 1000000000;
	see_again(&late, "apt-1", NULL);
}
END_TEST

START_TEST(resolves_what_matches_and_reopens)
{
	struct finding a = make_finding("/etc/a", "x"), other = make_finding("/etc/a", "y"),
		       elsewhere = make_finding("/etc/b", "x");
	struct record_match match = {
		.path = "/etc/a", .kinds = 1ULL << FINDING_CONFIG_MODIFIED, .except_id = other.id};
	cleanup_finding struct finding kept = {0};

	put(&a);
	put(&other);
	put(&elsewhere);
	ck_assert_int_eq(record_has_open(record, &match), 1);
	ck_assert_int_eq(record_resolve(record, &match, 300, keep, &kept), 1);
	ck_assert_str_eq(kept.id, a.id);
	ck_assert_int_eq(kept.state, FINDING_STATE_RESOLVED);
	ck_assert_int_eq(record_resolve(record, &match, 300, NULL, NULL), 0);
	ck_assert_int_eq(page_one(&kept, true), 2);
	ck_assert_int_eq(page_one(&kept, false), 3);

	a.count = 0;
	ck_assert_int_eq(put(&a), RECORD_REOPENED);
	ck_assert_int_eq(a.state, FINDING_STATE_OPEN);
	ck_assert_uint_eq(a.count, 2);

	match = (struct record_match){
		.path = "/etc/a", .kinds = 1ULL << FINDING_CONFIG_MODIFIED, .except_actual = "y"};
	ck_assert_int_eq(record_resolve(record, &match, 400, NULL, NULL), 1);
	match.kinds = 1ULL << FINDING_DATA_ADDED;
	match.except_actual = NULL;
	ck_assert_int_eq(record_resolve(record, &match, 400, NULL, NULL), 0);
}
END_TEST

static int count_one(const struct finding *finding, void *userdata)
{
	++*(int *)userdata;
	return 0;
}

START_TEST(open_findings_are_found_again_in_a_later_life)
{
	struct finding a = make_finding("/etc/a", "x"), b = make_finding("/etc/b", "x");
	struct record_match match_a = {.path = "/etc/a", .kinds = UINT64_MAX};
	struct record_match match_b = {.path = "/etc/b", .kinds = UINT64_MAX};

	put(&a);
	put(&b);
	ck_assert_int_eq(record_resolve(record, &match_b, 200, NULL, NULL), 1);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_int_eq(record_has_open(record, &match_a), 1);
	ck_assert_int_eq(record_has_open(record, &match_b), 0);
	ck_assert_int_eq(put(&b), RECORD_REOPENED);
	ck_assert_int_eq(record_has_open(record, &match_b), 1);
	ck_assert_int_eq(record_resolve(record, &match_b, 300, NULL, NULL), 1);
}
END_TEST

START_TEST(what_was_not_sent_stays_owed)
{
	struct finding finding = make_finding("/etc/a", "x");
	struct record_match match = {.path = "/etc/a", .kinds = UINT64_MAX};
	int owed = 0;

	put(&finding);
	ck_assert_int_eq(record_each_unsent(record, 1000, 10, count_one, &owed), 1);
	ck_assert_int_eq(record_mark_sent(record, finding.id, 1000), 0);
	ck_assert_int_eq(record_each_unsent(record, 5000, 10, count_one, &owed), 0);
	finding.count = 1;
	put(&finding);
	/* Not before its time, but then. */
	ck_assert_int_eq(record_each_unsent(record, 1000, 10, count_one, &owed), 0);
	ck_assert_int_eq(record_each_unsent(record, 1001, 10, count_one, &owed), 1);
	ck_assert_int_eq(record_mark_sent(record, finding.id, 2000), 0);
	ck_assert_int_eq(record_resolve(record, &match, 3000, NULL, NULL), 1);
	ck_assert_int_eq(record_each_unsent(record, 3000, 10, count_one, &owed), 1);
	ck_assert_int_eq(owed, 3);
	/* The clock was set back by a day since it was sent. */
	ck_assert_int_eq(record_mark_sent(record, finding.id, 90000 * NSEC_PER_SEC), 0);
	finding.count = 1;
	put(&finding);
	ck_assert_int_eq(record_each_unsent(record, 3600 * NSEC_PER_SEC, 10, count_one, &owed), 1);
}
END_TEST

START_TEST(pages_cover_all_once)
{
	struct record_page page = {.limit = 7};
	char path[32];
	int seen = 0, r;

	for (int i = 0; i < 50; i++) {
		struct finding finding;

		snprintf(path, sizeof(path), "/etc/%d", i);
		finding = make_finding(path, "x");
		put(&finding);
	}
	do {
		r = record_page_findings(record, &page, count_one, &seen);
		ck_assert_int_ge(r, 0);
	} while (r == 7);
	ck_assert_int_eq(seen, 50);
}
END_TEST

START_TEST(counts_open_findings_by_severity)
{
	struct finding a = make_finding("/etc/a", "x"), b = make_finding("/etc/b", "x");
	struct record_match match = {.path = "/etc/a", .kinds = UINT64_MAX};
	uint64_t open[SEVERITY_COUNT];

	b.severity = SEVERITY_LOW;
	put(&a);
	put(&b);
	ck_assert_int_eq(record_resolve(record, &match, 1, NULL, NULL), 1);
	ck_assert_int_eq(record_count_findings(record, open), 0);
	ck_assert_uint_eq(open[SEVERITY_HIGH], 0);
	ck_assert_uint_eq(open[SEVERITY_LOW], 1);
}
END_TEST

/* ---- the rest */

START_TEST(events_are_bounded_and_counted)
{
	struct event event = {.kind = EVENT_EXEC, .object = {.path = "/bin/true"}};
	uint64_t seen, kept;

	for (int i = 0; i < RECORD_MAX_EVENTS + 10; i++)
		ck_assert_int_eq(record_add_event(record, &event, "approved"), 0);
	ck_assert_int_eq(record_commit(record), 0);
	reopen(OUTBOX_BYTES);
	ck_assert_int_eq(record_count_events(record, &seen, &kept), 0);
	ck_assert_uint_eq(seen, RECORD_MAX_EVENTS + 10);
	ck_assert_uint_eq(kept, RECORD_MAX_EVENTS);
}
END_TEST

START_TEST(checks_tell_what_changed)
{
	struct check_result result = {
		.id = "SYS-001", .title = "t", .outcome = CHECK_PASS, .actual = "0", .time_ns = 1};
	cleanup_record_check_change struct record_check_change change = {0};

	ck_assert_int_eq(record_put_check(record, &result, &change), 0);
	ck_assert(!change.was_pass && change.is_other && !change.before);
	result.time_ns = 2;
	ck_assert_int_eq(record_put_check(record, &result, &change), 0);
	ck_assert(change.was_pass && !change.is_other);
	ck_assert_str_eq(change.before, "0");
	record_check_change_done(&change);
	result.outcome = CHECK_FAIL;
	ck_assert_int_eq(record_put_check(record, &result, &change), 0);
	ck_assert(change.was_pass && change.is_other);
	ck_assert_str_eq(change.before, "0");
	record_check_change_done(&change);
	result.actual = "2";
	ck_assert_int_eq(record_put_check(record, &result, &change), 0);
	ck_assert(!change.was_pass && change.is_other && !change.before);
}
END_TEST

START_TEST(settings_live_in_the_transaction)
{
	char *value = NULL;

	ck_assert_int_eq(record_get(record, "alive", &value), -ENOENT);
	ck_assert_int_eq(record_set(record, "alive", "1"), 0);
	ck_assert_int_eq(record_commit(record), 0);
	ck_assert_int_eq(record_set(record, "alive", "2"), 0);
	record_rollback(record);
	ck_assert_int_eq(record_get(record, "alive", &value), 0);
	ck_assert_str_eq(value, "1");
	free(value);
}
END_TEST

/* ---- killed at any moment */

/* Writes transactions of a finding, its record and a setting; tells each commit through @out. Never
 * returns. */
static void write_until_killed(int out)
{
	struct record *own = NULL;
	struct record_head head;

	if (record_open(folder, OUTBOX_BYTES * 64, &own) < 0 || record_get_head(own, &head) < 0)
		_exit(1);
	for (uint64_t n = head.sequence;;) {
		enum record_change change;
		struct finding finding = {.kind = FINDING_DATA_ADDED, .count = 1};
		char path[32], payload[64];
		int changes = (int)(n % 5) + 1;

		for (int i = 0; i < changes; i++) {
			n++;
			snprintf(path, sizeof(path), "/data/%llu", (unsigned long long)n);
			snprintf(payload, sizeof(payload), "{\"path\":\"%s\"}", path);
			finding.path = path;
			finding.count = 1;
			if (finding_seal(&finding, "hmi") < 0 ||
			    record_put_finding(own, &finding, &change) < 0 ||
			    record_append(own, "finding", payload, strlen(payload), NULL) < 0)
				_exit(1);
		}
		if (n % 7 == 0 && record_get_head(own, &head) == 0 && head.committed > 3 &&
		    record_ack(own, head.committed - 3) < 0)
			_exit(1);
		if (record_commit(own) < 0 || write(out, &n, sizeof(n)) != sizeof(n))
			_exit(1);
	}
}

static uint64_t run_and_kill(unsigned delay_us)
{
	const struct timespec delay = {.tv_nsec = (long)delay_us * 1000};
	uint64_t told = 0, n;
	int pipe_fds[2];
	pid_t pid;

	ck_assert_int_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(pipe_fds[0]);
		write_until_killed(pipe_fds[1]);
	}
	close(pipe_fds[1]);
	/* From its first commit on, so that the kill falls among the steps of writing. */
	ck_assert_int_eq(read(pipe_fds[0], &n, sizeof(n)), sizeof(n));
	told = n;
	nanosleep(&delay, NULL);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	while (read(pipe_fds[0], &n, sizeof(n)) == sizeof(n))
		told = n;
	close(pipe_fds[0]);
	return told;
}

static int check_number(const struct finding *finding, void *userdata)
{
	uint64_t *next = userdata, number;

	ck_assert_int_eq(str_to_u64(finding->path + strlen("/data/"), 10, &number), 0);
	ck_assert_uint_eq(number, *next);
	ck_assert_uint_eq(finding->count, 1);
	++*next;
	return 0;
}

START_TEST(kill_loses_nothing_committed_and_doubles_nothing)
{
	record = record_close(record);
	for (int round = 0; round < 40; round++) {
		uint64_t told = run_and_kill((unsigned)(round * 379) % 9000);
		struct record_page page = {.limit = UINT32_MAX};
		struct record_head head;
		uint64_t next = 1;

		ck_assert_int_eq(record_open(folder, OUTBOX_BYTES * 64, &record), 0);
		ck_assert_int_eq(record_get_head(record, &head), 0);
		ck_assert_uint_ge(head.sequence, told);
		ck_assert_uint_eq(head.outbox_records, head.sequence - head.acked);
		ck_assert_uint_eq(check_chain(head.acked + 1), head.outbox_records);
		/* A finding for each record and none more: they were one transaction. */
		ck_assert_int_ge(record_page_findings(record, &page, check_number, &next), 0);
		ck_assert_uint_eq(next, head.sequence + 1);
		record = record_close(record);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 50);
	tcase_add_test(tcase, sequence_has_no_holes_and_chain_verifies);
	tcase_add_test(tcase, readers_see_only_what_is_committed);
	tcase_add_test(tcase, rollback_takes_sequence_finding_and_chain_back);
	tcase_add_test(tcase, acknowledged_records_leave_but_the_chain_goes_on);
	tcase_add_test(tcase, full_outbox_folds_without_a_hole);
	tcase_add_test(tcase, second_opener_is_refused);
	tcase_add_test(tcase, damaged_file_is_refused);
	tcase_add_test(tcase, same_drift_twice_is_one_finding_with_a_count);
	tcase_add_test(tcase, looking_again_neither_counts_nor_writes);
	tcase_add_test(tcase, nothing_is_last_seen_before_it_was_first_seen);
	tcase_add_test(tcase, newest_known_subject_stays);
	tcase_add_test(tcase, what_was_there_without_an_update_does_not_move_into_it);
	tcase_add_test(tcase, what_a_look_met_before_its_updater_was_known_is_of_the_update);
	tcase_add_test(tcase, resolves_what_matches_and_reopens);
	tcase_add_test(tcase, open_findings_are_found_again_in_a_later_life);
	tcase_add_test(tcase, what_was_not_sent_stays_owed);
	tcase_add_test(tcase, pages_cover_all_once);
	tcase_add_test(tcase, counts_open_findings_by_severity);
	tcase_add_test(tcase, events_are_bounded_and_counted);
	tcase_add_test(tcase, checks_tell_what_changed);
	tcase_add_test(tcase, settings_live_in_the_transaction);
	tcase_add_test(tcase, kill_loses_nothing_committed_and_doubles_nothing);
}

UNIT_MAIN("record")
