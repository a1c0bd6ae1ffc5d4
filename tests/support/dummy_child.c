/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A child that does little, and what a test asks of it: stands in for any
 * plumbline-ROLE in tests of the supervisor. Its role is its file name; what it
 * is to do wrong is the text of the file ROLE in data_dir.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "privsep/child.h"
#include "privsep/payload.h"

#define WORK_MS 50
#define ACT_MS	300

struct dummy {
	enum process_role role;
	struct strbuf act; /* "refused-call", ...; empty: behave */
	uint64_t events;
	int seen_fd;
	int load_fd;
};

static int read_act(struct child *child)
{
	struct dummy *dummy = child->userdata;
	char path[4096];
	int r;

	snprintf(path, sizeof(path), "%s/%s", child->config->data_dir, role_name(dummy->role));
	r = fd_read_file(AT_FDCWD, path, 4096, &dummy->act);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (dummy->act.data && strncmp(dummy->act.data, "load ", 5) == 0)
		dummy->load_fd = open(dummy->act.data + 5, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	return 0;
}

/* The number of events goes to a file: the recorder can write there, and the test sees that work
 * goes on. */
static int on_event(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct dummy *dummy = child->userdata;
	cleanup_event struct event event = {0};
	char text[32];
	int len;

	m_get_event(message, &event);
	if (message_check(message) < 0)
		return -EBADMSG;
	len = snprintf(text, sizeof(text), "%08llu\n", (unsigned long long)++dummy->events);
	return pwrite(dummy->seen_fd, text, len, 0) == len ? 0 : -errno;
}

static int on_child(struct channel *channel, struct message *message, void *userdata)
{
	cleanup_free char *role = m_get_string(message);
	cleanup_free char *what = m_get_string(message);
	uint64_t restarts = m_get_u64(message);

	log_info("told: %s %s (restarts %llu)", role, what, (unsigned long long)restarts);
	return message_check(message);
}

static int on_signed(struct channel *channel, struct message *message, void *userdata)
{
	uint64_t sequence = m_get_u64(message);

	log_info("signed: %llu", (unsigned long long)sequence);
	return 0;
}

static int on_ctl_load_result(struct channel *channel, struct message *message, void *userdata)
{
	uint64_t id = m_get_u64(message);
	int64_t result = m_get_i64(message);
	cleanup_free char *text = m_get_string(message);

	log_info("load %llu: %lld %s", (unsigned long long)id, (long long)result, text);
	return message_check(message);
}

static int on_layer(struct channel *channel, struct message *message, void *userdata)
{
	cleanup_free char *layer = m_get_string(message);
	cleanup_free char *accepted = m_get_string(message);

	log_info("stored %s%s%s", layer, accepted ? " accepted as " : "", accepted ?: "");
	return message_check(message);
}

/* A baseline is good when it says so, and is of the layer that follows. */
static int on_load(struct channel *channel, struct message *message, void *userdata)
{
	cleanup_free char *name = m_get_string(message);
	uint32_t change = m_get_u32(message);
	cleanup_free char *gone = m_get_string(message);
	cleanup_message struct message result = MESSAGE_INIT(MSG_LOAD_RESULT);
	char text[16] = "";
	bool comes = change == LOAD_COMES;
	bool is_good = !comes || (pread(message->fd, text, sizeof(text) - 1, 0) > 5 &&
				  memcmp(text, "good ", 5) == 0);

	log_info("verifying %s%s%s", name, gone ? " without " : "", gone ?: "");
	m_put_i64(&result, is_good ? 0 : -EBADMSG);
	m_put_string(&result, is_good && comes ? text + 5 : NULL);
	m_put_string(&result, is_good ? "digest" : "it does not say good");
	m_put_u64(&result, is_good && comes);
	if (is_good && comes) {
		m_put_string(&result, text + 5);
		m_put_string(&result, name);
	}
	return channel_send(channel, &result);
}

static const channel_handler handlers[MSG_COUNT] = {
	[MSG_EVENT] = on_event, [MSG_CHILD] = on_child, [MSG_HEAD_SIGNED] = on_signed,
	[MSG_LAYER] = on_layer, [MSG_LOAD] = on_load,	[MSG_CTL_LOAD_RESULT] = on_ctl_load_result,
};

static int on_work(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	const struct event event = {.kind = EVENT_PHASE};
	cleanup_message struct message message = MESSAGE_INIT(MSG_EVENT);

	child->work++;
	if (!child->peers[ROLE_RECORDER])
		return 0;
	m_put_event(&message, &event);
	(void)channel_send(child->peers[ROLE_RECORDER], &message);
	return 0;
}

static void send_head(struct child *child, uint64_t sequence)
{
	static const uint8_t chain[SHA256_SIZE] = {1};
	cleanup_message struct message message = MESSAGE_INIT(MSG_HEAD);

	m_put_u64(&message, sequence);
	m_put_bytes(&message, chain, sizeof(chain));
	(void)channel_send(child->supervisor, &message);
}

static void send_unload(struct child *child, const char *layer)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_UNLOAD);

	m_put_u64(&message, 7);
	m_put_string(&message, layer);
	(void)channel_send(child->supervisor, &message);
}

