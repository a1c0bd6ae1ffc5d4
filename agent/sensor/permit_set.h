/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Digests that may run, in memory that is shared with processes forked later.
 *
 * One process makes sets, others look digests up, at any time and without a lock. A lookup uses
 * exactly one set: that of before or that of after a commit, never a mixture.
 */
#ifndef PLUMBLINE_SENSOR_PERMIT_SET_H
#define PLUMBLINE_SENSOR_PERMIT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/decision.h"

struct permit_set;

int permit_set_new(struct permit_set **ret_set);
struct permit_set *permit_set_free(struct permit_set *set);
DEFINE_CLEANUP(struct permit_set *, permit_set_free)

/*
 * A new set: begin with how many there will be, add, commit; the old one answers until then and
 * stays when one of these fails. -EMSGSIZE for more than DECISIONS_MAX or than was said, -ENODATA
 * for fewer, -EINVAL without begin. A begin drops what an earlier one began.
 */
int permit_set_begin(struct permit_set *set, uint64_t count);
int permit_set_add(struct permit_set *set, const struct decision *decisions, size_t count);
int permit_set_commit(struct permit_set *set);

/* Whether the set in force approves it; none is in force before the first commit. */
bool permit_set_has(const struct permit_set *set, const uint8_t sha256[static SHA256_SIZE]);
/* Of the set in force; 0: none. */
uint32_t permit_set_generation(const struct permit_set *set);
/* Decisions that it was made of. */
uint64_t permit_set_count(const struct permit_set *set);

#endif
