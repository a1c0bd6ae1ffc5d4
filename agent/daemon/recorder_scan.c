/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a walk did not meet, and looking again at what is open.
 *
 * A baseline entry that a walk did not meet is not called missing for that:
 * the walk may have raced or lost records. The sensor is asked for each, and
 * its answer is judged like any other fact. So is each open finding about a
 * file, once per recheck interval: what healed while nobody looked resolves. A
 * file that is known to hold what it held when it was told is not read for that.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"

/* Questions to the sensor per tick, for each of the two purposes; their answers come back as
 * events. */
#define ASK_PER_TICK  128
#define READ_EVERY_NS (3600 * NSEC_PER_SEC)

static int ask_recheck(struct recorder *recorder, const char *path, const uint8_t *known)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_RECHECK);
	struct channel *sensor = recorder->child->peers[ROLE_SENSOR];

	if (!sensor)
		return -ENOTCONN;
	m_put_string(&message, path);
	m_put_bytes(&message, known, known ? SHA256_SIZE : 0);
	return channel_send(sensor, &message);
}

int recorder_ask_rescan(struct recorder *recorder, const char *tree)
{
	cleanup_message struct message message = MESSAGE_INIT(MSG_RESCAN);
	struct channel *sensor = recorder->child->peers[ROLE_SENSOR];

	if (!sensor)
		return -ENOTCONN;
	m_put_string(&message, tree);
	return channel_send(sensor, &message);
}

/* Of a folder that came into a tree nothing is asked once it was looked through. */
static bool is_spent(const struct recorder *recorder, const struct recorder_walk *walk)
{
	if (!walk->tree)
		return true;
	if (walk->is_ended || walk->completed_ns != walk->began_ns)
		return false;
	for (char **tree = recorder->rules.trees; tree && *tree; tree++)
		if (str_equal(*tree, walk->tree))
			return false;
	return true;
}

static struct recorder_walk *find_walk(struct recorder *recorder, const char *tree)
{
	struct recorder_walk *unused = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(recorder->walks); i++) {
		struct recorder_walk *walk = &recorder->walks[i];

		if (walk->tree && str_equal(walk->tree, tree))
			return walk;
		if (!unused && is_spent(recorder, walk))
			unused = walk;
	}
	return unused;
}

int recorder_scan_begin(struct recorder *recorder, struct event *event)
{
	const char *tree = event->object.path;
	struct recorder_walk *walk;
	int r;

	if (!tree || !recorder_has_baseline(recorder))
		return 0;
	walk = find_walk(recorder, tree);
	if (!walk)
		return recorder_put_agent(recorder, FINDING_AGENT_GAP, "walks", "too many",
					  "More folders were walked at once than the agent keeps "
					  "apart; what is missing in some of them is found by the "
					  "next walk of the whole tree.");
	r = recorder_set_text(&walk->tree, tree);
	if (r < 0)
		return r;
	walk->began_ns = event->time_ns;
	walk->is_ended = false;
	return baseline_index_begin_scan(recorder->index, tree);
}

int recorder_scan_end(struct recorder *recorder, struct event *event)
{
	const char *tree = event->object.path;
	struct recorder_walk *walk;

	if (!tree || !recorder_has_baseline(recorder))
		return 0;
	walk = find_walk(recorder, tree);
	if (walk && walk->tree)
		walk->is_ended = true;
	return 0;
}

void recorder_forget_walks(struct recorder *recorder)
{
	for (unsigned i = 0; i < ARRAY_SIZE(recorder->walks); i++) {
		recorder->walks[i].is_ended = false;
		recorder->walks[i].completed_ns = 0;
	}
}

/* Everything that the rules watch was walked since this time; 0 when something was not. */
static int64_t all_walked_since(const struct recorder *recorder)
{
	int64_t since = INT64_MAX;

	if (!recorder->rules.trees || !recorder->rules.trees[0])
		return 0;
	for (char **tree = recorder->rules.trees; *tree; tree++) {
		int64_t completed = 0;

		for (unsigned i = 0; i < ARRAY_SIZE(recorder->walks); i++)
			if (recorder->walks[i].tree && str_equal(recorder->walks[i].tree, *tree))
				completed = recorder->walks[i].completed_ns;
		if (completed < since)
			since = completed;
	}
	return since;
}

/* The state of all files is known again, so what was unsure about it before that walk has ended. */
static int end_doubts(struct recorder *recorder)
{
	static const enum finding_kind kinds[] = {FINDING_AGENT_GAP, FINDING_AGENT_CLOCK,
						  FINDING_AGENT_TAMPER};
	int64_t since = all_walked_since(recorder);
	int r;

	if (!since)
		return 0;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		r = recorder_resolve_agents(recorder, kinds[i], "", since);
		if (r < 0)
			return r;
	}
	return 0;
}

struct missing {
	char *paths[ASK_PER_TICK];
	unsigned count;
};

