/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline-verifier: trusts. Runs once per load.
 *
 * It alone parses baseline files: digests, statement, entries, rules and
 * approvals of each layer, and what the layers are together. What holds goes to
 * the recorder entry by entry; the recorder, who remembers, has the last word
 * (older revision, collapsed in size). Only then the sensor gets which
 * content may become code and the rules, and the supervisor the result.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "baseline/layers.h"
#include "baseline/policy.h"
#include "privsep/child.h"
#include "privsep/payload.h"

#define CA_MAX_BYTES	 ((size_t)1 << 20)
#define MAX_QUEUED_BYTES ((size_t)2 << 20)
#define QUEUE_LOW_BYTES	 ((size_t)512 << 10) /* below it the next entries are read */
#define PUMP_MS		 2
#define STALL_NS	 (120 * NSEC_PER_SEC) /* without a byte taken by the recorder */

/* How approvals of one layer are judged. */
struct judge {
	struct policy *policy; /* NULL: it cannot be read, and @diag says why */
	struct diag diag;
};

/* A file that is in force already. */
struct stored {
	int fd;		/* -1: there is none */
	char *accepted; /* its digest when it was judged; NULL */
};

struct verifier {
	struct judge judges[LAYER_COUNT];
	struct stored stored[LAYER_COUNT];
	enum load_change change;
	enum layer changed; /* which comes or goes; LAYER_NONE */
	struct layers *layers;
	struct loop_source *pump;
	uint64_t entries, sent;
	struct decision *decisions; /* of the entries that may become code, sorted, each once */
	size_t decision_count, decision_room;
	size_t decisions_sent;
	bool is_accepted; /* by the recorder: the decisions go to the sensor */
	size_t last_queued;
	int64_t progress_ns;
	bool has_load;
	bool is_waiting; /* all is sent, the recorder's answer is to come */
	bool is_done;
};

/* Which files are in force from now on. */
static void put_digests(const struct verifier *v, bool is_good, struct message *answer)
{
	m_put_u64(answer, is_good ? layers_count(v->layers) : 0);
	for (enum layer layer = LAYER_FIRST; is_good && layer < LAYER_COUNT; layer++) {
		const struct baseline *baseline = layers_get(v->layers, layer);

		if (!baseline)
			continue;
		m_put_string(answer, layer_name(layer));
		m_put_string(answer, baseline_get_digest(baseline));
	}
}

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
	m_put_string(&answer,
		     result == 0 && v->change == LOAD_COMES ? layer_name(v->changed) : NULL);
	m_put_string(&answer, reason);
	put_digests(v, result == 0, &answer);
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
	/* Without a policy it lives on: it must be able to say why it refuses. */
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		struct judge *judge = &v->judges[layer];

		r = policy_new(config_policy_of(child->config, layer), ca.data, &judge->policy,
			       &judge->diag);
		if (r == -ENOMEM)
			return r;
	}
	return 0;
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

static int judge_approvals(struct child *child, struct baseline *baseline, struct diag *diag)
{
	struct verifier *v = child->userdata;
	enum layer layer;
	int r;

	r = layer_parse(baseline_get_statement(baseline)->layer, &layer);
	if (r < 0)
		return r;
	if (!v->judges[layer].policy) {
		*diag = v->judges[layer].diag;
		return -ENOKEY;
	}
	return policy_judge(v->judges[layer].policy, baseline, report, child, diag);
}

/*
 * A certificate's time and its CA are judged once, when the baseline comes in. The stored one with
 * the digest of then stays in force: what has ended since is told, but must not disarm the agent.
 */
static int check_approvals(struct child *child, struct baseline *baseline, const char *accepted,
			   struct diag *diag)
{
	struct diag why = {0};
	char text[900];
	int r;

	if (!accepted || strcmp(accepted, baseline_get_digest(baseline)) != 0)
		return judge_approvals(child, baseline, diag);
	r = judge_approvals(child, baseline, &why);
	if (r != -ENOKEY && r != -EKEYREJECTED)
		return r;
	(void)diag_format(&why, text, sizeof(text));
	log_warning(0, "The stored baseline would not be accepted today: %s", text);
	child_report_degraded(child, "approval of the stored baseline", text);
	return 0;
}

static int add_file(struct child *child, int fd, const char *name, const char *accepted,
		    struct diag *diag)
{
	struct verifier *v = child->userdata;
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	int r;

