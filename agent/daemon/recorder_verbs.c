/* SPDX-License-Identifier: Apache-2.0 */
/* What can be asked over the control socket. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "daemon/recorder.h"
#include "daemon/recorder_control.h"
#include "privsep/payload.h"
#include "wire/standing.h"
#include "wire/status.h"

/* Rows per piece of an answer: a slow reader holds no more than these. */
#define ROWS_PER_PIECE 64
#define DATA_BYTES     60000

/* A status is one message; `findings` has all of it. */
#define UNSEEN_MAX	 32
#define UNSEEN_MAX_BYTES 600

static int put_record(const struct control_request *request, const struct wire_record *record)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r;

	r = codec_encode(record, &request->recorder->policy, &sb);
	if (r < 0)
		return r;
	return control_put_line(request->client, sb.data);
}

/* ---- status */

static int fill_baseline(struct recorder *recorder, struct status *status)
{
	if (!recorder_has_baseline(recorder))
		return 0;
	str_copy(status->baseline_digest, sizeof(status->baseline_digest),
		 baseline_index_digest(recorder->index));
	status->baseline_entries = baseline_index_entries(recorder->index);
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		const struct recorder_layer *l = &recorder->layers[layer];
		int r;

		if (!l->digest)
			continue;
		r = status_add_layer(status,
				     &(struct status_layer){(char *)layer_name(layer), l->name,
							    l->revision, "", l->made_ns});
		if (r < 0)
			return r;
		str_copy(status->layers[status->layer_count - 1].digest, SHA256_HEX_SIZE,
			 l->digest);
		if (l->made_ns > status->baseline_made_ns)
			status->baseline_made_ns = l->made_ns;
	}
	if (status->layer_count == 1)
		status->baseline_revision = status->layers[0].revision;
	status->baseline_name = recorder_name_layers(recorder->layers);
	return status->baseline_name ? 0 : -ENOMEM;
}

static int count_check(const struct check_result *result, void *userdata)
{
	struct status *status = userdata;

	status->checks[result->outcome]++;
	return 0;
}

static int fill_counts(struct recorder *recorder, struct status *status)
{
	struct record_head head;
	int r;

	r = record_count_findings(recorder->record, status->open_by_severity);
	if (r < 0)
		return r;
	for (unsigned i = 0; i < SEVERITY_COUNT; i++)
		status->open += status->open_by_severity[i];
	r = record_each_check(recorder->record, count_check, status);
	if (r < 0)
		return r;
	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	status->sequence = head.committed;
	status->acked = head.acked;
	status->outbox_records = head.committed - head.acked;
	status->outbox_bytes = head.outbox_bytes;
	status->folded = head.folded;
	return 0;
}

static int fill_coverage(struct recorder *recorder, struct status *status)
{
	cleanup_coverage struct coverage last = {0};
	int r;

	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	status->coverage_since_ns = last.start_ns;
	r = recorder_set_text(&status->coverage_basis, last.basis);
	if (r < 0)
		return r;
	return recorder_set_text(&status->phase, coverage_state_name(last.state));
}

static int fill_link(struct recorder *recorder, struct status *status)
{
	const struct config *config = recorder->child->config;
	bool has_collector = config->url && *config->url;
	int r;

	if (!has_collector)
		return 0;
	status->link_is_up = recorder->link_up;
	r = recorder_set_text(&status->link_url, config->url);
	if (r < 0)
		return r;
	return recorder_set_text(&status->link_reason, recorder->link_reason);
}

static int fill_texts(struct recorder *recorder, struct status *status)
{
	cleanup_free char *profile = NULL;
	const struct {
		char **to;
		const char *from;
	} texts[] = {
		{&status->agent, recorder->child->config->name},
		{&status->version, PLUMBLINE_VERSION},
		{&status->os, recorder->os},
		{&status->kernel, recorder->kernel},
		{&status->rung, recorder->rung},
		{&status->rung_reason, recorder->rung_reason},
		{&status->enforcement, recorder->enforcement},
		{&status->enforcement_reason, recorder->enforcement_reason},
		{&status->head.signature, recorder->head.signature},
		{&status->head.key_id, recorder->head.key_id},
	};
	int r;

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = recorder_set_text(texts[i].to, texts[i].from);
		if (r < 0)
			return r;
	}
	if (recorder->head.signature) {
		status->head.sequence = recorder->head.sequence;
		str_copy(status->head.chain, sizeof(status->head.chain), recorder->head.chain);
	}
	status->decisions = recorder->decisions;
	status->generation = recorder->generation;
	r = record_get(recorder->record, "profile", &profile);
	if (r < 0 && r != -ENOENT)
		return r;
	status->profile = TAKE_PTR(profile);
	return 0;
}

