/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was watched and what was not: phases, gaps, times when nothing ran, and
 * the health of the other processes.
 *
 * The lasting interval of the coverage record is the truth about now. A start
 * begins with an interval `down` that reaches back to the last sign of life and
 * lasts until the sensor reports its phase, so no moment is claimed unseen.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"
#include "daemon/recorder_control.h"

static int emit_coverage(struct recorder *recorder, const struct coverage *coverage)
{
	struct wire_record record = {.type = WIRE_COVERAGE, .coverage = *coverage};

	return recorder_emit(recorder, &record, NULL);
}

/* A new lasting interval; the one before ends with it and both are told. */
static int change_state(struct recorder *recorder, const struct coverage *next)
{
	cleanup_coverage struct coverage last = {0};
	int r;

	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0) {
		last.end_ns = next->start_ns > last.start_ns ? next->start_ns : last.start_ns;
		r = emit_coverage(recorder, &last);
		if (r < 0)
			return r;
	}
	r = record_put_coverage(recorder->record, next);
	if (r < 0)
		return r;
	return emit_coverage(recorder, next);
}

static int keep_alive_time(struct recorder *recorder, int64_t time_ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, time_ns);
	return record_set(recorder->record, "alive", text);
}

int recorder_coverage_start(struct recorder *recorder)
{
	cleanup_free char *alive = NULL, *ending = NULL;
	struct coverage down = {.state = COVERAGE_DOWN, .start_ns = clock_real_ns()};
	int r;

	r = record_get(recorder->record, "alive", &alive);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == -ENOENT) {
		down.cause = "the agent runs for the first time";
	} else {
		int64_t last_ns;

		/* A clock that was set back since then would make the interval end before it began.
		 */
		if (str_to_i64(alive, 10, &last_ns) == 0 && last_ns < down.start_ns)
			down.start_ns = last_ns;
		r = record_get(recorder->record, "ending", &ending);
		if (r < 0 && r != -ENOENT)
			return r;
		down.cause =
			str_equal(ending, "stopped")
				? "the agent was stopped"
				: "the agent ended without notice (killed, crash or power cut)";
		down.missed = "program starts; file changes that were undone before the next walk";
	}
	r = change_state(recorder, &down);
	if (r < 0)
		return r;
	r = record_set(recorder->record, "ending", "running");
	if (r < 0)
		return r;
	recorder->alive_ns = clock_real_ns();
	return keep_alive_time(recorder, recorder->alive_ns);
}

int recorder_end_coverage(struct recorder *recorder)
{
	int r;

	r = record_set(recorder->record, "ending", "stopped");
	if (r < 0)
		return r;
	return keep_alive_time(recorder, clock_real_ns());
}

int recorder_sensor_away(struct recorder *recorder)
{
	cleanup_coverage struct coverage last = {0};
	struct coverage gap = {
		.state = COVERAGE_GAP,
		.start_ns = clock_real_ns(),
		.rung = recorder->rung,
		.cause = "the sensor is away",
		.missed = "program starts; file changes that were undone before the next walk",
	};
	int r;

	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (last.state == COVERAGE_DOWN || last.state == COVERAGE_GAP)
		return 0;
	return change_state(recorder, &gap);
}

int recorder_coverage_tick(struct recorder *recorder)
{
	int64_t now_ns = clock_real_ns();
	int r;

	if (!recorder->child->peers[ROLE_SENSOR]) {
		r = recorder_sensor_away(recorder);
		if (r < 0)
			return r;
	}
	if (now_ns >= recorder->alive_ns &&
	    now_ns - recorder->alive_ns < RECORDER_ALIVE_S * NSEC_PER_SEC)
		return 0;
	recorder->alive_ns = now_ns;
	return keep_alive_time(recorder, now_ns);
}

int recorder_on_phase(struct recorder *recorder, struct event *event)
{
	cleanup_coverage struct coverage last = {0};
	struct coverage next = {.start_ns = event->time_ns, .rung = recorder->rung};
	int r;

	r = coverage_state_parse(event->text, &next.state);
	if (r < 0)
		return r;
	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && last.state == next.state && str_equal(last.rung, next.rung))
		return 0;
	log_info("Coverage: %s, rung %s", event->text, recorder->rung ? recorder->rung : "unknown");
	return change_state(recorder, &next);
}