	r = baseline_open(fd, name, &baseline, diag);
	if (r == 0)
		r = check_approvals(child, baseline, accepted, diag);
	if (r == 0 && baseline_get_statement(baseline)->entries == 0)
		r = diag_set(diag, name, 0, -EINVAL, "it has no entries");
	return r < 0 ? r : layers_add(v->layers, TAKE_PTR(baseline), diag);
}

/* The stored files but the one that is replaced or taken out: that may be a bad one. */
static int add_stored(struct child *child, struct diag *diag)
{
	struct verifier *v = child->userdata;
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		struct stored *stored = &v->stored[layer];
		char name[32];

		if (stored->fd < 0 || layer == v->changed)
			continue;
		(void)snprintf(name, sizeof(name), "%s.tar", layer_name(layer));
		r = add_file(child, stored->fd, name, stored->accepted, diag);
		if (r == 0 && !layers_get(v->layers, layer))
			r = diag_set(diag, name, 0, -EBADMSG, "it is of another layer");
	}
	return r;
}

/* Every entry is read once before the first one is sent, so that the recorder never starts on a bad
 * file. */
static int resolve(struct child *child, int fd, const char *name, struct diag *diag)
{
	struct verifier *v = child->userdata;
	int r;

	r = layers_new(&v->layers);
	if (r == 0 && v->change == LOAD_COMES)
		r = add_file(child, fd, name, NULL, diag);
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++)
		if (layers_get(v->layers, layer))
			v->changed = layer;
	if (r == 0)
		r = add_stored(child, diag);
	if (r == 0 && v->change == LOAD_GOES && layers_count(v->layers) == 0)
		r = diag_set(diag, "", 0, -EPERM,
			     "it is the only layer; load another one in its "
			     "place");
	if (r == 0)
		r = layers_combine(v->layers, diag);
	if (r == 0)
		r = layers_check(v->layers, &v->entries, diag);
	if (r == 0 && v->entries == 0)
		r = diag_set(diag, name, 0, -EINVAL, "it has no entries");
	return r;
}

static int send_begin(struct child *child)
{
	struct verifier *v = child->userdata;
	cleanup_message struct message begin = MESSAGE_INIT(MSG_BASELINE_BEGIN);
	int r;

	m_put_string(&begin, layers_digest(v->layers));
	m_put_u64(&begin, v->entries);
	m_put_u32(&begin, v->change);
	m_put_string(&begin, v->changed ? layer_name(v->changed) : NULL);
	m_put_u64(&begin, layers_count(v->layers));
	r = channel_send(child->peers[ROLE_RECORDER], &begin);
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		cleanup_message struct message message = MESSAGE_INIT(MSG_BASELINE_LAYER);
		const struct baseline *baseline = layers_get(v->layers, layer);

		if (!baseline)
			continue;
		m_put_string(&message, baseline_get_statement_json(baseline));
		m_put_string(&message, baseline_get_digest(baseline));
		r = channel_send(child->peers[ROLE_RECORDER], &message);
	}
	return r;
}

static int send_rules(struct verifier *v, struct channel *channel)
{
	cleanup_message struct message rules = MESSAGE_INIT(MSG_BASELINE_RULES);
	size_t len;

	m_put_string(&rules, layers_rules_text(v->layers, &len));
	m_put_string(&rules, layers_digest(v->layers));
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

static int note_decision(struct verifier *v, const struct file_fact *entry)
{
	struct decision *decision;

	if (!decision_is_for(entry))
		return 0;
	if (v->decision_count == DECISIONS_MAX)
		return -E2BIG;
	if (array_grow(&v->decisions, v->decision_count, &v->decision_room, sizeof(*decision)) < 0)
		return -ENOMEM;
	decision = &v->decisions[v->decision_count++];
	memcpy(decision->sha256, entry->sha256, SHA256_SIZE);
	decision->kind = DECISION_APPROVED;
	return 0;
}

static int compare_decisions(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct decision));
}

