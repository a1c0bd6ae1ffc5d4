/* SPDX-License-Identifier: Apache-2.0 */
/* Decides which records are new and true; see ingest.h. */
#include "ingest.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "incidents.h"
#include "wire/batch.h"
#include "wire/signature.h"

/* A batch on its way into the store. */
struct intake {
	struct store *store;
	struct batch *batch;
	struct wire_record *records; /* header->count, decoded */
	struct store_agent agent;
	int64_t now_ns;
	struct ingest_result *result;
};

static int refuse(struct ingest_result *result, enum ingest_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct ingest_result *result, enum ingest_status status, const char *format, ...)
{
	va_list args;

	result->status = status;
	va_start(args, format);
	vsnprintf(result->error, sizeof(result->error), format, args);
	va_end(args);
	return -EBADMSG;
}

static int refuse_store(struct ingest_result *result, int r)
{
	if (r == -EBUSY)
		return refuse(result, INGEST_BUSY, "the store is busy");
	return refuse(result, INGEST_UNAVAILABLE, "the store failed: %s", strerror(-r));
}

static void intake_done(struct intake *intake)
{
	for (size_t i = 0; intake->records && i < batch_get_header(intake->batch)->count; i++)
		wire_record_done(&intake->records[i]);
	free(intake->records);
	store_agent_done(&intake->agent);
	batch_free(intake->batch);
}

static int parse(struct intake *intake, const char *peer, const void *frame, size_t len)
{
	struct ingest_result *result = intake->result;
	const struct batch_header *header;
	struct diag diag = {0};
	char text[600];
	int r;

	r = batch_parse(frame, len, &intake->batch, &diag);
	if (r == -ENOMEM)
		return refuse(result, INGEST_BUSY, "out of memory");
	if (r < 0)
		return refuse(result, r == -E2BIG ? INGEST_TOO_LARGE : INGEST_MALFORMED, "%s",
			      diag_format(&diag, text, sizeof(text)));

	header = batch_get_header(intake->batch);
	str_copy(result->agent, sizeof(result->agent), header->agent);
	if (peer && strcmp(peer, header->agent) != 0)
		return refuse(result, INGEST_FORBIDDEN, "a batch of agent '%s' came from '%s'",
			      header->agent, peer);
	return 0;
}

static int decode(struct intake *intake)
{
	const struct batch_header *header = batch_get_header(intake->batch);

	intake->records = calloc(header->count, sizeof(*intake->records));
	if (!intake->records)
		return refuse(intake->result, INGEST_BUSY, "out of memory");

	for (size_t i = 0; i < header->count; i++) {
		struct wire_record *record = &intake->records[i];
		struct diag diag = {0};
		const char *json;
		size_t len;

		batch_get_record(intake->batch, i, &json, &len);
		if (codec_decode(json, len, record, &diag) < 0)
			return refuse(intake->result, INGEST_MALFORMED, "record %" PRIu64 ": %s",
				      header->first + i, diag.text);
		if (record->type == WIRE_BATCH)
			return refuse(intake->result, INGEST_MALFORMED,
				      "record %" PRIu64 ": a batch within a batch",
				      header->first + i);
	}
	return 0;
}

static int load_agent(struct intake *intake)
{
	const struct batch_header *header = batch_get_header(intake->batch);
	struct store *store = intake->store;
	int r;

	r = store->ops->get_agent(store, header->agent, &intake->agent);
	if (r == -ENOENT) {
		str_copy(intake->agent.name, sizeof(intake->agent.name), header->agent);
		intake->agent.first_seen_ns = intake->now_ns;
		return 0;
	}
	return r < 0 ? refuse_store(intake->result, r) : 0;
}

/*
 * The stored chain and the batch's must agree at the last record that both know. A hash stands for
 * all before it, so this one comparison covers every record they share.
 */
