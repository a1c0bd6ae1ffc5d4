/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a process gives memory back (base/memory.h): what a start and a load took goes soon after
 * them, and what a process at rest uses again and again stays.
 *
 * It only counts and compares: time, events and page faults come from the caller.
 */
#ifndef PLUMBLINE_BASE_UPKEEP_H
#define PLUMBLINE_BASE_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

struct upkeep {
	int64_t looked_ns;
	unsigned events; /* since then, up to what counts as many */
	int64_t given_ns;
	uint64_t faults; /* of the process, when it gave back */
};

/* What came before @now_ns is due at once, and counts as many events. Times are monotonic. */
void upkeep_init(struct upkeep *upkeep, int64_t now_ns);
void upkeep_count(struct upkeep *upkeep, unsigned events);

/* How long to wait for an event before the next look; -1: there is none to take. */
int upkeep_wait_ms(const struct upkeep *upkeep, int64_t now_ns);
/* Whether that look is to be taken now. @is_quiet: nothing happened in all of that wait. */
bool upkeep_is_due(const struct upkeep *upkeep, int64_t now_ns, bool is_quiet);

/* Takes it. True: memory is to be given back now, and upkeep_gave() follows. @faults are those of
 * the process since it began. */
bool upkeep_look(struct upkeep *upkeep, int64_t now_ns, uint64_t faults);
void upkeep_gave(struct upkeep *upkeep, int64_t now_ns, uint64_t faults);

#endif
