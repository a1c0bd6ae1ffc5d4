/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/recorder*.c: drift, baselines, coverage, health and checks, between peers that the
 * test plays. */
#include "recorder_rig.h"

/* ---- drift */

START_TEST(modified_file_becomes_a_finding_with_who_and_controls)
{
	const struct rig_wanted wanted = {.type = WIRE_FINDING,
					  .kind = FINDING_SOFTWARE_MODIFIED,
					  .path = "/opt/rig/a",
					  .state = FINDING_STATE_OPEN};
	cleanup_wire_record struct wire_record record = {0};

	rig_start(rig);
	load_world();
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	record = rig_expect(rig, 0, &wanted);
	ck_assert(str_starts(record.finding.expected, "sha256:01"));
	ck_assert(str_starts(record.finding.actual, "sha256:09"));
	ck_assert_uint_eq(record.finding.count, 1);
	ck_assert_uint_eq(record.finding.subject.pid, 812);
	ck_assert_ptr_nonnull(strstr(record.finding.controls, "SI-7"));
	ck_assert_ptr_nonnull(strstr(record.finding.requirements, "SR "));
	ck_assert_ptr_nonnull(strstr(record.finding.detail, "vi (pid 812, user operator)"));
}
END_TEST

START_TEST(repeats_count_in_the_record_but_are_not_told_each)
{
	cleanup_status struct status status = {0};
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_close int fd = -1;

	rig_start(rig);
	load_world();
	for (int i = 0; i < 50; i++)
		send_exec("/tmp/stranger", 9);
	/* What comes last shows that the others are through. */
	send_exec("/tmp/last", 8);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/last", FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, "/tmp/stranger"), 1);
	fd = rig_connect(rig);
	rig_ask(fd, "findings", NULL);
	ck_assert_int_eq(rig_answer(fd, &lines), 0);
	ck_assert_ptr_nonnull(strstr(lines.data, "\"count\":50"));
	status = rig_status(rig);
	ck_assert_uint_eq(status.open, 2);
}
END_TEST

START_TEST(drift_that_goes_away_resolves_and_may_come_back)
{
	uint64_t from;

	rig_start(rig);
	load_world();
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	from = rig->last;
	send_file("/opt/rig/a", 1, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a",
			   FINDING_STATE_RESOLVED);
	from = rig->last;
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);

	from = rig->last;
	send_file("/opt/rig/new", 5, EVENT_CHANGE_CREATE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_ADDED, "/opt/rig/new", FINDING_STATE_OPEN);
	send_file("/opt/rig/new", 0, EVENT_CHANGE_DELETE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_ADDED, "/opt/rig/new",
			   FINDING_STATE_RESOLVED);
}
END_TEST

/* Whatever another does afterwards with the file that vi changed. */
static void expect_changed_by_vi(const struct event *after, bool counts)
{
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_close int fd = -1;

	rig_start(rig);
	load_world();
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_send_event(rig, after);
	send_exec("/tmp/last", 8);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/last", FINDING_STATE_OPEN);
	fd = rig_connect(rig);
	rig_ask(fd, "findings", NULL);
	ck_assert_int_eq(rig_answer(fd, &lines), 0);
	ck_assert_int_eq(strstr(lines.data, "\"count\":2") != NULL, counts);
	ck_assert_ptr_nonnull(strstr(lines.data, "was changed by vi (pid 812"));
	ck_assert_ptr_null(strstr(lines.data, "\"pid\":999"));
}

START_TEST(who_ran_a_changed_file_does_not_hide_who_changed_it)
{
	struct event ran = {
		.kind = EVENT_EXEC,
		.time_ns = clock_real_ns(),
		.subject = {.is_known = true, .pid = 999, .exe = "/opt/rig/a"},
		.object = fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 9),
	};

	expect_changed_by_vi(&ran, true);
}
END_TEST

START_TEST(who_changes_the_mode_of_a_changed_file_did_not_write_it)
{
	struct event chmod = {
		.kind = EVENT_FILE,
		.changes = EVENT_CHANGE_ATTRIBUTE,
		.time_ns = clock_real_ns(),
		.subject = {.is_known = true, .pid = 999, .exe = "/usr/bin/chmod"},
		.object = fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 9),
	};

	expect_changed_by_vi(&chmod, false);
}
END_TEST