int recorder_on_gap(struct recorder *recorder, struct event *event)
{
	const char *what = event->text ? event->text : "events";
	cleanup_free char *detail = NULL;
	struct coverage gap = {
		.state = COVERAGE_GAP,
		.start_ns = event->time_ns,
		.end_ns = event->until_ns > event->time_ns ? event->until_ns : event->time_ns,
		.rung = recorder->rung,
		.cause = event->text,
		.missed = event->detail,
	};
	int r;

	if (asprintf(&detail, "The sensor did not see %" PRIu64 " record%s: %s%s%s.", event->count,
		     event->count == 1 ? "" : "s", what, event->detail ? "; " : "",
		     event->detail ? event->detail : "") < 0)
		return -ENOMEM;
	r = record_put_coverage(recorder->record, &gap);
	if (r < 0)
		return r;
	r = emit_coverage(recorder, &gap);
	if (r < 0)
		return r;
	return recorder_put_agent(recorder, FINDING_AGENT_GAP, what, NULL, detail);
}

int recorder_on_rung(struct recorder *recorder, struct event *event)
{
	int r;

	if (str_equal(recorder->rung, event->text) &&
	    str_equal(recorder->rung_reason, event->detail))
		return 0;
	r = recorder_set_text(&recorder->rung, event->text);
	if (r < 0)
		return r;
	r = recorder_set_text(&recorder->rung_reason, event->detail);
	if (r < 0)
		return r;
	r = record_set(recorder->record, "rung", event->text);
	if (r < 0)
		return r;
	r = record_set(recorder->record, "rung_reason", event->detail ? event->detail : "");
	if (r < 0)
		return r;
	return recorder_emit_hello(recorder);
}

int recorder_on_clock(struct recorder *recorder, struct event *event)
{
	cleanup_free char *detail = NULL;

	if (asprintf(&detail,
		     "The wall clock stepped back by %" PRIu64 ".%03" PRIu64
		     " s: file times prove nothing until all files are hashed again.",
		     event->count / (uint64_t)NSEC_PER_SEC,
		     event->count % (uint64_t)NSEC_PER_SEC / (uint64_t)NSEC_PER_MSEC) < 0)
		return -ENOMEM;
	return recorder_put_agent(recorder, FINDING_AGENT_CLOCK, "wall clock", "stepped back",
				  detail);
}

static int parse_role(const char *name, enum process_role *ret_role)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		if (str_equal(role_name(role), name)) {
			*ret_role = role;
			return 0;
		}
	}
	return -EINVAL;
}

/* "degraded: WHAT: WHY" becomes a finding about "ROLE: WHAT" with WHY as what was found. */
static int put_degraded(struct recorder *recorder, const char *role, const char *text)
{
	const char *why = strstr(text, ": ");
	cleanup_free char *what = NULL, *detail = NULL;

	if (asprintf(&what, "%s: %.*s", role, (int)(why ? (size_t)(why - text) : strlen(text)),
		     text) < 0)
		return -ENOMEM;
	if (asprintf(&detail, "The %s works with less than it should: %s.", role, text) < 0)
		return -ENOMEM;
	return recorder_put_agent(recorder, FINDING_AGENT_DEGRADED, what, why ? why + 2 : NULL,
				  detail);
}

/* An end that nobody of Plumbline asked for. SIGKILL and SIGSTOP come from outside: a crash has
 * other signals. */
static int put_ended(struct recorder *recorder, const char *role, const char *what)
{
	enum finding_kind kind = FINDING_AGENT_DEGRADED;
	cleanup_free char *detail = NULL;

	if (strstr(what, "SIGKILL") || strstr(what, "SIGSTOP") || strstr(what, "SIGTERM"))
		kind = FINDING_AGENT_TAMPER;
	if (asprintf(&detail, "The process %s was %s%s.", role, what,
		     kind == FINDING_AGENT_TAMPER ? ", not by the agent itself" : "") < 0)
		return -ENOMEM;
	return recorder_put_agent(recorder, kind, role, what, detail);
}

