/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-reporter: tells the collector. Asks the recorder for one batch at a
 * time, posts it, and passes the acknowledgement back.
 *
 * Keeps nothing: a batch that did not arrive is dropped here and asked for
 * again, so that the recorder's outbox stays the only copy that counts. Hence it
 * also ends when there was nothing to tell for a while (libcurl and what comes
 * with it is the largest part of an agent at rest), and is started anew for the
 * next record.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/reporter_uplink.h"
#include "privsep/child.h"
#include "wire/batch.h"
#include "wire/reply.h"

#define MAX_PEM_BYTES  65536
#define BACKOFF_MIN_MS 1000
#define BACKOFF_MAX_MS 300000
#define MAX_QUEUED     1048576

enum reporter_state {
	REPORTER_ASKING, /* MSG_WANT is with the recorder, or no recorder is there */
	REPORTER_POSTING,
	REPORTER_PAUSING, /* until the timer */
};

struct reporter {
	struct child *child;
	struct uplink_config uplink_config;
	struct uplink *uplink;
	enum reporter_state state;
	struct loop_source *pause; /* also the wait for something to tell */
	uint64_t backoff_ms;
	/* The batch: being put together, or being posted. */
	struct strbuf frame;
	uint64_t first, last, next_part;
	/* The link as it was last told to the recorder. */
	bool is_told, is_up;
	char reason[256];
};

static void send_message(struct reporter *reporter, struct message *message)
{
	struct channel *recorder = reporter->child->peers[ROLE_RECORDER];
	int r = message_check(message);

	/* A recorder that went away gets all anew when it is back. */
	if (r == 0 && recorder)
		r = channel_send(recorder, message);
	if (r < 0)
		log_warning(r, "cannot tell the recorder, ignoring");
}

static void ask(struct reporter *reporter)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_WANT);

	reporter->state = REPORTER_ASKING;
	reporter->next_part = 0;
	strbuf_clear(&reporter->frame);
	loop_set_timer(reporter->pause, reporter->child->config->linger_s * 1000, 0);
	if (reporter->child->peers[ROLE_RECORDER])
		send_message(reporter, &message);
}

static void send_link(struct reporter *reporter)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_LINK);

	m_put_u32(&message, reporter->is_up);
	m_put_string(&message, reporter->child->config->url);
	m_put_string(&message, reporter->reason[0] ? reporter->reason : NULL);
	send_message(reporter, &message);
}

/* Tells recorder and log when the link changed, or is down for another reason. */
static void set_link(struct reporter *reporter, bool is_up, const char *reason)
{
	const char *url = reporter->child->config->url;

	if (reporter->is_told && reporter->is_up == is_up && strcmp(reporter->reason, reason) == 0)
		return;

	reporter->is_told = true;
	reporter->is_up = is_up;
	str_copy(reporter->reason, sizeof(reporter->reason), reason);
	if (is_up)
		log_info("the collector at %s takes our records", url);
	else
		log_warning(0, "no link to the collector at %s: %s", url, reason);
	send_link(reporter);
}

/* Waits the back-off, or what the collector asked for, and a random part less, so that a fleet does
 * not come back as one. */
static void pause_for(struct reporter *reporter, uint64_t asked_s)
{
	uint64_t wait_ms = reporter->backoff_ms, jitter = 0;

	if (asked_s) {
		wait_ms = asked_s * 1000;
		if (asked_s > BACKOFF_MAX_MS / 1000)
			wait_ms = BACKOFF_MAX_MS;
	}
	if (getrandom(&jitter, sizeof(jitter), GRND_NONBLOCK) == (ssize_t)sizeof(jitter))
		jitter %= wait_ms / 2 + 1;
	else
		jitter = 0;
	/* Never earlier than the collector asked. */
	wait_ms = asked_s ? wait_ms + jitter / 2 : wait_ms - jitter;

	reporter->backoff_ms *= 2;
	if (reporter->backoff_ms > BACKOFF_MAX_MS)
		reporter->backoff_ms = BACKOFF_MAX_MS;
	reporter->state = REPORTER_PAUSING;
	strbuf_clear(&reporter->frame);
	loop_set_timer(reporter->pause, wait_ms, 0);
}

static int on_pause_over(struct loop *loop, void *userdata)
{
	struct reporter *reporter = userdata;

	if (reporter->state == REPORTER_PAUSING) {
		ask(reporter);
	} else if (reporter->state == REPORTER_ASKING && reporter->next_part == 0) {
		log_info("nothing to tell, ending until there is");
		child_end(reporter->child);
	}
	return 0;
}

static void on_taken(struct reporter *reporter)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_ACK);

	reporter->child->work++;
	reporter->backoff_ms = BACKOFF_MIN_MS;
	set_link(reporter, true, "");
	m_put_u64(&message, reporter->last);
	send_message(reporter, &message);
	ask(reporter);
}

static void on_rejected(struct reporter *reporter, long status, const char *reason)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_REJECT);

	set_link(reporter, true, "");
	m_put_u64(&message, reporter->first);
	m_put_u64(&message, (uint64_t)status);
	m_put_string(&message, reason);
	send_message(reporter, &message);
	pause_for(reporter, 0);
}