START_TEST(what_cannot_be_read_heals_nothing)
{
	struct event unreadable = {
		.kind = EVENT_FILE,
		.time_ns = clock_real_ns(),
		.object = {.path = "/opt/rig/a", .type = FILE_TYPE_REGULAR},
	};
	uint64_t from;

	rig_start(rig);
	load_world();
	send_exec("/opt/rig/a", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	from = rig->last;
	rig_send_event(rig, &unreadable);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNVERIFIABLE, "/opt/rig/a",
			   FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(from + 1, "/opt/rig/a"), 1);
	/* Readable again and still other: that much is known now. */
	from = rig->last;
	send_file("/opt/rig/a", 9, 0);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNVERIFIABLE, "/opt/rig/a",
			   FINDING_STATE_RESOLVED);
	ck_assert_uint_eq(count_findings(from + 1, "/opt/rig/a"), 1);
}
END_TEST

START_TEST(what_cannot_be_encoded_takes_nothing_with_it)
{
	struct event event = {
		.kind = EVENT_EXEC,
		.time_ns = clock_real_ns(),
		.subject = operator,
		.object = fact("/tmp/odd", FILE_ROLE_EXECUTABLE, 9),
	};

	rig_start(rig);
	load_world();
	send_exec("/tmp/before", 8);
	event.time_ns = 0; /* the dictionary wants a time */
	rig_send_event(rig, &event);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/before", FINDING_STATE_OPEN);
	rig_expect_finding(rig, 0, FINDING_AGENT_GAP, "records", FINDING_STATE_OPEN);
}
END_TEST

START_TEST(another_change_of_the_same_file_replaces_the_first)
{
	uint64_t from;

	rig_start(rig);
	load_world();
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	from = rig->last;
	send_file("/opt/rig/a", 8, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a",
			   FINDING_STATE_RESOLVED);
}
END_TEST

/* The content that is known to be at @path; 0: none, and it is to be read. */
static uint8_t wait_for_question(const char *path)
{
	for (;;) {
		struct message message = rig_wait(rig->peers[ROLE_SENSOR], MSG_RECHECK);
		cleanup_free char *asked = m_get_string(&message);
		size_t len = 0;
		const uint8_t *digest = m_get_bytes(&message, &len);
		uint8_t known = len ? digest[0] : 0;

		message_done(&message);
		if (str_equal(asked, path))
			return known;
	}
}

/* Answers the next question about the state of @path. */
static void answer_recheck(const char *path, uint8_t content)
{
	wait_for_question(path);
	send_file(path, content, 0);
}

START_TEST(open_findings_are_looked_at_again)
{
	uint64_t from;

	rig_start(rig);
	load_world();
	send_exec("/tmp/stranger", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger", FINDING_STATE_OPEN);
	from = rig->last;
	/* Still there: stays. Then gone. */
	answer_recheck("/tmp/stranger", 9);
	answer_recheck("/tmp/stranger", 9);
	answer_recheck("/tmp/stranger", 0);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger",
			   FINDING_STATE_RESOLVED);
	ck_assert_uint_eq(count_findings(from + 1, "/tmp/stranger"), 1);
}
END_TEST

