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
#include "model/sight.h"

/* Intervals that are told in one go, and the room in the outbox below which they wait. */
#define TOLD_AT_ONCE	64
#define TOLD_ROOM_BYTES 8192

#define MISSED_ALL                                                                    \
	"program starts and loads of code; file changes that were undone before the " \
	"next walk"

int recorder_send_coverage(struct recorder *recorder)
{
	for (int i = 0; i < TOLD_AT_ONCE; i++) {
		cleanup_coverage struct coverage coverage = {0};
		struct wire_record record = {.type = WIRE_COVERAGE};
		struct record_head head;
		int64_t row;
		bool sent;
		int r;

		r = record_get_head(recorder->record, &head);
		if (r < 0 ||
		    head.outbox_bytes + TOLD_ROOM_BYTES > recorder->child->config->outbox_max_bytes)
			return r;
		r = record_get_owed_coverage(recorder->record, &coverage, &row);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		record.coverage = coverage;
		r = recorder_emit(recorder, &record, &sent);
		if (r < 0 || !sent)
			return r;
		r = record_get_head(recorder->record, &head);
		if (r == 0)
			r = record_mark_coverage(recorder->record, row, head.sequence);
		if (r < 0)
			return r;
	}
	return 0;
}

/* An interval that is over, or a new lasting one, which ends the one before; all are told. */
static int put_interval(struct recorder *recorder, const struct coverage *coverage)
{
	int r = record_put_coverage(recorder->record, coverage);

	return r < 0 ? r : recorder_send_coverage(recorder);
}

/* ---- what stays the truth over a restart: when the agent was alive, by which clocks */

void recorder_read_boot_id(struct recorder *recorder)
{
	int r = boot_id_read(recorder->boot_id);

	if (r < 0)
		log_warning(r,
			    "The boot id cannot be read; each start counts as one of the machine");
}

/* "REAL BOOT MONO BOOT-ID"; of an older agent "REAL". */
static int keep_alive_time(struct recorder *recorder)
{
	const struct clock_look *look = &recorder->clocks;
	char text[128];

	snprintf(text, sizeof(text), "%" PRId64 " %" PRId64 " %" PRId64 " %s", look->real_ns,
		 look->boot_ns, look->mono_ns, recorder->boot_id);
	return record_set(recorder->record, "alive", text);
}

static bool take_number(char **text, int64_t *ret_number)
{
	char *word = strsep(text, " ");

	return word && str_to_i64(word, 10, ret_number) == 0;
}

/* Of another boot only the wall clock says something. */
static void parse_alive(char *text, const char *boot_id, struct clock_look *ret_look,
			bool *ret_is_this_boot)
{
	struct clock_look look = {0};

	*ret_is_this_boot = false;
	if (!take_number(&text, &look.real_ns))
		return;
	*ret_is_this_boot = take_number(&text, &look.boot_ns) &&
			    take_number(&text, &look.mono_ns) && *boot_id &&
			    str_equal(text, boot_id);
	*ret_look = look;
}

/* ---- clocks */

static int put_clock_step(struct recorder *recorder, int64_t stepped_ns, int64_t now_ns)
{
	int64_t step_ms = (stepped_ns < 0 ? -stepped_ns : stepped_ns) / NSEC_PER_MSEC;
	cleanup_free char *cause = NULL;
	struct coverage gap = {.state = COVERAGE_GAP, .rung = recorder->rung};

	/* This span of the wall clock passed twice, or never. */
	gap.start_ns = stepped_ns < 0 ? now_ns : now_ns - stepped_ns;
	gap.end_ns = stepped_ns < 0 ? now_ns - stepped_ns : now_ns;
	if (asprintf(&cause, "the wall clock was set %s by %" PRId64 ".%03" PRId64 " s",
		     stepped_ns < 0 ? "back" : "forward", step_ms / 1000, step_ms % 1000) < 0)
		return -ENOMEM;
	gap.cause = cause;
	gap.missed = stepped_ns < 0 ? (char *)"nothing by itself; times in this span stand for two "
					      "moments, and file times before it prove nothing"
				    : (char *)"nothing: this span of time did not pass";
	return put_interval(recorder, &gap);
}

