/* SPDX-License-Identifier: Apache-2.0 */
/* agent/daemon/recorder_control.c and recorder_verbs.c: who may ask what, and slow askers. */
#include "recorder_rig.h"

/* ---- control socket */

START_TEST(watchers_get_findings_when_they_are_committed)
{
	cleanup_close int fd = -1;
	struct message line;
	cleanup_free char *text = NULL;
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
	char digest[SHA256_HEX_SIZE];
	cleanup_free char *statement = rig_statement("rig", 1, 100000, digest);
	cleanup_status struct status status = {0};
	char path[32];

	rig_start(rig);
	rig_begin(rig, statement, digest, 100000);
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

static void hold_all_slots(int ready_fd)
{
	struct group *group = getgrnam("plumbline");
	struct message answer;
	int fds[40];

	if (!group || setgroups(1, &group->gr_gid) < 0 || setresgid(65534, 65534, 65534) < 0 ||
	    setresuid(65534, 65534, 65534) < 0)
		_exit(2);
	for (unsigned i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = rig_connect(rig);
	/* The last one was turned away, so all before it have been looked at. */
	if (message_recv_fd(fds[ARRAY_SIZE(fds) - 1], RIG_WAIT_MS, &answer) == -EPIPE)
		(void)!write(ready_fd, "x", 1);
	pause();
	_exit(0);
}

START_TEST(readers_cannot_keep_root_out)
{
	cleanup_status struct status status = {0};
	int ready[2], child_status;
	char byte;
	pid_t pid;

	rig_start(rig);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0)
		hold_all_slots(ready[1]);
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	status = rig_status(rig);
	ck_assert_str_eq(status.agent, "rig");
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &child_status, 0), pid);
}
END_TEST

START_TEST(slow_watcher_loses_lines_and_is_told_how_many)
{
	cleanup_close int fd = -1;
	cleanup_status struct status status = {0};
	unsigned lines = 0, dropped = 0;
	char path[300];

	rig_start(rig);
	load_world();
	fd = rig_connect(rig);
	rig_ask(fd, "watch", NULL);
	status = rig_status(rig);
	/* More than socket and queue hold, while nobody reads. */
	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/tmp/%0250d", i);
		send_exec(path, 9);
	}
	do {
		status_done(&status);
		status = rig_status(rig);
	} while (status.open < 3000);
	while (lines + dropped < 3000) {
		struct message message = rig_wait(fd, MSG_CTL_LINE);
		cleanup_free char *text = m_get_string(&message);
		const char *number = strstr(text, "\"dropped\":");

		message_done(&message);
		if (number)
			dropped += (unsigned)strtoul(number + strlen("\"dropped\":"), NULL, 10);
		else if (strstr(text, "software.unknown"))
			lines++;
	}
	ck_assert_uint_gt(dropped, 0);
	ck_assert_uint_eq(lines + dropped, 3000);
}
END_TEST

/* More than a socket holds. */
static void fill_findings(void)
{
	cleanup_status struct status status = {0};
	char path[300];

	for (int i = 0; i < 3000; i++) {
		snprintf(path, sizeof(path), "/tmp/%0250d", i);
		send_exec(path, 9);
	}
	do {
		status_done(&status);
		status = rig_status(rig);
	} while (status.open < 3000);
}

START_TEST(long_lists_come_in_pieces_to_a_slow_reader)
{
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_status struct status status = {0};
	cleanup_close int fd = -1;
	unsigned count = 0;

	rig_start(rig);
	load_world();
	fill_findings();
	fd = rig_connect(rig);
	rig_ask(fd, "findings", "--all");
	/* The socket is full by now, and others are still answered. */
	status_done(&status);
	status = rig_status(rig);
	ck_assert_int_eq(rig_answer(fd, &lines), 0);
	for (char *at = lines.data; (at = strchr(at, '\n')); at++)
		count++;
	ck_assert_uint_ge(count, 3000);
}
END_TEST

/* Lets @seconds pass, until the recorder has looked who has been silent for too long: one that
 * never asks anything is, after half a minute. */