START_TEST(what_is_open_is_read_each_hour)
{
	int64_t *ahead_s = rig_clock(rig);

	rig_start(rig);
	load_world();
	send_exec("/tmp/stranger", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger", FINDING_STATE_OPEN);
	for (int anew = 0; wait_for_question("/tmp/stranger") != 9; anew++)
		ck_assert_int_lt(anew, 5);
	*ahead_s += 3601;
	for (int known = 0; wait_for_question("/tmp/stranger"); known++)
		ck_assert_int_lt(known, 5);
}
END_TEST

START_TEST(deleted_program_stays_a_finding_while_it_runs)
{
	const struct event runs = {
		.kind = EVENT_FILE,
		.time_ns = clock_real_ns(),
		.object = {.path = (char *)"/tmp/stranger", .type = FILE_TYPE_NONE},
		.count = 1,
	};
	uint64_t from;

	rig_start(rig);
	load_world();
	send_exec("/tmp/stranger", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger", FINDING_STATE_OPEN);
	from = rig->last;
	for (int i = 0; i < 2; i++) {
		wait_for_question("/tmp/stranger");
		rig_send_event(rig, &runs);
	}
	/* That it is asked for a third time shows that it was open still. */
	answer_recheck("/tmp/stranger", 0);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger",
			   FINDING_STATE_RESOLVED);
	ck_assert_uint_eq(count_findings(from + 1, "/tmp/stranger"), 1);
}
END_TEST

START_TEST(what_a_walk_did_not_meet_is_asked_for_before_it_is_missing)
{
	rig_start(rig);
	load_world();
	send_tree(EVENT_SCAN_BEGIN, "/opt/rig");
	send_scanned(
		(struct file_fact){.path = "/opt/rig", .type = FILE_TYPE_DIRECTORY, .mode = 0755});
	send_scanned(fact("/opt/rig/new", FILE_ROLE_SCRIPT, 5));
	send_tree(EVENT_SCAN_END, "/opt/rig");
	rig_expect_finding(rig, 0, FINDING_SCRIPT_ADDED, "/opt/rig/new", FINDING_STATE_OPEN);
	/* The walk missed both; one is there after all. */
	answer_recheck("/opt/rig/a", 1);
	answer_recheck("/opt/rig/b", 0);
	rig_expect_finding(rig, 0, FINDING_CONFIG_REMOVED, "/opt/rig/b", FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, "/opt/rig/a"), 0);
}
END_TEST

static void walk_folders(unsigned first)
{
	for (unsigned i = first; i < first + 300; i++) {
		char tree[64];

		(void)snprintf(tree, sizeof(tree), "/opt/rig/folder-%u", i);
		send_tree(EVENT_SCAN_BEGIN, tree);
		send_tree(EVENT_SCAN_END, tree);
	}
}

START_TEST(folders_that_an_update_brings_leave_room_for_the_next)
{
	uint64_t from;

	rig_start(rig);
	load_world();
	walk_folders(0);
	send_tree(EVENT_SCAN_BEGIN, "/opt/rig");
	send_scanned(
		(struct file_fact){.path = "/opt/rig", .type = FILE_TYPE_DIRECTORY, .mode = 0755});
	send_scanned(fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1));
	send_tree(EVENT_SCAN_END, "/opt/rig");
	answer_recheck("/opt/rig/b", 0); /* so all before it are looked through */
	rig_expect_finding(rig, 0, FINDING_CONFIG_REMOVED, "/opt/rig/b", FINDING_STATE_OPEN);
	from = rig->last;
	walk_folders(300);
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, "walks"), 0);
}
END_TEST

START_TEST(what_an_update_unpacks_is_told_where_it_is_left_behind)
{
	const char *path = "/opt/rig/new.dpkg-new";
	struct event event = {.kind = EVENT_FILE,
			      .changes = EVENT_CHANGE_WRITE,
			      .time_ns = clock_real_ns(),
			      .subject = operator,
			      .object = fact(path, FILE_ROLE_EXECUTABLE, 5)};

	rig_start(rig);
	load_world();
	event.subject.change_set = (char *)"dpkg-1";
	rig_send_event(rig, &event);
	event.object.path = (char *)"/opt/rig/new";
	rig_send_event(rig, &event);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_ADDED, event.object.path, FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, path), 0);
	/* Who is no updater does not hide behind the name. */
	send_file("/opt/rig/own.dpkg-new", 6, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_ADDED, "/opt/rig/own.dpkg-new",
			   FINDING_STATE_OPEN);
	/* Nor is it news to a look while the updater is at work. */
	send_scanned(event.object);
	send_scanned(fact(path, FILE_ROLE_EXECUTABLE, 5));
	send_scanned(fact("/opt/rig/later", FILE_ROLE_EXECUTABLE, 5));
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_ADDED, "/opt/rig/later", FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, path), 0);
	event.time_ns = clock_real_ns() - 600 * NSEC_PER_SEC;
	event.object.path = (char *)"/opt/rig/other";
	rig_send_event(rig, &event);
	send_scanned(fact(path, FILE_ROLE_EXECUTABLE, 5));
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_ADDED, path, FINDING_STATE_OPEN);
	/* A clock that was set back since keeps nothing quiet. */
	event.time_ns = clock_real_ns() + 3600 * NSEC_PER_SEC;
	rig_send_event(rig, &event);
	send_scanned(fact("/opt/rig/back.dpkg-new", FILE_ROLE_EXECUTABLE, 5));
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_ADDED, "/opt/rig/back.dpkg-new",
			   FINDING_STATE_OPEN);
}
END_TEST

