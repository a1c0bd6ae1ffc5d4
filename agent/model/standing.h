/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the sensor stands: the rungs that it passed over, each program or
 * facility of the kernel that its rung uses, and the rights that it had. What
 * it thereby sees stands in sight.h.
 */
#ifndef PLUMBLINE_MODEL_STANDING_H
#define PLUMBLINE_MODEL_STANDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STANDING_RUNGS_MAX 8
#define STANDING_PARTS_MAX 96

enum part_state {
	PART_ATTACHED, /* works */
	PART_REFUSED,  /* the kernel took it not; its error says why */
	PART_ABSENT,   /* this kernel has no such hook */
	PART_UNNEEDED, /* not asked for: of another rung, or another part sees the same */
	PART_STATE_COUNT,
};

struct standing_part {
	char name[64]; /* "tp_btf/sched_process_exec", "fanotify" */
	enum part_state state;
	int error;	  /* negative errno of PART_REFUSED */
	uint64_t skipped; /* runs that the kernel left out, since the program ran on that CPU */
};

struct standing_rung {
	char name[16];
	int error; /* negative errno; -ECANCELED: a setting forbids to try */
};

/* Why capabilities do not help. */
enum {
	STANDING_NAMESPACED = 1 << 0, /* they are those of a user namespace */
	STANDING_FILTERED = 1 << 1,   /* a filter of system calls refuses bpf() */
};

struct standing {
	uint64_t capabilities; /* effective ones, at its start */
	uint32_t hindrances;
	struct standing_rung rungs[STANDING_RUNGS_MAX]; /* those passed over, highest first */
	struct standing_part parts[STANDING_PARTS_MAX];
	size_t rung_count, part_count;
};

bool standing_is_same(const struct standing *a, const struct standing *b);

/* "attached", "refused", "absent", "unneeded". */
const char *part_state_name(enum part_state state);
/* What the part called @name is for, in a few words; NULL for one that is not known here. */
const char *standing_part_serves(const char *name);
/* Why it does not work, in words; "" when it does or is not needed. Static or strerror()'s. */
const char *standing_part_problem(const struct standing_part *part);
/* Whether something is not seen for want of @part. */
bool standing_part_is_missing(const struct standing_part *part);
/* Runs of the parts of @now that the kernel left out since @before. */
uint64_t standing_skipped_since(const struct standing *now, const struct standing *before);

#endif
