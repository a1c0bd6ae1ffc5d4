/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON report: one document with everything that the HTML report says; its
 * shape is in plumbline(1). Written piece by piece, so that memory does not
 * grow with the number of findings.
 */
#include "report/report_json.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "model/sight.h"
#include "report/asides.h"
#include "report/json_stream.h"
#include "report/notes.h"
#include "report/view.h"

#define FORMAT_VERSION 1

/* "CM-3 SI-7" or "SR 3.4, SR 3.4 RE 1" as an array of strings. */
static void put_list(struct json *j, const char *key, const char *text, const char *separators)
{
	struct strbuf item = STRBUF_INIT;

	json_key(j, key);
	json_begin_array(j);
	for (const char *at = text ? text : ""; *at;) {
		size_t len = strcspn(at, separators);

		while (len > 0 && *at == ' ')
			at++, len--;
		if (len > 0) {
			strbuf_clear(&item);
			strbuf_add(&item, at, len);
			json_string(j, item.data);
		}
		at += len;
		at += strspn(at, separators);
	}
	json_end_array(j);
	strbuf_done(&item);
}

static void put_head(struct json *j, const struct report_head *head)
{
	json_key(j, "evidence");
	json_begin_object(j);
	json_put_u64(j, "sequence", head->sequence);
	json_put_string(j, "chain", head->chain);
	json_put_string(j, "key_id", head->key_id);
	json_put_string(j, "signature", head->signature);
	json_put_u64(j, "verified_sequence", head->verified_sequence);
	json_end_object(j);
}

static void put_seconds(struct json *j, const char *key, int64_t ns)
{
	json_put_i64(j, key, ns / NSEC_PER_SEC);
}

static void put_blind_spot(struct json *j, const char *what, const char *note)
{
	json_begin_object(j);
	json_put_string(j, "what", what);
	json_put_string(j, "note", note);
	json_end_object(j);
}

static void put_not_seen(struct json *j, const struct report_host *host)
{
	const struct sensor_sight *sights = sight_of_rung(host->rung);

	json_key(j, "not_seen");
	json_begin_array(j);
	for (; sights && sights->what; sights++)
		if (!sights->is_seen)
			put_blind_spot(j, sights->what, sights->note);
	for (size_t i = 0; i < host->blind_spot_count; i++)
		put_blind_spot(j, host->blind_spots[i].what, host->blind_spots[i].note);
	json_end_array(j);
}

static int put_coverage(struct json *j, const struct report_host *host,
			const struct view_host *view, FILE *out)
{
	int r;

	json_key(j, "coverage");
	json_begin_object(j);
	json_put_time(j, "from", view->from_ns);
	json_put_time(j, "until", view->until_ns);
	json_put_u64(j, "covered_permille", view_covered_permille(view));
	json_key(j, "seconds");
	json_begin_object(j);
	for (unsigned state = 0; state < VIEW_SPAN_COUNT; state++)
		put_seconds(j, state == VIEW_NO_RECORD ? "no_record" : view_state_name(state),
			    view->time_ns[state]);
	json_end_object(j);

	json_key(j, "intervals");
	json_begin_array(j);
	for (size_t i = 0; i < host->coverage_count; i++) {
		const struct coverage *record = &host->coverage[i];

		json_begin_object(j);
		json_put_string(j, "state", coverage_state_name(record->state));
		json_put_time(j, "start", record->start_ns);
		json_put_time(j, "end", record->end_ns);
		json_put_string(j, "rung", record->rung);
		json_put_string(j, "cause", record->cause);
		json_put_string(j, "missed", record->missed);
		json_put_string(j, "basis", record->basis);
		json_put_u64(j, "lost", record->lost);
		json_put_u64(j, "sequence", record->sequence);
		json_put_bool(j, "is_signed", view_is_signed(host, record));
		json_end_object(j);
		r = json_stream(j, out);
		if (r < 0)
			return r;
	}
	json_end_array(j);

	put_not_seen(j, host);
	json_end_object(j);
	return 0;
}