static void pass_time(int64_t *ahead_s, int64_t seconds)
{
	cleanup_close int silent = rig_connect(rig);
	cleanup_status struct status status = {0};
	struct message message = MESSAGE_INIT(MSG_NONE);

	status = rig_status(rig); /* it was let in */
	*ahead_s += seconds;
	ck_assert_int_eq(message_recv_fd(silent, RIG_WAIT_MS, &message), -EPIPE);
}

/* What comes before the end of the list or of the connection. */
static unsigned count_lines(int fd, bool *ret_is_whole)
{
	unsigned count = 0;

	for (;;) {
		struct message message;

		*ret_is_whole = false;
		if (message_recv_fd(fd, RIG_WAIT_MS, &message) < 0)
			return count;
		*ret_is_whole = message.type == MSG_CTL_END;
		message_done(&message);
		if (*ret_is_whole)
			return count;
		count++;
	}
}

START_TEST(a_reader_may_pause_but_not_for_ever)
{
	cleanup_close int fd = -1, gone = -1;
	int64_t *ahead_s = rig_clock(rig);
	bool is_whole;

	rig_start(rig);
	load_world();
	fill_findings();
	fd = rig_connect(rig);
	rig_ask(fd, "findings", "--all");
	pass_time(ahead_s, 280);
	ck_assert_uint_ge(count_lines(fd, &is_whole), 3000);
	ck_assert(is_whole);
	/* Who takes nothing for longer than anybody pages gives the place to others. */
	gone = rig_connect(rig);
	rig_ask(gone, "findings", "--all");
	pass_time(ahead_s, 320);
	ck_assert_uint_lt(count_lines(gone, &is_whole), 3000);
	ck_assert(!is_whole);
}
END_TEST

START_TEST(export_holds_what_no_collector_has)
{
	cleanup_strbuf struct strbuf data = STRBUF_INIT;
	cleanup_close int fd = -1;
	struct message message;

	rig_start(rig);
	load_world();
	rig_expect_finding(rig, 0, FINDING_AGENT_DEGRADED, "baseline", FINDING_STATE_RESOLVED);
	send_exec("/tmp/stranger", 9);
	{
		cleanup_status struct status status = {0};

		do {
			status_done(&status);
			status = rig_status(rig);
		} while (status.sequence == rig->last || status.acked < rig->acked);
	}
	fd = rig_connect(rig);
	rig_ask(fd, "export", "1");
	for (;;) {
		const void *bytes;
		size_t len;

		ck_assert_int_eq(message_recv_fd(fd, RIG_WAIT_MS, &message), 0);
		if (message.type != MSG_CTL_DATA)
			break;
		bytes = m_get_bytes(&message, &len);
		strbuf_add(&data, bytes, len);
		message_done(&message);
	}
	ck_assert_int_eq(message.type, MSG_CTL_END);
	message_done(&message);
	ck_assert_int_eq(batch_frame_length(data.data, data.len), (int64_t)data.len);
	rig_take_batch(rig, &data);
	ck_assert_uint_eq(count_findings(rig->acked + 1, "/tmp/stranger"), 1);
}
END_TEST

static int ask_receipt(const char *agent, uint64_t acked, const char *chain)
{
	struct message request = MESSAGE_INIT(MSG_CTL_REQUEST);
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_close int fd = rig_connect(rig);
	char number[32];

	snprintf(number, sizeof(number), "%llu", (unsigned long long)acked);
	m_put_string(&request, "receipt");
	m_put_u64(&request, 3);
	m_put_string(&request, agent);
	m_put_string(&request, number);
	m_put_string(&request, chain);
	rig_send(fd, &request);
	return rig_answer(fd, &lines);
}

