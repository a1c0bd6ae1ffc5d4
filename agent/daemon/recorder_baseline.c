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
#include "base/strbuf.h"
#include "baseline/statement.h"
#include "daemon/recorder.h"

/* A baseline with less than half the entries of the one before is more likely broken than meant. */
#define COLLAPSE_DIVISOR 2

void recorder_layers_done(struct recorder_layer layers[static LAYER_COUNT])
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		free(layers[layer].statement);
		free(layers[layer].digest);
		free(layers[layer].name);
		layers[layer] = (struct recorder_layer){0};
	}
}

void recorder_load_done(struct recorder_load *load)
{
	free(load->digest);
	free(load->rules);
	free(load->name);
	recorder_layers_done(load->layers);
	*load = (struct recorder_load){0};
}

unsigned recorder_count_layers(const struct recorder_layer layers[static LAYER_COUNT])
{
	unsigned count = 0;

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		count += layers[layer].digest != NULL;
	return count;
}

char *recorder_name_layers(const struct recorder_layer layers[static LAYER_COUNT])
{
	bool is_one = recorder_count_layers(layers) == 1;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_add(&text, "", 0);
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		const struct recorder_layer *l = &layers[layer];

		if (l->digest && is_one)
			strbuf_add_str(&text, l->name);
		else if (l->digest)
			strbuf_printf(&text, "%s%s %s %" PRIu64, text.len ? " + " : "",
				      layer_name(layer), l->name, l->revision);
	}
	return strbuf_check(&text) < 0 ? NULL : strbuf_take(&text);
}

/* Fills @layers at the place that the statement names; -EBADMSG when it cannot be read or the place
 * is taken. The texts are copied. */
static int read_layer(const char *text, const char *digest,
		      struct recorder_layer layers[static LAYER_COUNT], enum layer *ret_layer)
{
	cleanup_with(baseline_statement_done) struct baseline_statement statement = {0};
	struct recorder_layer *l;
	enum layer layer;
	int r;

	r = statement_read(text, strlen(text), &statement, NULL);
	if (r < 0)
		return r;
	r = layer_parse(statement.layer, &layer);
	if (r < 0 || layers[layer].digest)
		return -EBADMSG;
	l = &layers[layer];
	l->revision = statement.revision;
	l->made_ns = statement.made_at_ns;
	l->name = TAKE_PTR(statement.name);
	l->digest = strdup(digest);
	if (!l->digest)
		return -ENOMEM;
	*ret_layer = layer;
	return 0;
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

/*
 * Revisions count per layer and name, also of a layer that was taken out or renamed since: renaming
 * is the approvers' free choice, going back is not. NULL for lack of memory.
 */
static char *revision_key(enum layer layer, const char *name)
{
	char *key = NULL;

	return asprintf(&key, "revision.%s.%s", layer_name(layer), name) < 0 ? NULL : key;
}

static int check_revision(struct recorder *recorder, enum layer layer)
{
	struct recorder_load *load = &recorder->load;
	const struct recorder_layer *l = &load->layers[layer];
	cleanup_free char *key = revision_key(layer, l->name), *last = NULL;
	uint64_t revision;
	int r;

	r = key ? record_get(recorder->record, key, &last) : -ENOMEM;
	if (r < 0)
		return r == -ENOENT ? 0 : refuse(load, r, "the record cannot be read");
	if (str_to_u64(last, 10, &revision) == 0 && l->revision < revision)
		return refuse(load, -ESTALE,
			      "revision %" PRIu64 " is older than revision %" PRIu64
			      ", which was loaded",
			      l->revision, revision);
	return 0;
}

/* A layer ends by being taken out, not by the loss of its file. */
static void check_lost(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;

	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		bool goes = load->change == LOAD_GOES && load->changed == layer;
		bool is_there = recorder->layers[layer].digest != NULL;

		if (goes && !is_there)
			refuse(load, -ENOENT, "there is no %s layer", layer_name(layer));
		if (!goes && is_there && !load->layers[layer].digest)
			refuse(load, -EPERM,
			       "the %s layer, which was loaded, is not with it: its file is lost",
			       layer_name(layer));
	}
}

static void check_size(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	uint64_t loaded = baseline_index_entries(recorder->index);
	const struct recorder_layer *before = &recorder->layers[load->changed];

	if (load->change != LOAD_COMES || !before->digest ||
	    !str_equal(before->name, load->layers[load->changed].name))
		return;
	if (load->expected < loaded / COLLAPSE_DIVISOR)
		refuse(load, -ERANGE,
		       "it collapsed in size: %" PRIu64 " entries, %" PRIu64 " before",
		       load->expected, loaded);
}

static int name_load(struct recorder_load *load)
{
	const char *name = load->layers[load->changed].name;

	load->name = name ? strdup(name) : recorder_name_layers(load->layers);
	return load->name ? 0 : -ENOMEM;
}

/* All layers are here. */
static void check_layers(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	int r;

	load->is_checked = true;
	r = name_load(load);
	if (r < 0)
		refuse(load, r, "there is not enough memory");
	if (!load->expected)
		refuse(load, -EINVAL, "the baseline has no entries");
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (load->layers[layer].digest)
			check_revision(recorder, layer);
	if (is_confirmed(recorder)) {
		check_lost(recorder);
		check_size(recorder);
	}
	if (load->refusal || load->is_same)
		return;
	r = baseline_index_begin(recorder->index);
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++)
		if (load->layers[layer].digest)
			r = baseline_index_add_layer(recorder->index, layer,
						     load->layers[layer].digest,
						     load->layers[layer].statement);
	if (r < 0)
		refuse(load, r, "the index cannot be written: %s", strerror(-r));
}

