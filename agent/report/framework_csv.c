/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Report by framework as CSV: a row for each piece of evidence, one for each requirement without
 * any, and before them what is said of all; told apart by the column `record`.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "report/csv.h"
#include "report/framework_writers.h"

enum column {
	COL_RECORD,
	COL_FRAMEWORK,
	COL_REQUIREMENT,
	COL_TITLE,
	COL_GROUP,
	COL_STATE,
	COL_STATE_WITHOUT_WAIVERS,
	COL_DECISION,
	COL_DECISION_REASON,
	COL_HOST,
	COL_STAND,
	COL_EVIDENCE,
	COL_SOURCE,
	COL_INHERITED,
	COL_SEVERITY,
	COL_REMEDIATION,
	COL_OT_CAUTION,
	COL_WAIVED_UNTIL,
	COL_UNVERIFIED,
	COLUMN_COUNT,
};

static const char *const names[COLUMN_COUNT] = {
	[COL_RECORD] = "record",
	[COL_FRAMEWORK] = "framework",
	[COL_REQUIREMENT] = "requirement",
	[COL_TITLE] = "title",
	[COL_GROUP] = "group",
	[COL_STATE] = "state",
	[COL_STATE_WITHOUT_WAIVERS] = "state_without_waivers",
	[COL_DECISION] = "decision",
	[COL_DECISION_REASON] = "decision_reason",
	[COL_HOST] = "host",
	[COL_STAND] = "stand",
	[COL_EVIDENCE] = "evidence",
	[COL_SOURCE] = "id",
	[COL_INHERITED] = "inherited",
	[COL_SEVERITY] = "severity",
	[COL_REMEDIATION] = "remediation",
	[COL_OT_CAUTION] = "ot_caution",
	[COL_WAIVED_UNTIL] = "waived_until",
	[COL_UNVERIFIED] = "unverified",
};

static void write_cells(const char *const cells[static COLUMN_COUNT], FILE *out)
{
	for (unsigned c = 0; c < COLUMN_COUNT; c++) {
		if (c)
			putc(',', out);
		csv_cell(out, cells[c]);
	}
	fputs("\r\n", out);
}

static int write_evidence(const struct framework_evidence *evidence, const char **cells, FILE *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char until[RFC3339_SIZE];

	framework_put_evidence(evidence, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	cells[COL_HOST] = evidence->host->name;
	cells[COL_STAND] = evidence_stand_name(evidence->stand);
	cells[COL_EVIDENCE] = text.data;
	cells[COL_INHERITED] = evidence->touch == TOUCH_INHERITED ? "yes" : "no";
	cells[COL_SOURCE] = cells[COL_SEVERITY] = NULL;
	cells[COL_REMEDIATION] = cells[COL_OT_CAUTION] = NULL;
	if (evidence->check) {
		cells[COL_SOURCE] = evidence->check->id;
		cells[COL_SEVERITY] = finding_severity_name(evidence->check->severity);
		cells[COL_REMEDIATION] = evidence->check->remediation;
		cells[COL_OT_CAUTION] = evidence->check->ot_caution;
	} else if (evidence->finding) {
		cells[COL_SOURCE] = evidence->finding->id;
		cells[COL_SEVERITY] = finding_severity_name(evidence->finding->severity);
	}
	cells[COL_WAIVED_UNTIL] =
		evidence->waiver ? clock_format(evidence->waiver->expires_ns, until) : NULL;
	write_cells(cells, out);
	return 0;
}

static int write_row(const struct framework_view *view, const struct framework_row *row, FILE *out)
{
	const struct framework *framework = view->question->framework;
	const char *cells[COLUMN_COUNT] = {
		[COL_RECORD] = "requirement",
		[COL_FRAMEWORK] = framework->name,
		[COL_REQUIREMENT] = row->item->id,
		[COL_TITLE] = row->item->title,
		[COL_GROUP] = row->item->group,
		[COL_STATE] = row_state_name(row->state),
		[COL_STATE_WITHOUT_WAIVERS] = row_state_name(row->state_without_waivers),
		[COL_UNVERIFIED] = framework->unverified,
	};
	int r = 0;

	if (row->is_decided) {
		cells[COL_DECISION] = row->decision.applies ? "yes" : "no";
		cells[COL_DECISION_REASON] = row->decision.reason;
	}
	if (!row->count) {
		cells[COL_EVIDENCE] = row->why_not;
		write_cells(cells, out);
	}
	for (size_t i = row->first; i < row->first + row->count && r == 0; i++)
		r = write_evidence(&view->evidence[i], cells, out);
	return r;
}

/* What is told of no requirement alone. */
static int write_asides(const struct framework_view *view, FILE *out)
{
	const struct report *report = view->question->report;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *cells[COLUMN_COUNT] = {[COL_FRAMEWORK] = view->question->framework->name};

	framework_put_summary(view, &text);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	cells[COL_RECORD] = "summary";
	cells[COL_EVIDENCE] = text.data;
	write_cells(cells, out);
	cells[COL_RECORD] = "refused_waiver";
	for (size_t i = 0; i < report->refused_waiver_count; i++) {
		cells[COL_EVIDENCE] = report->refused_waivers[i];
		write_cells(cells, out);
	}
	return 0;
}

static int write_csv(const struct framework_view *view, FILE *out)
{
	int r;

	write_cells(names, out);
	r = write_asides(view, out);
	for (size_t i = 0; i < view->row_count && r == 0; i++)
		r = write_row(view, &view->rows[i], out);
	if (r < 0)
		return r;
	return ferror(out) ? -EIO : 0;
}

const struct framework_ops framework_csv = {.name = "csv", .write = write_csv};