static int fill_processes(struct recorder *recorder, struct status *status)
{
	int r;

	for (int role = 0; role < ROLE_COUNT; role++) {
		const struct recorder_process *process = &recorder->processes[role];

		if (!process->what)
			continue;
		r = status_add_process(status, role_name(role), process->what, process->restarts);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The agent's own open findings are what it does not see; "baseline" has its own line. */
static int add_unseen(const struct finding *finding, void *userdata)
{
	struct status *status = userdata;
	char note[UNSEEN_MAX_BYTES];
	const uint64_t kinds = 1ULL << FINDING_AGENT_GAP | 1ULL << FINDING_AGENT_DEGRADED |
			       1ULL << FINDING_AGENT_CLOCK;

	if (!(kinds >> finding->kind & 1) || status->unseen_count == UNSEEN_MAX)
		return 0;
	str_copy(note, sizeof(note), finding->detail ? finding->detail : "");
	return status_add_unseen(status, finding->path, note);
}

static int fill_unseen(struct recorder *recorder, struct status *status)
{
	int r;

	if (recorder->rung_reason && *recorder->rung_reason) {
		r = status_add_unseen(status, "rung", recorder->rung_reason);
		if (r < 0)
			return r;
	}
	return record_each_agent(recorder->record, add_unseen, status);
}

static int answer_status(struct control_request *request)
{
	static int (*const parts[])(struct recorder * recorder, struct status * status) = {
		fill_texts, fill_baseline,  fill_counts, fill_coverage,
		fill_link,  fill_processes, fill_unseen, recorder_count_incidents,
	};
	cleanup_status struct status status = {.time_ns = clock_real_ns()};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r;

	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++) {
		r = parts[i](request->recorder, &status);
		if (r < 0)
			return r;
	}
	r = status_encode(&status, &sb);
	if (r < 0)
		return r;
	r = control_put_line(request->client, sb.data);
	return r < 0 ? r : CONTROL_DONE;
}

/* ---- how the sensor stands */

int recorder_on_standing(struct channel *channel, struct message *message, void *userdata)
{
	struct recorder *recorder = ((struct child *)userdata)->userdata;
	cleanup_free struct standing *standing = calloc(1, sizeof(*standing));
	int r;

	if (!standing)
		return -ENOMEM;
	m_get_standing(message, standing);
	r = message_check(message);
	if (r < 0)
		return r;
	free(recorder->standing);
	recorder->standing = TAKE_PTR(standing);
	return 0;
}

static int answer_standing(struct control_request *request)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r;

	if (!request->recorder->standing)
		return control_fail(request->client, -EAGAIN, "the sensor has not told yet");
	r = standing_encode(request->recorder->standing, &sb);
	if (r < 0)
		return r;
	r = control_put_line(request->client, sb.data);
	return r < 0 ? r : CONTROL_DONE;
}

/* ---- lists */

static int put_finding(const struct finding *finding, void *userdata)
{
	struct wire_record record = {.type = WIRE_FINDING, .finding = *finding};

	return put_record(userdata, &record);
}

static int put_check(const struct check_result *result, void *userdata)
{
	struct wire_record record = {.type = WIRE_CHECK, .check = *result};

	return put_record(userdata, &record);
}

static int put_signed(const char *text, void *userdata)
{
	const struct control_request *request = userdata;

	return control_put_line(request->client, text);
}

/* With the sequence number of its record, if one tells it: what a signed head covers. */
static int put_coverage(const struct coverage *coverage, void *userdata)
{
	const struct control_request *request = userdata;
	struct wire_record record = {.type = WIRE_COVERAGE, .coverage = *coverage};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	cleanup_strbuf struct strbuf numbered = STRBUF_INIT;
	int r;

	r = codec_encode(&record, &request->recorder->policy, &sb);
	if (r < 0 || !coverage->sequence)
		return r < 0 ? r : control_put_line(request->client, sb.data);
	strbuf_printf(&numbered, "{\"seq\":%" PRIu64 ",%s", coverage->sequence, sb.data + 1);
	r = strbuf_check(&numbered);
	return r < 0 ? r : control_put_line(request->client, numbered.data);
}