static int put_suspended(struct recorder *recorder, int64_t suspended_ns, int64_t now_ns)
{
	return put_interval(recorder,
			    &(struct coverage){
				    .state = COVERAGE_GAP,
				    .start_ns = now_ns - suspended_ns,
				    .end_ns = now_ns,
				    .rung = recorder->rung,
				    .cause = (char *)"the machine was suspended",
				    .missed = (char *)"nothing of this system, which stood "
						      "still; changes of its disks by "
						      "another, until the next walk",
			    });
}

static int look_at_clocks(struct recorder *recorder)
{
	struct clock_look now = clock_look_now();
	struct clock_news news;
	int r = 0;

	if (clock_compare(&recorder->clocks, &now, &news)) {
		if (news.suspended_ns)
			r = put_suspended(recorder, news.suspended_ns, now.real_ns);
		if (r == 0 && news.stepped_ns)
			r = put_clock_step(recorder, news.stepped_ns, now.real_ns);
		if (r == 0 && news.stepped_ns)
			r = record_step_coverage(recorder->record, now.real_ns - news.stepped_ns,
						 now.real_ns);
		if (r == 0)
			r = recorder_send_coverage(recorder);
	}
	recorder->clocks = now;
	return r;
}

/* ---- start and end of the agent */

static const char *cause_of_down(bool was_stopped, bool is_this_boot)
{
	if (was_stopped)
		return is_this_boot ? "the agent was stopped"
				    : "the agent was stopped, and the machine started anew";
	return is_this_boot ? "the agent, or its recorder, ended without notice (killed or crash)"
			    : "the machine ended without notice (power cut, reset or crash)";
}

static int put_down(struct recorder *recorder, char *alive)
{
	cleanup_free char *ending = NULL;
	struct clock_look before = {0}, now = recorder->clocks;
	struct clock_news news = {0};
	struct coverage down = {.state = COVERAGE_DOWN, .start_ns = now.real_ns};
	cleanup_coverage struct coverage last = {0};
	bool is_this_boot;
	int r;

	r = record_get(recorder->record, "ending", &ending);
	if (r < 0 && r != -ENOENT)
		return r;
	parse_alive(alive, recorder->boot_id, &before, &is_this_boot);
	down.cause = (char *)cause_of_down(str_equal(ending, "stopped"), is_this_boot);
	down.missed = (char *)MISSED_ALL;
	if (is_this_boot) {
		(void)clock_compare(&before, &now, &news);
		down.start_ns -= now.boot_ns - before.boot_ns;
	} else if (before.real_ns < now.real_ns) {
		down.start_ns = before.real_ns;
	} else {
		down.missed = (char *)MISSED_ALL "; for how long nobody can say, the wall clock is "
						 "behind the last sign of life";
	}
	/* It was without its sensor before it ended: that is one time without sight. */
	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && (last.state == COVERAGE_DOWN || last.state == COVERAGE_GAP) &&
	    last.start_ns < down.start_ns)
		down.start_ns = last.start_ns;
	r = put_interval(recorder, &down);
	if (r == 0 && news.stepped_ns)
		r = put_clock_step(recorder, news.stepped_ns, now.real_ns);
	return r;
}

int recorder_coverage_start(struct recorder *recorder)
{
	cleanup_free char *alive = NULL;
	int r;

	recorder->clocks = clock_look_now();
	r = record_get(recorder->record, "alive", &alive);
	if (r == 0)
		r = put_down(recorder, alive);
	else if (r == -ENOENT)
		r = put_interval(recorder, &(struct coverage){
						   .state = COVERAGE_DOWN,
						   .start_ns = recorder->clocks.real_ns,
						   .cause = (char *)"the agent runs for the first "
								    "time",
					   });
	if (r == 0)
		r = record_set(recorder->record, "ending", "running");
	recorder->alive_ns = recorder->clocks.boot_ns;
	return r < 0 ? r : keep_alive_time(recorder);
}