START_TEST(moved_and_unhashed_programs_are_told_apart)
{
	struct event event = {.kind = EVENT_EXEC,
			      .time_ns = 1,
			      .subject = operator,
			      .object = {.path = "/memfd:x (deleted)"} };

	rig_start(rig);
	load_world();
	send_exec("/tmp/copy", 1);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MOVED, "/tmp/copy", FINDING_STATE_OPEN);
	rig_send_event(rig, &event);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNVERIFIABLE, "/memfd:x (deleted)",
			   FINDING_STATE_OPEN);
	event.object = fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1);
	event.script = fact("/home/operator/run", FILE_ROLE_DATA, 6);
	rig_send_event(rig, &event);
	rig_expect_finding(rig, 0, FINDING_SCRIPT_UNKNOWN, "/home/operator/run",
			   FINDING_STATE_OPEN);
	ck_assert_uint_eq(count_findings(1, "/opt/rig/a"), 0);
}
END_TEST

static void send_load(const char *path, enum file_role role, const char *text)
{
	const struct event event = {
		.kind = EVENT_LOAD,
		.time_ns = clock_real_ns(),
		.subject = operator,
		.object = fact(path, role, 9),
		.text = (char *)text,
	};

	rig_send_event(rig, &event);
}

/* How it was used decides what it is, not what it looks like. */
START_TEST(loaded_code_is_judged_by_its_use)
{
	const struct rig_wanted library = {.type = WIRE_FINDING,
					   .kind = FINDING_LIBRARY_UNKNOWN,
					   .path = "/tmp/lib",
					   .state = FINDING_STATE_OPEN};
	cleanup_wire_record struct wire_record record = {0};

	rig_start(rig);
	load_world();
	send_load("/tmp/lib", FILE_ROLE_DATA, "library");
	record = rig_expect(rig, 0, &library);
	ck_assert_str_eq(record.finding.detail,
			 "/tmp/lib was loaded by vi (pid 812, user operator): "
			 "no baseline names it or its content.");
	send_load("/tmp/mod", FILE_ROLE_DATA, "module");
	rig_expect_finding(rig, 0, FINDING_MODULE_UNKNOWN, "/tmp/mod", FINDING_STATE_OPEN);
	send_load("/tmp/job", FILE_ROLE_DATA, "script");
	rig_expect_finding(rig, 0, FINDING_SCRIPT_UNKNOWN, "/tmp/job", FINDING_STATE_OPEN);
	send_load("/tmp/prog", FILE_ROLE_EXECUTABLE, "library");
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/prog", FINDING_STATE_OPEN);
}
END_TEST

START_TEST(without_a_baseline_nothing_is_called_drift)
{
	cleanup_status struct status status = {0};

	rig_start(rig);
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "baseline", FINDING_STATE_OPEN);
	send_exec("/tmp/stranger", 9);
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	load_world();
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "baseline", FINDING_STATE_RESOLVED);
	ck_assert_uint_eq(count_findings(1, "/tmp/stranger"), 0);
	ck_assert_uint_eq(count_findings(1, "/opt/rig/a"), 0);
	status = rig_status(rig);
	ck_assert_str_eq(status.baseline_name, "rig");
	ck_assert_uint_eq(status.baseline_entries, 3);
}
END_TEST

/* ---- baselines */

