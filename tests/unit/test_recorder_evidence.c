/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/recorder*.c: what leaves, what is signed, and what survives a kill. */
#include "recorder_rig.h"

#include <sched.h>
#include <sys/mount.h>
#include <time.h>

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

START_TEST(signed_heads_are_records_and_ask_for_no_more_heads)
{
	const struct rig_wanted head = {.type = WIRE_HEAD};
	cleanup_wire_record struct wire_record record = {0};
	cleanup_status struct status status = {0};
	uint64_t signed_sequence;

	rig_start(rig);
	signed_sequence = rig_sign_head(rig);
	record = rig_expect(rig, 0, &head);
	ck_assert_uint_eq(record.head.sequence, signed_sequence);
	ck_assert_str_eq(record.head.signature, "c2lnbmVk");
	ck_assert_uint_gt(record.sequence, signed_sequence);
	rig_expect_no_head(rig); /* for longer than the time between two */
	rig_restart(rig);
	status = rig_status(rig);
	ck_assert_uint_eq(status.head.sequence, signed_sequence);
	ck_assert_str_eq(status.head.signature, "c2lnbmVk");
}
END_TEST

/* Each head asks for a reporter; one that has ended would be started for it alone. */
START_TEST(a_head_is_told_while_the_reporter_is_there)
{
	const struct rig_wanted head = {.type = WIRE_HEAD};
	struct wire_record record;
	int64_t *ahead_s;
	uint64_t from;

	rig_free(rig);
	rig = rig_new("[collector]\nlinger_s = 20\n");
	ahead_s = rig_clock(rig);
	rig_start(rig);
	rig_sign_head(rig);
	record = rig_expect(rig, 0, &head);
	from = record.sequence;
	wire_record_done(&record);
	load_world();
	*ahead_s += 11;
	rig_sign_head(rig);
	record = rig_expect(rig, from, &head);
	wire_record_done(&record);
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

/* ---- no room */

static void restart_with(const char *more_config)
{
	rig_free(rig);
	rig = rig_new(more_config);
	rig_start(rig);
}

/* Whether this record is the first about a stranger; @seen remembers. */
static unsigned is_stranger(const char *json, bool seen[static 1000])
{
	const char *found = strstr(json, "\"path\":\"/tmp/stranger-");
	unsigned long number;

	if (!found)
		return 0;
	number = strtoul(found + strlen("\"path\":\"/tmp/stranger-"), NULL, 10);
	ck_assert_uint_lt(number, 1000);
	if (seen[number])
		return 0;
	return seen[number] = true;
}

START_TEST(full_outbox_is_told_and_owes_nothing_in_the_end)
{
	const struct rig_wanted gap = {.type = WIRE_FINDING,
				       .kind = FINDING_AGENT_GAP,
				       .path = "outbox",
				       .state = FINDING_STATE_OPEN};
	cleanup_wire_record struct wire_record record = {0};
	cleanup_status struct status status = {0};
	bool seen[1000] = {false};
	unsigned arrived = 0;
	char path[32];

	/* Room for about 300 findings, a quarter of which must be free before owed ones are tried
	 * again. */
	restart_with("[collector]\noutbox_max_bytes = 400000\n");
	load_world();
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/tmp/stranger-%03d", i);
		send_exec(path, 9);
	}
	do {
		status_done(&status);
		status = rig_status(rig);
	} while (status.open < 1000);
	ck_assert_uint_gt(status.folded, 0);
	ck_assert_uint_le(status.outbox_bytes, 400000);
	/* With a collector that takes them, all come, and that some came late is told. */
	record = rig_expect(rig, 0, &gap);
	for (uint64_t at = 1; arrived < 1000; at++) {
		while (at > rig->last) {
			rig_fetch(rig);
			rig_ack(rig);
		}
		arrived += is_stranger(rig->stored[at], seen);
	}
}
END_TEST

/* The folder of the recorder becomes a file system of @bytes, in a mount namespace of this test
 * alone. */
static void shrink_disk(const char *bytes)
{
	const struct passwd *user = getpwnam("plumbline-recorder");
	char *path = NULL, *options = NULL;

	ck_assert_int_eq(unshare(CLONE_NEWNS), 0);
	ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	ck_assert_int_gt(asprintf(&path, "%s/state/recorder", rig->dir), 0);
	ck_assert_int_gt(asprintf(&options, "size=%s,mode=0700,uid=%u,gid=%u", bytes, user->pw_uid,
				  user->pw_gid),
			 0);
	ck_assert_int_eq(mount("tmpfs", path, "tmpfs", 0, options), 0);
	free(path);
	free(options);
}

/* Takes the room that is left, then gives it back. */
static void fill_disk(bool is_full)
{
	char *path = NULL;
	char block[4096];
	int fd;

	ck_assert_int_gt(asprintf(&path, "%s/state/recorder/ballast", rig->dir), 0);
	if (is_full) {
		memset(block, 1, sizeof(block));
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		while (write(fd, block, sizeof(block)) > 0)
			continue;
		close(fd);
	} else {
		ck_assert_int_eq(unlink(path), 0);
	}
	free(path);
}

START_TEST(full_disk_is_survived_and_told)
{
	char path[256];
	uint64_t from;

	rig_free(rig);
	rig = rig_new("");
	shrink_disk("3m");
	rig_start(rig);
	load_world();
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "baseline", FINDING_STATE_RESOLVED);
	from = rig->last;
	fill_disk(true);
	/* More than the journal's spare pages hold. */
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/tmp/%0100d", i);
		send_exec(path, 9);
	}
	{
		cleanup_status struct status status = rig_status(rig);

		ck_assert_str_eq(status.agent, "rig"); /* it lives and answers */
	}
	fill_disk(false);
	rig_expect_finding(rig, from, FINDING_AGENT_GAP, "store", FINDING_STATE_OPEN);
	send_exec("/tmp/after", 9);
	rig_expect_finding(rig, from, FINDING_SOFTWARE_UNKNOWN, "/tmp/after", FINDING_STATE_OPEN);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, first_record_is_hello);
	tcase_add_test(tcase, signed_heads_are_records_and_ask_for_no_more_heads);
	tcase_add_test(tcase, a_head_is_told_while_the_reporter_is_there);
	tcase_add_test(tcase, rejected_batch_stays_and_is_told);
	tcase_add_test(tcase, bad_message_closes_that_peer_only);
	tcase_add_test(tcase, kills_lose_nothing_told_and_double_nothing);
	tcase_add_test(tcase, orderly_stop_commits_what_was_heard);
	tcase_add_test(tcase, full_outbox_is_told_and_owes_nothing_in_the_end);
	tcase_add_test(tcase, full_disk_is_survived_and_told);
}

RIG_MAIN("recorder_evidence")
