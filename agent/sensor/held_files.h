/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that somebody holds open for writing. The kernel tells of a write when
 * the file is closed; whoever never closes it would write unseen until the next
 * walk. So each is looked at again every few seconds, by its change time.
 *
 * A hint of when to look, nothing more: it reads no content. Bounded: when it
 * is full, a file whose opener has ended makes room first, else the oldest.
 */
#ifndef PLUMBLINE_SENSOR_HELD_FILES_H
#define PLUMBLINE_SENSOR_HELD_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "sensor/watch_set.h"

/* Between two looks; a file that keeps changing is looked at ever less often. */
#define HELD_FILES_LOOK_NS    (INT64_C(2) * NSEC_PER_SEC)
#define HELD_FILES_LONGEST_NS (INT64_C(128) * NSEC_PER_SEC)

struct held_files;

int held_files_new(size_t max, struct held_files **ret_held);
struct held_files *held_files_free(struct held_files *held);
DEFINE_CLEANUP(struct held_files *, held_files_free)

/* @pid opened @path for writing, or one of its openers closed it. Times on the boot clock. */
int held_files_opened(struct held_files *held, const char *path, uint32_t pid, int64_t now_ns);
void held_files_closed(struct held_files *held, const char *path);

/* Adds what running processes hold open for writing below the trees of @set. Reads @proc. */
int held_files_add_running(struct held_files *held, const char *proc, const struct watch_set *set);

/*
 * The next file that is due and has changed since the last look: its path, valid until the next
 * call, and who opened it last. NULL when there is none.
 */
const char *held_files_next(struct held_files *held, int64_t now_ns, uint32_t *ret_pid);
/* Boot clock time of the next look; INT64_MAX when nothing is held. */
int64_t held_files_due(const struct held_files *held);
size_t held_files_count(const struct held_files *held);

#endif
