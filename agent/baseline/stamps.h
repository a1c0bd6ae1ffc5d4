/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps: what a file looked like when it was last hashed and found as its
 * baseline entry says. An equal stamp saves the next hash.
 *
 * A stamp is a hint, never a hash. It counts only in the boot and mount in which it was made, when
 * the file's change time was at least 2 s older than the hash, when the wall clock has not gone
 * back since, and not on removable media. Who sets the clock back and forth between two runs can
 * forge one: `verify --full` does not use them.
 *
 * The cache is one flat file that belongs to one baseline; entries are named by their number.
 */
#ifndef PLUMBLINE_BASELINE_STAMPS_H
#define PLUMBLINE_BASELINE_STAMPS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"

struct stamps;

/*
 * Reads the cache @name in the folder @dirfd (borrowed) for the baseline with this statement digest
 * (hex). A cache that is missing, of another baseline, boot or clock, or not as it should be gives
 * no stamps.
 */
int stamps_open(int dirfd, const char *name, const char *baseline_digest, uint64_t entries,
		struct stamps **ret_stamps);
struct stamps *stamps_close(struct stamps *stamps);
DEFINE_CLEANUP(struct stamps *, stamps_close)

/* Whether entry @number has a stamp that equals @stx now. */
bool stamps_match(const struct stamps *stamps, uint64_t number, const struct statx *stx);

/*
 * Notes entry @number as hashed at @hashed_ns (CLOCK_REALTIME) and found as approved; @stx was
 * taken before the hash and the file has not changed since. Silently leaves out what cannot have a
 * stamp. Not for two threads.
 */
void stamps_note(struct stamps *stamps, uint64_t number, const struct statx *stx,
		 int64_t hashed_ns);

/* Forgets the stamp of entry @number. */
void stamps_drop(struct stamps *stamps, uint64_t number);

/* Replaces the cache by what is known now; nothing when nothing changed. */
int stamps_save(struct stamps *stamps);

#endif
