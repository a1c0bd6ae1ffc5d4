/* SPDX-License-Identifier: Apache-2.0 */
/* One interval of what was and was not watched. Every report starts from these. */
#ifndef PLUMBLINE_MODEL_COVERAGE_H
#define PLUMBLINE_MODEL_COVERAGE_H

#include <stdint.h>

#include "base/cleanup.h"

enum coverage_state {
	COVERAGE_DOWN,	    /* the agent did not run */
	COVERAGE_OBSERVING, /* events are seen, the approved files are not yet compared */
	COVERAGE_WARMING,   /* the first comparison runs */
	COVERAGE_COVERED,
	COVERAGE_GAP, /* something was not seen: @cause */
	COVERAGE_STATE_COUNT,
};

/* The cause of a gap while no sensor runs. */
#define COVERAGE_AWAY "the sensor is away"

struct coverage {
	enum coverage_state state;
	int64_t start_ns, end_ns; /* wall clock; end 0: still lasting */
	char *rung;		  /* "lsm", "trace", "fanotify", "scan" */
	char *cause;  /* why it began, where there is more to say than its state; NULL */
	char *missed; /* what may have been missed, for a person; NULL */
	/* Of a covered interval: COVERAGE_BY_HASH or COVERAGE_BY_STAMPS; NULL otherwise. */
	char *basis;
	uint64_t lost;	   /* records known to be lost; 0: none, or nobody can say */
	uint64_t sequence; /* of the record that tells it, as far as it is known; 0: of none yet */
};

/* Every file in the trees was read and hashed since the sensor started. */
#define COVERAGE_BY_HASH "hash"
/* Some were taken as hashed before a restart, because their stamps had not changed since. */
#define COVERAGE_BY_STAMPS "stamps"

void coverage_done(struct coverage *coverage);
#define cleanup_coverage cleanup_with(coverage_done)

const char *coverage_state_name(enum coverage_state state);
int coverage_state_parse(const char *name, enum coverage_state *ret_state);

#endif
