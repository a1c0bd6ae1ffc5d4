/* SPDX-License-Identifier: Apache-2.0 */
/* The replier of the permission mode, and what its processes share. For permit*.c only. */
#ifndef PLUMBLINE_SENSOR_PERMIT_REPLIER_H
#define PLUMBLINE_SENSOR_PERMIT_REPLIER_H

#include "sensor/permit.h"
#include "sensor/permit_cache.h"
#include "sensor/permit_slots.h"

#define PERMIT_MAX_MOUNTS 16

/* One page that all have mapped. */
struct permit_shared {
	_Atomic uint64_t replier_beat, watchdog_beat;
	_Atomic uint64_t generation; /* of the decisions */
	_Atomic int state;	     /* enum permit_state */
	_Atomic int marked;	     /* 0: not yet; 1; else negative errno */
	_Atomic int replier;	     /* process id */
	struct permit_counters counters;
};

/* From the replier, with the file's descriptor, and back, with the answer. */
struct permit_question {
	uint64_t serial;
	int32_t answer; /* 1 approved, 0 not, negative errno: not found out */
	uint32_t pad;
};

struct replier {
	const struct permit_options *options;
	struct permit_shared *shared;
	int group, hasher, lifeline;		 /* the last closes when the caller ends */
	uint64_t uncacheable[PERMIT_MAX_MOUNTS]; /* devices */
	size_t uncacheable_count;
	uint64_t generation;
	uint64_t watchdog_beat; /* as last seen, and when it last moved */
	int64_t watchdog_ns;
	struct permit_slots slots;
	struct permit_cache cache;
};

/* Answers until one of the others ends. Called with all descriptors open, in a process of its own
 * that does nothing else. */
void permit_replier_run(struct replier *replier);

#endif