static void put_baseline(struct json *j, const struct report_host *host)
{
	json_key(j, "baseline");
	if (!host->baseline_digest) {
		json_null(j);
		return;
	}
	json_begin_object(j);
	json_put_string(j, "name", host->baseline_name);
	json_put_u64(j, "revision", host->baseline_revision);
	json_put_string(j, "digest", host->baseline_digest);
	json_put_u64(j, "entries", host->baseline_entries);
	if (host->statement) {
		json_put_time(j, "made_at", host->statement->made_at_ns);
		json_put_string(j, "made_by", host->statement->made_by);
		json_put_string(j, "made_on", host->statement->made_on);
		json_put_string(j, "ticket", host->statement->ticket);
		json_put_u64(j, "differs_from_package", host->statement->differs_from_package);
		json_put_u64(j, "not_packaged", host->statement->not_packaged);
		json_put_u64(j, "not_read", host->statement->not_read);
		json_put_string(j, "content_digest", host->statement->content_digest);
	}
	json_key(j, "approvals");
	json_begin_array(j);
	for (size_t i = 0; i < host->approval_count; i++) {
		const struct baseline_approval *approval = &host->approvals[i];

		json_begin_object(j);
		json_put_string(j, "name", approval->name);
		json_put_string(j, "role", approval->role);
		json_put_string(j, "meaning", approval->meaning);
		json_put_string(j, "ticket", approval->ticket);
		json_put_time(j, "time", approval->time_ns);
		json_put_string(j, "certificate", approval->certificate);
		json_put_string(j, "certificate_sha256", approval->certificate_sha256);
		json_put_bool(j, "verified", approval->is_verified);
		json_put_string(j, "refusal", approval->refusal);
		json_put_string(j, "warning", approval->warning);
		json_end_object(j);
	}
	json_end_array(j);
	json_end_object(j);
}

static void put_subject(struct json *j, const struct subject *subject)
{
	json_key(j, "subject");
	if (!subject->is_known) {
		json_null(j);
		return;
	}
	json_begin_object(j);
	json_put_u64(j, "pid", subject->pid);
	json_put_u64(j, "ppid", subject->ppid);
	json_put_u64(j, "uid", subject->uid);
	json_put_u64(j, "euid", subject->euid);
	json_key(j, "login_uid");
	if (subject->login_uid == SUBJECT_UID_NONE)
		json_null(j);
	else
		json_u64(j, subject->login_uid);
	json_put_string(j, "user", subject->user);
	json_put_path(j, "exe", subject->exe);
	json_put_path(j, "comm", subject->comm);
	json_put_string(j, "unit", subject->unit);
	json_put_string(j, "parents", subject->parents);
	json_end_object(j);
}

void report_json_waiver(struct json *j, const struct waiver *waiver)
{
	if (!waiver)
		return;
	json_key(j, "waiver");
	json_begin_object(j);
	json_put_string(j, "owner", waiver->owner);
	json_put_string(j, "approver", waiver->approver);
	json_put_string(j, "reason", waiver->reason);
	json_put_string(j, "risk", finding_severity_name(waiver->risk));
	json_put_time(j, "start", waiver->start_ns);
	json_put_time(j, "expires", waiver->expires_ns);
	json_put_string(j, "ticket", waiver->ticket);
	json_end_object(j);
}

static void put_incident(struct json *j, const struct incident *incident)
{
	if (!incident->is_there)
		return;
	json_key(j, "incident");
	json_begin_object(j);
	json_put_time(j, "declared", incident->declared_ns);
	json_put_time(j, "discovered", incident->discovered_ns);
	json_put_string(j, "declared_by", incident->declared_by);
	json_put_string(j, "reason", incident->reason);
	json_put_time(j, "due", incident_due_ns(incident));
	json_put_time(j, "reported", incident->reported_ns);
	json_put_string(j, "reported_by", incident->reported_by);
	json_put_string(j, "reference", incident->reference);
	json_put_time(j, "closed", incident->closed_ns);
	json_put_string(j, "closed_by", incident->closed_by);
	json_put_string(j, "outcome", incident->outcome);
	json_end_object(j);
}

