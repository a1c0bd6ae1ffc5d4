/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real plumbline-recorder between peers that are played by the test:
 * supervisor, sensor, verifier, assessor, reporter with its collector, and
 * clients of the control socket.
 *
 * Every wait is for a message, with a deadline.
 */
#ifndef PLUMBLINE_TESTS_RECORDER_RIG_H
#define PLUMBLINE_TESTS_RECORDER_RIG_H

#include "unit.h"

#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/statement.h"
#include "privsep/channel.h"
#include "privsep/payload.h"
#include "privsep/protocol.h"
#include "record/record.h"
#include "wire/batch.h"
#include "wire/codec.h"
#include "wire/status.h"

#define RIG_WAIT_MS	10000
#define RIG_MAX_RECORDS 20000

struct rig {
	char *dir;
	char *config;
	pid_t pid;
	int supervisor;
	int peers[ROLE_COUNT]; /* our ends */
	/* The collector: records by sequence, as they came first. */
	char *stored[RIG_MAX_RECORDS];
	uint64_t last; /* highest stored; all below it are */
	uint64_t acked;
	unsigned repeats;    /* records that came again */
	struct message head; /* MSG_HEAD that came before MSG_READY; type MSG_NONE: none */
	const char *name;    /* of the baselines that rig_load() offers; NULL: "rig" */
};

static const enum process_role rig_roles[] = {ROLE_VERIFIER, ROLE_SENSOR, ROLE_ASSESSOR,
					      ROLE_REPORTER};

/* ---- messages */

static inline void rig_send(int fd, struct message *message)
{
	ck_assert_int_eq(message_check(message), 0);
	ck_assert_int_eq(message_send_fd(fd, message, RIG_WAIT_MS), 0);
	message_done(message);
}

/* The next message of @type; others are passed over. */
static inline struct message rig_wait(int fd, enum msg_type type)
{
	struct message message;

	for (;;) {
		int r = message_recv_fd(fd, RIG_WAIT_MS, &message);

		ck_assert_msg(r == 0, "waiting for %s: %s", msg_type_name(type), strerror(-r));
		if (message.type == type)
			return message;
		message_done(&message);
	}
}

static inline void rig_send_event(struct rig *rig, const struct event *event)
{
	struct message message = MESSAGE_INIT(MSG_EVENT);

	m_put_event(&message, event);
	rig_send(rig->peers[ROLE_SENSOR], &message);
}

static inline void rig_send_child(struct rig *rig, const char *role, const char *what)
{
	struct message message = MESSAGE_INIT(MSG_CHILD);

	m_put_string(&message, role);
	m_put_string(&message, what);
	m_put_u64(&message, 1);
	rig_send(rig->supervisor, &message);
}

/* ---- life */

static inline void rig_write_config(struct rig *rig, const char *more)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	const char *seccomp = getenv("PLUMBLINE_SECCOMP");

	strbuf_printf(&sb, "[process]\nseccomp = %s\n", seccomp ? seccomp : "enforce");
	strbuf_printf(&sb,
		      "[agent]\nname = rig\nstate_dir = %s/state\nrun_dir = %s\n"
		      "data_dir = %s/baselines\n[sensor]\nrecheck_interval_s = 1\n%s",
		      rig->dir, rig->dir, PLUMBLINE_SOURCE_DIR, more);
	unit_write(rig->dir, "plumbline.conf", sb.data);
}

