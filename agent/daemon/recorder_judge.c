/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the sensor beside the baseline: what is drift, and what has healed. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "baseline/host_rule.h"
#include "daemon/recorder.h"

typedef int (*event_fn)(struct recorder *recorder, struct event *event);

/* What the baseline says about one fact. The facts are the caller's to end. */
struct approval {
	struct file_fact of_path, of_content;
	bool has_path, has_content;
};

static void approval_done(struct approval *approval)
{
	file_fact_done(&approval->of_path);
	file_fact_done(&approval->of_content);
}

/* A host layer that calls a program data approves no program. */
static bool is_lie(const struct recorder *recorder, const struct file_fact *entry,
		   const struct file_fact *now)
{
	return host_rule_is_lie(entry, now) &&
	       !baseline_rules_host_may(&recorder->rules, entry->path);
}

static int look_up(struct recorder *recorder, const struct file_fact *now, bool is_exec,
		   struct approval *approval)
{
	int r;

	r = baseline_index_find_path(recorder->index, now->path, &approval->of_path);
	if (r < 0 && r != -ENOENT)
		return r;
	approval->has_path = r == 0 && !is_lie(recorder, &approval->of_path, now);
	if (approval->has_path || !is_exec || !now->has_digest)
		return 0;
	r = baseline_index_find_digest(recorder->index, now->sha256, &approval->of_content);
	if (r < 0 && r != -ENOENT)
		return r;
	approval->has_content = r == 0 && !is_lie(recorder, &approval->of_content, now);
	return 0;
}

/* Who changes the mode or the times of a file with other content than approved did not write it. */
static bool leaves_difference(const struct event *event, const struct judgement *judgement)
{
	return event->kind == EVENT_FILE && event->changes == EVENT_CHANGE_ATTRIBUTE &&
	       judgement->verdict != VERDICT_ATTRIBUTES;
}

static int make_finding(struct recorder *recorder, const struct judgement *judgement,
			struct event *event, const struct file_fact *now,
			const struct approval *approval, struct finding *ret_finding)
{
	const struct file_fact *approved = approval->has_path	   ? &approval->of_path
					   : approval->has_content ? &approval->of_content
								   : NULL;
	char *user = event->subject.user;
	int r;

	/* The sentence of a finding leaves the host as it is: no name in it where site policy hides
	 * names. */
	if (recorder->policy.user_names != WIRE_PRIVACY_CLEAR)
		event->subject.user = NULL;
	r = engine_make_finding(judgement, event, now, approved,
				baseline_index_digest(recorder->index), ret_finding);
	event->subject.user = user;
	if (r < 0)
		return r;
	/* A walk or a second look shows that the drift lasts, not that it happened again. */
	if (event->kind == EVENT_SCANNED || (event->kind == EVENT_FILE && !event->changes) ||
	    leaves_difference(event, judgement))
		ret_finding->count = 0;
	if (user && !ret_finding->subject.user)
		return recorder_set_text(&ret_finding->subject.user, user);
	return 0;
}

/*
 * The path is now as @judgement says, so earlier findings about its state end, except the one that
 * still stands. What ran from here and was not approved ends when that content is no longer here
 * and no process runs it still, or is approved by now.
 */
static int heal(struct recorder *recorder, const struct judgement *judgement,
		const struct event *event, const struct finding *finding)
{
	const struct file_fact *now = &event->object;
	struct record_match state = {.path = now->path, .kinds = engine_state_kinds()};
	struct record_match ran = {.path = now->path, .kinds = engine_exec_kinds()};
	cleanup_free char *content = NULL;
	int64_t time_ns = clock_real_ns();
	int r;

	/* What could not be read has neither healed nor gone. */
	if (now->type == FILE_TYPE_REGULAR && !now->has_digest)
		return 0;
	if (judgement->verdict != VERDICT_APPROVED) {
		state.except_id = ran.except_id = finding->id;
		content = engine_describe_content(now);
		if (!content)
			return -ENOMEM;
		ran.except_actual = content;
	}
	r = recorder_resolve(recorder, &state, time_ns);
	if (r < 0 || (now->type == FILE_TYPE_NONE && event->count > 0))
		return r;
	return recorder_resolve(recorder, &ran, time_ns);
}

static bool is_monitored(const struct recorder *recorder, const char *path)
{
	for (char **tree = recorder->rules.trees; tree && *tree; tree++)
		if (path_is_below(path, *tree))
			return !baseline_rules_ignore(&recorder->rules, path);
	return false;
}

/*
 * Who ran a changed file is not who changed it: a run counts as a sighting of the open finding, and
 * leaves its subject and its sentence alone.
 */