/* The same content at several paths is one decision. */
static void sort_decisions(struct verifier *v)
{
	size_t kept = 0;

	if (v->decision_count > 0)
		qsort(v->decisions, v->decision_count, sizeof(*v->decisions), compare_decisions);
	for (size_t i = 0; i < v->decision_count; i++)
		if (kept == 0 || compare_decisions(&v->decisions[kept - 1], &v->decisions[i]) != 0)
			v->decisions[kept++] = v->decisions[i];
	v->decision_count = kept;
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

		r = layers_next(v->layers, &entry, diag);
		if (r <= 0)
			break;
		m_put_file_fact(&message, &entry);
		r = note_decision(v, &entry);
		if (r == 0)
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

static int send_decisions_begin(struct verifier *v, struct channel *sensor)
{
	cleanup_message struct message begin = MESSAGE_INIT(MSG_DECISIONS_BEGIN);

	sort_decisions(v);
	m_put_u64(&begin, v->decision_count);
	m_put_string(&begin, layers_digest(v->layers));
	return channel_send(sensor, &begin);
}

/* 1 when there are more, 0 when the sensor has been sent all, and the rules after them. */
static int send_decisions(struct verifier *v, struct channel *sensor)
{
	cleanup_message struct message end = MESSAGE_INIT(MSG_DECISIONS_END);
	int r = 0;

	while (r == 0 && v->decisions_sent < v->decision_count) {
		cleanup_message struct message part = MESSAGE_INIT(MSG_DECISIONS);
		size_t n = v->decision_count - v->decisions_sent;

		if (channel_queued(sensor) >= QUEUE_LOW_BYTES)
			return 1;
		if (n > DECISIONS_A_MESSAGE)
			n = DECISIONS_A_MESSAGE;
		m_put_decisions(&part, v->decisions + v->decisions_sent, n);
		r = channel_send(sensor, &part);
		v->decisions_sent += n;
	}
	if (r < 0)
		return r;
	m_put_u64(&end, v->decision_count);
	r = channel_send(sensor, &end);
	return r < 0 ? r : send_rules(v, sensor);
}

/* A sensor that is away, or does not listen, gets all of it when it is back: the stored baseline is
 * then loaded again. */
static int pump_decisions(struct child *child)
{
	struct verifier *v = child->userdata;
	struct channel *sensor = child->peers[ROLE_SENSOR];
	int r = 0;

	if (sensor && is_stalled(v, channel_queued(sensor)))
		r = -ETIMEDOUT;
	else if (sensor)
		r = send_decisions(v, sensor);
	if (r > 0)
		return 0;
	if (r < 0)
		log_warning(r, "cannot give decisions and rules to the sensor");
	finish(child, 0, "%s", layers_digest(v->layers));
	return 0;
}

static int on_pump(struct loop *loop, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	struct channel *recorder = child->peers[ROLE_RECORDER];
	struct diag diag = {0};
	int r = 1;

	if (v->is_accepted)
		return pump_decisions(child);
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

static int begin(struct child *child, int fd, const char *name, struct diag *diag)
{
	struct verifier *v = child->userdata;
	int r;

	r = resolve(child, fd, name, diag);
	if (r < 0)
		return r;
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

static int on_layer(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	cleanup_free char *name = m_get_string(message);
	cleanup_free char *accepted = m_get_string(message);
	enum layer layer;

	if (message_check(message) < 0 || layer_parse(name, &layer) < 0 || message->fd < 0 ||
	    v->has_load || v->stored[layer].fd >= 0)
		return -EBADMSG;
	v->stored[layer].fd = TAKE_FD(message->fd);
	v->stored[layer].accepted = TAKE_PTR(accepted);
	return 0;
}

static int on_load(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct verifier *v = child->userdata;
	cleanup_free char *name = m_get_string(message);
	uint32_t change = m_get_u32(message);
	cleanup_free char *gone = m_get_string(message);
	struct diag diag = {0};
	int r;

	if (message_check(message) < 0 || !name || v->has_load || change >= LOAD_CHANGE_COUNT ||
	    (message->fd >= 0) != (change == LOAD_COMES) || (gone != NULL) != (change == LOAD_GOES))
		return -EBADMSG;
	if (gone && layer_parse(gone, &v->changed) < 0)
		return -EBADMSG;
	v->has_load = true;
	v->change = change;
	r = begin(child, message->fd, name, &diag);
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
	v->is_accepted = true;
	v->last_queued = 0;
	if (child->peers[ROLE_SENSOR]) {
		r = send_decisions_begin(v, child->peers[ROLE_SENSOR]);
		if (r < 0)
			log_warning(r, "cannot begin to give decisions to the sensor");
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const channel_handler handlers[MSG_COUNT] = {
		[MSG_LAYER] = on_layer,
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

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		verifier.stored[layer].fd = -1;
	status = child_main(argc, argv, &ops, &verifier);
	layers_free(verifier.layers);
	free(verifier.decisions);
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		policy_free(verifier.judges[layer].policy);
		cleanup_closep(&verifier.stored[layer].fd);
		free(verifier.stored[layer].accepted);
	}
	return status;
}
