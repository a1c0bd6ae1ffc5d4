/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline comes in from the verifier, which has checked file and approvals.
 * What is left to refuse here is what only the one who remembers can know: an
 * older revision, a collapse in size. Refused or broken off: last good stays.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "baseline/statement.h"
#include "daemon/recorder.h"

/* A baseline with less than half the entries of the one before is more likely broken than meant. */
#define COLLAPSE_DIVISOR 2

void recorder_load_done(struct recorder_load *load)
{
	free(load->statement);
	free(load->digest);
	free(load->rules);
	free(load->name);
	*load = (struct recorder_load){0};
}

static int read_statement(const char *text, char **ret_name, int64_t *ret_made_ns)
{
	struct baseline_statement statement = {0};
	int r;

	r = statement_read(text, strlen(text), &statement, NULL);
	if (r < 0)
		return r;
	*ret_name = TAKE_PTR(statement.name);
	*ret_made_ns = statement.made_at_ns;
	baseline_statement_done(&statement);
	return 0;
}

int recorder_describe_baseline(const struct recorder *recorder, char **ret_name,
			       int64_t *ret_made_ns)
{
	const char *statement = baseline_index_statement(recorder->index);

	return statement ? read_statement(statement, ret_name, ret_made_ns) : -ENOENT;
}