int recorder_on_baseline_begin(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	cleanup_free char *changed = NULL;
	uint32_t change;

	if (load->is_active && !load->is_same)
		baseline_index_rollback(recorder->index);
	recorder_load_done(load);
	recorder->is_refusal_told = false;
	load->digest = m_get_string(message);
	load->expected = m_get_u64(message);
	change = m_get_u32(message);
	changed = m_get_string(message);
	load->layers_expected = m_get_u64(message);
	if (message_check(message) < 0 || !load->digest ||
	    strlen(load->digest) != SHA256_HEX_SIZE - 1 || change >= LOAD_CHANGE_COUNT ||
	    (change != LOAD_STORED) != (layer_parse(changed, &load->changed) == 0) ||
	    load->layers_expected == 0 || load->layers_expected >= LAYER_COUNT) {
		recorder_load_done(load);
		return -EBADMSG;
	}
	load->change = change;
	load->is_active = true;
	load->is_same = str_equal(load->digest, baseline_index_digest(recorder->index));
	return 0;
}

int recorder_on_baseline_layer(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	struct recorder_load *load = &recorder->load;
	cleanup_free char *statement = m_get_string(message);
	cleanup_free char *digest = m_get_string(message);
	enum layer layer;
	int r;

	if (message_check(message) < 0 || !load->is_active || load->is_checked || !statement ||
	    !digest || strlen(digest) != SHA256_HEX_SIZE - 1)
		return -EBADMSG;
	r = read_layer(statement, digest, load->layers, &layer);
	if (r == 0)
		load->layers[layer].statement = TAKE_PTR(statement);
	else
		refuse(load, r, "the statement cannot be read");
	if (--load->layers_expected == 0)
		check_layers(recorder);
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

	if (message_check(message) < 0 || !load->is_checked || !text ||
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

	if (!load->is_checked)
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
				.revision = load->layers[load->changed].revision,
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
	return recorder_put_agent(recorder, kind, FINDING_OF_BASELINE, reason, detail);
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

/* What the index has is what is in force. */
static int restore_layers(struct recorder *recorder)
{
	struct baseline_index *index = recorder->index;
	int r = 0;

	recorder_layers_done(recorder->layers);
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		const char *statement = baseline_index_statement(index, layer);
		enum layer stated;

		if (statement)
			r = read_layer(statement, baseline_index_layer_digest(index, layer),
				       recorder->layers, &stated);
	}
	return r;
}

int recorder_restore_baseline(struct recorder *recorder)
{
	cleanup_free char *rules = NULL;
	int r;

	if (!recorder_has_baseline(recorder))
		return recorder_put_agent(recorder, FINDING_AGENT_DEGRADED, FINDING_OF_BASELINE,
					  "no baseline",
					  "No baseline is loaded: software is recorded, but "
					  "nothing can be called drift.");
	r = restore_layers(recorder);
	if (r < 0)
		return r;
	r = record_get(recorder->record, "rules", &rules);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : set_rules(recorder, rules);
}

static int remember_revisions(struct recorder *recorder)
{
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		const struct recorder_layer *l = &recorder->load.layers[layer];
		cleanup_free char *key = NULL;
		char text[24];

		if (!l->digest)
			continue;
		key = revision_key(layer, l->name);
		if (!key)
			return -ENOMEM;
		(void)snprintf(text, sizeof(text), "%" PRIu64, l->revision);
		r = record_set(recorder->record, key, text);
	}
	return r;
}

/* At each start the supervisor loads what it has; that alone is no news. */
static int tell_news(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	int r;

	if (is_confirmed(recorder))
		return 0;
	r = emit_baseline(recorder, load->change == LOAD_GOES ? "unloaded" : "loaded", NULL);
	if (r == 0)
		r = record_set(recorder->record, "baseline", load->digest);
	return r < 0 ? r : remember_revisions(recorder);
}

/*
 * The stored files are read again at each start and for each new sensor. That they are still good
 * says nothing of the file that was refused in between: its finding waits for a load by somebody.
 */
static int resolve_refusals(struct recorder *recorder)
{
	const struct recorder_load *load = &recorder->load;
	int r = 0;

	if (load->change != LOAD_STORED || !load->is_same)
		r = recorder_resolve_agent(recorder, FINDING_AGENT_DEGRADED, FINDING_OF_BASELINE);
	if (r == 0 && load->change != LOAD_STORED)
		r = recorder_resolve_agent(recorder, FINDING_AGENT_TAMPER, FINDING_OF_BASELINE);
	return r;
}

/* From here on this baseline is in force. */
static int take_over(struct recorder *recorder)
{
	struct recorder_load *load = &recorder->load;
	int r;

	r = tell_news(recorder);
	if (r == 0)
		r = record_set(recorder->record, "rules", load->rules);
	if (r == 0)
		r = set_rules(recorder, load->rules);
	if (r == 0)
		r = restore_layers(recorder);
	if (r == 0)
		r = resolve_refusals(recorder);
	if (r < 0)
		return r;
	log_notice("Baseline %s, %" PRIu64 " entries%s", load->name, load->received,
		   load->is_same ? " (as before)" : "");
	if (load->is_same)
		return 0;
	recorder_mounts_forget(recorder);
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
	r = baseline_index_commit(recorder->index, load->digest);
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

	if (message_check(message) < 0 || !load->is_checked)
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
