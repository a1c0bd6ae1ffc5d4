/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of the HTML report, in the order of the page. Each writes whole
 * elements; @level is that of its heading (2 for one host, 3 within a fleet).
 */
#ifndef PLUMBLINE_REPORT_HTML_PARTS_H
#define PLUMBLINE_REPORT_HTML_PARTS_H

#include "report/view.h"

/* Where a part belongs: one host of the report and what its figures say. */
struct html_host {
	const struct report_host *host;
	const struct view_host *view;
	size_t index; /* within the report; anchors start with it */
	unsigned level;
	const struct check_families *families; /* NULL: not at hand */
};

/* What was covered, what was not, and what this rung cannot see. */
void html_coverage(FILE *out, const struct html_host *part);
/* Only the bar of the period. */
void html_coverage_bar(FILE *out, const struct html_host *part);

void html_baseline(FILE *out, const struct html_host *part);
int html_findings(FILE *out, const struct html_host *part);
/* By family, the worst first in each. -ENOMEM. */
int html_checks(FILE *out, const struct html_host *part);
/* How a reader compares this page with the signed records. */
void html_evidence(FILE *out, const struct html_host *part);

/* Coverage and counts of all hosts, then one row per difference. -ENOMEM. */
int html_fleet(FILE *out, const struct report *report, const struct view_host *views);
/* In plain words what is open; one host. */
void html_summary(FILE *out, const struct html_host *part);

/* <h2 id=...>text</h2> of the part's level. */
void html_heading(FILE *out, const struct html_host *part, const char *anchor, const char *text);

/* The three id lists of findings and checks as table rows. */
void html_control_rows(FILE *out, const char *controls, const char *requirements,
		       const char *techniques);
/* That somebody bears it, as a table row; nothing for NULL. */
void html_waiver(FILE *out, const struct waiver *waiver);
void html_severity(FILE *out, enum finding_severity severity);
/* Opens a cell that keeps its column's name on narrow screens. */
void html_cell(FILE *out, const char *label);

#endif
