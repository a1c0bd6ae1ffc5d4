/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of record/ share; nobody else includes it. */
#ifndef PLUMBLINE_RECORD_INTERNAL_H
#define PLUMBLINE_RECORD_INTERNAL_H

#include "record/db.h"
#include "record/record.h"

struct record {
	struct db *db;
	uint64_t max_bytes;
	struct record_head head;
	uint8_t acked_chain[SHA256_SIZE];
	bool head_changed;	   /* to be written with the commit */
	int64_t findings;	   /* rows */
	uint8_t may_be_open[8192]; /* bit by hash of path: clear means no open finding has that path
				    */
	int64_t events;		   /* ever seen */
	unsigned pending;
	int64_t incidents;     /* rows */
	int64_t hold_until_ns; /* the latest of theirs; 0: none */
};

/* Opens a transaction when none is open, and counts a change. */
int record_touch(struct record *record);

/* Reads the numbers that live in memory; record_findings.c and record_misc.c each have theirs. */
int record_findings_load(struct record *record);
int record_events_load(struct record *record);

int record_incidents_load(struct record *record);
bool record_is_held(const struct record *record);
/* Fills finding->incident; nothing for a finding that is none. */
int record_load_incident(struct record *record, struct finding *finding);

/* For the other files: the row under @query, which selected FINDING_COLUMNS. */
#define FINDING_COLUMNS                                                                            \
	"n, id, fingerprint, kind, severity, state, first_seen, last_seen, count, path, expected," \
	" actual, package, detail, baseline, change_set, controls, requirements, techniques,"      \
	" is_known, cookie, pid, ppid, uid, euid, login_uid, exe, comm, unit, parents, user"
int record_load_finding(struct record *record, const struct db_query *query,
			struct finding *ret_finding);
/* Hands each finding of @sql, which selects FINDING_COLUMNS, to @fn. 0, what @fn returned to end
 * it, or negative errno. */
int record_each_row(struct record *record, const char *sql, record_finding_fn fn, void *userdata);

extern const char record_incident_schema[];
extern const char record_findings_schema[];
extern const char record_misc_schema[];
extern const char record_coverage_schema[];
/* From version 1 of the schema, which had a table of coverage without signatures. */
extern const char record_coverage_upgrade[];

#endif
