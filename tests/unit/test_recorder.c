/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/recorder*.c: the program, between peers that the test plays. Needs root: it drops to
 * its own user. */
#include "recorder_rig.h"

#include <time.h>

static struct rig *rig;

static void setup(void)
{
	rig = rig_new("");
}

static void teardown(void)
{
	rig_free(rig);
}

static struct file_fact fact(const char *path, enum file_role role, uint8_t content)
{
	return (struct file_fact){
		.path = (char *)path,
		.type = content ? FILE_TYPE_REGULAR : FILE_TYPE_NONE,
		.role = role,
		.has_digest = content != 0,
		.sha256 = {content},
		.size = 10,
		.mode = 0755,
		.user = "root",
		.group = "root",
	};
}

static const struct subject operator= {
	.is_known = true,
	.cookie = 77,
	.pid = 812,
	.ppid = 700,
	.uid = 1000,
	.euid = 1000,
	.login_uid = 1000,
	.exe = "/usr/bin/vi",
	.comm = "vi",
	.user = "operator",
};

static void load_world(void)
{
	const struct file_fact entries[] = {
		{.path = "/opt/rig", .type = FILE_TYPE_DIRECTORY, .mode = 0755},
		fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1),
		fact("/opt/rig/b", FILE_ROLE_CONFIG, 2),
	};

	ck_assert_int_eq(rig_load(rig, 1, entries, ARRAY_SIZE(entries)), 0);
}

static void send_file(const char *path, uint8_t content, uint32_t changes)
{
	const struct event event = {.kind = EVENT_FILE,
				    .changes = changes,
				    .time_ns = clock_real_ns(),
				    .subject =
					    changes ? operator: (struct subject){.is_known = false},
				    .object = fact(path, FILE_ROLE_EXECUTABLE, content), };

	rig_send_event(rig, &event);
}

static void send_exec(const char *path, uint8_t content)
{
	const struct event event = {
		.kind = EVENT_EXEC,
		.time_ns = clock_real_ns(),
		.subject = operator,
		.object = fact(path, FILE_ROLE_EXECUTABLE, content),
	};

	rig_send_event(rig, &event);
}

static void send_text(enum event_kind kind, const char *text)
{
	const struct event event = {.kind = kind, .time_ns = clock_real_ns(), .text = (char *)text};

	rig_send_event(rig, &event);
}

static void send_tree(enum event_kind kind, const char *tree)
{
	const struct event event = {
		.kind = kind, .time_ns = clock_real_ns(), .object = {.path = (char *)tree}};

	rig_send_event(rig, &event);
}

static void send_scanned(struct file_fact object)
{
	const struct event event = {
		.kind = EVENT_SCANNED, .time_ns = clock_real_ns(), .object = object};

	rig_send_event(rig, &event);
}

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

static unsigned count_findings(uint64_t from, const char *path)
{
	unsigned count = 0;

	for (uint64_t i = from; i <= rig->last; i++) {
		struct wire_record record = {0};

		ck_assert_int_eq(
			codec_decode(rig->stored[i], strlen(rig->stored[i]), &record, NULL), 0);
		if (record.type == WIRE_FINDING && str_equal(record.finding.path, path))
			count++;
		wire_record_done(&record);
	}
	return count;
}

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

/* Answers questions about the state of @path until the wanted record comes. */
static void answer_recheck(const char *path, uint8_t content)
{
	for (;;) {
		struct message message = rig_wait(rig->peers[ROLE_SENSOR], MSG_RECHECK);
		cleanup_free char *asked = m_get_string(&message);

		message_done(&message);
		if (!str_equal(asked, path))
			continue;
		send_file(path, content, 0);
		return;
	}
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
	struct message begin = MESSAGE_INIT(MSG_BASELINE_BEGIN);
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
	m_put_string(&begin, statement);
	m_put_string(&begin, digest);
	m_put_u64(&begin, 9);
	m_put_u64(&begin, 10);
	rig_send(rig->peers[ROLE_VERIFIER], &begin);
	rig_link(rig, ROLE_VERIFIER);
	status = rig_status(rig);
	ck_assert_uint_eq(status.baseline_revision, 5);
	ck_assert_uint_eq(status.baseline_entries, 10);
	ck_assert_int_eq(rig_load(rig, 6, entries, 9), 0);
	rig_expect_finding(rig, 0, FINDING_AGENT_TAMPER, "baseline", FINDING_STATE_RESOLVED);
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
	ck_assert_int_eq(rig_load(rig, 2, entries, 2), 0);
	answer_recheck("/opt/rig/a", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_MODIFIED, "/opt/rig/a", FINDING_STATE_RESOLVED);
}
END_TEST

