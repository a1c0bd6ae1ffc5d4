/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A finding that somebody declared an incident: since when it is known, whether
 * it was reported, and until when its evidence has to be kept.
 *
 * The clock is that of DFARS 252.204-7012: a report within 72 hours of the
 * discovery, evidence kept for 90 days from the report. It counts by the wall
 * clock that the caller gives, so nothing has to run for it to go on. Who may
 * declare, and where it is kept, is not known here.
 */
#ifndef PLUMBLINE_MODEL_INCIDENT_H
#define PLUMBLINE_MODEL_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/strbuf.h"

/*
 * Paragraph (c)(1)(ii); the figure was seen in secondary texts only. Paragraph (e). Both stand
 * in baselines/controls/dfars-252.204-7012.ini as well, and a test holds them against each other.
 */
#define INCIDENT_REPORT_HOURS 72
#define INCIDENT_HOLD_DAYS    90

#define INCIDENT_NAME_MAX 128 /* bytes, of who */
#define INCIDENT_TEXT_MAX 512 /* bytes, of why */

/* All zero: there is none. Texts are as somebody wrote them. */
struct incident {
	bool is_there;
	int64_t declared_ns; /* when it was written down; with the finding it names the incident */
	int64_t discovered_ns; /* the report clock starts here */
	int64_t reported_ns;   /* 0: not yet */
	int64_t closed_ns;     /* 0: it is open */
	char *declared_by, *reason;
	char *reported_by, *reference; /* under which it was reported; may be NULL */
	char *closed_by, *outcome;
};

void incident_done(struct incident *incident);
int incident_copy(const struct incident *from, struct incident *to);
#define cleanup_incident cleanup_with(incident_done)

/* What somebody does with an incident. */
struct incident_word {
	int64_t time_ns; /* discovered, reported; 0: now */
	const char *by, *text;
};

/*
 * The three steps of its life. -EEXIST when it is open already (declare), -ENOENT when there is
 * none that is open (report, close), -EALREADY when it was reported, -EINVAL for a time or text
 * that cannot be; always with @diag. What is refused changes nothing.
 */
int incident_declare(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		     struct diag *diag);
int incident_report(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		    struct diag *diag);
int incident_close(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		   struct diag *diag);

static inline bool incident_is_open(const struct incident *incident)
{
	return incident->is_there && !incident->closed_ns;
}

int64_t incident_due_ns(const struct incident *incident);
/* It is open or was closed, and no report went out in time. */
bool incident_is_late(const struct incident *incident, int64_t now_ns);
/*
 * Until when the evidence stays: INT64_MAX while it is open, then 90 days from the report; where
 * none was made, from the closing, since that can be asked about as well. 0: there is no incident.
 */
int64_t incident_hold_until_ns(const struct incident *incident);

/*
 * Two views of one finding's incident, from the host and from its collector, become one: the
 * earlier discovery, report and closing count. One that was declared after the other was closed is
 * another incident and takes its place. Commutes. -ENOMEM.
 */
int incident_merge(struct incident *into, const struct incident *from);

/* "report due 2026-11-24T08:00:00Z, 71 h 59 min left", and "evidence is kept until ...". */
void incident_put_clock(const struct incident *incident, int64_t now_ns, struct strbuf *out);
void incident_put_hold(const struct incident *incident, int64_t now_ns, struct strbuf *out);

#endif
