/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CSV report (RFC 4180): one table for coverage, findings and checks, and for
 * what is said of all of them, told apart by the column `record`.
 */
#include "report/report_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "report/csv.h"
#include "report/view.h"

enum column {
	COL_RECORD,
	COL_HOST,
	COL_ID,
	COL_KIND,
	COL_SEVERITY,
	COL_STATE,
	COL_PATH,
	COL_EXPECTED,
	COL_ACTUAL,
	COL_DETAIL,
	COL_PACKAGE,
	COL_FIRST_SEEN,
	COL_LAST_SEEN,
	COL_COUNT,
	COL_USER,
	COL_UID,
	COL_PROGRAM,
	COL_PID,
	COL_PARENTS,
	COL_UNIT,
	COL_CONTROLS,
	COL_REQUIREMENTS,
	COL_TECHNIQUES,
	COL_REMEDIATION,
	COL_OT_CAUTION,
	COL_BASELINE,
	COL_FINGERPRINT,
	COL_WAIVER,
	COL_INCIDENT,
	COLUMN_COUNT,
};

static const char *const column_names[COLUMN_COUNT] = {
	[COL_RECORD] = "record",
	[COL_HOST] = "host",
	[COL_ID] = "id",
	[COL_KIND] = "kind",
	[COL_SEVERITY] = "severity",
	[COL_STATE] = "state",
	[COL_PATH] = "path",
	[COL_EXPECTED] = "expected",
	[COL_ACTUAL] = "actual",
	[COL_DETAIL] = "detail",
	[COL_PACKAGE] = "package",
	[COL_FIRST_SEEN] = "first_seen",
	[COL_LAST_SEEN] = "last_seen",
	[COL_COUNT] = "count",
	[COL_USER] = "user",
	[COL_UID] = "uid",
	[COL_PROGRAM] = "program",
	[COL_PID] = "pid",
	[COL_PARENTS] = "parents",
	[COL_UNIT] = "unit",
	[COL_CONTROLS] = "controls",
	[COL_REQUIREMENTS] = "requirements",
	[COL_TECHNIQUES] = "techniques",
	[COL_REMEDIATION] = "remediation",
	[COL_OT_CAUTION] = "ot_caution",
	[COL_BASELINE] = "baseline",
	[COL_FINGERPRINT] = "fingerprint",
	[COL_WAIVER] = "waiver",
	[COL_INCIDENT] = "incident",
};

/* A row while it is filled: cells point to their text, or own it in @text. */
struct row {
	const char *cells[COLUMN_COUNT];
	struct strbuf text[COLUMN_COUNT];
};

static void row_done(struct row *row)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		strbuf_done(&row->text[c]);
}

static void row_clear(struct row *row)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		row->cells[c] = NULL;
		strbuf_clear(&row->text[c]);
	}
}

static void put_path(struct row *row, enum column column, const char *raw)
{
	if (!raw)
		return;
	str_escape(&row->text[column], raw, strlen(raw));
	row->cells[column] = row->text[column].data;
}

static void put_number(struct row *row, enum column column, uint64_t value)
{
	strbuf_printf(&row->text[column], "%" PRIu64, value);
	row->cells[column] = row->text[column].data;
}

static void put_time(struct row *row, enum column column, int64_t unix_ns)
{
	char buf[RFC3339_SIZE];

	if (unix_ns == 0)
		return;
	strbuf_add_str(&row->text[column], clock_format(unix_ns, buf));
	row->cells[column] = row->text[column].data;
}

static int write_row(const struct row *row, FILE *out)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		if (strbuf_check(&row->text[c]) < 0)
			return -ENOMEM;

	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c > 0)
			putc(',', out);
		csv_cell(out, row->cells[c]);
	}
	fputs("\r\n", out);
	return ferror(out) ? -EIO : 0;
}

static void fill_coverage(struct row *row, const struct coverage *record)
{
	row->cells[COL_RECORD] = "coverage";
	row->cells[COL_KIND] = record->rung;
	row->cells[COL_STATE] = coverage_state_name(record->state);
	put_time(row, COL_FIRST_SEEN, record->start_ns);
	put_time(row, COL_LAST_SEEN, record->end_ns);
	if (!record->cause && !record->missed)
		return;
	strbuf_printf(&row->text[COL_DETAIL], "%s%s%s", record->cause ? record->cause : "",
		      record->cause && record->missed ? "; may have been missed: " : "",
		      record->missed ? record->missed : "");
	row->cells[COL_DETAIL] = row->text[COL_DETAIL].data;
}

static void fill_subject(struct row *row, const struct subject *subject)
{
	if (!subject->is_known)
		return;
	row->cells[COL_USER] = subject->user;
	put_number(row, COL_UID, subject->uid);
	put_path(row, COL_PROGRAM, subject->exe ? subject->exe : subject->comm);
	put_number(row, COL_PID, subject->pid);
	row->cells[COL_PARENTS] = subject->parents;
	row->cells[COL_UNIT] = subject->unit;
}