START_TEST(older_collapsed_and_cut_baselines_are_refused_and_last_good_kept)
{
	struct file_fact entries[10];
	char paths[10][32];
	const struct rig_wanted refused = {.type = WIRE_BASELINE, .text = "refused"};
	cleanup_wire_record struct wire_record record = {0};
	cleanup_status struct status status = {0};
	char digest[SHA256_HEX_SIZE];
	cleanup_free char *statement = rig_statement("rig", 9, 10, digest);

	for (int i = 0; i < 10; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/opt/rig/%d", i);
		entries[i] = fact(paths[i], FILE_ROLE_DATA, (uint8_t)(i + 1));
	}
	rig_start(rig);
	ck_assert_int_eq(rig_load(rig, 5, entries, 10), 0);
	ck_assert_int_eq(rig_load(rig, 4, entries, 10), -ESTALE);
	ck_assert_int_eq(rig_load(rig, 6, entries, 4), -ERANGE);
	ck_assert_int_eq(rig_load(rig, 6, entries, 0), -EINVAL);
	rig_expect_finding(rig, 0, FINDING_AGENT_TAMPER, "baseline", FINDING_STATE_OPEN);
	record = rig_expect(rig, 0, &refused);

	/* The verifier dies in the middle; the next load starts anew. */
	rig_begin(rig, statement, digest, 10);
	rig_link(rig, ROLE_VERIFIER);
	status = rig_status(rig);
	ck_assert_uint_eq(status.baseline_revision, 5);
	ck_assert_uint_eq(status.baseline_entries, 10);
	ck_assert_int_eq(rig_load(rig, 6, entries, 9), 0);
	rig_expect_finding(rig, 0, FINDING_AGENT_TAMPER, "baseline", FINDING_STATE_RESOLVED);
}
END_TEST

START_TEST(a_renamed_baseline_does_not_go_back_under_its_old_name)
{
	const struct file_fact entries[] = {fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1)};

	rig_start(rig);
	ck_assert_int_eq(rig_load(rig, 6, entries, 1), 0);
	rig->name = "other";
	ck_assert_int_eq(rig_load(rig, 1, entries, 1), 0);
	rig->name = "rig";
	ck_assert_int_eq(rig_load(rig, 5, entries, 1), -ESTALE);
	ck_assert_int_eq(rig_load(rig, 6, entries, 1), 0);
}
END_TEST

/* The index had been swapped, the record had not followed: the way back must be open. */
START_TEST(kill_between_index_and_record_does_not_bar_the_older_one)
{
	const struct file_fact entries[] = {fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1)};
	struct record *record = NULL;
	char *path = NULL;

	rig_start(rig);
	ck_assert_int_eq(rig_load(rig, 6, entries, 1), 0);
	ck_assert_int_eq(rig_load(rig, 5, entries, 1), -ESTALE);
	rig_kill(rig);
	ck_assert_int_gt(asprintf(&path, "%s/state/recorder", rig->dir), 0);
	ck_assert_int_eq(record_open(path, 1 << 20, &record), 0);
	ck_assert_int_eq(record_set(record, "baseline", "that of revision 5"), 0);
	ck_assert_int_eq(record_set(record, "revision.host.rig", "5"), 0);
	ck_assert_int_eq(record_commit(record), 0);
	record_close(record);
	free(path);
	rig_start(rig);
	ck_assert_int_eq(rig_load(rig, 5, entries, 1), 0);
	ck_assert_int_eq(rig_load(rig, 4, entries, 1), -ESTALE);
}
END_TEST

START_TEST(new_baseline_judges_again)
{
	const struct file_fact entries[] = {fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 9),
					    fact("/opt/rig/b", FILE_ROLE_CONFIG, 2)};
	struct message rescan;

	rig_start(rig);
	load_world();
	rescan = rig_wait(rig->peers[ROLE_SENSOR], MSG_RESCAN);
	message_done(&rescan);
	send_file("/opt/rig/a", 9, EVENT_CHANGE_WRITE);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_OPEN);
	for (int earlier = 0; wait_for_question("/opt/rig/a") != 9; earlier++)
		ck_assert_int_lt(earlier, 5);
	ck_assert_int_eq(rig_load(rig, 2, entries, 2), 0);
	/* What it was known to hold opened it, and does not close it. */
	for (int old = 0; wait_for_question("/opt/rig/a"); old++)
		ck_assert_int_lt(old, 5);
	send_file("/opt/rig/a", 9, 0);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_RESOLVED);
}
END_TEST

