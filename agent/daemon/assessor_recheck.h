/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which checks wait to be run again because what they looked at was touched, and who touched it.
 *
 * A storm of touches is one run: a check waits a moment after the first. One that finds the same
 * again and again waits longer each time, RECHECK_LONGEST_MS at most, so that a file that changes
 * all day costs next to nothing. It runs no check itself, and times come from the caller.
 */
#ifndef PLUMBLINE_DAEMON_ASSESSOR_RECHECK_H
#define PLUMBLINE_DAEMON_ASSESSOR_RECHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "checks/look_index.h"
#include "model/check_result.h"
#include "model/subject.h"

#define RECHECK_SETTLE_MS  200
#define RECHECK_LONGEST_MS 64000
#define RECHECK_NEVER	   INT64_MAX

struct recheck;

/* Why a check is run again. */
struct recheck_cause {
	const char *path;	   /* NULL: nothing was touched, its turn has come */
	const struct subject *who; /* never NULL; may be unknown */
};

int recheck_new(size_t checks, struct recheck **ret_recheck);
struct recheck *recheck_free(struct recheck *recheck);
DEFINE_CLEANUP(struct recheck *, recheck_free)

/* Of what the checks looked at; recheck_ran() keeps it. */
struct look_index *recheck_index(struct recheck *recheck);

/* @path was touched as TOUCH_* of @how say, by @who. 0 or -ENOMEM. */
int recheck_touched(struct recheck *recheck, const char *path, unsigned how,
		    const struct subject *who, int64_t now_ns);
/* The same for @check, which is known to depend on @path. */
int recheck_touched_one(struct recheck *recheck, size_t check, const char *path,
			const struct subject *who, int64_t now_ns);
/* One of them, because something new is known. */
void recheck_want(struct recheck *recheck, size_t check, int64_t now_ns);
/* All checks at once, for want of knowing better. */
void recheck_all(struct recheck *recheck, int64_t now_ns);

/* When the next is due; RECHECK_NEVER: none waits. */
int64_t recheck_due(const struct recheck *recheck);
/* Sets @wanted of each that is due. Returns how many there were. */
size_t recheck_take(struct recheck *recheck, int64_t now_ns, bool *wanted);

struct recheck_cause recheck_cause_of(const struct recheck *recheck, size_t check);
/* @check has run, and looked at @looked. 0 or -ENOMEM. */
int recheck_ran(struct recheck *recheck, size_t check, const struct check_result *result,
		const struct looked *looked, int64_t now_ns);

#endif