static int answer_findings(struct control_request *request)
{
	struct record_page page = {
		.cursor = request->position->cursor,
		.limit = ROWS_PER_PIECE,
		.only_open = true,
	};
	int r;

	if (request->count == 1) {
		if (!str_equal(request->arguments[0], "--all"))
			return control_fail(request->client, -EINVAL,
					    "findings takes --all or nothing");
		page.only_open = false;
	}
	r = record_page_findings(request->recorder->record, &page, put_finding, request);
	if (r < 0)
		return r;
	request->position->cursor = page.cursor;
	return r == ROWS_PER_PIECE ? CONTROL_MORE : CONTROL_DONE;
}

/* A profile has hundreds of checks at most, so they are one piece. */
static int answer_checks(struct control_request *request)
{
	int r = record_each_check(request->recorder->record, put_check, request);

	return r < 0 ? r : CONTROL_DONE;
}

/* First the signed heads, then the intervals that they cover. */
static int answer_coverage(struct control_request *request)
{
	struct control_position *position = request->position;
	struct record *record = request->recorder->record;
	struct record_page page = {.cursor = position->cursor, .limit = ROWS_PER_PIECE};
	bool is_first = position->step == 0;
	int r;

	if (str_to_i64(request->arguments[0], 10, &page.since_ns) < 0)
		return control_fail(request->client, -EINVAL,
				    "coverage takes a time in nanoseconds since 1970");
	r = is_first ? record_page_signed(record, &page, put_signed, request)
		     : record_page_coverage(record, &page, put_coverage, request);
	if (r < 0)
		return r;
	position->cursor = page.cursor;
	if (r == ROWS_PER_PIECE)
		return CONTROL_MORE;
	position->step++;
	position->cursor = 0;
	return is_first ? CONTROL_MORE : CONTROL_DONE;
}

static int answer_watch(struct control_request *request)
{
	control_set_watching(request->client);
	return CONTROL_WAIT;
}

/* ---- export and receipt */

static int answer_export(struct control_request *request)
{
	struct control_position *position = request->position;
	struct strbuf *frame = &position->frame;
	struct record_head head;
	size_t len;
	int r;

	if (frame->len == 0) {
		r = record_get_head(request->recorder->record, &head);
		if (r < 0)
			return r;
		if (!position->step &&
		    str_to_u64(request->arguments[0], 10, &position->sequence) < 0)
			return control_fail(request->client, -EINVAL,
					    "export takes a sequence number");
		position->step = 1;
		/* What was acknowledged is with a collector and no longer here. */
		if (position->sequence <= head.acked)
			position->sequence = head.acked + 1;
		r = recorder_build_batch(request->recorder, position->sequence, frame,
					 &position->sequence);
		if (r <= 0)
			return r < 0 ? r : CONTROL_DONE;
		position->sequence++;
		position->frame_sent = 0;
	}
	len = frame->len - position->frame_sent;
	if (len > DATA_BYTES)
		len = DATA_BYTES;
	r = control_put_data(request->client, frame->data + position->frame_sent, len);
	if (r < 0)
		return r;
	position->frame_sent += len;
	if (position->frame_sent == frame->len)
		strbuf_clear(frame);
	return CONTROL_MORE;
}

/*
 * AGENT ACKED CHAIN of a receipt whose signature the caller, who is root, has checked. That the
 * chain is ours says that the collector holds these very records, not those of another life of this
 * machine.
 */