/* ---- coverage */

static void expect_unseen(const struct status *status, const char *what, const char *note)
{
	size_t at = 0;

	while (at < status->unseen_count && !str_equal(status->unseen[at].what, what))
		at++;
	ck_assert_uint_lt(at, status->unseen_count);
	ck_assert_str_eq(status->unseen[at].note, note);
}

START_TEST(coverage_tells_phases_gaps_and_down_times)
{
	const struct rig_wanted covered = {.type = WIRE_COVERAGE, .text = "covered"};
	const struct rig_wanted gap = {.type = WIRE_COVERAGE, .text = "gap"};
	const struct rig_wanted down = {.type = WIRE_COVERAGE, .text = "down"};
	const struct event lost = {.kind = EVENT_GAP,
				   .time_ns = 5 * NSEC_PER_SEC,
				   .until_ns = 6 * NSEC_PER_SEC,
				   .count = 12,
				   .text = "file ring full"};
	cleanup_wire_record struct wire_record first = {0}, second = {0}, third = {0};
	cleanup_status struct status status = {0};
	uint64_t from;

	rig_start(rig);
	send_text(EVENT_RUNG, "trace");
	send_text(EVENT_PHASE, "observing");
	send_text(EVENT_PHASE, "warming");
	send_text(EVENT_PHASE, "covered");
	first = rig_expect(rig, 0, &covered);
	ck_assert_str_eq(first.coverage.rung, "trace");
	ck_assert_int_eq(first.coverage.end_ns, 0);
	rig_send_event(rig, &lost);
	second = rig_expect(rig, 0, &gap);
	ck_assert_int_eq(second.coverage.end_ns, 6 * NSEC_PER_SEC);
	rig_expect_finding(rig, 0, FINDING_AGENT_GAP, "file ring full", FINDING_STATE_OPEN);
	status = rig_status(rig);
	ck_assert_str_eq(status.phase, "covered");
	expect_unseen(&status, "file ring full", "The sensor did not see 12 records.");

	from = rig->last;
	rig_restart(rig);
	third = rig_expect(rig, from, &down);
	ck_assert_ptr_nonnull(strstr(third.coverage.cause, "without notice"));
	ck_assert_int_ge(third.coverage.start_ns, first.coverage.start_ns - NSEC_PER_SEC);
}
END_TEST

START_TEST(who_ended_the_recorder_is_told_apart)
{
	const struct rig_wanted down = {.type = WIRE_COVERAGE, .text = "down"};
	cleanup_wire_record struct wire_record lost = {0}, stopped = {0};
	uint64_t from;

	rig_start(rig);
	send_text(EVENT_PHASE, "covered");
	rig_fetch(rig);
	from = rig->last;
	/* The supervisor is killed: its sockets close before anybody has another parent. */
	rig_close(rig);
	ck_assert_int_eq(waitpid(rig->pid, NULL, 0), rig->pid);
	rig->pid = 0;
	rig_start(rig);
	lost = rig_expect(rig, from, &down);
	ck_assert_ptr_nonnull(strstr(lost.coverage.cause, "without notice"));
	send_text(EVENT_PHASE, "observing");
	rig_fetch(rig);
	from = rig->last;
	rig_stop(rig);
	rig_start(rig);
	stopped = rig_expect(rig, from, &down);
	ck_assert_str_eq(stopped.coverage.cause, "the agent was stopped");
}
END_TEST

