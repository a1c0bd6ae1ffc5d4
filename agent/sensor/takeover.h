/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What earlier sensors left running in the kernel, taken over without a gap:
 * their programs tell until they are detached, and each record of theirs is
 * read once, whoever wrote it.
 *
 * It reads and counts; detaching is done by who may unlink, and what a record
 * means is the reader's. Sets in another form (EV_ABI, EV_ABI_ALIKE) are counted, not read.
 */
#ifndef PLUMBLINE_SENSOR_TAKEOVER_H
#define PLUMBLINE_SENSOR_TAKEOVER_H

#include <stdbool.h>
#include <stdint.h>

#include "sensor/bpf_source.h"
#include "sensor/pins.h"

struct takeover;

/* What a sensor tells its successor through the kernel; a value of the map `state`. */
struct takeover_state {
	uint32_t size; /* of this, so that another build can see whether it is its own */
	uint32_t pad;
	uint64_t lost;	/* records that were lost in the rings and told */
	uint64_t rules; /* which trees the numbers in records of write-opens mean; 0: none */
	/* Records that were taken from the rings; and of these, those that are told for sure. */
	uint64_t taken, settled;
};

/* Opens all that @pins has of earlier sensors. -ENOENT when there is none. */
int takeover_open(struct pins *pins, struct takeover **ret_takeover);
struct takeover *takeover_close(struct takeover *takeover);
DEFINE_CLEANUP(struct takeover *, takeover_close)

/* When it was opened: records that waited, and those lost that nobody has told yet. */
uint64_t takeover_waited(const struct takeover *takeover);
uint64_t takeover_lost(const struct takeover *takeover);
/* Lost until now. */
uint64_t takeover_lost_by_now(const struct takeover *takeover);
/* Records that an earlier sensor took and had not told when it ended; it may have told some. */
uint64_t takeover_untold(const struct takeover *takeover);
/* Records in another form, which were passed over. */
uint64_t takeover_unreadable(const struct takeover *takeover);

/* Hands records to @fn, until that says -ECANCELED: enough for now. 1 when there may be more, 0, or
 * negative errno. */
int takeover_read(struct takeover *takeover, bpf_record_fn fn, void *userdata);
/* Whether all programs of the earlier sets are unlinked. */
bool takeover_is_detached(const struct takeover *takeover);
/* Whether write-opens were numbered by the trees of @rules. */
bool takeover_knows_trees(const struct takeover *takeover, uint64_t rules);

#endif