static int check_continuity(struct intake *intake)
{
	const struct batch_header *header = batch_get_header(intake->batch);
	const struct store_agent *agent = &intake->agent;
	uint64_t common = header->last < agent->last_seq ? header->last : agent->last_seq;
	uint8_t stored[SHA256_SIZE], sent[SHA256_SIZE];
	struct store *store = intake->store;
	int r = 0;

	if (header->first > agent->last_seq + 1) {
		intake->result->expected_first = agent->last_seq + 1;
		return refuse(intake->result, INGEST_CONFLICT,
			      "batch begins at %" PRIu64 ", but the next record is %" PRIu64,
			      header->first, agent->last_seq + 1);
	}

	if (common == agent->last_seq)
		memcpy(stored, agent->chain, sizeof(stored));
	else
		r = store->ops->get_chain(store, agent->name, common, stored);
	if (r < 0 && r != -ENOENT)
		return refuse_store(intake->result, r);
	if (r == -ENOENT || batch_get_chain(intake->batch, common, sent) < 0 ||
	    memcmp(stored, sent, sizeof(sent)) != 0)
		return refuse(intake->result, INGEST_CONFLICT,
			      "chain breaks: records up to %" PRIu64
			      " are not those that are stored",
			      common);
	return 0;
}

static int replace(char **slot, const char *text, size_t len)
{
	char *copy = strndup(text, len);

	if (!copy)
		return -ENOMEM;
	free(*slot);
	*slot = copy;
	return 0;
}

/* Who the agent is. Its evidence key is believed once, over mutual TLS, and may not change
 * silently. */
static int take_hello(struct intake *intake, const struct wire_hello *hello, const char *json,
		      size_t len)
{
	struct store_agent *agent = &intake->agent;
	const char *key = hello->evidence_key;
	int r = 0;

	if (strcmp(hello->agent, agent->name) != 0)
		return refuse(intake->result, INGEST_FORBIDDEN, "hello of '%s' in a batch of '%s'",
			      hello->agent, agent->name);
	if (key && agent->evidence_key && strcmp(key, agent->evidence_key) != 0)
		return refuse(intake->result, INGEST_FORBIDDEN,
			      "the evidence key of '%s' is not the one it first came with",
			      agent->name);
	if (key && !agent->evidence_key)
		r = replace(&agent->evidence_key, key, strlen(key));
	r = r ?: replace(&agent->hello, json, len);
	return r < 0 ? refuse(intake->result, INGEST_BUSY, "out of memory") : 0;
}

/* The chain after @seq, from the batch or the store. */
static int known_chain(struct intake *intake, uint64_t seq, uint8_t ret_chain[static SHA256_SIZE])
{
	struct store *store = intake->store;

	if (batch_get_chain(intake->batch, seq, ret_chain) == 0)
		return 0;
	return store->ops->get_chain(store, intake->agent.name, seq, ret_chain);
}

static int take_head(struct intake *intake, uint64_t own_seq, const struct wire_head *head)
{
	struct store_agent *agent = &intake->agent;
	uint8_t chain[SHA256_SIZE], signed_chain[SHA256_SIZE];
	char id[SHA256_HEX_SIZE], text[256];
	int n, r;

	if (!agent->evidence_key)
		return refuse(intake->result, INGEST_FORBIDDEN,
			      "record %" PRIu64
			      ": a signed head, but '%s' has sent no evidence key",
			      own_seq, agent->name);
	if (signature_key_id(agent->evidence_key, id) < 0 || strcmp(id, head->key_id) != 0)
		return refuse(intake->result, INGEST_FORBIDDEN,
			      "record %" PRIu64
			      ": head is signed with key %.64s, not with that of '%s'",
			      own_seq, head->key_id, agent->name);

	r = head->sequence < own_seq ? known_chain(intake, head->sequence, chain) : -ENOENT;
	if (r < 0 && r != -ENOENT)
		return refuse_store(intake->result, r);
	hex_decode(head->chain, SHA256_HEX_SIZE - 1, signed_chain, sizeof(signed_chain));
	if (r == -ENOENT || memcmp(chain, signed_chain, sizeof(chain)) != 0)
		return refuse(intake->result, INGEST_CONFLICT,
			      "record %" PRIu64
			      ": signed head is not the chain after record %" PRIu64,
			      own_seq, head->sequence);

	n = snprintf(text, sizeof(text), "plumbline-head\n%" PRIu64 "\n%s\n", head->sequence,
		     head->chain);
	if (signature_check_key(agent->evidence_key, text, n, head->signature) < 0)
		return refuse(intake->result, INGEST_FORBIDDEN,
			      "record %" PRIu64 ": signature of the head is not good", own_seq);
	if (head->sequence > agent->head_seq)
		agent->head_seq = head->sequence;
	return 0;
}