static int refuse(struct recorder_load *load, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int refuse(struct recorder_load *load, int error, const char *format, ...)
{
	va_list args;

	if (load->refusal)
		return 0;
	load->refusal = error;
	va_start(args, format);
	vsnprintf(load->reason.text, sizeof(load->reason.text), format, args);
	va_end(args);
	return 0;
}

/*
 * The index is swapped first and the record follows, so a kill between the two leaves an index that
 * the record does not know. Such a one is approved and may judge, but it does not bar the way back
 * to the one before, which is what the supervisor still has.
 */
static bool is_confirmed(struct recorder *recorder)
{
	cleanup_free char *digest = NULL;

	return record_get(recorder->record, "baseline", &digest) == 0 &&
	       str_equal(digest, baseline_index_digest(recorder->index));
}

static int check_begin(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	cleanup_free char *current = NULL;
	uint64_t loaded = baseline_index_entries(recorder->index);
	int64_t made_ns;
	int r;

	r = recorder_describe_baseline(recorder, &current, &made_ns);
	if (r == -ENOMEM)
		return refuse(load, r, "there is not enough memory");
	r = read_statement(load->statement, &load->name, &made_ns);
	if (r < 0)
		return refuse(load, r, "the statement cannot be read");
	if (!load->expected)
		return refuse(load, -EINVAL, "the baseline has no entries");
	/* Revisions count per name. Renaming is the approvers' free choice, going back is not. */
	if (!str_equal(current, load->name) || !is_confirmed(recorder))
		return 0;
	if (load->revision < baseline_index_revision(recorder->index))
		return refuse(load, -ESTALE,
			      "revision %" PRIu64 " is older than revision %" PRIu64
			      ", which is loaded",
			      load->revision, baseline_index_revision(recorder->index));
	if (load->expected < loaded / COLLAPSE_DIVISOR)
		return refuse(load, -ERANGE,
			      "it collapsed in size: %" PRIu64 " entries, %" PRIu64 " before",
			      load->expected, loaded);
	return 0;
}

int recorder_on_baseline_begin(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	int r;

	if (load->is_active && !load->is_same)
		baseline_index_rollback(recorder->index);
	recorder_load_done(load);
	recorder->is_refusal_told = false;
	load->statement = m_get_string(message);
	load->digest = m_get_string(message);
	load->revision = m_get_u64(message);
	load->expected = m_get_u64(message);
	if (message_check(message) < 0 || !load->statement || !load->digest ||
	    strlen(load->digest) != SHA256_HEX_SIZE - 1) {
		recorder_load_done(load);
		return -EBADMSG;
	}
	load->is_active = true;
	load->is_same = str_equal(load->digest, baseline_index_digest(recorder->index));
	check_begin(recorder);
	if (load->refusal || load->is_same)
		return 0;
	r = baseline_index_begin(recorder->index);
	if (r < 0)
		refuse(load, r, "the index cannot be written: %s", strerror(-r));
	return 0;
}

int recorder_on_baseline_rules(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	struct baseline_rules rules = {0};
	cleanup_free char *text = m_get_string(message);
	cleanup_free char *digest = m_get_string(message);
	struct diag diag = {0};
	int r;

	if (message_check(message) < 0 || !load->is_active || !text ||
	    !str_equal(digest, load->digest))
		return -EBADMSG;
	r = baseline_rules_parse(text, strlen(text), &rules, &diag);
	if (r < 0)
		return refuse(load, r, "its rules cannot be read: %s", diag.text);
	baseline_rules_done(&rules);
	free(load->rules);
	load->rules = TAKE_PTR(text);
	return 0;
}

int recorder_on_baseline_entry(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	cleanup_file_fact struct file_fact entry = {0};
	int r;

	if (!load->is_active)
		return -EBADMSG;
	child->work++;
	if (load->received++ == load->expected)
		refuse(load, -EBADMSG, "it has more entries than it says");
	if (load->is_same || load->refusal)
		return 0;
	m_get_file_fact(message, &entry);
	if (message_check(message) < 0 || !entry.path)
		return -EBADMSG;
	r = baseline_index_add(recorder->index, &entry);
	if (r < 0) {
		baseline_index_rollback(recorder->index);
		refuse(load, r, "entry %" PRIu64 " cannot be stored: %s", load->received,
		       strerror(-r));
	}
	return 0;
}

static int emit_baseline(struct recorder *recorder, const char *outcome, const char *reason)
{
	struct recorder_load *load = &recorder->load;
	struct wire_record record = {
		.type = WIRE_BASELINE,
		.baseline =
			{
				.digest = load->digest,
				.name = load->name,
				.outcome = (char *)outcome,
				.reason = (char *)reason,
				.revision = load->revision,
				.entries = load->expected,
				.time_ns = clock_real_ns(),
			},
	};

	return recorder_emit(recorder, &record, NULL);
}

/* A wrong signature, digest or form, an old revision: somebody's hand. Else it is the machine's
 * trouble. */
static bool is_tampering(int error)
{
	switch (error) {
	case -EBADMSG:
	case -EKEYREJECTED:
	case -ENOKEY:
	case -EPERM:
	case -ESTALE:
	case -ERANGE:
	case -EINVAL:
		return true;
	default:
		return false;
	}
}

int recorder_refuse_baseline(struct recorder *recorder, const char *name, int error,
			     const char *reason)
{
	enum finding_kind kind =
		is_tampering(error) ? FINDING_AGENT_TAMPER : FINDING_AGENT_DEGRADED;
	cleanup_free char *detail = NULL;
	int r;

	if (!recorder->load.name) {
		r = recorder_set_text(&recorder->load.name, name ? name : "(unnamed)");
		if (r < 0)
			return r;
	}
	log_warning(0, "Refused the baseline %s: %s", recorder->load.name, reason);
	r = emit_baseline(recorder, "refused", reason);
	if (r < 0)
		return r;
	if (asprintf(&detail, "A baseline was refused: %s. %s", reason,
		     recorder_has_baseline(recorder) ? "The one before stays in force."
						     : "None is in force.") < 0)
		return -ENOMEM;
	return recorder_put_agent(recorder, kind, "baseline", reason, detail);
}

/* Missing rules of a loaded baseline are no reason to forget it; nothing is known to be watched
 * then. */
static int set_rules(struct recorder *recorder, const char *text)
{
	struct baseline_rules rules = {0};
	int r;

	r = baseline_rules_parse(text, strlen(text), &rules, NULL);
	if (r < 0)
		return r;
	baseline_rules_done(&recorder->rules);
	recorder->rules = rules;
	return 0;
}

int recorder_restore_baseline(struct recorder *recorder)
{
	cleanup_free char *rules = NULL;
	int r;

	if (!recorder_has_baseline(recorder))
		return recorder_put_agent(recorder, FINDING_AGENT_DEGRADED, "baseline",
					  "no baseline",
					  "No baseline is loaded: software is recorded, but "
					  "nothing can be called drift.");
	r = record_get(recorder->record, "rules", &rules);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : set_rules(recorder, rules);
}

/* From here on this baseline is in force. */
static int take_over(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	int r;

	/* At each start the supervisor loads what it has; that alone is no news. */
	if (!is_confirmed(recorder)) {
		r = emit_baseline(recorder, "loaded", NULL);
		if (r < 0)
			return r;
		r = record_set(recorder->record, "baseline", load->digest);
		if (r < 0)
			return r;
	}
	r = record_set(recorder->record, "rules", load->rules);
	if (r < 0)
		return r;
	r = set_rules(recorder, load->rules);
	if (r < 0)
		return r;
	r = recorder_resolve_agent(recorder, FINDING_AGENT_DEGRADED, "baseline");
	if (r < 0)
		return r;
	r = recorder_resolve_agent(recorder, FINDING_AGENT_TAMPER, "baseline");
	if (r < 0)
		return r;
	log_notice("Baseline %s, revision %" PRIu64 ", %" PRIu64 " entries%s", load->name,
		   load->revision, load->received, load->is_same ? " (as before)" : "");
	if (load->is_same)
		return 0;
	/* All that was judged by the old one is judged again. */
	recorder_recheck_now(recorder);
	if (recorder_ask_rescan(recorder, NULL) < 0)
		log_warning(0, "The sensor could not be asked for a walk by the new baseline");
	return 0;
}

static int finish_load(struct recorder *recorder, uint64_t sent)
{
	struct recorder_load *load = &recorder->load;
	int r;

	if (!load->rules)
		refuse(load, -EBADMSG, "it came without rules");
	if (load->received != sent || sent != load->expected)
		refuse(load, -EBADMSG, "%" PRIu64 " of %" PRIu64 " entries arrived", load->received,
		       load->expected);
	if (load->is_same || load->refusal)
		return 0;
	r = baseline_index_commit(recorder->index, load->digest, load->statement, load->revision);
	if (r < 0)
		refuse(load, r, "the index cannot be written: %s", strerror(-r));
	return 0;
}

int recorder_on_baseline_end(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	cleanup_message struct message answer = MESSAGE_INIT(MSG_BASELINE_RESULT);
	uint64_t sent = m_get_u64(message);
	int r;

	if (message_check(message) < 0 || !load->is_active)
		return -EBADMSG;
	finish_load(recorder, sent);
	if (load->refusal) {
		if (!load->is_same)
			baseline_index_rollback(recorder->index);
		recorder->is_refusal_told = true;
		r = recorder_refuse_baseline(recorder, load->name, load->refusal,
					     load->reason.text);
	} else {
		r = take_over(recorder);
	}
	/* An answer is a promise: what it says is in the record before it goes. */
	recorder_settle(recorder, r);
	recorder_commit(recorder);
	m_put_i64(&answer, load->refusal);
	m_put_string(&answer, load->refusal ? load->reason.text : NULL);
	if (channel_send(channel, &answer) < 0)
		log_warning(0, "The verifier did not wait for the answer");
	recorder_load_done(load);
	return 0;
}