static void on_answer(const struct uplink_result *result, void *userdata)
{
	cleanup_wire_answer struct wire_answer answer = {0};
	struct reporter *reporter = userdata;
	char text[256];

	if (result->reason) {
		set_link(reporter, false, result->reason);
		pause_for(reporter, 0);
		return;
	}

	/* Proxies and other servers answer too; only our own words count as an acknowledgement. */
	if (wire_answer_decode(result->body, result->len, &answer, NULL) < 0)
		snprintf(text, sizeof(text), "HTTP status %ld without a collector's answer",
			 result->status);
	else
		str_copy(text, sizeof(text), answer.error ? answer.error : "");

	if (result->status == 200 && answer.acked == reporter->last) {
		on_taken(reporter);
	} else if (result->status == 429 || result->status == 503) {
		set_link(reporter, true, "the collector is busy");
		pause_for(reporter, result->retry_after_s);
	} else if (result->status >= 400 && result->status < 500) {
		on_rejected(reporter, result->status, text[0] ? text : "no reason given");
	} else {
		set_link(reporter, false,
			 text[0] ? text : "the collector acknowledged another batch");
		pause_for(reporter, 0);
	}
}

static int on_batch_part(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct reporter *reporter = child->userdata;
	uint64_t first = m_get_u64(message), last = m_get_u64(message);
	uint64_t part = m_get_u64(message), parts = m_get_u64(message);
	const void *data;
	size_t len;
	int r;

	data = m_get_bytes(message, &len);
	if (message_check(message) < 0 || channel != child->peers[ROLE_RECORDER] ||
	    reporter->state != REPORTER_ASKING || part != reporter->next_part || part >= parts ||
	    (part > 0 && (first != reporter->first || last != reporter->last)) ||
	    reporter->frame.len + len > BATCH_MAX_BYTES)
		return -EBADMSG;

	strbuf_add(&reporter->frame, data, len);
	if (strbuf_check(&reporter->frame) < 0)
		return -ENOMEM;
	reporter->first = first;
	reporter->last = last;
	reporter->next_part++;
	if (reporter->next_part < parts)
		return 0;

	reporter->state = REPORTER_POSTING;
	r = uplink_post(reporter->uplink, &reporter->frame, first, last);
	if (r < 0) {
		log_error(r, "cannot post a batch, trying again");
		pause_for(reporter, 0);
	}
	return 0;
}

static void on_peer(struct child *child, enum process_role role)
{
	struct reporter *reporter = child->userdata;

	if (role != ROLE_RECORDER)
		return;
	/* It knows nothing of what its forerunner was told. */
	if (reporter->is_told)
		send_link(reporter);
	if (reporter->state == REPORTER_ASKING)
		ask(reporter);
}

static int read_pem(const char *path, const char *what, struct strbuf *out)
{
	int r;

	if (!path || !*path)
		return log_error(-EINVAL, "[collector] %s is not set", what);
	r = fd_read_file(AT_FDCWD, path, MAX_PEM_BYTES, out);
	if (r < 0)
		return log_error(r, "cannot read the %s %s", what, path);
	return 0;
}

static int prepare(struct child *child)
{
	struct reporter *reporter = child->userdata;
	struct uplink_config *uplink = &reporter->uplink_config;
	const struct config *config = child->config;
	int r;

	reporter->child = child;
	uplink->url = config->url;
	r = read_pem(config->ca, "ca", &uplink->ca);
	r = r ?: read_pem(config->certificate, "certificate", &uplink->certificate);
	return r ?: read_pem(config->key, "key", &uplink->key);
}

static int start(struct child *child)
{
	struct reporter *reporter = child->userdata;
	int r;

	r = uplink_new(child->loop, &reporter->uplink_config, on_answer, reporter,
		       &reporter->uplink);
	if (r < 0)
		return log_error(r, "cannot set up the link to %s", child->config->url);
	reporter->backoff_ms = BACKOFF_MIN_MS;
	r = loop_add_timer(child->loop, 0, 0, on_pause_over, reporter, &reporter->pause);
	if (r < 0)
		return r;
	ask(reporter);
	return 0;
}

static void stop(struct child *child)
{
	struct reporter *reporter = child->userdata;

	/* Before the loop that its sockets are in. */
	reporter->uplink = uplink_free(reporter->uplink);
}

static const channel_handler handlers[MSG_COUNT] = {
	[MSG_BATCH_PART] = on_batch_part,
};

static const struct child_ops ops = {
	.role = ROLE_REPORTER,
	.max_queued_bytes = MAX_QUEUED,
	.prepare = prepare,
	.start = start,
	.on_peer = on_peer,
	.stop = stop,
	.handlers = handlers,
	.handler_count = ARRAY_SIZE(handlers),
};

int main(int argc, char **argv)
{
	struct reporter reporter = {0};
	int status;

	log_init("plumbline-reporter", LOG_LEVEL_INFO);
	status = child_main(argc, argv, &ops, &reporter);
	strbuf_done(&reporter.frame);
	strbuf_done(&reporter.uplink_config.ca);
	strbuf_done(&reporter.uplink_config.certificate);
	strbuf_done(&reporter.uplink_config.key);
	return status;
}