static inline int rig_listen(struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", rig->dir);
	unlink(address.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(chmod(address.sun_path, 0666), 0);
	return fd;
}

static inline void rig_give(struct rig *rig, enum process_role role, int fd)
{
	struct message message = MESSAGE_INIT(MSG_PEER);

	m_put_u32(&message, role);
	message.fd = fd;
	rig_send(rig->supervisor, &message);
}

static inline void rig_link(struct rig *rig, enum process_role role)
{
	int fds[2];

	if (rig->peers[role] >= 0)
		close(rig->peers[role]);
	ck_assert_int_eq(channel_pair(fds), 0);
	rig->peers[role] = fds[0];
	rig_give(rig, role, fds[1]);
}

static inline void rig_exec(struct rig *rig, int supervisor)
{
	const char *given = getenv("ASAN_OPTIONS");
	char *log = NULL, *options = NULL;
	int fd;

	ck_assert_int_gt(asprintf(&log, "%s/log", rig->dir), 0);
	fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	dup2(fd, STDERR_FILENO);
	/* Looking for leaks needs more of the system than the sandbox leaves; the last word wins.
	 * What is preloaded stands before the sanitizer. */
	ck_assert_int_gt(asprintf(&options, "%s:detect_leaks=0:verify_asan_link_order=0",
				  given ? given : ""),
			 0);
	/* The last, since each assertion writes into Check's own pipe, which may have this number.
	 */
	dup2(supervisor, CHILD_FD_SUPERVISOR);
	setenv("ASAN_OPTIONS", options, 1);
	execl(PLUMBLINE_BUILD_DIR "/plumbline-recorder", "plumbline-recorder", "--config",
	      rig->config, NULL);
	_exit(127);
}

/* Two values, in s, that move the clocks of recorders ahead that are started from now on: by a
 * suspend, and by time that goes by. */
static inline int64_t *rig_clock(struct rig *rig)
{
	cleanup_free char *path = NULL;
	int64_t *ahead_s;
	int fd;

	ck_assert_int_gt(asprintf(&path, "%s/clock", rig->dir), 0);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	ck_assert_int_eq(ftruncate(fd, 2 * sizeof(*ahead_s)), 0);
	ahead_s = mmap(NULL, 2 * sizeof(*ahead_s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne(ahead_s, MAP_FAILED);
	close(fd);
	setenv("CLOCK_SHIM_FILE", path, 1);
	setenv("LD_PRELOAD", PLUMBLINE_BUILD_DIR "/tests/clock_shim.so", 1);
	return ahead_s;
}

static inline void rig_start(struct rig *rig)
{
	struct message go = MESSAGE_INIT(MSG_GO), message;
	int fds[2], r;

	ck_assert_int_eq(channel_pair(fds), 0);
	rig->supervisor = fds[0];
	rig->pid = fork();
	ck_assert_int_ge(rig->pid, 0);
	if (rig->pid == 0)
		rig_exec(rig, fds[1]);
	close(fds[1]);
	for (unsigned i = 0; i < ARRAY_SIZE(rig_roles); i++)
		rig_link(rig, rig_roles[i]);
	rig_give(rig, ROLE_CONTROL, rig_listen(rig));
	rig_send(rig->supervisor, &go);
	message_done(&rig->head);
	for (;;) {
		r = message_recv_fd(rig->supervisor, RIG_WAIT_MS, &message);
		ck_assert_msg(r == 0, "waiting for ready: %s", strerror(-r));
		if (message.type == MSG_READY)
			break;
		if (message.type == MSG_HEAD)
			rig->head = message;
		else
			message_done(&message);
	}
	message_done(&message);
}

static inline void rig_close(struct rig *rig)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		if (rig->peers[i] >= 0)
			close(rig->peers[i]);
		rig->peers[i] = -1;
	}
	if (rig->supervisor >= 0)
		close(rig->supervisor);
	rig->supervisor = -1;
}

/* As a power cut would end it. */
static inline void rig_kill(struct rig *rig)
{
	ck_assert_int_eq(kill(rig->pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(rig->pid, NULL, 0), rig->pid);
	rig->pid = 0;
	rig_close(rig);
}

static inline void rig_stop(struct rig *rig)
{
	struct message stop = MESSAGE_INIT(MSG_STOP);
	int status;

	rig_send(rig->supervisor, &stop);
	ck_assert_int_eq(waitpid(rig->pid, &status, 0), rig->pid);
	ck_assert_msg(status == 0, "the recorder ended with %d", status);
	rig->pid = 0;
	rig_close(rig);
}

static inline struct rig *rig_new(const char *more_config)
{
	const struct passwd *user = getpwnam("plumbline-recorder");
	struct rig *rig = calloc(1, sizeof(*rig));
	char *path = NULL;

	ck_assert_ptr_nonnull(rig);
	ck_assert_ptr_nonnull(user);
	rig->dir = unit_folder_new();
	rig->supervisor = -1;
	rig->head = MESSAGE_INIT(MSG_NONE);
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		rig->peers[i] = -1;
	ck_assert_int_eq(chmod(rig->dir, 0755), 0);
	ck_assert_int_gt(asprintf(&path, "%s/state", rig->dir), 0);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	free(path);
	ck_assert_int_gt(asprintf(&path, "%s/state/recorder", rig->dir), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chown(path, user->pw_uid, user->pw_gid), 0);
	free(path);
	ck_assert_int_gt(asprintf(&rig->config, "%s/plumbline.conf", rig->dir), 0);
	rig_write_config(rig, more_config);
	return rig;
}

static inline void rig_free(struct rig *rig)
{
	if (rig->pid > 0)
		rig_kill(rig);
	rig_close(rig);
	for (uint64_t i = 0; i < RIG_MAX_RECORDS; i++)
		free(rig->stored[i]);
	message_done(&rig->head);
	unit_folder_free(rig->dir);
	free(rig->config);
	free(rig);
}

/* ---- the collector behind the reporter */

static inline void rig_store(struct rig *rig, uint64_t sequence, const char *json, size_t len)
{
	ck_assert_uint_lt(sequence, RIG_MAX_RECORDS);
	if (rig->stored[sequence]) {
		rig->repeats++;
		ck_assert_uint_eq(strlen(rig->stored[sequence]), len);
		ck_assert_mem_eq(rig->stored[sequence], json, len);
		return;
	}
	ck_assert_uint_eq(sequence, rig->last + 1);
	rig->stored[sequence] = strndup(json, len);
	rig->last = sequence;
}

static inline void rig_take_batch(struct rig *rig, const struct strbuf *frame)
{
	cleanup_with(batch_freep) struct batch *batch = NULL;
	const struct batch_header *header;
	struct diag diag = {0};
	int r;

	r = batch_parse(frame->data, frame->len, &batch, &diag);
	ck_assert_msg(r == 0, "batch: %s", diag.text);
	header = batch_get_header(batch);
	ck_assert_str_eq(header->agent, "rig");
	/* An acknowledgement may be lost with the transaction that took it; then they come again.
	 */
	ck_assert_uint_le(header->first, rig->acked + 1);
	for (uint64_t i = 0; i < header->count; i++) {
		cleanup_wire_record struct wire_record record = {0};
		const char *json;
		size_t len;

		ck_assert_int_eq(batch_get_record(batch, i, &json, &len), 0);
		r = codec_decode(json, len, &record, &diag);
		ck_assert_msg(r == 0, "record: %s in %.*s", diag.text, (int)len, json);
		ck_assert_uint_eq(record.sequence, header->first + i);
		rig_store(rig, record.sequence, json, len);
	}
}

static inline void rig_want(struct rig *rig)
{
	struct message want = MESSAGE_INIT(MSG_WANT);

	rig_send(rig->peers[ROLE_REPORTER], &want);
}

/* Asks for the next batch and waits until there is one. */
static inline void rig_fetch(struct rig *rig)
{
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	uint64_t part = 0, parts = 1;

	rig_want(rig);
	while (part < parts) {
		struct message message = rig_wait(rig->peers[ROLE_REPORTER], MSG_BATCH_PART);
		const void *data;
		size_t len;

		(void)m_get_u64(&message);
		(void)m_get_u64(&message);
		ck_assert_uint_eq(m_get_u64(&message), part++);
		parts = m_get_u64(&message);
		data = m_get_bytes(&message, &len);
		ck_assert_int_eq(message_check(&message), 0);
		strbuf_add(&frame, data, len);
		message_done(&message);
	}
	rig_take_batch(rig, &frame);
}

static inline void rig_ack(struct rig *rig)
{
	struct message ack = MESSAGE_INIT(MSG_ACK);

	m_put_u64(&ack, rig->last);
	rig_send(rig->peers[ROLE_REPORTER], &ack);
	rig->acked = rig->last;
}

typedef bool (*rig_match)(const struct wire_record *record, const void *wanted);

/* The newest stored record from @from on that matches; false when there is none. The record is the
 * caller's. */
static inline bool rig_find(struct rig *rig, uint64_t from, rig_match match, const void *wanted,
			    struct wire_record *ret_record)
{
	for (uint64_t i = rig->last; i >= from && i > 0; i--) {
		struct wire_record record = {0};

		ck_assert_int_eq(
			codec_decode(rig->stored[i], strlen(rig->stored[i]), &record, NULL), 0);
		if (match(&record, wanted)) {
			*ret_record = record;
			return true;
		}
		wire_record_done(&record);
	}
	return false;
}

struct rig_wanted {
	enum wire_record_type type;
	enum finding_kind kind;
	const char *path;
	enum finding_state state;
	uint64_t count;	  /* at least */
	const char *text; /* coverage state, baseline outcome */
};

static inline bool rig_is_wanted(const struct wire_record *record, const void *userdata)
{
	const struct rig_wanted *wanted = userdata;

	if (record->type != wanted->type)
		return false;
	if (record->type == WIRE_FINDING)
		return record->finding.kind == wanted->kind &&
		       str_equal(record->finding.path, wanted->path) &&
		       record->finding.state == wanted->state &&
		       record->finding.count >= wanted->count;
	if (record->type == WIRE_COVERAGE)
		return str_equal(coverage_state_name(record->coverage.state), wanted->text);
	if (record->type == WIRE_BASELINE)
		return str_equal(record->baseline.outcome, wanted->text);
	return true;
}

/* Fetches and acknowledges until a record after @from is what is wanted. */
static inline struct wire_record rig_expect(struct rig *rig, uint64_t from,
					    const struct rig_wanted *wanted)
{
	struct wire_record record;

	while (!rig_find(rig, from + 1, rig_is_wanted, wanted, &record)) {
		rig_fetch(rig);
		rig_ack(rig);
	}
	return record;
}

static inline void rig_expect_finding(struct rig *rig, uint64_t from, enum finding_kind kind,
				      const char *path, enum finding_state state)
{
	const struct rig_wanted wanted = {
		.type = WIRE_FINDING, .kind = kind, .path = path, .state = state};
	struct wire_record record = rig_expect(rig, from, &wanted);

	wire_record_done(&record);
}

/* ---- chain heads */

/* Answers the next request for a signature; its sequence. */
static inline uint64_t rig_sign_head(struct rig *rig)
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

/* Two heartbeats without a request for a signature. */
static inline void rig_expect_no_head(struct rig *rig)
{
	for (int heartbeats = 0; heartbeats < 2;) {
		struct message message;

		ck_assert_int_eq(message_recv_fd(rig->supervisor, 15000, &message), 0);
		ck_assert_int_ne(message.type, MSG_HEAD);
		heartbeats += message.type == MSG_HEARTBEAT;
		message_done(&message);
	}
}

/* ---- the verifier */

static inline char *rig_statement(const char *name, uint64_t revision, uint64_t entries,
				  char digest[static SHA256_HEX_SIZE])
{
	struct baseline_statement statement = {
		.name = (char *)name,
		.layer = "host",
		.revision = revision,
		.made_by = "tester",
		.made_on = "rig",
		.made_at_ns = 1700000000 * NSEC_PER_SEC,
		.entries = entries,
		.trees = (char *[]){"/opt/rig", NULL},
	};
	struct strbuf sb = STRBUF_INIT;
	uint8_t hash[SHA256_SIZE];

	memset(statement.entries_sha256, 'a', SHA256_HEX_SIZE - 1);
	memset(statement.rules_sha256, 'b', SHA256_HEX_SIZE - 1);
	memset(statement.content_digest, 'c', SHA256_HEX_SIZE - 1);
	ck_assert_int_eq(statement_seal(&statement), 0);
	ck_assert_int_eq(statement_write(&statement, &sb), 0);
	ck_assert_int_eq(hash_buffer(sb.data, sb.len, hash), 0);
	hex_encode(hash, SHA256_SIZE, digest);
	return strbuf_take(&sb);
}

/* What comes before the rules and entries of a baseline that is one host layer. */
static inline void rig_begin(struct rig *rig, const char *statement, const char *digest,
			     uint64_t entries)
{
	struct message begin = MESSAGE_INIT(MSG_BASELINE_BEGIN),
		       layer = MESSAGE_INIT(MSG_BASELINE_LAYER);

	m_put_string(&begin, digest);
	m_put_u64(&begin, entries);
	m_put_u32(&begin, LOAD_COMES);
	m_put_string(&begin, "host");
	m_put_u64(&begin, 1);
	rig_send(rig->peers[ROLE_VERIFIER], &begin);
	m_put_string(&layer, statement);
	m_put_string(&layer, digest);
	rig_send(rig->peers[ROLE_VERIFIER], &layer);
}

/* Offers a baseline and returns the recorder's answer. */
static inline int64_t rig_load(struct rig *rig, uint64_t revision, const struct file_fact *entries,
			       uint64_t count)
{
	struct message rules = MESSAGE_INIT(MSG_BASELINE_RULES),
		       end = MESSAGE_INIT(MSG_BASELINE_END), result;
	int fd = rig->peers[ROLE_VERIFIER];
	char digest[SHA256_HEX_SIZE];
	cleanup_free char *statement =
		rig_statement(rig->name ? rig->name : "rig", revision, count, digest);
	int64_t r;

	rig_begin(rig, statement, digest, count);
	m_put_string(&rules, "[monitor]\ntree = /opt/rig\n");
	m_put_string(&rules, digest);
	rig_send(fd, &rules);
	for (uint64_t i = 0; i < count; i++) {
		struct message entry = MESSAGE_INIT(MSG_BASELINE_ENTRY);

		m_put_file_fact(&entry, &entries[i]);
		rig_send(fd, &entry);
	}
	m_put_u64(&end, count);
	rig_send(fd, &end);
	result = rig_wait(fd, MSG_BASELINE_RESULT);
	r = m_get_i64(&result);
	message_done(&result);
	return r;
}

/* ---- the control socket */

static inline int rig_connect(struct rig *rig)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", rig->dir);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static inline void rig_ask(int fd, const char *verb, const char *argument)
{
	struct message request = MESSAGE_INIT(MSG_CTL_REQUEST);

	m_put_string(&request, verb);
	m_put_u64(&request, argument ? 1 : 0);
	if (argument)
		m_put_string(&request, argument);
	rig_send(fd, &request);
}

/* Lines up to the end, each with a newline, and what the end says. */
static inline int rig_answer(int fd, struct strbuf *lines)
{
	for (;;) {
		struct message message;
		cleanup_free char *line = NULL;
		int64_t r;

		ck_assert_int_eq(message_recv_fd(fd, RIG_WAIT_MS, &message), 0);
		if (message.type == MSG_CTL_LINE) {
			line = m_get_string(&message);
			strbuf_add_str(lines, line);
			strbuf_add_char(lines, '\n');
			message_done(&message);
			continue;
		}
		ck_assert_int_eq(message.type, MSG_CTL_END);
		r = m_get_i64(&message);
		message_done(&message);
		return (int)r;
	}
}

static inline struct status rig_status(struct rig *rig)
{
	cleanup_strbuf struct strbuf lines = STRBUF_INIT;
	cleanup_close int fd = rig_connect(rig);
	struct status status = {0};
	struct diag diag = {0};

	rig_ask(fd, "status", NULL);
	ck_assert_int_eq(rig_answer(fd, &lines), 0);
	ck_assert_msg(status_decode(lines.data, lines.len, &status, &diag) == 0, "%s", diag.text);
	return status;
}

/* Killed and started again. An acknowledgement that it did not hear before, it does not have. */
static inline void rig_restart(struct rig *rig)
{
	cleanup_status struct status status = {0};

	rig_kill(rig);
	rig_start(rig);
	status = rig_status(rig);
	ck_assert_uint_le(status.acked, rig->acked);
	ck_assert_uint_ge(status.sequence, rig->last);
	rig->acked = status.acked;
}

/* ---- a small world, and what happens in it; each test program has one rig at a time */

static struct rig *rig;

static void setup(void)
{
	rig = rig_new("");
}

static void teardown(void)
{
	rig_free(rig);
}

static inline struct file_fact fact(const char *path, enum file_role role, uint8_t content)
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

static inline void load_world(void)
{
	const struct file_fact entries[] = {
		{.path = "/opt/rig", .type = FILE_TYPE_DIRECTORY, .mode = 0755},
		fact("/opt/rig/a", FILE_ROLE_EXECUTABLE, 1),
		fact("/opt/rig/b", FILE_ROLE_CONFIG, 2),
	};

	ck_assert_int_eq(rig_load(rig, 1, entries, ARRAY_SIZE(entries)), 0);
}

static inline void send_file(const char *path, uint8_t content, uint32_t changes)
{
	const struct event event = {.kind = EVENT_FILE,
				    .changes = changes,
				    .time_ns = clock_real_ns(),
				    .subject =
					    changes ? operator: (struct subject){.is_known = false},
				    .object = fact(path, FILE_ROLE_EXECUTABLE, content), };

	rig_send_event(rig, &event);
}

static inline void send_exec(const char *path, uint8_t content)
{
	const struct event event = {
		.kind = EVENT_EXEC,
		.time_ns = clock_real_ns(),
		.subject = operator,
		.object = fact(path, FILE_ROLE_EXECUTABLE, content),
	};

	rig_send_event(rig, &event);
}

static inline void send_text(enum event_kind kind, const char *text)
{
	const struct event event = {.kind = kind, .time_ns = clock_real_ns(), .text = (char *)text};

	rig_send_event(rig, &event);
}

static inline void send_tree(enum event_kind kind, const char *tree)
{
	const struct event event = {
		.kind = kind, .time_ns = clock_real_ns(), .object = {.path = (char *)tree}};

	rig_send_event(rig, &event);
}

static inline void send_scanned(struct file_fact object)
{
	const struct event event = {
		.kind = EVENT_SCANNED, .time_ns = clock_real_ns(), .object = object};

	rig_send_event(rig, &event);
}

/* How many stored records from @from on are findings about @path. */
static inline unsigned count_findings(uint64_t from, const char *path)
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

/* main() of a test of the recorder: it needs root, to become plumbline-recorder. */
#define RIG_MAIN(name)                                                                \
	int main(void)                                                                \
	{                                                                             \
		Suite *suite = suite_create(name);                                    \
		TCase *tcase = tcase_create(name);                                    \
                                                                                      \
		if (geteuid() != 0)                                                   \
			return unit_skip("needs root, to become plumbline-recorder"); \
		if (!getpwnam("plumbline-recorder"))                                  \
			return unit_skip("there is no user plumbline-recorder");      \
		tcase_add_checked_fixture(tcase, setup, teardown);                    \
		tcase_set_timeout(tcase, 55);                                         \
		add_tests(tcase);                                                     \
		suite_add_tcase(suite, tcase);                                        \
		return unit_run(suite);                                               \
	}

#endif