static int keep_changer(struct recorder *recorder, const struct event *event,
			const struct judgement *judgement, struct finding *finding)
{
	struct record_match open = {.path = finding->path, .kinds = 1ULL << finding->kind};
	int r;

	if (event->kind == EVENT_FILE && !leaves_difference(event, judgement))
		return 0;
	if (!(engine_state_kinds() >> finding->kind & 1))
		return 0;
	r = record_has_open(recorder->record, &open);
	if (r > 0)
		finding->subject.is_known = false;
	return r < 0 ? r : 0;
}

/* What an update brought is still of that update when somebody runs it. */
static int join_change_set(struct recorder *recorder, struct finding *finding)
{
	struct record_match state = {.path = finding->path, .kinds = engine_state_kinds()};
	cleanup_finding struct finding brought = {0};
	int r;

	if (finding->change_set || !(engine_exec_kinds() >> finding->kind & 1))
		return 0;
	r = record_find_open(recorder->record, &state, &brought);
	if (r <= 0 || !str_equal(brought.actual, finding->actual))
		return r < 0 ? r : 0;
	finding->change_set = TAKE_PTR(brought.change_set);
	return 0;
}

/* Whether the same was told as never blocked. Where that is not known to the kernel's programs,
 * they tell the start of it once more. */
static int was_spared(struct recorder *recorder, const struct finding *finding)
{
	const struct record_match same = {
		.path = finding->path,
		.kinds = 1ULL << finding->kind,
		.only_actual = finding->actual,
	};
	cleanup_finding struct finding open = {0};
	int r;

	if (!(engine_exec_kinds() >> finding->kind & 1))
		return 0;
	r = record_find_open(recorder->record, &same, &open);
	return r <= 0 ? r : open.severity == SEVERITY_CRITICAL;
}

/* What is never blocked and not approved either is the worst of its kind. */
static int raise_severity(struct recorder *recorder, const struct event *event,
			  struct finding *finding)
{
	int r;

	if (event->kernel.outcome != OUTCOME_SPARED) {
		r = was_spared(recorder, finding);
		if (r <= 0)
			return r;
		finding->subject.is_known = false;
	}
	r = control_map_apply(recorder->controls, finding);
	if (r == 0)
		finding->severity = SEVERITY_CRITICAL;
	return r;
}

/* By who changed it, or for a look, which sees nobody, by what else was changed of late. */
static bool is_updaters(const struct recorder *recorder, const struct event *event)
{
	if (event->kind == EVENT_FILE && event->changes)
		return event->subject.change_set;
	/* A clock that was set back since is no reason to keep quiet. */
	return event->kind == EVENT_SCANNED && recorder->updated_ns &&
	       event->time_ns >= recorder->updated_ns &&
	       event->time_ns - recorder->updated_ns < RECORDER_UPDATE_NS;
}

/*
 * Where an updater unpacks a file before it takes its place. That it is there for a moment is no
 * news; one that is left behind is told by the next look that finds no updater at work.
 */
static bool is_unpacked(const struct recorder *recorder, const struct event *event,
			const struct judgement *judgement, const char *path)
{
	static const char *const ends[] = {".dpkg-new", ".dpkg-tmp"};
	size_t len = strlen(path);

	if (judgement->verdict != VERDICT_ADDED || !is_updaters(recorder, event))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++)
		if (len > strlen(ends[i]) && str_equal(path + len - strlen(ends[i]), ends[i]))
			return true;
	return false;
}

int recorder_judge(struct recorder *recorder, struct event *event, const struct file_fact *now,
		   const char **ret_verdict)
{
	bool is_exec = event->kind == EVENT_EXEC || event->kind == EVENT_RUNNING ||
		       event->kind == EVENT_LOAD;
	cleanup_with(approval_done) struct approval approval = {0};
	cleanup_finding struct finding finding = {0};
	struct judgement judgement;
	int r;

	if (!now->path || !recorder_has_baseline(recorder))
		return 0;
	r = look_up(recorder, now, is_exec, &approval);
	if (r < 0)
		return r;
	judgement = engine_judge(now, approval.has_path ? &approval.of_path : NULL,
				 approval.has_content ? &approval.of_content : NULL, is_exec);
	*ret_verdict = verdict_name(judgement.verdict);
	if (event->kind == EVENT_FILE && event->subject.change_set)
		recorder->updated_ns = event->time_ns;
	/* Of a path that is not monitored, a second look tells only whether what ran is still
	 * there. */
	if ((judgement.verdict == VERDICT_ADDED && !is_monitored(recorder, now->path)) ||
	    is_unpacked(recorder, event, &judgement, now->path))
		judgement.finding = FINDING_NONE;
	if (judgement.finding != FINDING_NONE) {
		r = make_finding(recorder, &judgement, event, now, &approval, &finding);
		if (r < 0)
			return r;
		r = keep_changer(recorder, event, &judgement, &finding);
		if (r == 0)
			r = join_change_set(recorder, &finding);
		if (r == 0)
			r = raise_severity(recorder, event, &finding);
		if (r < 0)
			return r;
		r = recorder_put_finding(recorder, &finding);
		if (r < 0)
			return r;
	}
	return is_exec ? 0 : heal(recorder, &judgement, event, &finding);
}