static void put_finding(struct json *j, const struct finding *finding, const struct waiver *waiver)
{
	json_begin_object(j);
	json_put_string(j, "id", finding->id);
	json_put_string(j, "fingerprint", finding->fingerprint);
	json_put_string(j, "kind", finding_kind_name(finding->kind));
	json_put_string(j, "severity", finding_severity_name(finding->severity));
	json_put_string(j, "state", finding_state_name(finding->state));
	json_put_time(j, "first_seen", finding->first_seen_ns);
	json_put_time(j, "last_seen", finding->last_seen_ns);
	json_put_u64(j, "count", finding->count);
	json_put_path(j, "path", finding->path);
	json_put_string(j, "expected", finding->expected);
	json_put_string(j, "actual", finding->actual);
	json_put_string(j, "package", finding->package);
	json_put_string(j, "detail", finding->detail);
	json_put_string(j, "baseline", finding->baseline[0] ? finding->baseline : NULL);
	json_put_string(j, "change_set", finding->change_set);
	put_subject(j, &finding->subject);
	put_list(j, "controls", finding->controls, " ");
	put_list(j, "requirements", finding->requirements, ",");
	put_list(j, "techniques", finding->techniques, " ");
	put_incident(j, &finding->incident);
	report_json_waiver(j, waiver);
	json_end_object(j);
}

static int put_findings(struct json *j, const struct report_host *host,
			const struct view_host *view, FILE *out)
{
	int r;

	json_key(j, "summary");
	json_begin_object(j);
	json_put_u64(j, "open", view->counts.open_all);
	json_put_u64(j, "open_with_waivers", view->counts.open_all - view->counts.open_waived);
	json_key(j, "open_by_severity");
	json_begin_object(j);
	for (unsigned severity = 0; severity < SEVERITY_COUNT; severity++)
		json_put_u64(j, finding_severity_name(severity), view->counts.open[severity]);
	json_end_object(j);
	json_key(j, "by_state");
	json_begin_object(j);
	for (unsigned state = 0; state < FINDING_STATE_COUNT; state++)
		json_put_u64(j, finding_state_name(state), view->counts.findings[state]);
	json_end_object(j);
	json_end_object(j);

	json_key(j, "findings");
	json_begin_array(j);
	for (size_t i = 0; i < host->finding_count; i++) {
		put_finding(j, view->findings[i], view->finding_waivers[i]);
		r = json_stream(j, out);
		if (r < 0)
			return r;
	}
	json_end_array(j);
	return 0;
}

static void put_check(struct json *j, const struct check_result *check, const struct waiver *waiver)
{
	json_begin_object(j);
	json_put_string(j, "id", check->id);
	json_put_string(j, "title", check->title);
	json_put_string(j, "result", check_outcome_name(check->outcome));
	json_put_string(j, "severity", finding_severity_name(check->severity));
	json_put_string(j, "expected", check->expected);
	json_put_string(j, "actual", check->actual);
	json_put_string(j, "reason", check->reason);
	json_put_string(j, "remediation", check->remediation);
	json_put_string(j, "ot_caution", check->ot_caution);
	json_put_time(j, "time", check->time_ns);
	put_list(j, "controls", check->controls, " ");
	put_list(j, "requirements", check->requirements, ",");
	put_list(j, "techniques", check->techniques, " ");
	report_json_waiver(j, waiver);
	json_end_object(j);
}

