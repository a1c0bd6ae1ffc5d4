/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way out: batches to the reporter, acknowledgements back, and chain heads
 * signed by the supervisor.
 *
 * Only committed records are sent. A batch always starts after the last
 * acknowledged record, so a lost answer costs a repeat and nothing else; the
 * collector knows repeats by their sequence numbers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"
#include "wire/batch.h"

#define PART_BYTES	  60000
#define REPORTER_EVERY_NS (2 * NSEC_PER_SEC)
#define HEAD_EVERY_NS	  (10 * NSEC_PER_SEC)
#define HEAD_TOLD_EVERY_S 60
/* Below what the collector takes for an end of observation (15 minutes). */
#define ALIVE_EVERY_NS (10 * 60 * NSEC_PER_SEC)
#define SIGNATURE_MAX  256
#define HTTP_TOO_LARGE 413

int recorder_emit_hello(struct recorder *recorder)
{
	const char *digest = baseline_index_digest(recorder->index);
	cleanup_free char *profile = NULL;
	struct wire_record record = {
		.type = WIRE_HELLO,
		.hello =
			{
				.agent = recorder->child->config->name,
				.version = (char *)PLUMBLINE_VERSION,
				.rung = recorder->rung,
				.rung_reason = recorder->rung_reason,
				.kernel = recorder->kernel,
				.os = recorder->os,
				.baseline = *digest ? (char *)digest : NULL,
				.evidence_key = recorder->evidence_key,
				.time_ns = clock_real_ns(),
			},
	};
	int r;

	r = record_get(recorder->record, "profile", &profile);
	if (r < 0 && r != -ENOENT)
		return r;
	record.hello.profile = profile;
	return recorder_emit(recorder, &record, NULL);
}

/* ---- batches */

struct build {
	struct batch_builder *builder;
	unsigned left;
	uint64_t last;
};

static int add_record(uint64_t sequence, const char *type, const void *payload, size_t len,
		      const uint8_t chain[static SHA256_SIZE], void *userdata)
{
	struct build *build = userdata;
	int r;

	if (!build->left)
		return 1;
	r = batch_builder_add(build->builder, sequence, payload, len);
	if (r == -ENOSPC)
		return 1;
	if (r < 0)
		return r;
	build->left--;
	build->last = sequence;
	return 0;
}

int recorder_build_batch(struct recorder *recorder, uint64_t first, struct strbuf *out,
			 uint64_t *ret_last)
{
	cleanup_with(batch_builder_freep) struct batch_builder *builder = NULL;
	struct build build = {.left = recorder->batch_records};
	uint8_t chain[SHA256_SIZE];
	struct record_head head;
	int r;

	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	if (first > head.committed)
		return 0;
	r = record_chain_before(recorder->record, first, chain);
	if (r < 0)
		return r;
	r = batch_builder_new(recorder->child->config->name, first, chain, &builder);
	if (r < 0)
		return r;
	build.builder = builder;
	r = record_each(recorder->record, first, add_record, &build);
	if (r < 0)
		return r;
	if (!build.last)
		return -EBADMSG; /* not one record fits: it was not written by this program */
	r = batch_builder_finish(builder, out, NULL);
	if (r < 0)
		return r;
	*ret_last = build.last;
	return 1;
}

static int send_parts(struct channel *reporter, uint64_t first, uint64_t last,
		      const struct strbuf *frame)
{
	uint64_t parts = (frame->len + PART_BYTES - 1) / PART_BYTES;
	int r;

	for (uint64_t part = 0; part < parts; part++) {
		cleanup_message struct message message = MESSAGE_INIT(MSG_BATCH_PART);
		size_t from = part * PART_BYTES;
		size_t len = frame->len - from < PART_BYTES ? frame->len - from : PART_BYTES;

		m_put_u64(&message, first);
		m_put_u64(&message, last);
		m_put_u64(&message, part);
		m_put_u64(&message, parts);
		m_put_bytes(&message, frame->data + from, len);
		r = channel_send(reporter, &message);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A reporter without work has ended, and comes back for what waits now. One that crashed comes
 * back without this. */
static int want_reporter(struct recorder *recorder, const struct record_head *head)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_REPORT_WANT);
	struct child *child = recorder->child;
	int64_t now_ns = clock_boot_ns();

	if (!child->config->url[0] || !child->supervisor || child->peers[ROLE_REPORTER] ||
	    head->committed <= head->acked ||
	    (recorder->reporter_asked_ns &&
	     now_ns - recorder->reporter_asked_ns < REPORTER_EVERY_NS))
		return 0;
	recorder->reporter_asked_ns = now_ns;
	return channel_send(child->supervisor, &message);
}

static int send_batch(struct recorder *recorder)
{
	struct channel *reporter = recorder->child->peers[ROLE_REPORTER];
	cleanup_strbuf struct strbuf frame = STRBUF_INIT;
	struct record_head head;
	uint64_t last;
	int r;

	if (!recorder->is_wanted || !reporter)
		return 0;
	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	r = recorder_build_batch(recorder, head.acked + 1, &frame, &last);
	if (r <= 0)
		return r;
	recorder->is_wanted = false;
	return send_parts(reporter, head.acked + 1, last, &frame);
}