int recorder_end_coverage(struct recorder *recorder, bool is_asked_for)
{
	int r = 0;

	if (is_asked_for)
		r = record_set(recorder->record, "ending", "stopped");
	if (r == 0)
		r = look_at_clocks(recorder);
	return r < 0 ? r : keep_alive_time(recorder);
}

/* ---- the sensor */

/* Nothing is seen from @start_ns on, until the sensor tells its phase. */
static int put_blind(struct recorder *recorder, int64_t start_ns, const char *cause)
{
	cleanup_coverage struct coverage last = {0};
	struct coverage gap = {
		.state = COVERAGE_GAP,
		.start_ns = start_ns,
		.rung = recorder->rung,
		.cause = (char *)cause,
		.missed = (char *)MISSED_ALL,
	};
	int r;

	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (last.state == COVERAGE_DOWN || last.state == COVERAGE_GAP)
		return 0;
	if (gap.start_ns < last.start_ns)
		gap.start_ns = last.start_ns;
	return put_interval(recorder, &gap);
}

int recorder_sensor_away(struct recorder *recorder)
{
	return put_blind(recorder, clock_real_ns(), COVERAGE_AWAY);
}

/*
 * Parts that the sensor works without make another interval of the same state. They are told one by
 * one as it starts, so that is left to the next tick.
 */
static int tell_lacks(struct recorder *recorder)
{
	cleanup_coverage struct coverage last = {0};
	struct coverage next;
	int r;

	if (str_equal(recorder->lacks, recorder->lacks_told))
		return 0;
	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (last.state == COVERAGE_DOWN || last.state == COVERAGE_GAP)
		return 0; /* its next phase tells */
	next = last;
	next.start_ns = clock_real_ns();
	next.cause = recorder->lacks ? (char *)"a part of the sensor does not work"
				     : (char *)"all parts of the sensor work again";
	next.missed = recorder->lacks;
	r = put_interval(recorder, &next);
	return r < 0 ? r : recorder_set_text(&recorder->lacks_told, recorder->lacks);
}

int recorder_coverage_tick(struct recorder *recorder)
{
	int r;

	r = look_at_clocks(recorder);
	if (r == 0 && !recorder->child->peers[ROLE_SENSOR])
		r = recorder_sensor_away(recorder);
	if (r == 0)
		r = tell_lacks(recorder);
	if (r < 0)
		return r;
	if (recorder->clocks.boot_ns - recorder->alive_ns < RECORDER_ALIVE_S * NSEC_PER_SEC)
		return 0;
	recorder->alive_ns = recorder->clocks.boot_ns;
	return keep_alive_time(recorder);
}

/* What the rung before saw and this one does not; NULL: nothing. */
static char *seen_less(const char *before, const char *now)
{
	const struct sensor_sight *old = sight_of_rung(before), *new = sight_of_rung(now);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	for (; old && old->what && new; old++)
		for (const struct sensor_sight *sight = new; sight->what; sight++)
			if (old->is_seen && !sight->is_seen && str_equal(old->what, sight->what))
				strbuf_printf(&text, "%s%s", text.len ? ", " : "", old->what);
	return text.len ? strbuf_take(&text) : NULL;
}