static int put_checks(struct json *j, const struct report_host *host, const struct view_host *view,
		      FILE *out)
{
	int r;

	json_key(j, "checks");
	json_begin_object(j);
	json_put_string(j, "profile", host->profile);
	for (unsigned outcome = 0; outcome < CHECK_OUTCOME_COUNT; outcome++)
		json_put_u64(j, check_outcome_name(outcome), view->counts.checks[outcome]);
	json_put_u64(j, "fail_waived", view->counts.failed_waived);
	json_key(j, "sl3_requirements");
	json_begin_object(j);
	json_put_u64(j, "with_host_evidence", host->requirements_with_evidence);
	json_put_u64(j, "all", host->requirements_all);
	json_end_object(j);
	json_key(j, "results");
	json_begin_array(j);
	for (size_t i = 0; i < host->check_count; i++) {
		put_check(j, view->checks[i], view->check_waivers[i]);
		r = json_stream(j, out);
		if (r < 0)
			return r;
	}
	json_end_array(j);
	json_end_object(j);
	return 0;
}

static int put_host(struct json *j, const struct report *report, const struct report_host *host,
		    FILE *out)
{
	cleanup_view_host struct view_host view = {0};
	int r;

	r = view_host_init(report, host, &view);
	if (r < 0)
		return r;

	json_begin_object(j);
	json_put_string(j, "name", host->name);
	json_put_string(j, "os", host->os);
	json_put_string(j, "kernel", host->kernel);
	json_put_string(j, "version", host->version);
	json_put_string(j, "rung", host->rung);
	json_put_string(j, "rung_reason", host->rung_reason);
	r = put_coverage(j, host, &view, out);
	if (r < 0)
		return r;
	put_baseline(j, host);
	r = put_findings(j, host, &view, out);
	if (r < 0)
		return r;
	r = put_checks(j, host, &view, out);
	if (r < 0)
		return r;
	put_head(j, &host->head);
	json_end_object(j);
	return json_stream(j, out);
}

/* One row per difference, with the hosts that have it. */
static int put_fleet(struct json *j, const struct report *report, FILE *out)
{
	cleanup_view_fleet struct view_fleet fleet = {0};
	int r;

	r = view_fleet_init(report, &fleet);
	if (r < 0)
		return r;

	json_key(j, "fleet");
	json_begin_array(j);
	for (size_t i = 0; i < fleet.row_count; i++) {
		const struct view_row *row = &fleet.rows[i];

		json_begin_object(j);
		json_put_string(j, "fingerprint", row->finding->fingerprint);
		json_put_string(j, "kind", finding_kind_name(row->finding->kind));
		json_put_string(j, "severity", finding_severity_name(row->finding->severity));
		json_put_path(j, "path", row->finding->path);
		json_put_string(j, "expected", row->finding->expected);
		json_put_string(j, "actual", row->finding->actual);
		json_key(j, "hosts");
		json_begin_array(j);
		for (size_t m = 0; m < row->host_count; m++)
			json_string(j, fleet.members[row->first_member + m]->name);
		json_end_array(j);
		json_end_object(j);
		r = json_stream(j, out);
		if (r < 0)
			return r;
	}
	json_end_array(j);
	return 0;
}

static int write_json(const struct report *report, FILE *out)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;
	struct json j = JSON_INIT(&sb);
	int r;

	json_begin_object(&j);
	json_put_u64(&j, "format", FORMAT_VERSION);
	json_put_string(&j, "title", report->title);
	json_put_string(&j, "made_by", report->made_by);
	json_put_time(&j, "made_at", report->made_at_ns);
	json_put_time(&j, "since", report->since_ns);
	json_key(&j, "hosts");
	json_begin_array(&j);
	for (size_t i = 0; i < report->host_count; i++) {
		r = put_host(&j, report, &report->hosts[i], out);
		if (r < 0)
			return r;
	}
	json_end_array(&j);
	r = put_fleet(&j, report, out);
	if (r < 0)
		return r;
	aside_json_requirements(report, &j);
	aside_json_refused(report, &j);
	json_key(&j, "notes");
	json_begin_array(&j);
	for (size_t i = 0; report_notes[i]; i++)
		json_string(&j, report_notes[i]);
	json_end_array(&j);
	json_end_object(&j);
	strbuf_add_char(&sb, '\n');
	r = json_stream(&j, out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct report_ops report_json = {
	.name = "json",
	.content_type = "application/json",
	.write = write_json,
};
