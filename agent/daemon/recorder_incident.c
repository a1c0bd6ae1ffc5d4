/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents of this host, as root declares, reports and closes them.
 *
 * What is said becomes part of the finding and leaves as its record, in
 * sequence and chain like all else; it is answered once it is committed.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "daemon/recorder.h"
#include "daemon/recorder_control.h"
#include "wire/status.h"

typedef int (*step_fn)(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		       struct diag *diag);

static int put_line(const struct finding *finding, void *userdata)
{
	const struct control_request *request = userdata;
	struct wire_record record = {.type = WIRE_FINDING, .finding = *finding};
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	int r = codec_encode(&record, &request->recorder->policy, &sb);

	return r < 0 ? r : control_put_line(request->client, sb.data);
}

static int find(struct control_request *request, struct finding *ret_finding)
{
	const char *id = request->arguments[0];
	int r = record_find_finding(request->recorder->record, id, ret_finding);

	if (r == -EINVAL)
		return control_fail(request->client, r,
				    "a finding is named by its id, or by eight or more of its "
				    "first digits, not by '%.80s'",
				    id);
	if (r == -ENOENT)
		return control_fail(request->client, r, "there is no finding %s", id);
	if (r == -ENOTUNIQ)
		return control_fail(request->client, r,
				    "the ids of several findings begin with %s: give more of it",
				    id);
	return r;
}

/* What a power cut would leave of it. */
static bool is_stored(struct recorder *recorder, const struct finding *finding)
{
	cleanup_finding struct finding kept = {0};
	const struct incident *a = &finding->incident, *b = &kept.incident;

	return record_pending(recorder->record) == 0 &&
	       record_find_finding(recorder->record, finding->id, &kept) == 0 &&
	       a->declared_ns == b->declared_ns && a->reported_ns == b->reported_ns &&
	       a->closed_ns == b->closed_ns;
}

static int take_step(struct control_request *request, step_fn step,
		     const struct incident_word *word)
{
	struct recorder *recorder = request->recorder;
	cleanup_finding struct finding finding = {0};
	struct diag diag = {0};
	int r;

	r = find(request, &finding);
	if (r < 0)
		return r;
	r = step(&finding.incident, word, clock_real_ns(), &diag);
	if (r < 0)
		return control_fail(request->client, r, "%s: %s", request->arguments[0],
				    diag.text[0] ? diag.text : strerror(-r));
	r = record_put_incident(recorder->record, &finding);
	if (r == 0)
		r = recorder_tell_finding(recorder, &finding);
	recorder_settle(recorder, r);
	recorder_commit(recorder);
	if (r == 0 && !is_stored(recorder, &finding))
		r = -EIO;
	if (r < 0)
		return control_fail(request->client, r, "it could not be stored");
	r = put_line(&finding, request);
	return r < 0 ? r : CONTROL_DONE;
}

/* "0" stands for now. */
static int parse_time(struct control_request *request, int64_t *ret_ns)
{
	if (str_to_i64(request->arguments[1], 10, ret_ns) < 0 || *ret_ns < 0)
		return control_fail(request->client, -EINVAL,
				    "a time is nanoseconds since 1970, not '%.80s'",
				    request->arguments[1]);
	return 0;
}

/* FINDING TIME BY REASON */
int recorder_answer_declare(struct control_request *request)
{
	struct incident_word word = {.by = request->arguments[2], .text = request->arguments[3]};
	int r = parse_time(request, &word.time_ns);

	return r < 0 ? r : take_step(request, incident_declare, &word);
}

/* FINDING TIME BY REFERENCE; the last may be "". */
int recorder_answer_reported(struct control_request *request)
{
	const char *reference = request->arguments[3];
	struct incident_word word = {.by = request->arguments[2],
				     .text = *reference ? reference : NULL};
	int r = parse_time(request, &word.time_ns);

	return r < 0 ? r : take_step(request, incident_report, &word);
}

/* FINDING BY OUTCOME */
int recorder_answer_close(struct control_request *request)
{
	const struct incident_word word = {.by = request->arguments[1],
					   .text = request->arguments[2]};

	return take_step(request, incident_close, &word);
}

/* Each was declared by a person, so they are one piece. */
int recorder_answer_incidents(struct control_request *request)
{
	int r = record_each_incident(request->recorder->record, put_line, request);

	return r < 0 ? r : CONTROL_DONE;
}

static int count_one(const struct finding *finding, void *userdata)
{
	const struct incident *incident = &finding->incident;
	struct status *status = userdata;
	int64_t due_ns = incident_due_ns(incident);

	status->incidents_held += incident_hold_until_ns(incident) > status->time_ns;
	if (!incident_is_open(incident))
		return 0;
	status->incidents_open++;
	if (incident->reported_ns)
		return 0;
	status->incidents_unreported++;
	if (!status->incident_due_ns || due_ns < status->incident_due_ns)
		status->incident_due_ns = due_ns;
	return 0;
}

int recorder_count_incidents(struct recorder *recorder, struct status *status)
{
	return record_each_incident(recorder->record, count_one, status);
}