int recorder_on_phase(struct recorder *recorder, struct event *event)
{
	cleanup_coverage struct coverage last = {0};
	cleanup_free char *cause = NULL, *missed = NULL;
	struct coverage next = {
		.start_ns = event->time_ns,
		.rung = recorder->rung,
		.cause = event->detail,
		.missed = recorder->lacks,
	};
	int r;

	r = coverage_state_parse(event->text, &next.state);
	/* What lasts ends by the clock that it began by. */
	if (r == 0)
		r = look_at_clocks(recorder);
	if (r < 0)
		return r;
	if (next.state == COVERAGE_COVERED)
		next.basis = (char *)(event->count ? COVERAGE_BY_STAMPS : COVERAGE_BY_HASH);
	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0 && last.state == next.state && str_equal(last.rung, next.rung) &&
	    str_equal(last.basis, next.basis) && !recorder->was_held)
		return 0;
	recorder->was_held = false;
	if (recorder->rung_before) {
		missed = seen_less(recorder->rung_before, recorder->rung);
		if (asprintf(&cause, "the rung changed from %s to %s", recorder->rung_before,
			     recorder->rung) < 0)
			return -ENOMEM;
		next.cause = cause;
		if (missed)
			next.missed = missed;
	}
	log_info("Coverage: %s, rung %s", event->text, recorder->rung ? recorder->rung : "unknown");
	r = put_interval(recorder, &next);
	if (r == 0)
		r = recorder_set_text(&recorder->rung_before, NULL);
	return r < 0 ? r : recorder_set_text(&recorder->lacks_told, recorder->lacks);
}

int recorder_on_held(struct recorder *recorder, struct event *event)
{
	cleanup_coverage struct coverage last = {0};
	struct coverage held = {
		.state = COVERAGE_OBSERVING,
		.rung = recorder->rung,
		.cause = event->text,
		.missed = event->detail,
	};
	int r;

	r = record_get_lasting_coverage(recorder->record, &last);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (last.state != COVERAGE_DOWN && last.state != COVERAGE_GAP)
		return 0;
	held.start_ns = last.start_ns;
	recorder->was_held = true;
	return put_interval(recorder, &held);
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
		.lost = event->count,
	};
	int r;

	/* The cause is what the finding is about, and is told beside it. */
	if (asprintf(&detail, "The sensor did not see %" PRIu64 " record%s%s%s.", event->count,
		     event->count == 1 ? "" : "s", event->detail ? "; may have been missed: " : "",
		     event->detail ? event->detail : "") < 0)
		return -ENOMEM;
	r = put_interval(recorder, &gap);
	return r < 0 ? r : recorder_put_agent(recorder, FINDING_AGENT_GAP, what, NULL, detail);
}

int recorder_on_rung(struct recorder *recorder, struct event *event)
{
	int r;

	if (str_equal(recorder->rung, event->text) &&
	    str_equal(recorder->rung_reason, event->detail))
		return 0;
	if (recorder->rung && !str_equal(recorder->rung, event->text)) {
		r = recorder_set_text(&recorder->rung_before, recorder->rung);
		if (r < 0)
			return r;
	}
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
	cleanup_finding struct finding finding = {0};
	cleanup_free char *detail = NULL;
	int r;

	/* The interval that the step makes comes before what is seen after it. */
	recorder_forget_walks(recorder);
	r = look_at_clocks(recorder);
	if (r < 0)
		return r;
	if (asprintf(&detail,
		     "The wall clock stepped back by %" PRIu64 ".%03" PRIu64
		     " s: file times prove nothing until all files are hashed again.",
		     event->count / (uint64_t)NSEC_PER_SEC,
		     event->count % (uint64_t)NSEC_PER_SEC / (uint64_t)NSEC_PER_MSEC) < 0)
		return -ENOMEM;
	r = engine_make_agent_finding(FINDING_AGENT_CLOCK, event->time_ns, "wall clock", NULL,
				      "stepped back", detail, &finding);
	if (r == 0)
		r = subject_copy(&event->subject, &finding.subject);
	return r < 0 ? r : recorder_put_finding(recorder, &finding);
}

/* ---- the other processes */

/* "sensor without PART: WHY" and its like: what the lasting interval then misses. */
static int add_lack(struct recorder *recorder, const char *text)
{
	cleanup_free char *lacks = NULL;

	if (recorder->lacks && strstr(recorder->lacks, text))
		return 0;
	if (asprintf(&lacks, "%s%s%s", recorder->lacks ? recorder->lacks : "",
		     recorder->lacks ? "; " : "what it needs this for: ", text) < 0)
		return -ENOMEM;
	free(recorder->lacks);
	recorder->lacks = TAKE_PTR(lacks);
	return 0;
}