static int answer_receipt(struct control_request *request)
{
	struct recorder *recorder = request->recorder;
	uint8_t ours[SHA256_SIZE], theirs[SHA256_SIZE];
	struct record_head head;
	uint64_t acked;
	int r;

	if (!str_equal(request->arguments[0], recorder->child->config->name))
		return control_fail(request->client, -EINVAL, "the receipt is for another machine");
	if (str_to_u64(request->arguments[1], 10, &acked) < 0 ||
	    hex_decode(request->arguments[2], strlen(request->arguments[2]), theirs, SHA256_SIZE))
		return control_fail(request->client, -EINVAL, "the receipt cannot be read");
	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	if (acked <= head.acked)
		return CONTROL_DONE; /* an old one, taken before */
	if (acked > head.committed)
		return control_fail(request->client, -ERANGE,
				    "the receipt is for records that are not written yet");
	r = record_chain_before(recorder->record, acked + 1, ours);
	if (r < 0)
		return r;
	if (memcmp(ours, theirs, SHA256_SIZE) != 0)
		return control_fail(request->client, -EBADMSG,
				    "the receipt is for other records than these");
	recorder_settle(recorder, record_ack(recorder->record, acked));
	recorder_commit(recorder);
	r = record_get_head(recorder->record, &head);
	return r < 0 ? r : head.acked == acked ? CONTROL_DONE : -EIO;
}

/* ---- what others do */

static int answer_load(struct control_request *request)
{
	struct channel *supervisor = request->recorder->child->supervisor;
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_LOAD);
	uint64_t number;
	int r;

	if (*request->fd < 0)
		return control_fail(request->client, -EBADF, "load needs an open file");
	if (!supervisor)
		return control_fail(request->client, -ENOTCONN, "the supervisor is away");
	r = control_await_load(request->client, &number);
	if (r < 0)
		return control_fail(request->client, r, "another baseline is being loaded");
	m_put_u64(&message, number);
	m_put_string(&message, request->arguments[0]);
	message.fd = TAKE_FD(*request->fd);
	r = channel_send(supervisor, &message);
	return r < 0 ? r : CONTROL_WAIT;
}

static int answer_unload(struct control_request *request)
{
	struct channel *supervisor = request->recorder->child->supervisor;
	cleanup_message struct message message = MESSAGE_INIT(MSG_CTL_UNLOAD);
	enum layer layer;
	uint64_t number;
	int r;

	if (layer_parse(request->arguments[0], &layer) < 0)
		return control_fail(request->client, -EINVAL,
				    "a layer is vendor, model, site or host");
	if (!supervisor)
		return control_fail(request->client, -ENOTCONN, "the supervisor is away");
	r = control_await_load(request->client, &number);
	if (r < 0)
		return control_fail(request->client, r, "another baseline is being loaded");
	m_put_u64(&message, number);
	m_put_string(&message, layer_name(layer));
	r = channel_send(supervisor, &message);
	return r < 0 ? r : CONTROL_WAIT;
}

static int answer_check_run(struct control_request *request)
{
	struct channel *assessor = request->recorder->child->peers[ROLE_ASSESSOR];
	cleanup_message struct message message = MESSAGE_INIT(MSG_CHECK_RUN);
	int r;

	if (!assessor)
		return control_fail(request->client, -ENOTCONN, "the assessor is away");
	m_put_string(&message, request->count ? request->arguments[0] : NULL);
	r = channel_send(assessor, &message);
	return r < 0 ? r : CONTROL_DONE;
}

static int answer_rescan(struct control_request *request)
{
	int r = recorder_ask_rescan(request->recorder,
				    request->count ? request->arguments[0] : NULL);

	if (r < 0)
		return control_fail(request->client, r, "the sensor is away or busy");
	return CONTROL_DONE;
}

const struct control_verb control_verbs[] = {
	{"status", false, 0, 0, answer_status},
	{"findings", false, 0, 1, answer_findings},
	{"checks", false, 0, 0, answer_checks},
	{"coverage", false, 1, 1, answer_coverage},
	{"watch", false, 0, 0, answer_watch},
	{"export", false, 1, 1, answer_export},
	{"receipt", true, 3, 3, answer_receipt},
	{"load", true, 1, 1, answer_load},
	{"unload", true, 1, 1, answer_unload},
	{"check-run", true, 0, 1, answer_check_run},
	{"rescan", true, 0, 1, answer_rescan},
	{"incident-declare", true, 4, 4, recorder_answer_declare},
	{"incident-report", true, 4, 4, recorder_answer_reported},
	{"incident-close", true, 3, 3, recorder_answer_close},
	{"incidents", false, 0, 0, recorder_answer_incidents},
	{"standing", false, 0, 0, answer_standing},
	{NULL, false, 0, 0, NULL},
};