START_TEST(whole_walk_ends_the_doubts_that_came_before_it)
{
	const struct event step = {
		.kind = EVENT_CLOCK, .time_ns = clock_real_ns(), .count = 90 * NSEC_PER_SEC};
	const struct event lost = {.kind = EVENT_GAP,
				   .time_ns = clock_real_ns(),
				   .count = 1,
				   .text = "file ring full"};
	uint64_t from;

	rig_start(rig);
	load_world();
	rig_send_event(rig, &step);
	rig_send_event(rig, &lost);
	rig_expect_finding(rig, 0, FINDING_AGENT_CLOCK, "wall clock", FINDING_STATE_OPEN);
	rig_expect_finding(rig, 0, FINDING_AGENT_GAP, "file ring full", FINDING_STATE_OPEN);
	from = rig->last;
	send_tree(EVENT_SCAN_BEGIN, "/opt/rig");
	/* A loss while it walks stays a doubt. */
	send_text(EVENT_GAP, "lost on the way");
	send_scanned(
		(struct file_fact){.path = "/opt/rig", .type = FILE_TYPE_DIRECTORY, .mode = 0755});
	send_scanned(fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1));
	send_scanned(fact("/opt/rig/b", FILE_ROLE_CONFIG, 2));
	send_tree(EVENT_SCAN_END, "/opt/rig");
	rig_expect_finding(rig, from, FINDING_AGENT_CLOCK, "wall clock", FINDING_STATE_RESOLVED);
	rig_expect_finding(rig, from, FINDING_AGENT_GAP, "file ring full", FINDING_STATE_RESOLVED);
	ck_assert_uint_eq(count_findings(from + 1, "lost on the way"), 1);
}
END_TEST

START_TEST(sensor_that_goes_away_ends_the_coverage)
{
	const struct rig_wanted gap = {.type = WIRE_COVERAGE, .text = "gap"};
	cleanup_wire_record struct wire_record record = {0};

	rig_start(rig);
	send_text(EVENT_RUNG, "trace");
	send_text(EVENT_PHASE, "covered");
	close(rig->peers[ROLE_SENSOR]);
	rig->peers[ROLE_SENSOR] = -1;
	record = rig_expect(rig, 0, &gap);
	ck_assert_str_eq(record.coverage.cause, "the sensor is away");
}
END_TEST

START_TEST(health_of_the_others_becomes_findings)
{
	rig_start(rig);
	rig_send_child(rig, "sensor", "degraded: file.bpf: not loaded");
	rig_send_child(rig, "assessor", "killed by SIGSEGV");
	rig_send_child(rig, "reporter", "killed by SIGKILL");
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "sensor: file.bpf", FINDING_STATE_OPEN);
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "assessor", FINDING_STATE_OPEN);
	rig_expect_finding(rig, 0, FINDING_AGENT_TAMPER, "reporter", FINDING_STATE_OPEN);
	rig_send_child(rig, "sensor", "started");
	rig_send_child(rig, "assessor", "ready");
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "sensor: file.bpf",
			   FINDING_STATE_RESOLVED);
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "assessor", FINDING_STATE_RESOLVED);
}
END_TEST

/* ---- checks */

static void send_touched_check(enum check_outcome outcome, const char *actual, const char *path,
			       const struct subject *who)
{
	struct message message = MESSAGE_INIT(MSG_CHECK_RESULT);
	const struct check_result result = {
		.id = "SYS-001",
		.title = "Core dumps are off",
		.outcome = outcome,
		.severity = SEVERITY_LOW,
		.expected = "0",
		.actual = (char *)actual,
		.controls = "CM-6",
		.requirements = "SR 7.6",
		.time_ns = clock_real_ns(),
	};

	m_put_check_result(&message, &result);
	m_put_string(&message, path);
	m_put_subject(&message, who);
	rig_send(rig->peers[ROLE_ASSESSOR], &message);
}

static void send_check(enum check_outcome outcome, const char *actual)
{
	send_touched_check(outcome, actual, NULL, &(struct subject){0});
}

