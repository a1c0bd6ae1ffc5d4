/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was hashed and when, over restarts of the sensor: a file whose stamp has
 * not changed need not be read again.
 *
 * A stamp (device, inode, size, ctime, mtime, and which mounted file system it is on) is a hint and
 * never more. It counts only
 *  - in the boot in which it was made, and while its file system stays mounted: known by
 *    the inode that it has in /sys/fs, or else by its mount's unique id (Linux 6.8);
 *  - on a medium that nobody can take out;
 *  - when ctime was 2 s old before the hash began, or STAMP_FAR_AGE_NS where changes were not
 *    reported as they happened: nobody reports them while the sensor is away, so only such a stamp
 *    counts in the next run;
 *  - while the wall clock has not gone back.
 * Who sets the clock back and forth while the agent is away can forge one. That is why the time
 * that rests on stamps of an earlier run says so, and why they are all hashed again.
 * The kernel's own verdicts never use them.
 *
 * It is a file of fixed size that is read and written in place: it takes no memory of this process.
 * Where it is full, the oldest stamps go.
 */
#ifndef PLUMBLINE_SENSOR_STAMP_STORE_H
#define PLUMBLINE_SENSOR_STAMP_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "model/file_fact.h"

#define STAMP_AGE_NS	 (INT64_C(2) * 1000000000)
#define STAMP_FAR_AGE_NS (INT64_C(120) * 1000000000)
#define STAMP_SLOTS	 262144 /* 24 MB on disk, as far as they are used */

struct stamp_store;

enum stamp_origin {
	STAMP_NONE,
	STAMP_OF_THIS_RUN,
	STAMP_OF_EARLIER_RUN,
};

/*
 * Takes @fd, a file open for reading and writing that only root can write. What another boot or a
 * damaged file holds does not count. @boot_id is that of this boot.
 */
int stamp_store_open(int fd, const char *boot_id, struct stamp_store **ret_store);
struct stamp_store *stamp_store_close(struct stamp_store *store);
DEFINE_CLEANUP(struct stamp_store *, stamp_store_close)

/* Fills digest and role of @fact from the stamp of @st, which is at @fact->path. A stamp of an
 * earlier run counts only when @takes_earlier. */
enum stamp_origin stamp_store_get(struct stamp_store *store, const struct stat *st,
				  bool takes_earlier, struct file_fact *fact);
/* @hashed_ns: wall clock before the hash began. @is_reported: changes there are seen as they
 * happen. What can have no stamp loses the one that it had. */
void stamp_store_put(struct stamp_store *store, const struct stat *st, const struct file_fact *fact,
		     int64_t hashed_ns, bool is_reported);
void stamp_store_remove(struct stamp_store *store, const struct stat *st);

/* The wall clock was set. When @is_back, nothing in the store counts any more. */
void stamp_store_clock_set(struct stamp_store *store, bool is_back);
/* Something was mounted or unmounted: what is known of devices is looked up again. */
void stamp_store_mounts_changed(struct stamp_store *store);

#endif
