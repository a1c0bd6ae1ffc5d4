/* SPDX-License-Identifier: Apache-2.0 */
/* A finding on its way from judgement to outbox: controls, identity, storing, telling. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"
#include "daemon/recorder_control.h"

/* Findings told per tick that only counted up, or that an earlier full outbox kept back. */
#define OWED_PER_TICK 128
/* Room that must be free before owed findings are tried again: trying costs a count in `folded`. */
#define OWED_ROOM_BYTES (256 * 1024)

/*
 * A value that the dictionary does not allow, from a peer that should know better. It must not take
 * the transaction with it, nor be tried for ever.
 */
static int give_up_record(struct recorder *recorder, enum wire_record_type type, int error,
			  bool *ret_sent)
{
	log_error(error, "A %s cannot be encoded and stays here", wire_record_type_name(type));
	if (ret_sent)
		*ret_sent = true;
	return recorder_put_agent(recorder, FINDING_AGENT_GAP, "records", "cannot be encoded",
				  "Records hold values that may not leave this machine; they are "
				  "kept here only.");
}

int recorder_emit(struct recorder *recorder, const struct wire_record *record, bool *ret_sent)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	uint64_t sequence = 0;
	int r;

	r = codec_encode(record, &recorder->policy, &sb);
	if (r < 0)
		return r == -ENOMEM ? r : give_up_record(recorder, record->type, r, ret_sent);
	r = record_append(recorder->record, wire_record_type_name(record->type), sb.data, sb.len,
			  &sequence);
	if (r < 0 && r != -ENOSPC)
		return r;
	if (r == 0)
		recorder->emitted_ns = clock_boot_ns();
	if (r == 0 && record->type != WIRE_HEAD)
		recorder->data_sequence = sequence;
	if (ret_sent)
		*ret_sent = r == 0;
	if (record->type == WIRE_FINDING)
		control_server_tell(recorder->control, sb.data);
	return 0;
}

/* Borrows the finding for the length of the call. */
static int emit_finding(const struct finding *finding, void *userdata)
{
	struct recorder *recorder = userdata;
	struct wire_record record = {.type = WIRE_FINDING, .finding = *finding};
	bool sent;
	int r;

	r = recorder_emit(recorder, &record, &sent);
	if (r < 0 || !sent)
		return r;
	return record_mark_sent(recorder->record, finding->id, clock_real_ns());
}

int recorder_put_finding(struct recorder *recorder, struct finding *finding)
{
	enum record_change change;
	int r;

	/* A failed check brings the controls of its own subject. */
	if (!finding->controls) {
		r = control_map_apply(recorder->controls, finding);
		if (r < 0)
			return r;
	}
	r = finding_seal(finding, recorder->child->config->name);
	if (r < 0)
		return r;
	r = record_put_finding(recorder->record, finding, &change);
	if (r == -EDQUOT)
		return recorder_put_agent(recorder, FINDING_AGENT_GAP, "findings", "full",
					  "There are more open findings than the agent keeps; "
					  "new ones are only counted here.");
	if (r < 0)
		return r;
	/* A repeat is told by recorder_send_owed(), once in a while. */
	return change == RECORD_AGAIN ? 0 : emit_finding(finding, recorder);
}

int recorder_tell_finding(struct recorder *recorder, const struct finding *finding)
{
	return emit_finding(finding, recorder);
}

int recorder_resolve(struct recorder *recorder, const struct record_match *match, int64_t time_ns)
{
	int r = record_resolve(recorder->record, match, time_ns, emit_finding, recorder);

	return r < 0 ? r : 0;
}

int recorder_put_agent(struct recorder *recorder, enum finding_kind kind, const char *what,
		       const char *actual, const char *detail)
{
	cleanup_finding struct finding finding = {0};
	struct record_match self = {.path = what, .kinds = 1ULL << kind};
	int r;

	/* The agent's own table being full must not recurse. */
	if (kind == FINDING_AGENT_GAP && str_equal(what, "findings") &&
	    record_has_open(recorder->record, &self) == 1)
		return 0;
	r = engine_make_agent_finding(kind, clock_real_ns(), what, NULL, actual, detail, &finding);
	if (r < 0)
		return r;
	return recorder_put_finding(recorder, &finding);
}

int recorder_resolve_agent(struct recorder *recorder, enum finding_kind kind, const char *what)
{
	struct record_match match = {.path = what, .kinds = 1ULL << kind};

	return recorder_resolve(recorder, &match, clock_real_ns());
}

struct sweep {
	enum finding_kind kind;
	const char *prefix;
	int64_t before_ns, now_ns;
	char *found; /* path of the first that matches */
};

static int sweep_one(const struct finding *finding, void *userdata)
{
	struct sweep *sweep = userdata;

	if (finding->kind != sweep->kind || !finding->path ||
	    !str_starts(finding->path, sweep->prefix))
		return 0;
	/* A refused baseline waits for a load by somebody. */
	if (str_equal(finding->path, FINDING_OF_BASELINE))
		return 0;
	/* A time that lies ahead comes from before a backward step of the clock. */
	if (finding->last_seen_ns >= sweep->before_ns && finding->last_seen_ns <= sweep->now_ns)
		return 0;
	sweep->found = strdup(finding->path);
	return sweep->found ? 1 : -ENOMEM;
}

int recorder_resolve_agents(struct recorder *recorder, enum finding_kind kind, const char *prefix,
			    int64_t before_ns)
{
	int r;

	/* One by one, since resolving changes what is walked over. */
	for (;;) {
		struct sweep sweep = {.kind = kind,
				      .prefix = prefix,
				      .before_ns = before_ns,
				      .now_ns = clock_real_ns()};
		cleanup_free char *found = NULL;

		r = record_each_agent(recorder->record, sweep_one, &sweep);
		found = sweep.found;
		if (r <= 0)
			return r;
		r = recorder_resolve_agent(recorder, kind, found);
		if (r < 0)
			return r;
	}
}

int recorder_send_owed(struct recorder *recorder)
{
	struct record_head head;
	int r;

	r = record_get_head(recorder->record, &head);
	if (r < 0)
		return r;
	if (head.outbox_bytes + OWED_ROOM_BYTES > recorder->child->config->outbox_max_bytes)
		return 0;
	r = recorder_send_coverage(recorder);
	if (r < 0)
		return r;
	r = record_each_unsent(recorder->record, clock_real_ns() - RECORDER_REPEAT_NS,
			       OWED_PER_TICK, emit_finding, recorder);
	return r < 0 ? r : 0;
}