/* A silence that the supervisor ended was blind for as long as it lasted. */
#define SILENT "degraded: heartbeat: silent for "

static int judge_sensor(struct recorder *recorder, const char *what)
{
	cleanup_free char *number = NULL;
	uint64_t silent_s;

	if (str_equal(what, "started"))
		return recorder_set_text(&recorder->lacks, NULL);
	if (!str_starts(what, "degraded: "))
		return 0;
	if (!str_starts(what, SILENT))
		return add_lack(recorder, what + strlen("degraded: "));
	number = strdup(what + strlen(SILENT));
	if (!number)
		return -ENOMEM;
	number[strspn(number, "0123456789")] = '\0';
	if (str_to_u64(number, 10, &silent_s) < 0)
		return 0;
	return put_blind(recorder, clock_real_ns() - (int64_t)silent_s * NSEC_PER_SEC,
			 "the sensor was silent");
}

/* Settings of the machine are looked at by nobody between its end and its next run. */
static int judge_assessor(struct recorder *recorder, const char *what)
{
	struct coverage gap = {
		.state = COVERAGE_GAP,
		.start_ns = recorder->assessor_ended_ns,
		.end_ns = clock_real_ns(),
		.rung = recorder->rung,
		.missed = (char *)"hardening settings that were changed and put back meanwhile",
	};
	cleanup_free char *cause = NULL;
	int r;

	if (str_starts(what, "killed") || str_starts(what, "exited") ||
	    str_starts(what, "ended by")) {
		recorder->assessor_ended_ns = clock_real_ns();
		return recorder_set_text(&recorder->assessor_end, what);
	}
	if (!str_equal(what, "ready") || !recorder->assessor_ended_ns)
		return 0;
	recorder->assessor_ended_ns = 0;
	if (asprintf(&cause, "the assessor was %s", recorder->assessor_end) < 0)
		return -ENOMEM;
	gap.cause = cause;
	r = put_interval(recorder, &gap);
	return r;
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
	r = role == ROLE_SENSOR	    ? judge_sensor(recorder, what)
	    : role == ROLE_ASSESSOR ? judge_assessor(recorder, what)
				    : 0;
	if (r < 0)
		return r;
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

static int judge_check(struct recorder *recorder, const struct check_result *result,
		       const struct engine_check_history *history, bool is_other)
{
	struct record_match regressed = {.path = result->id,
					 .kinds = 1ULL << FINDING_HARDENING_REGRESSED};
	struct record_match earlier = {.path = result->id,
				       .kinds = 1ULL << FINDING_HARDENING_REGRESSED |
						1ULL << FINDING_HARDENING_FAILED};
	struct engine_check_history lasting = *history;
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
		lasting.was_pass |= r > 0;
		r = engine_make_check_finding(result, &lasting, &finding);
		if (r < 0)
			return r;
		finding.count = is_other;
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
	cleanup_record_check_change struct record_check_change change = {0};
	cleanup_subject struct subject who = {0};
	cleanup_free char *touched = NULL;
	struct engine_check_history history = {0};
	int r;

	m_get_check_result(message, &result);
	touched = m_get_string(message);
	m_get_subject(message, &who);
	if (message_check(message) < 0 || !result.id)
		return -EBADMSG;
	child->work++;
	r = record_put_check(recorder->record, &result, &change);
	if (r == 0 && change.is_other) {
		struct wire_record record = {.type = WIRE_CHECK, .check = result};

		r = recorder_emit(recorder, &record, NULL);
		/* Who touched a file and changed nothing of what was found is no news. */
		history.touched = touched;
		history.who = &who;
	}
	history.was_pass = change.was_pass;
	history.before = change.before;
	if (r == 0)
		r = judge_check(recorder, &result, &history, change.is_other);
	return recorder_settle(recorder, r);
}

int recorder_on_check_end(struct channel *channel, struct message *message, void *userdata)
{
	(void)m_get_u64(message);
	return message_check(message);
}