int recorder_on_want(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	int r;

	if (message_check(message) < 0)
		return -EBADMSG;
	recorder->is_wanted = true;
	r = send_batch(recorder);
	if (r < 0)
		log_error(r, "The next batch could not be handed to the reporter");
	return 0;
}

int recorder_on_ack(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	uint64_t sequence = m_get_u64(message);
	int r;

	if (message_check(message) < 0)
		return -EBADMSG;
	child->work++;
	r = record_ack(recorder->record, sequence);
	if (r == -ERANGE)
		return -EBADMSG; /* nobody can have committed what was never sent */
	if (r == 0)
		r = recorder_resolve_agent(recorder, FINDING_AGENT_DEGRADED, "collector");
	return recorder_settle(recorder, r);
}

int recorder_on_reject(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	uint64_t first = m_get_u64(message), status = m_get_u64(message);
	cleanup_free char *reason = m_get_string(message);
	cleanup_free char *actual = NULL, *detail = NULL;

	if (message_check(message) < 0)
		return -EBADMSG;
	log_warning(0, "The collector refused the batch from record %" PRIu64 " (%" PRIu64 "): %s",
		    first, status, reason ? reason : "no reason given");
	if (status == HTTP_TOO_LARGE && recorder->batch_records > 1)
		recorder->batch_records /= 2;
	if (asprintf(&actual, "HTTP %" PRIu64, status) < 0)
		return recorder_settle(recorder, -ENOMEM);
	if (asprintf(&detail,
		     "The collector refuses records from this agent: %s. They stay here until "
		     "it takes them.",
		     reason ? reason : "no reason given") < 0)
		return recorder_settle(recorder, -ENOMEM);
	return recorder_settle(recorder, recorder_put_agent(recorder, FINDING_AGENT_DEGRADED,
							    "collector", actual, detail));
}

int recorder_on_link(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	uint32_t up = m_get_u32(message);
	cleanup_free char *url = m_get_string(message);
	cleanup_free char *reason = m_get_string(message);

	if (message_check(message) < 0 || up > 1)
		return -EBADMSG;
	recorder->link_up = up;
	if (recorder_set_text(&recorder->link_url, url) < 0 ||
	    recorder_set_text(&recorder->link_reason, reason) < 0)
		log_error(-ENOMEM, "The state of the link could not be kept");
	return 0;
}

/* ---- chain heads */

static int base64(const uint8_t *data, size_t len, char **ret_text)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789+/";
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = (uint32_t)data[i] << 16;

		if (i + 1 < len)
			bits |= (uint32_t)data[i + 1] << 8;
		if (i + 2 < len)
			bits |= data[i + 2];
		strbuf_add_char(&sb, digits[bits >> 18 & 63]);
		strbuf_add_char(&sb, digits[bits >> 12 & 63]);
		strbuf_add_char(&sb, i + 1 < len ? digits[bits >> 6 & 63] : '=');
		strbuf_add_char(&sb, i + 2 < len ? digits[bits & 63] : '=');
	}
	*ret_text = strbuf_take(&sb);
	return *ret_text ? 0 : -ENOMEM;
}

/* Right after a commit the hash in memory is the committed one. A head alone asks for no further
 * head. */
static int ask_head(struct recorder *recorder, const struct record_head *head)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_HEAD);
	struct child *child = recorder->child;
	int64_t now_ns = clock_boot_ns();

	if (!child->supervisor || recorder->data_sequence <= recorder->signed_sequence ||
	    head->committed != head->sequence ||
	    (recorder->head_asked_ns && now_ns - recorder->head_asked_ns < HEAD_EVERY_NS))
		return 0;
	recorder->head_asked_ns = now_ns;
	m_put_u64(&message, head->committed);
	m_put_bytes(&message, head->chain, SHA256_SIZE);
	return channel_send(child->supervisor, &message);
}

/* Keeps the signed head for the next record of it; the signature stays in the store as well. */
static int keep_head(struct recorder *recorder, uint64_t sequence,
		     const uint8_t chain[static SHA256_SIZE], char *signature, char *key_id)
{
	struct wire_head *head = &recorder->head;
	struct wire_record record = {.type = WIRE_HEAD};
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	free(head->signature);
	free(head->key_id);
	head->sequence = sequence;
	head->signature = signature;
	head->key_id = key_id;
	hex_encode(chain, SHA256_SIZE, head->chain);
	recorder->signed_sequence = sequence;
	record.head = *head;
	r = codec_encode(&record, &recorder->policy, &text);
	if (r < 0)
		return r;
	r = record_set(recorder->record, "signed_head", text.data);
	return r < 0 ? r : record_keep_signed(recorder->record, sequence, text.data);
}