static int take_record(struct intake *intake, size_t index)
{
	const struct batch_header *header = batch_get_header(intake->batch);
	const struct wire_record *record = &intake->records[index];
	struct store *store = intake->store;
	uint8_t chain[SHA256_SIZE];
	struct store_record row = {
		.agent = header->agent,
		.record = record,
		.chain = chain,
		.received_ns = intake->now_ns,
	};
	int r = 0;

	batch_get_record(intake->batch, index, &row.json, &row.len);
	batch_get_chain(intake->batch, record->sequence, chain);

	if (record->type == WIRE_HELLO)
		r = take_hello(intake, &record->hello, row.json, row.len);
	else if (record->type == WIRE_HEAD)
		r = take_head(intake, record->sequence, &record->head);
	else if (record->type == WIRE_BASELINE && str_equal(record->baseline.outcome, "loaded") &&
		 replace(&intake->agent.baseline, row.json, row.len) < 0)
		r = refuse(intake->result, INGEST_BUSY, "out of memory");
	if (r < 0)
		return r;

	r = store->ops->put_record(store, &row);
	if (r == 0 && record->type == WIRE_FINDING)
		r = incidents_take(store, header->agent, &record->finding);
	return r < 0 ? refuse_store(intake->result, r) : 0;
}

/* Within a transaction. */
static int take_batch(struct intake *intake)
{
	const struct batch_header *header = batch_get_header(intake->batch);
	struct store_agent *agent = &intake->agent;
	struct store *store = intake->store;
	int r;

	r = load_agent(intake) ?: check_continuity(intake);
	for (size_t i = 0; r == 0 && i < header->count; i++) {
		if (intake->records[i].sequence <= agent->last_seq)
			continue;
		r = take_record(intake, i);
		intake->result->stored++;
	}
	if (r < 0)
		return r;

	agent->last_seen_ns = intake->now_ns;
	if (header->last > agent->last_seq) {
		agent->last_seq = header->last;
		batch_get_chain(intake->batch, header->last, agent->chain);
		r = store->ops->put_batch(store, header, intake->now_ns);
	}
	r = r ?: store->ops->put_agent(store, agent);
	return r < 0 ? refuse_store(intake->result, r) : 0;
}

void ingest_frame(struct store *store, const char *peer, const void *frame, size_t len,
		  struct ingest_result *ret_result)
{
	cleanup_with(intake_done) struct intake intake = {
		.store = store,
		.now_ns = clock_real_ns(),
		.result = ret_result,
	};
	int r;

	*ret_result = (struct ingest_result){0};
	if (parse(&intake, peer, frame, len) < 0 || decode(&intake) < 0)
		return;

	r = store->ops->begin(store);
	if (r < 0) {
		refuse_store(ret_result, r);
		return;
	}
	r = take_batch(&intake);
	if (r == 0) {
		r = store->ops->commit(store);
		if (r < 0)
			refuse_store(ret_result, r);
	}
	if (r < 0) {
		store->ops->rollback(store);
		ret_result->stored = 0;
		return;
	}

	ret_result->status = INGEST_STORED;
	ret_result->acked = batch_get_header(intake.batch)->last;
}