/* ---- coverage */

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

	from = rig->last;
	rig_restart(rig);
	third = rig_expect(rig, from, &down);
	ck_assert_ptr_nonnull(strstr(third.coverage.cause, "without notice"));
	ck_assert_int_ge(third.coverage.start_ns, first.coverage.start_ns - NSEC_PER_SEC);
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

static void send_check(enum check_outcome outcome, const char *actual)
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
	rig_send(rig->peers[ROLE_ASSESSOR], &message);
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

/* ---- evidence */

START_TEST(first_record_is_hello)
{
	cleanup_wire_record struct wire_record record = {0};

	rig_start(rig);
	rig_fetch(rig);
	ck_assert_int_eq(codec_decode(rig->stored[1], strlen(rig->stored[1]), &record, NULL), 0);
	ck_assert_int_eq(record.type, WIRE_HELLO);
	ck_assert_str_eq(record.hello.agent, "rig");
}
END_TEST

/* Answers the next request for a signature; its sequence. */
static uint64_t sign_head(void)
{
	struct message asked =
		rig->head.type == MSG_HEAD ? rig->head : rig_wait(rig->supervisor, MSG_HEAD);
	struct message answer = MESSAGE_INIT(MSG_HEAD_SIGNED);
	uint64_t sequence = m_get_u64(&asked);
	const void *chain;
	size_t len;

	rig->head = MESSAGE_INIT(MSG_NONE);
	chain = m_get_bytes(&asked, &len);
	ck_assert_int_eq(message_check(&asked), 0);
	m_put_u64(&answer, sequence);
	m_put_bytes(&answer, chain, len);
	m_put_bytes(&answer, "signed", 6);
	m_put_string(&answer, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	message_done(&asked);
	rig_send(rig->supervisor, &answer);
	return sequence;
}

START_TEST(signed_heads_are_records_and_ask_for_no_more_heads)
{
	const struct rig_wanted head = {.type = WIRE_HEAD};
	cleanup_wire_record struct wire_record record = {0};
	struct message message;
	uint64_t signed_sequence;
	uint16_t type;

	rig_start(rig);
	signed_sequence = sign_head();
	record = rig_expect(rig, 0, &head);
	ck_assert_uint_eq(record.head.sequence, signed_sequence);
	ck_assert_str_eq(record.head.signature, "c2lnbmVk");
	ck_assert_uint_gt(record.sequence, signed_sequence);
	/* Longer than the time between two heads: silence, but for heartbeats. */
	do {
		ck_assert_int_eq(message_recv_fd(rig->supervisor, 15000, &message), 0);
		type = message.type;
		ck_assert_int_ne(type, MSG_HEAD);
		message_done(&message);
	} while (type != MSG_HEARTBEAT);
}
END_TEST

START_TEST(rejected_batch_stays_and_is_told)
{
	struct message reject = MESSAGE_INIT(MSG_REJECT);
	const struct rig_wanted wanted = {.type = WIRE_FINDING,
					  .kind = FINDING_AGENT_DEGRADED,
					  .path = "collector",
					  .state = FINDING_STATE_OPEN};
	cleanup_wire_record struct wire_record record = {0};

	rig_start(rig);
	rig_fetch(rig);
	m_put_u64(&reject, 1);
	m_put_u64(&reject, 409);
	m_put_string(&reject, "wrong sequence");
	rig_send(rig->peers[ROLE_REPORTER], &reject);
	/* Nothing was acknowledged, so all of it comes again. */
	do
		rig_fetch(rig);
	while (!rig_find(rig, 1, rig_is_wanted, &wanted, &record));
	ck_assert_uint_gt(rig->repeats, 0);
	ck_assert_str_eq(record.finding.actual, "HTTP 409");
	rig_ack(rig);
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "collector", FINDING_STATE_RESOLVED);
}
END_TEST

