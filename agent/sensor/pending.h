/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes that wait until their path is quiet.
 *
 * Many changes of one path become one entry. It is due PENDING_QUIET_MS after
 * the last of them, and at the latest PENDING_LONGEST_MS after the first. The
 * table is bounded; a change that finds no room is refused, and the caller
 * counts it. Times are CLOCK_BOOTTIME and come from the caller.
 */
#ifndef PLUMBLINE_SENSOR_PENDING_H
#define PLUMBLINE_SENSOR_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "model/subject.h"

#define PENDING_QUIET_MS   150
#define PENDING_LONGEST_MS 2000

struct pending;

struct pending_change {
	char *path;
	uint32_t changes; /* EVENT_CHANGE_* */
	unsigned tries;	  /* times it was put back because the file would not hold still */
	int64_t first_ns; /* boot clock of the first change */
	uint32_t pid;	  /* of the last change of content, else of the last change; 0: none. For a
			     look-up at a time when the kernel's record of it has come */
	struct subject subject; /* of the same change, when it had one */
	bool has_known;		/* nothing changed; this was found there at last, and a stamp may */
	uint8_t known[SHA256_SIZE]; /* stand for it */
};

void pending_change_done(struct pending_change *change);

int pending_new(size_t max_entries, struct pending **ret_pending);
struct pending *pending_free(struct pending *pending);
DEFINE_CLEANUP(struct pending *, pending_free)

/* Folds @change (copied; first_ns is when it happened) into the entry of its path. -ENOBUFS when
 * full, -ENOMEM. */
int pending_add(struct pending *pending, const struct pending_change *change);
bool pending_has(const struct pending *pending, const char *path);
/* Moves the first entry that is due at @now_ns into @ret_change (the caller's); false when none is.
 */
bool pending_take(struct pending *pending, int64_t now_ns, struct pending_change *ret_change);
/* When the next one is due; INT64_MAX when there is none. */
int64_t pending_due(const struct pending *pending);
size_t pending_count(const struct pending *pending);

#endif