static int on_exec(struct recorder *recorder, struct event *event)
{
	const char *verdict = NULL;
	int r;

	/* Some libraries can be run, and then they are programs. */
	if (event->object.role == FILE_ROLE_LIBRARY)
		event->object.role = FILE_ROLE_EXECUTABLE;
	r = recorder_judge(recorder, event, &event->object, &verdict);
	if (r < 0)
		return r;
	if (event->script.path) {
		/* It was interpreted, so it is a script, whatever its first bytes look like. */
		event->script.role = FILE_ROLE_SCRIPT;
		r = recorder_judge(recorder, event, &event->script, &verdict);
		if (r < 0)
			return r;
	}
	return record_add_event(recorder->record, event, verdict);
}

/* How it was used tells more than what its first bytes look like. */
static enum file_role loaded_role(const struct event *event)
{
	if (str_equal(event->text, "script"))
		return FILE_ROLE_SCRIPT;
	if (str_equal(event->text, "module"))
		return FILE_ROLE_MODULE;
	if (str_equal(event->text, "program"))
		return FILE_ROLE_EXECUTABLE;
	/* A program that is mapped like a library: given to ld.so, say. */
	if (event->object.role == FILE_ROLE_EXECUTABLE || event->object.role == FILE_ROLE_IMAGE)
		return event->object.role;
	return FILE_ROLE_LIBRARY;
}

static int on_load(struct recorder *recorder, struct event *event)
{
	const char *verdict = NULL;
	char outcome[64];
	int r;

	event->object.role = loaded_role(event);
	r = recorder_judge(recorder, event, &event->object, &verdict);
	if (r == 0)
		r = recorder_on_answer(recorder, event, verdict);
	if (r < 0)
		return r;
	if (event->kernel.outcome == OUTCOME_ALLOWED)
		return record_add_event(recorder->record, event, verdict);
	(void)snprintf(outcome, sizeof(outcome), "%s, %s", verdict ? verdict : "not judged",
		       outcome_name(event->kernel.outcome));
	return record_add_event(recorder->record, event, outcome);
}

static int on_file(struct recorder *recorder, struct event *event)
{
	const char *verdict = NULL;
	int r;

	r = recorder_judge(recorder, event, &event->object, &verdict);
	if (r < 0 || !event->changes)
		return r;
	return record_add_event(recorder->record, event, verdict);
}

static int on_scanned(struct recorder *recorder, struct event *event)
{
	const char *verdict = NULL;
	int r;

	if (!event->object.path || !recorder_has_baseline(recorder))
		return 0;
	r = baseline_index_mark(recorder->index, event->object.path);
	if (r < 0 && r != -ENOENT)
		return r;
	return recorder_judge(recorder, event, &event->object, &verdict);
}

/* What the handlers take for granted. */
static bool is_sound(const struct event *event)
{
	enum coverage_state state;

	if (event->kind == EVENT_PHASE)
		return event->text && coverage_state_parse(event->text, &state) == 0;
	if (event->kind == EVENT_RUNG || event->kind == EVENT_LOAD || event->kind == EVENT_MOUNT ||
	    event->kind == EVENT_ENFORCEMENT)
		return event->text != NULL;
	return true;
}

int recorder_on_event(struct channel *channel, struct message *message, void *userdata)
{
	static const event_fn handlers[EVENT_KIND_COUNT] = {
		[EVENT_EXEC] = on_exec,
		[EVENT_RUNNING] = on_exec,
		[EVENT_FILE] = on_file,
		[EVENT_SCANNED] = on_scanned,
		[EVENT_SCAN_BEGIN] = recorder_scan_begin,
		[EVENT_SCAN_END] = recorder_scan_end,
		[EVENT_GAP] = recorder_on_gap,
		[EVENT_PHASE] = recorder_on_phase,
		[EVENT_RUNG] = recorder_on_rung,
		[EVENT_LOAD] = on_load,
		[EVENT_CLOCK] = recorder_on_clock,
		[EVENT_MOUNT] = recorder_on_mount,
		[EVENT_HELD] = recorder_on_held,
		[EVENT_ENFORCEMENT] = recorder_on_enforcement,
	};
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	cleanup_event struct event event = {0};

	m_get_event(message, &event);
	if (message_check(message) < 0 || (unsigned)event.kind >= EVENT_KIND_COUNT ||
	    !handlers[event.kind] || !is_sound(&event))
		return -EBADMSG;
	child->work++;
	return recorder_settle(recorder, handlers[event.kind](recorder, &event));
}