static void fill_finding(struct row *row, const struct finding *finding)
{
	row->cells[COL_RECORD] = "finding";
	row->cells[COL_ID] = finding->id;
	row->cells[COL_KIND] = finding_kind_name(finding->kind);
	row->cells[COL_SEVERITY] = finding_severity_name(finding->severity);
	row->cells[COL_STATE] = finding_state_name(finding->state);
	put_path(row, COL_PATH, finding->path);
	row->cells[COL_EXPECTED] = finding->expected;
	row->cells[COL_ACTUAL] = finding->actual;
	row->cells[COL_DETAIL] = finding->detail;
	row->cells[COL_PACKAGE] = finding->package;
	put_time(row, COL_FIRST_SEEN, finding->first_seen_ns);
	put_time(row, COL_LAST_SEEN, finding->last_seen_ns);
	put_number(row, COL_COUNT, finding->count);
	fill_subject(row, &finding->subject);
	row->cells[COL_CONTROLS] = finding->controls;
	row->cells[COL_REQUIREMENTS] = finding->requirements;
	row->cells[COL_TECHNIQUES] = finding->techniques;
	row->cells[COL_BASELINE] = finding->baseline;
	row->cells[COL_FINGERPRINT] = finding->fingerprint;
}

static void fill_check(struct row *row, const struct check_result *check)
{
	row->cells[COL_RECORD] = "check";
	row->cells[COL_ID] = check->id;
	row->cells[COL_KIND] = check->title;
	row->cells[COL_SEVERITY] = finding_severity_name(check->severity);
	row->cells[COL_STATE] = check_outcome_name(check->outcome);
	row->cells[COL_EXPECTED] = check->expected;
	row->cells[COL_ACTUAL] = check->actual;
	row->cells[COL_DETAIL] = check->reason;
	put_time(row, COL_LAST_SEEN, check->time_ns);
	row->cells[COL_CONTROLS] = check->controls;
	row->cells[COL_REQUIREMENTS] = check->requirements;
	row->cells[COL_TECHNIQUES] = check->techniques;
	row->cells[COL_REMEDIATION] = check->remediation;
	row->cells[COL_OT_CAUTION] = check->ot_caution;
}

static void fill_waiver(struct row *row, const struct waiver *waiver)
{
	char until[RFC3339_SIZE];

	if (!waiver)
		return;
	strbuf_printf(&row->text[COL_WAIVER], "until %s by %s for %s: %s",
		      clock_format(waiver->expires_ns, until), waiver->approver, waiver->owner,
		      waiver->reason);
	row->cells[COL_WAIVER] = row->text[COL_WAIVER].data;
}

static void fill_incident(struct row *row, const struct incident *incident, int64_t now_ns)
{
	if (!incident->is_there)
		return;
	incident_put_clock(incident, now_ns, &row->text[COL_INCIDENT]);
	strbuf_add_str(&row->text[COL_INCIDENT], "; ");
	incident_put_hold(incident, now_ns, &row->text[COL_INCIDENT]);
	row->cells[COL_INCIDENT] = row->text[COL_INCIDENT].data;
}

/* What the checks show in all, as a row of its own. */
static void fill_summary(struct row *row, unsigned with_evidence, unsigned all)
{
	row->cells[COL_RECORD] = "summary";
	row->cells[COL_KIND] = "sl3_requirements";
	strbuf_printf(&row->text[COL_DETAIL], "%u of %u SL 3 requirements have host evidence here",
		      with_evidence, all);
	row->cells[COL_DETAIL] = row->text[COL_DETAIL].data;
}

/* What is told of no host alone: these rows name none. */
static int write_asides(const struct report *report, FILE *out)
{
	cleanup_with(row_done) struct row row = {0};
	int r = 0;

	if (report->host_count > 1 && report->requirements_all) {
		fill_summary(&row, report->requirements_with_evidence, report->requirements_all);
		r = write_row(&row, out);
	}
	for (size_t i = 0; i < report->refused_waiver_count && r == 0; i++) {
		row_clear(&row);
		row.cells[COL_RECORD] = "refused_waiver";
		row.cells[COL_DETAIL] = report->refused_waivers[i];
		r = write_row(&row, out);
	}
	return r;
}

static int write_host(const struct report *report, const struct report_host *host, FILE *out)
{
	cleanup_view_host struct view_host view = {0};
	cleanup_with(row_done) struct row row = {0};
	int r;

	r = view_host_init(report, host, &view);
	if (r < 0)
		return r;
	for (size_t i = 0; i < host->coverage_count && r == 0; i++) {
		row_clear(&row);
		fill_coverage(&row, &host->coverage[i]);
		row.cells[COL_HOST] = host->name;
		r = write_row(&row, out);
	}
	for (size_t i = 0; i < host->finding_count && r == 0; i++) {
		row_clear(&row);
		fill_finding(&row, view.findings[i]);
		fill_waiver(&row, view.finding_waivers[i]);
		fill_incident(&row, &view.findings[i]->incident, report->made_at_ns);
		row.cells[COL_HOST] = host->name;
		r = write_row(&row, out);
	}
	if (r == 0 && host->requirements_all) {
		row_clear(&row);
		fill_summary(&row, host->requirements_with_evidence, host->requirements_all);
		row.cells[COL_HOST] = host->name;
		r = write_row(&row, out);
	}
	for (size_t i = 0; i < host->check_count && r == 0; i++) {
		row_clear(&row);
		fill_check(&row, view.checks[i]);
		fill_waiver(&row, view.check_waivers[i]);
		row.cells[COL_HOST] = host->name;
		r = write_row(&row, out);
	}
	return r;
}

static int write_csv(const struct report *report, FILE *out)
{
	struct row titles = {0};
	int r;

	for (unsigned c = 0; c < COLUMN_COUNT; c++)
		titles.cells[c] = column_names[c];
	r = write_row(&titles, out);
	r = r ?: write_asides(report, out);
	for (size_t i = 0; i < report->host_count && r == 0; i++)
		r = write_host(report, &report->hosts[i], out);
	return r;
}

const struct report_ops report_csv = {
	.name = "csv",
	.content_type = "text/csv; charset=utf-8",
	.write = write_csv,
};