START_TEST(check_fails_heals_and_regresses)
{
	uint64_t from;

	rig_start(rig);
	send_check(CHECK_FAIL, "2");
	rig_expect_finding(rig, 0, FINDING_HARDENING_FAILED, "SYS-001", FINDING_STATE_OPEN);
	from = rig->last;
	send_check(CHECK_ERROR, NULL);
	send_check(CHECK_PASS, "0");
	rig_expect_finding(rig, from, FINDING_HARDENING_FAILED, "SYS-001", FINDING_STATE_RESOLVED);
	from = rig->last;
	send_check(CHECK_FAIL, "1");
	rig_expect_finding(rig, from, FINDING_HARDENING_REGRESSED, "SYS-001", FINDING_STATE_OPEN);
	/* Still failing, with another value: still regressed, and no second kind beside it. */
	from = rig->last;
	send_check(CHECK_FAIL, "1");
	send_check(CHECK_FAIL, "3");
	rig_expect_finding(rig, from, FINDING_HARDENING_REGRESSED, "SYS-001",
			   FINDING_STATE_RESOLVED);
	rig_expect_finding(rig, from, FINDING_HARDENING_REGRESSED, "SYS-001", FINDING_STATE_OPEN);
}
END_TEST

START_TEST(a_regression_names_who_touched_what)
{
	const struct subject who = {.is_known = true, .pid = 77, .exe = (char *)"/usr/bin/vim"};
	const struct rig_wanted wanted = {.type = WIRE_FINDING,
					  .kind = FINDING_HARDENING_REGRESSED,
					  .path = "SYS-001",
					  .state = FINDING_STATE_OPEN};
	struct wire_record record;

	rig_start(rig);
	send_check(CHECK_PASS, "0");
	send_touched_check(CHECK_FAIL, "2", "/proc/sys/x", &who);
	record = rig_expect(rig, 0, &wanted);
	ck_assert_uint_eq(record.finding.subject.pid, 77);
	ck_assert_str_eq(record.finding.subject.exe, "/usr/bin/vim");
	ck_assert_str_eq(record.finding.detail,
			 "SYS-001 (Core dumps are off) passed before and now fails: found 2, "
			 "wanted 0, was 0 before; /proc/sys/x was touched.");
	wire_record_done(&record);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, modified_file_becomes_a_finding_with_who_and_controls);
	tcase_add_test(tcase, repeats_count_in_the_record_but_are_not_told_each);
	tcase_add_test(tcase, drift_that_goes_away_resolves_and_may_come_back);
	tcase_add_test(tcase, who_ran_a_changed_file_does_not_hide_who_changed_it);
	tcase_add_test(tcase, who_changes_the_mode_of_a_changed_file_did_not_write_it);
	tcase_add_test(tcase, what_cannot_be_read_heals_nothing);
	tcase_add_test(tcase, what_cannot_be_encoded_takes_nothing_with_it);
	tcase_add_test(tcase, another_change_of_the_same_file_replaces_the_first);
	tcase_add_test(tcase, open_findings_are_looked_at_again);
	tcase_add_test(tcase, what_is_open_is_read_each_hour);
	tcase_add_test(tcase, deleted_program_stays_a_finding_while_it_runs);
	tcase_add_test(tcase, what_a_walk_did_not_meet_is_asked_for_before_it_is_missing);
	tcase_add_test(tcase, folders_that_an_update_brings_leave_room_for_the_next);
	tcase_add_test(tcase, what_an_update_unpacks_is_told_where_it_is_left_behind);
	tcase_add_test(tcase, moved_and_unhashed_programs_are_told_apart);
	tcase_add_test(tcase, loaded_code_is_judged_by_its_use);
	tcase_add_test(tcase, without_a_baseline_nothing_is_called_drift);
	tcase_add_test(tcase, older_collapsed_and_cut_baselines_are_refused_and_last_good_kept);
	tcase_add_test(tcase, a_renamed_baseline_does_not_go_back_under_its_old_name);
	tcase_add_test(tcase, kill_between_index_and_record_does_not_bar_the_older_one);
	tcase_add_test(tcase, new_baseline_judges_again);
	tcase_add_test(tcase, coverage_tells_phases_gaps_and_down_times);
	tcase_add_test(tcase, who_ended_the_recorder_is_told_apart);
	tcase_add_test(tcase, whole_walk_ends_the_doubts_that_came_before_it);
	tcase_add_test(tcase, sensor_that_goes_away_ends_the_coverage);
	tcase_add_test(tcase, health_of_the_others_becomes_findings);
	tcase_add_test(tcase, check_fails_heals_and_regresses);
	tcase_add_test(tcase, a_regression_names_who_touched_what);
}

RIG_MAIN("recorder")