START_TEST(receipt_frees_only_our_own_records)
{
	uint8_t chain[SHA256_SIZE] = {0};
	char hex[SHA256_HEX_SIZE];
	cleanup_status struct status status = {0};

	rig_start(rig);
	rig_fetch(rig);
	for (uint64_t i = 1; i <= rig->last; i++) {
		const char *json = strchr(rig->stored[i], ',') + 1;
		cleanup_strbuf struct strbuf payload = STRBUF_INIT;

		strbuf_add_char(&payload, '{');
		strbuf_add_str(&payload, json);
		ck_assert_int_eq(batch_chain_next(chain, i, payload.data, payload.len), 0);
	}
	hex_encode(chain, SHA256_SIZE, hex);
	ck_assert_int_eq(ask_receipt("another", rig->last, hex), -EINVAL);
	ck_assert_int_eq(ask_receipt("rig", 1000000, hex), -ERANGE);
	hex[0] = hex[0] == 'a' ? 'b' : 'a';
	ck_assert_int_eq(ask_receipt("rig", rig->last, hex), -EBADMSG);
	hex_encode(chain, SHA256_SIZE, hex);
	ck_assert_int_eq(ask_receipt("rig", rig->last, hex), 0);
	status = rig_status(rig);
	ck_assert_uint_eq(status.acked, rig->last);
	/* Again, as one that was taken before. */
	ck_assert_int_eq(ask_receipt("rig", rig->last, hex), 0);
}
END_TEST

START_TEST(load_goes_to_the_supervisor_and_its_answer_comes_back)
{
	struct message request = MESSAGE_INIT(MSG_CTL_REQUEST), asked;
	struct message answer = MESSAGE_INIT(MSG_CTL_LOAD_RESULT);
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_close int fd = -1, other = -1;
	cleanup_free char *name = NULL;
	uint64_t number;
	char text[16] = "";

	unit_write(rig->dir, "file", "a baseline");
	rig_start(rig);
	fd = rig_connect(rig);
	m_put_string(&request, "load");
	m_put_u64(&request, 1);
	m_put_string(&request, "site.plb");
	request.fd = open(rig->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	other = openat(request.fd, "file", O_RDONLY | O_CLOEXEC);
	close(request.fd);
	request.fd = TAKE_FD(other);
	rig_send(fd, &request);
	asked = rig_wait(rig->supervisor, MSG_CTL_LOAD);
	number = m_get_u64(&asked);
	name = m_get_string(&asked);
	ck_assert_str_eq(name, "site.plb");
	ck_assert_int_eq(read(asked.fd, text, sizeof(text)), 10);
	message_done(&asked);

	/* One at a time. */
	other = rig_connect(rig);
	request = MESSAGE_INIT(MSG_CTL_REQUEST);
	m_put_string(&request, "load");
	m_put_u64(&request, 1);
	m_put_string(&request, "second.plb");
	request.fd = dup(rig->supervisor);
	rig_send(other, &request);
	ck_assert_int_eq(rig_answer(other, &lines), -EBUSY);

	m_put_u64(&answer, number);
	m_put_i64(&answer, -EKEYREJECTED);
	m_put_string(&answer, "no approval holds");
	rig_send(rig->supervisor, &answer);
	ck_assert_int_eq(rig_answer(fd, &lines), -EKEYREJECTED);
	rig_expect_finding(rig, 0, FINDING_AGENT_TAMPER, "baseline", FINDING_STATE_OPEN);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, watchers_get_findings_when_they_are_committed);
	tcase_add_test(tcase, strangers_may_not_ask_and_readers_may_not_command);
	tcase_add_test(tcase, answers_while_a_baseline_loads);
	tcase_add_test(tcase, many_clients_are_bounded_and_bad_ones_leave);
	tcase_add_test(tcase, readers_cannot_keep_root_out);
	tcase_add_test(tcase, slow_watcher_loses_lines_and_is_told_how_many);
	tcase_add_test(tcase, long_lists_come_in_pieces_to_a_slow_reader);
	tcase_add_test(tcase, a_reader_may_pause_but_not_for_ever);
	tcase_add_test(tcase, export_holds_what_no_collector_has);
	tcase_add_test(tcase, receipt_frees_only_our_own_records);
	tcase_add_test(tcase, load_goes_to_the_supervisor_and_its_answer_comes_back);
}

RIG_MAIN("recorder_control")
