/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assessor's own walk over the local file systems: what the sensor's trees do not tell, as a
 * setuid program that nobody approved. At the lowest priority of the disk, in small steps with long
 * rests, some time after the start and once per interval; what it found stays until the next.
 *
 * It runs no check: the caller does, when a walk is over.
 */
#ifndef PLUMBLINE_DAEMON_ASSESSOR_WALK_H
#define PLUMBLINE_DAEMON_ASSESSOR_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "checks/inventory.h"

struct assessor_walk;

/* @interval_ms 0: never. @fn is called when a walk is over and owns nothing: it moves out of
 * @inventory what it keeps. */
typedef void (*assessor_walk_fn)(struct inventory *inventory, void *userdata);
int assessor_walk_new(struct loop *loop, uint64_t interval_ms, assessor_walk_fn fn, void *userdata,
		      struct assessor_walk **ret_walk);
/* Something at @path changed. While a walk is under way, what it finds is brought up to date when
 * it is over; else it is up to the caller. */
void assessor_walk_touched(struct assessor_walk *walk, const char *path, enum inventory_look look);
struct assessor_walk *assessor_walk_free(struct assessor_walk *walk);

#endif