static void missing_done(struct missing *missing)
{
	while (missing->count)
		free(missing->paths[--missing->count]);
}

static int collect_missing(const struct file_fact *entry, void *userdata)
{
	struct missing *missing = userdata;

	if (missing->count == ASK_PER_TICK)
		return 1;
	missing->paths[missing->count] = strdup(entry->path);
	if (!missing->paths[missing->count])
		return -ENOMEM;
	missing->count++;
	return 0;
}

/* Marks what was asked for, so that the next tick takes the next ones. */
static int ask_missing(struct recorder *recorder, struct recorder_walk *walk)
{
	cleanup_with(missing_done) struct missing missing = {.count = 0};
	int r;

	r = baseline_index_each_unmarked(recorder->index, walk->tree, collect_missing, &missing);
	if (r == -ESTALE) {
		walk->is_ended =
			false; /* another baseline came in between; it asked for a new walk */
		return 0;
	}
	if (r < 0)
		return r;
	if (!missing.count) {
		walk->is_ended = false;
		walk->completed_ns = walk->began_ns;
		return end_doubts(recorder);
	}
	for (unsigned i = 0; i < missing.count; i++) {
		if (!baseline_rules_ignore(&recorder->rules, missing.paths[i])) {
			r = ask_recheck(recorder, missing.paths[i], NULL);
			if (r < 0)
				return 0; /* the sensor is busy or away: later */
		}
		r = baseline_index_mark(recorder->index, missing.paths[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

/* What the file held when the finding was made; false: the finding is about something else. */
static bool parse_found(const struct finding *finding, uint8_t digest[static SHA256_SIZE])
{
	static const char form[] = "sha256:";
	const char *hex = finding->actual;

	if (!hex || !str_starts(hex, form))
		return false;
	hex += strlen(form);
	return hex_decode(hex, strlen(hex), digest, SHA256_SIZE) == 0;
}

/* For so long a file may be taken for what it was: by the same baseline, and then it is read after
 * all and seen once more. */
static bool may_be_known(const struct recorder *recorder, const struct finding *finding)
{
	int64_t age_ns = clock_real_ns() - finding->last_seen_ns;

	return !recorder->recheck.is_anew && age_ns >= 0 && age_ns < READ_EVERY_NS;
}

static int recheck_one(const struct finding *finding, void *userdata)
{
	struct recorder *recorder = userdata;
	uint64_t kinds = engine_state_kinds() | engine_exec_kinds();
	uint8_t found[SHA256_SIZE];
	bool has_found = may_be_known(recorder, finding) && parse_found(finding, found);
	int r;

	/* A memfd has no path to look at. */
	if (!(kinds >> finding->kind & 1) || !finding->path || finding->path[0] != '/')
		return 0;
	r = ask_recheck(recorder, finding->path, has_found ? found : NULL);
	return r < 0 ? -EAGAIN : 0;
}

void recorder_recheck_now(struct recorder *recorder)
{
	recorder->recheck = (struct recorder_recheck){.is_running = true, .is_anew = true};
}

static int recheck_some(struct recorder *recorder)
{
	struct recorder_recheck *recheck = &recorder->recheck;
	struct record_page page = {
		.cursor = recheck->cursor, .limit = ASK_PER_TICK, .only_open = true};
	int64_t now_ns = clock_boot_ns();
	int r;

	if (!recorder->child->peers[ROLE_SENSOR])
		return 0;
	if (!recheck->is_running) {
		if (now_ns < recheck->next_ns)
			return 0;
		*recheck = (struct recorder_recheck){.is_running = true};
		page.cursor = 0;
	}
	if (!page.cursor)
		recheck->next_ns = now_ns + (int64_t)recorder->child->config->recheck_interval_s *
						    NSEC_PER_SEC;
	r = record_page_findings(recorder->record, &page, recheck_one, recorder);
	if (r == -EAGAIN)
		return 0; /* asked again from the same place: questions cost little */
	if (r < 0)
		return r;
	recheck->cursor = page.cursor;
	recheck->is_running = (unsigned)r == page.limit;
	return 0;
}

bool recorder_scan_is_due(const struct recorder *recorder)
{
	const struct recorder_recheck *recheck = &recorder->recheck;

	if (!recorder->child->peers[ROLE_SENSOR])
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(recorder->walks); i++)
		if (recorder->walks[i].is_ended)
			return true;
	return recheck->is_running ||
	       clock_boot_ns() + RECORDER_REST_MS * NSEC_PER_MSEC >= recheck->next_ns;
}

int recorder_scan_tick(struct recorder *recorder)
{
	int r;

	for (unsigned i = 0; i < ARRAY_SIZE(recorder->walks); i++) {
		if (!recorder->walks[i].is_ended)
			continue;
		r = ask_missing(recorder, &recorder->walks[i]);
		if (r < 0)
			return r;
	}
	return recheck_some(recorder);
}
