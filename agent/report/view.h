/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the figures of a report say, before any format: the period, what of it
 * was covered, counts, and an order to read in. Writes nothing.
 */
#ifndef PLUMBLINE_REPORT_VIEW_H
#define PLUMBLINE_REPORT_VIEW_H

#include "report/report.h"

/* Time for which there is no coverage record at all; beside enum coverage_state. */
#define VIEW_NO_RECORD	COVERAGE_STATE_COUNT
#define VIEW_SPAN_COUNT (COVERAGE_STATE_COUNT + 1)

/* A stretch of the period in one state. Spans of a host cover its period without holes or overlaps.
 */
struct view_span {
	unsigned state; /* enum coverage_state or VIEW_NO_RECORD */
	int64_t start_ns, end_ns;
};

struct view_counts {
	size_t findings[FINDING_STATE_COUNT];
	size_t open[SEVERITY_COUNT]; /* states open and incident */
	size_t open_all;
	size_t open_hardening; /* of these, failed or regressed checks */
	size_t accounted;      /* explained, acknowledged or waived */
	size_t checks[CHECK_OUTCOME_COUNT];
	size_t open_waived, failed_waived; /* of open_all and of the failed checks */
};

/* One difference and the hosts that have it. */
struct view_row {
	const struct finding *finding; /* the newest sighting */
	size_t first_member, host_count;
};

struct view_fleet {
	struct view_row *rows; /* worst first, then the most hosts */
	size_t row_count;
	const struct report_host **members; /* row.first_member on, row.host_count of them */
};

struct view_host {
	int64_t from_ns, until_ns; /* the period */
	int64_t heard_ns;	   /* end of what lasts; at most until_ns */
	struct view_span *spans;
	size_t span_count;
	int64_t time_ns[VIEW_SPAN_COUNT]; /* sum of the spans by state */
	struct view_counts counts;
	/* Worst first; newest first among equals. */
	const struct finding **findings;
	/* Failed (worst first), errors, passed, not applicable. */
	const struct check_result **checks;
	/* Of each of them; NULL: nobody bears it, or there is nothing to bear. */
	const struct waiver **finding_waivers, **check_waivers;
};

/*
 * Fills @ret_view for @host. Where coverage records overlap, the state that saw
 * least counts. -ENOMEM.
 */
int view_host_init(const struct report *report, const struct report_host *host,
		   struct view_host *ret_view);
void view_host_done(struct view_host *view);
#define cleanup_view_host cleanup_with(view_host_done)

/* Groups the open findings of all hosts by fingerprint. -ENOMEM. */
int view_fleet_init(const struct report *report, struct view_fleet *ret_fleet);
void view_fleet_done(struct view_fleet *fleet);
#define cleanup_view_fleet cleanup_with(view_fleet_done)

int64_t view_period_ns(const struct view_host *view);
/* Of the period, in thousandths; rounded down, so that 1000 means all of it. */
unsigned view_covered_permille(const struct view_host *view);

bool view_is_open(const struct finding *finding);
bool view_is_hardening(const struct finding *finding);
/* Whether a head that the host signed stands over the interval's record. */
bool view_is_signed(const struct report_host *host, const struct coverage *interval);
/* "covered", ..., or "no record". */
const char *view_state_name(unsigned state);

#endif
