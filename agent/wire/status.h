/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answer of the agent to `status`: what it does now, in one value. It stays on
 * the host (control socket only), so it is no part of the data dictionary.
 *
 * {"type":"status","time","agent","version","os","kernel","profile","phase","rung","rung_reason","coverage_since",
 *  "coverage_basis",
 *  "enforcement","enforcement_reason","decisions","generation",
 *  "baseline":{"name","revision","digest","entries","made_at",
 *   "layers":[{"layer","name","revision","digest","made_at"}]} or null; of several layers the name
 * is all their names, and the revision 0,
 *  "findings":{"open","info","low","medium","high","critical"},
 *  "checks":{"pass","fail","error","not_applicable"},
 *  "incidents":{"open","unreported","held","due"},
 *  "outbox":{"sequence","acked","records","bytes","folded"},
 *  "link":{"up","url","reason"} or null when stand-alone,
 *  "processes":[{"role","state","restarts"}], "not_seen":[{"what","note"}],
 *  "head":{"sequence","chain","signature","key_id"} or null before the first signature}
 */
#ifndef PLUMBLINE_WIRE_STATUS_H
#define PLUMBLINE_WIRE_STATUS_H

#include <stdbool.h>

#include "wire/codec.h"

struct status_process {
	char *role, *state;
	uint64_t restarts;
};

/* A file that the baseline in force is made of. */
struct status_layer {
	char *layer, *name;
	uint64_t revision;
	char digest[SHA256_HEX_SIZE]; /* of its statement */
	int64_t made_ns;	      /* as it says */
};

/* Something that the rung in use does not see. */
struct status_unseen {
	char *what, *note;
};

/* Strings may be NULL where nothing is known. */
struct status {
	int64_t time_ns; /* of the answer */
	char *agent, *version, *os, *kernel, *profile;
	char *phase, *rung, *rung_reason;
	int64_t coverage_since_ns;		/* of the lasting interval; 0: none */
	char *coverage_basis;			/* of it, as in struct coverage */
	char *enforcement, *enforcement_reason; /* "enforce", or "observe" and why */
	uint64_t decisions, generation;		/* in the kernel: digests, and which set; 0: none */

	char baseline_digest[SHA256_HEX_SIZE]; /* "": none is loaded */
	char *baseline_name;
	uint64_t baseline_revision, baseline_entries;
	int64_t baseline_made_ns;    /* of its newest layer, as its statement says */
	struct status_layer *layers; /* the lowest first */
	size_t layer_count;

	uint64_t open; /* findings */
	uint64_t open_by_severity[SEVERITY_COUNT];
	uint64_t checks[CHECK_OUTCOME_COUNT];
	/* Incidents: open; of them without a report; all that still hold evidence. */
	uint64_t incidents_open, incidents_unreported, incidents_held;
	int64_t incident_due_ns; /* of the report that is due first; 0: none is */

	uint64_t sequence, acked, outbox_records, outbox_bytes, folded;

	char *link_url; /* NULL: stand-alone */
	char *link_reason;
	bool link_is_up;

	struct status_process *processes;
	size_t process_count;
	struct status_unseen *unseen;
	size_t unseen_count;

	struct wire_head head; /* sequence 0: nothing is signed yet */
};

void status_done(struct status *status);
#define cleanup_status cleanup_with(status_done)

/* These copy their texts; -ENOMEM. */
int status_add_process(struct status *status, const char *role, const char *state,
		       uint64_t restarts);
int status_add_unseen(struct status *status, const char *what, const char *note);
int status_add_layer(struct status *status, const struct status_layer *layer); /* copied */

/* Appends one JSON object without newline; -ENOMEM. */
int status_encode(const struct status *status, struct strbuf *out);

/*
 * What is missing stays zero and unknown members are passed over, since command line and agent may
 * be of different versions; a member of the wrong type is -EBADMSG with @diag naming it.
 */
int status_decode(const char *text, size_t len, struct status *ret_status, struct diag *diag);

#endif