static void send_load(struct child *child, const char *path)
{
	struct dummy *dummy = child->userdata;
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_LOAD);

	m_put_u64(&message, 7);
	m_put_string(&message, path);
	message.fd = TAKE_FD(dummy->load_fd);
	(void)channel_send(child->supervisor, &message);
}

static void send_want(struct child *child)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_DUMP_WANT);

	(void)channel_send(child->supervisor, &message);
}

static int on_act(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct dummy *dummy = child->userdata;
	const char *act = dummy->act.data ? dummy->act.data : "";
	struct message unexpected = MESSAGE_INIT(MSG_ACK);

	if (strcmp(act, "refused-call") == 0)
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	else if (strcmp(act, "bad-message") == 0)
		(void)channel_send(child->peers[ROLE_RECORDER], &unexpected);
	else if (strcmp(act, "bad-to-supervisor") == 0)
		(void)channel_send(child->supervisor, &unexpected);
	else if (strcmp(act, "exit") == 0)
		_exit(3);
	else if (strcmp(act, "heads") == 0) {
		send_head(child, 5);
		send_head(child, 4);
		send_head(child, 5);
		send_head(child, 6);
	} else if (strcmp(act, "want-dumps") == 0) {
		for (int i = 0; i < 3; i++)
			send_want(child);
	} else if (strncmp(act, "load ", 5) == 0) {
		send_load(child, act + 5);
	} else if (strncmp(act, "unload ", 7) == 0) {
		send_unload(child, act + 7);
	}
	return 0;
}

static int prepare(struct child *child)
{
	struct dummy *dummy = child->userdata;

	return read_act(child) < 0 ? -EINVAL : dummy->act.failed ? -ENOMEM : 0;
}

static int start(struct child *child)
{
	struct dummy *dummy = child->userdata;
	char path[4096];
	int r;

	if (dummy->role == ROLE_RECORDER) {
		snprintf(path, sizeof(path), "%s/recorder/seen", child->config->state_dir);
		dummy->seen_fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		if (dummy->seen_fd < 0)
			return -errno;
	}
	if (dummy->role == ROLE_SENSOR) {
		r = loop_add_timer(child->loop, WORK_MS, WORK_MS, on_work, child, NULL);
		if (r < 0)
			return r;
	}
	return loop_add_timer(child->loop, ACT_MS, 0, on_act, child, NULL);
}

static void stop(struct child *child)
{
	log_info("asked to stop");
}

int main(int argc, char **argv)
{
	struct dummy dummy = {.seen_fd = -1, .load_fd = -1};
	struct child_ops ops = {
		.max_queued_bytes = 1024 * 1024,
		.prepare = prepare,
		.start = start,
		.stop = stop,
		.handlers = handlers,
		.handler_count = MSG_COUNT,
	};
	const char *name = strrchr(argv[0], '-');
	int r;

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (name && strcmp(name + 1, role_name(role)) == 0)
			ops.role = dummy.role = role;
	r = child_main(argc, argv, &ops, &dummy);
	strbuf_done(&dummy.act);
	return r;
}