int recorder_on_head_signed(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	uint64_t sequence = m_get_u64(message);
	size_t chain_len, signature_len;
	const uint8_t *chain = m_get_bytes(message, &chain_len);
	const uint8_t *signature = m_get_bytes(message, &signature_len);
	cleanup_free char *key_id = m_get_string(message);
	cleanup_free char *text = NULL;
	int r;

	if (message_check(message) < 0 || chain_len != SHA256_SIZE || !signature_len ||
	    signature_len > SIGNATURE_MAX || !key_id)
		return -EBADMSG;
	r = base64(signature, signature_len, &text);
	if (r < 0)
		return recorder_settle(recorder, r);
	recorder->is_head_told = false;
	return recorder_settle(recorder, keep_head(recorder, sequence, chain, TAKE_PTR(text),
						   TAKE_PTR(key_id)));
}

/* What was signed before a restart is still the newest. */
int recorder_outbox_start(struct recorder *recorder)
{
	cleanup_wire_record struct wire_record record = {0};
	cleanup_free char *text = NULL;
	int r;

	r = record_get(recorder->record, "signed_head", &text);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = codec_decode(text, strlen(text), &record, NULL);
	if (r < 0 || record.type != WIRE_HEAD)
		return r == -ENOMEM ? r : 0; /* the next one replaces it */
	recorder->head = record.head;
	record.head = (struct wire_head){0};
	recorder->signed_sequence = recorder->head.sequence;
	recorder->is_head_told = true;
	return 0;
}

/* While the reporter is there: it is not to be started again for a head alone. */
static int64_t head_pause_ns(const struct recorder *recorder)
{
	uint64_t linger_s = recorder->child->config->linger_s;

	return linger_s < 2 * HEAD_TOLD_EVERY_S ? (int64_t)linger_s * NSEC_PER_SEC / 2
						: HEAD_TOLD_EVERY_S * NSEC_PER_SEC;
}

static int tell_head(struct recorder *recorder)
{
	struct wire_record record = {.type = WIRE_HEAD, .head = recorder->head};
	int64_t now_ns = clock_boot_ns();

	if (!recorder->head.signature || recorder->is_head_told ||
	    (recorder->head_told_ns && now_ns - recorder->head_told_ns < head_pause_ns(recorder)))
		return 0;
	recorder->head_told_ns = now_ns;
	recorder->is_head_told = true;
	return recorder_emit(recorder, &record, NULL);
}

/* ---- keeping honest about what did not fit */

static int tell_folded(struct recorder *recorder, const struct record_head *head)
{
	cleanup_free char *detail = NULL;

	if (head->folded <= recorder->folded_told)
		return 0;
	if (asprintf(&detail,
		     "The outbox is full: %" PRIu64 " records were folded into counts since the "
		     "agent was installed. Findings are kept and told when there is room.",
		     head->folded) < 0)
		return -ENOMEM;
	/* Telling this may fold one record more; that one needs no telling. */
	recorder->folded_told = head->folded + 1;
	return recorder_put_agent(recorder, FINDING_AGENT_GAP, "outbox", "full", detail);
}

static int tell_lost(struct recorder *recorder)
{
	cleanup_free char *detail = NULL;
	int r;

	if (!recorder->lost_changes)
		return 0;
	if (asprintf(&detail, "%" PRIu64 " changes could not be stored and were given up.",
		     recorder->lost_changes) < 0)
		return -ENOMEM;
	r = recorder_put_agent(recorder, FINDING_AGENT_GAP, "store", "could not be written",
			       detail);
	if (r == 0)
		recorder->lost_changes = 0;
	return r;
}

/* An agent at rest has a head signed over what it told last: a dead one, or one whose link is cut,
 * cannot say so, and the collector sees the difference. Only once all that was told before is
 * there, lest a collector that is away for long gets nothing but these. */
static void stay_alive(struct recorder *recorder, const struct record_head *head)
{
	if (recorder->child->config->url[0] && head->acked == head->sequence &&
	    clock_boot_ns() - recorder->emitted_ns >= ALIVE_EVERY_NS)
		recorder->data_sequence = head->sequence;
}

bool recorder_outbox_is_due(const struct recorder *recorder)
{
	return recorder->data_sequence > recorder->signed_sequence || recorder->lost_changes ||
	       (recorder->head.signature && !recorder->is_head_told);
}

int recorder_outbox_tick(struct recorder *recorder)
{
	struct record_head head;
	int r;

	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	r = tell_lost(recorder);
	if (r < 0)
		return r;
	r = tell_folded(recorder, &head);
	if (r < 0)
		return r;
	r = tell_head(recorder);
	if (r < 0)
		return r;
	stay_alive(recorder, &head);
	if (ask_head(recorder, &head) < 0)
		log_debug("The supervisor is busy; the chain head is asked for later");
	if (want_reporter(recorder, &head) < 0)
		log_debug("The supervisor is busy; the reporter is asked for later");
	return recorder_send_owed(recorder);
}

void recorder_outbox_committed(struct recorder *recorder)
{
	struct record_head head;
	int r;

	r = record_get_head(recorder->record, &head);
	if (r == 0)
		r = ask_head(recorder, &head);
	if (r < 0)
		log_warning(r, "The chain head could not be sent for signing");
	else if (want_reporter(recorder, &head) < 0)
		log_debug("The supervisor is busy; the reporter is asked for later");
	r = send_batch(recorder);
	if (r < 0)
		log_error(r, "The next batch could not be handed to the reporter");
}