static int judge_child(struct recorder *recorder, enum process_role role, const char *what)
{
	const char *name = role_name(role);
	cleanup_free char *prefix = NULL;
	int r;

	/* A refused baseline has its own finding, unless the supervisor loaded it by itself. */
	if (role == ROLE_VERIFIER && str_starts(what, "degraded: baseline: ") &&
	    (recorder->is_refusal_told || control_server_is_loading(recorder->control)))
		return 0;
	if (str_starts(what, "degraded: "))
		return put_degraded(recorder, name, what + strlen("degraded: "));
	if (str_starts(what, "killed") ||
	    (str_starts(what, "exited") && !str_ends(what, "status 0")))
		return put_ended(recorder, name, what);
	if (str_equal(what, "ready"))
		return recorder_resolve_agent(recorder, FINDING_AGENT_DEGRADED, name);
	if (!str_equal(what, "started"))
		return 0;
	/* What it lacked before, it reports again if it still lacks it. */
	if (asprintf(&prefix, "%s: ", name) < 0)
		return -ENOMEM;
	r = recorder_resolve_agents(recorder, FINDING_AGENT_DEGRADED, prefix, clock_real_ns());
	return r;
}

int recorder_on_child(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	cleanup_free char *name = m_get_string(message);
	cleanup_free char *what = m_get_string(message);
	uint64_t restarts = m_get_u64(message);
	enum process_role role;
	int r;

	if (message_check(message) < 0 || !name || !what || parse_role(name, &role) < 0)
		return -EBADMSG;
	if (!str_starts(what, "degraded: ")) {
		r = recorder_set_text(&recorder->processes[role].what, what);
		if (r < 0)
			return recorder_settle(recorder, r);
		recorder->processes[role].restarts = restarts;
	}
	return recorder_settle(recorder, judge_child(recorder, role, what));
}

int recorder_on_check_begin(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	cleanup_free char *profile = m_get_string(message);

	(void)m_get_u64(message);
	if (message_check(message) < 0 || !profile)
		return -EBADMSG;
	return recorder_settle(recorder, record_set(recorder->record, "profile", profile));
}

static int judge_check(struct recorder *recorder, const struct check_result *result, bool was_pass,
		       bool has_changed)
{
	struct record_match regressed = {.path = result->id,
					 .kinds = 1ULL << FINDING_HARDENING_REGRESSED};
	struct record_match earlier = {.path = result->id,
				       .kinds = 1ULL << FINDING_HARDENING_REGRESSED |
						1ULL << FINDING_HARDENING_FAILED};
	cleanup_finding struct finding finding = {0};
	int r;

	/* An error says nothing about the setting: what was known stays. */
	if (result->outcome == CHECK_ERROR)
		return 0;
	if (result->outcome == CHECK_FAIL) {
		/* A regression stays one while it lasts, also in the runs after the one that
		 * noticed it. */
		r = record_has_open(recorder->record, &regressed);
		if (r < 0)
			return r;
		r = engine_make_check_finding(result, was_pass || r > 0, &finding);
		if (r < 0)
			return r;
		finding.count = has_changed;
		r = recorder_put_finding(recorder, &finding);
		if (r < 0)
			return r;
		earlier.except_id = finding.id;
	}
	return recorder_resolve(recorder, &earlier, clock_real_ns());
}

int recorder_on_check_result(struct channel *channel, struct message *message, void *userdata)
{
	struct child *child = userdata;
	struct recorder *recorder = child->userdata;
	cleanup_check_result struct check_result result = {0};
	bool was_pass, has_changed;
	int r;

	m_get_check_result(message, &result);
	if (message_check(message) < 0 || !result.id)
		return -EBADMSG;
	child->work++;
	r = record_put_check(recorder->record, &result, &was_pass, &has_changed);
	if (r == 0 && has_changed) {
		struct wire_record record = {.type = WIRE_CHECK, .check = result};

		r = recorder_emit(recorder, &record, NULL);
	}
	if (r == 0)
		r = judge_check(recorder, &result, was_pass, has_changed);
	return recorder_settle(recorder, r);
}

int recorder_on_check_end(struct channel *channel, struct message *message, void *userdata)
{
	(void)m_get_u64(message);
	return message_check(message);
}