START_TEST(bad_message_closes_that_peer_only)
{
	struct message bad = MESSAGE_INIT(MSG_EVENT);
	struct message ack = MESSAGE_INIT(MSG_ACK);
	struct message answer;
	int r;

	rig_start(rig);
	load_world();
	m_put_string(&bad, "this is no event");
	rig_send(rig->peers[ROLE_SENSOR], &bad);
	while ((r = message_recv_fd(rig->peers[ROLE_SENSOR], RIG_WAIT_MS, &answer)) == 0)
		message_done(&answer);
	ck_assert_int_eq(r, -EPIPE);
	/* An acknowledgement of what was never sent. */
	m_put_u64(&ack, 1000000);
	rig_send(rig->peers[ROLE_REPORTER], &ack);
	while ((r = message_recv_fd(rig->peers[ROLE_REPORTER], RIG_WAIT_MS, &answer)) == 0)
		message_done(&answer);
	ck_assert_int_eq(r, -EPIPE);
	/* The process lives, and new links work. */
	rig_link(rig, ROLE_SENSOR);
	rig_link(rig, ROLE_REPORTER);
	send_exec("/tmp/stranger", 9);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger", FINDING_STATE_OPEN);
}
END_TEST

/* ---- killed between any two steps */

static void nap_us(unsigned us)
{
	const struct timespec delay = {.tv_nsec = (long)us * 1000};

	nanosleep(&delay, NULL);
}

/* Each round writes findings while batches travel, and ends by a kill at another moment. */
START_TEST(kills_lose_nothing_told_and_double_nothing)
{
	char path[64];

	rig_start(rig);
	load_world();
	for (unsigned round = 0; round < 25; round++) {
		for (unsigned i = 0; i < 40; i++) {
			snprintf(path, sizeof(path), "/tmp/stranger-%u-%u", round, i);
			send_exec(path, (uint8_t)(i + 10));
		}
		switch (round % 4) {
		case 0: /* right after the events */
			nap_us(round * 531 % 4000);
			break;
		case 1: /* a batch is asked for */
			rig_want(rig);
			nap_us(round * 977 % 9000);
			break;
		case 2: /* taken, but not acknowledged */
			rig_fetch(rig);
			break;
		default: /* acknowledged, perhaps not heard */
			rig_fetch(rig);
			rig_ack(rig);
			nap_us(round * 733 % 3000);
			break;
		}
		rig_restart(rig);
	}
	/* Sent, acknowledged and told without loss: rig_store() saw every number once or unchanged.
	 */
	send_exec("/tmp/the-end", 7);
	rig_expect_finding(rig, 0, FINDING_SOFTWARE_UNKNOWN, "/tmp/the-end", FINDING_STATE_OPEN);
	for (uint64_t i = 1; i <= rig->last; i++)
		ck_assert_ptr_nonnull(rig->stored[i]);
}
END_TEST

START_TEST(orderly_stop_commits_what_was_heard)
{
	uint64_t from;

	rig_start(rig);
	load_world();
	rig_fetch(rig);
	rig_ack(rig);
	from = rig->last;
	send_exec("/tmp/stranger", 9);
	{
		/* An answer shows that the events before it were read: they share one loop, but not
		 * one socket. */
		cleanup_status struct status status = {0};

		do {
			status_done(&status);
			status = rig_status(rig);
		} while (!status.open);
	}
	rig_stop(rig);
	rig_start(rig);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNKNOWN, "/tmp/stranger",
			   FINDING_STATE_OPEN);
}
END_TEST

/* ---- control socket */

START_TEST(watchers_get_findings_when_they_are_committed)
{
	cleanup_close int fd = -1;
	struct message line;
	cleanup_free char *text = NULL;
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_status struct status status = {0};

	rig_start(rig);
	load_world();
	fd = rig_connect(rig);
	rig_ask(fd, "watch", NULL);
	status = rig_status(rig); /* read after it */
	send_exec("/tmp/stranger", 9);
	do {
		line = rig_wait(fd, MSG_CTL_LINE);
		free(text);
		text = m_get_string(&line);
		message_done(&line);
	} while (!strstr(text, "/tmp/stranger"));
}
END_TEST

