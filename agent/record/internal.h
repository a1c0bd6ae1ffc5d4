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
};

/* Opens a transaction when none is open, and counts a change. */
int record_touch(struct record *record);

/* Reads the numbers that live in memory; record_findings.c and record_misc.c each have theirs. */
int record_findings_load(struct record *record);
int record_events_load(struct record *record);

extern const char record_findings_schema[];
extern const char record_misc_schema[];
extern const char record_coverage_schema[];
/* From version 1 of the schema, which had a table of coverage without signatures. */
extern const char record_coverage_upgrade[];

#endif
