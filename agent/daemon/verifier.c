/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-verifier: trusts. Runs once per load.
 *
 * It alone parses baseline files: digests, statement, entries, rules and
 * approvals. What holds goes to the recorder entry by entry; the recorder, who
 * remembers, has the last word (older revision, collapsed in size). Only then
 * the sensor gets the rules and the supervisor the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "baseline/baseline.h"
#include "baseline/policy.h"
#include "privsep/child.h"
#include "privsep/payload.h"

#define CA_MAX_BYTES	 ((size_t)1 << 20)
#define MAX_QUEUED_BYTES ((size_t)2 << 20)
#define QUEUE_LOW_BYTES	 ((size_t)512 << 10) /* below it the next entries are read */
#define PUMP_MS		 2
#define STALL_NS	 (120 * NSEC_PER_SEC) /* without a byte taken by the recorder */

struct verifier {
	struct policy *policy; /* NULL: it cannot be read, and policy_diag says why */
	struct diag policy_diag;
	struct baseline *baseline;
	struct loop_source *pump;
	uint64_t sent;
	size_t last_queued;
	int64_t progress_ns;
	bool is_waiting; /* all is sent, the recorder's answer is to come */
	bool is_done;
};

/* Ends this load: one answer, whatever comes after. */
static void finish(struct child *child, int result, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void finish(struct child *child, int result, const char *format, ...)
{
	struct verifier *v = child->userdata;
	cleanup_message struct message answer = MESSAGE_INIT(MSG_LOAD_RESULT);
	char reason[1024];
	va_list args;

	v->pump = loop_remove(v->pump);
	if (v->is_done)
		return;
	v->is_done = true;
	va_start(args, format);
	(void)vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	m_put_i64(&answer, result);
	m_put_string(&answer, result == 0 ? baseline_get_digest(v->baseline) : NULL);
	m_put_string(&answer, reason);
	if (child->supervisor && channel_send(child->supervisor, &answer) < 0)
		log_warning(0, "the supervisor does not take the result");
}

static void finish_diag(struct child *child, int result, const struct diag *diag)
{
	char text[900];

	finish(child, result, "%s",
	       diag->text[0] ? diag_format(diag, text, sizeof(text)) : strerror(-result));
}

static int prepare(struct child *child)
{
	struct verifier *v = child->userdata;
	cleanup_strbuf struct strbuf ca = STRBUF_INIT;
	const char *path = child->config->approval_policy;
	uint8_t digest[SHA256_SIZE];
	int r;

	/* OpenSSL reads its settings now, not in the sandbox. */
	r = hash_buffer("", 0, digest);
	if (r < 0)
		return log_error(r, "cannot hash");
	r = fd_read_file(AT_FDCWD, child->config->approver_ca, CA_MAX_BYTES, &ca);
	if (r < 0)
		log_warning(r, "cannot read %s, approvals are judged without it",
			    child->config->approver_ca);
	/* Without its policy it lives on: it must be able to say why it refuses. */
	r = policy_new(path[0] ? path : NULL, ca.data, &v->policy, &v->policy_diag);
	return r == -ENOMEM ? r : 0;
}

/* Tells a person what is odd about approval @number though the load may go on. */
static void report(const struct baseline_approval *a, unsigned number, void *userdata)
{
	struct child *child = userdata;
	cleanup_free char *text = NULL;

	if (!a->refusal && !a->warning)
		return;
	if (asprintf(&text, "approval %u (%s): %s", number, a->name ? a->name : "unknown",
		     a->refusal ? a->refusal : a->warning) < 0) {
		text = NULL;
		return;
	}
	log_warning(0, "%s", text);
	child_report_degraded(child, "baseline approval", text);
}

static int judge_approvals(struct child *child, struct diag *diag)
{
	struct verifier *v = child->userdata;

	if (!v->policy) {
		*diag = v->policy_diag;
		return -ENOKEY;
	}
	return policy_judge(v->policy, v->baseline, report, child, diag);
}

/*
 * A certificate's time and its CA are judged once, when the baseline comes in. The stored one with
 * the digest of then stays in force: what has ended since is told, but must not disarm the agent.
 */
static int check_approvals(struct child *child, const char *accepted, struct diag *diag)
{
	struct verifier *v = child->userdata;
	struct diag why = {0};
	char text[900];
	int r;

	if (!accepted || strcmp(accepted, baseline_get_digest(v->baseline)) != 0)
		return judge_approvals(child, diag);
	r = judge_approvals(child, &why);
	if (r != -ENOKEY && r != -EKEYREJECTED)
		return r;
	(void)diag_format(&why, text, sizeof(text));
	log_warning(0, "The stored baseline would not be accepted today: %s", text);
	child_report_degraded(child, "approval of the stored baseline", text);
	return 0;
}

/* Reads every entry once before the first one is sent, so that the recorder never starts on a bad
 * file. */
static int check_entries(struct baseline *baseline, struct diag *diag)
{
	int r;

	do {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
	} while (r > 0);
	return r < 0 ? r : baseline_rewind(baseline);
}

static int send_begin(struct child *child)
{
	struct verifier *v = child->userdata;
	const struct baseline_statement *s = baseline_get_statement(v->baseline);
	cleanup_message struct message begin = MESSAGE_INIT(MSG_BASELINE_BEGIN);

	m_put_string(&begin, baseline_get_statement_json(v->baseline));
	m_put_string(&begin, baseline_get_digest(v->baseline));
	m_put_u64(&begin, s->revision);
	m_put_u64(&begin, s->entries);
	return channel_send(child->peers[ROLE_RECORDER], &begin);
}

static int send_rules(struct verifier *v, struct channel *channel)
{
	cleanup_message struct message rules = MESSAGE_INIT(MSG_BASELINE_RULES);
	size_t len;

	m_put_string(&rules, baseline_get_rules(v->baseline, &len));
	m_put_string(&rules, baseline_get_digest(v->baseline));
	return channel_send(channel, &rules);
}

static int send_end(struct child *child)
{
	struct verifier *v = child->userdata;
	cleanup_message struct message end = MESSAGE_INIT(MSG_BASELINE_END);

	v->is_waiting = true;
	m_put_u64(&end, v->sent);
	return channel_send(child->peers[ROLE_RECORDER], &end);
}

/* Sends entries until the queue is filled. 1 when there are more, 0 when all are sent. */
static int send_entries(struct child *child, struct diag *diag)
{
	struct verifier *v = child->userdata;
	struct channel *recorder = child->peers[ROLE_RECORDER];
	int r = 1;

	while (r > 0 && channel_queued(recorder) < QUEUE_LOW_BYTES) {
		cleanup_message struct message message = MESSAGE_INIT(MSG_BASELINE_ENTRY);
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(v->baseline, &entry, diag);
		if (r <= 0)
			break;
		m_put_file_fact(&message, &entry);
		r = channel_send(recorder, &message);
		if (r < 0)
			return r;
		r = 1;
		v->sent++;
		child->work++;
	}
	return r;
}

static bool is_stalled(struct verifier *v, size_t queued)
{
	int64_t now = clock_mono_ns();

	if (queued < v->last_queued || queued == 0)
		v->progress_ns = now;
	v->last_queued = queued;
	return now - v->progress_ns > STALL_NS;
}

static int on_pump(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	struct channel *recorder = child->peers[ROLE_RECORDER];
	struct diag diag = {0};
	int r = 1;

	if (!recorder) {
		finish(child, -EPIPE, "the recorder went away");
		return 0;
	}
	if (is_stalled(v, channel_queued(recorder))) {
		finish(child, -ETIMEDOUT, "the recorder does not take the entries");
		return 0;
	}
	if (!v->is_waiting)
		r = send_entries(child, &diag);
	if (r == 0)
		r = send_end(child);
	if (r < 0)
		finish_diag(child, r, &diag);
	return 0;
}

static int begin(struct child *child, int fd, const char *name, const char *accepted,
		 struct diag *diag)
{
	struct verifier *v = child->userdata;
	int r;

	r = baseline_open(fd, name, &v->baseline, diag);
	if (r == 0)
		r = check_approvals(child, accepted, diag);
	if (r == 0)
		r = check_entries(v->baseline, diag);
	if (r < 0)
		return r;
	if (baseline_get_statement(v->baseline)->entries == 0)
		return diag_set(diag, name, 0, -EINVAL, "it has no entries");
	if (!child->peers[ROLE_RECORDER])
		return diag_set(diag, "", 0, -ENOTCONN, "the recorder is away");
	r = send_begin(child);
	if (r == 0)
		r = send_rules(v, child->peers[ROLE_RECORDER]);
	if (r == 0)
		r = loop_add_timer(child->loop, 1, PUMP_MS, on_pump, child, &v->pump);
	v->progress_ns = clock_mono_ns();
	return r;
}

static int on_load(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	cleanup_free char *name = m_get_string(message);
	cleanup_free char *accepted = m_get_string(message);
	struct diag diag = {0};
	int r;

	if (message_check(message) < 0 || !name || message->fd < 0 || v->baseline || v->is_done)
		return -EBADMSG;
	r = begin(child, message->fd, name, accepted, &diag);
	if (r < 0)
		finish_diag(child, r, &diag);
	return 0;
}

static int on_baseline_result(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	int64_t result = m_get_i64(message);
	cleanup_free char *reason = m_get_string(message);
	int r;

	if (message_check(message) < 0 || !v->is_waiting || result > 0 || result < -4095)
		return -EBADMSG;
	if (result < 0) {
		finish(child, (int)result, "%s", reason ? reason : "refused by the recorder");
		return 0;
	}
	/* A sensor that is away gets them when it is back: the stored baseline is then loaded
	 * again. */
	if (child->peers[ROLE_SENSOR]) {
		r = send_rules(v, child->peers[ROLE_SENSOR]);
		if (r < 0)
			log_warning(r, "cannot give the rules to the sensor");
	}
	finish(child, 0, "%" PRIu64 " entries", v->sent);
	return 0;
}

int main(int argc, char **argv)
{
	static const channel_handler handlers[MSG_COUNT] = {
		[MSG_LOAD] = on_load,
		[MSG_BASELINE_RESULT] = on_baseline_result,
	};
	const struct child_ops ops = {
		.role = ROLE_VERIFIER,
		.max_queued_bytes = MAX_QUEUED_BYTES,
		.prepare = prepare,
		.handlers = handlers,
		.handler_count = MSG_COUNT,
	};
	struct verifier verifier = {0};
	int status;

	status = child_main(argc, argv, &ops, &verifier);
	baseline_close(verifier.baseline);
	policy_free(verifier.policy);
	return status;
}