START_TEST(strangers_may_not_ask_and_readers_may_not_command)
{
	pid_t pid;
	int status;

	rig_start(rig);
	pid = fork();
	if (pid == 0) {
		cleanup_strbuf struct strbuf lines = STRBUF_INIT;
		int fd;

		if (setgroups(0, NULL) < 0 || setresgid(65534, 65534, 65534) < 0 ||
		    setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		fd = rig_connect(rig);
		rig_ask(fd, "status", NULL);
		_exit(rig_answer(fd, &lines) == -EPERM && !lines.len ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);

	pid = fork();
	if (pid == 0) {
		cleanup_strbuf struct strbuf lines = STRBUF_INIT;
		struct group *group = getgrnam("plumbline");
		int fd;

		if (!group || setgroups(1, &group->gr_gid) < 0 ||
		    setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
			_exit(2);
		fd = rig_connect(rig);
		rig_ask(fd, "status", NULL);
		if (rig_answer(fd, &lines) != 0 || !lines.len)
			_exit(3);
		rig_ask(fd, "rescan", NULL);
		_exit(rig_answer(fd, &lines) == -EPERM ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(answers_while_a_baseline_loads)
{
	struct message begin = MESSAGE_INIT(MSG_BASELINE_BEGIN);
	char digest[SHA256_HEX_SIZE];
	cleanup_free char *statement = rig_statement("rig", 1, 100000, digest);
	cleanup_status struct status status = {0};
	char path[32];

	rig_start(rig);
	m_put_string(&begin, statement);
	m_put_string(&begin, digest);
	m_put_u64(&begin, 1);
	m_put_u64(&begin, 100000);
	rig_send(rig->peers[ROLE_VERIFIER], &begin);
	for (int i = 0; i < 2000; i++) {
		struct message entry = MESSAGE_INIT(MSG_BASELINE_ENTRY);
		struct file_fact one;

		snprintf(path, sizeof(path), "/opt/rig/%d", i);
		one = fact(path, FILE_ROLE_DATA, 3);
		m_put_file_fact(&entry, &one);
		rig_send(rig->peers[ROLE_VERIFIER], &entry);
	}
	status = rig_status(rig);
	ck_assert_str_eq(status.baseline_digest, "");
}
END_TEST

START_TEST(many_clients_are_bounded_and_bad_ones_leave)
{
	int fds[40];
	struct message bad = MESSAGE_INIT(MSG_CTL_REQUEST), answer;
	int refused = 0, r;

	rig_start(rig);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = rig_connect(rig);
	/* Those over the bound read an end at once; the others wait to be asked. */
	for (unsigned i = 32; i < ARRAY_SIZE(fds); i++)
		refused += message_recv_fd(fds[i], RIG_WAIT_MS, &answer) == -EPIPE;
	ck_assert_int_eq(refused, 8);
	m_put_u64(&bad, 1);
	rig_send(fds[0], &bad);
	r = message_recv_fd(fds[0], RIG_WAIT_MS, &answer);
	ck_assert_int_eq(r, -EPIPE);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	{
		cleanup_status struct status status = rig_status(rig);

		ck_assert_str_eq(status.agent, "rig");
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, modified_file_becomes_a_finding_with_who_and_controls);
	tcase_add_test(tcase, repeats_count_in_the_record_but_are_not_told_each);
	tcase_add_test(tcase, drift_that_goes_away_resolves_and_may_come_back);
	tcase_add_test(tcase, another_change_of_the_same_file_replaces_the_first);
	tcase_add_test(tcase, open_findings_are_looked_at_again);
	tcase_add_test(tcase, what_a_walk_did_not_meet_is_asked_for_before_it_is_missing);
	tcase_add_test(tcase, moved_and_unhashed_programs_are_told_apart);
	tcase_add_test(tcase, without_a_baseline_nothing_is_called_drift);
	tcase_add_test(tcase, older_collapsed_and_cut_baselines_are_refused_and_last_good_kept);
	tcase_add_test(tcase, new_baseline_judges_again);
	tcase_add_test(tcase, coverage_tells_phases_gaps_and_down_times);
	tcase_add_test(tcase, sensor_that_goes_away_ends_the_coverage);
	tcase_add_test(tcase, health_of_the_others_becomes_findings);
	tcase_add_test(tcase, check_fails_heals_and_regresses);
	tcase_add_test(tcase, first_record_is_hello);
	tcase_add_test(tcase, signed_heads_are_records_and_ask_for_no_more_heads);
	tcase_add_test(tcase, rejected_batch_stays_and_is_told);
	tcase_add_test(tcase, bad_message_closes_that_peer_only);
	tcase_add_test(tcase, kills_lose_nothing_told_and_double_nothing);
	tcase_add_test(tcase, orderly_stop_commits_what_was_heard);
	tcase_add_test(tcase, watchers_get_findings_when_they_are_committed);
	tcase_add_test(tcase, strangers_may_not_ask_and_readers_may_not_command);
	tcase_add_test(tcase, answers_while_a_baseline_loads);
	tcase_add_test(tcase, many_clients_are_bounded_and_bad_ones_leave);
}

int main(void)
{
	Suite *suite = suite_create("recorder");
	TCase *tcase = tcase_create("recorder");

	if (geteuid() != 0)
		return unit_skip("needs root, to become plumbline-recorder");
	if (!getpwnam("plumbline-recorder"))
		return unit_skip("there is no user plumbline-recorder");
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return unit_run(suite);
}
