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
	COVERAGE_GAP, /* events were lost or a program was left off: @cause */
	COVERAGE_STATE_COUNT,
};

struct coverage {
	enum coverage_state state;
	int64_t start_ns, end_ns; /* wall clock; end 0: still lasting */
	char *rung;		  /* "lsm", "trace", "fanotify", "scan" */
	char *cause;		  /* of a gap or a down time; NULL */
	char *missed;		  /* what may have been missed, for a person; NULL */
};

void coverage_done(struct coverage *coverage);
#define cleanup_coverage cleanup_with(coverage_done)

const char *coverage_state_name(enum coverage_state state);
int coverage_state_parse(const char *name, enum coverage_state *ret_state);

#endif
