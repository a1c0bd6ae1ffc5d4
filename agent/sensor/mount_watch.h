/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is mounted in monitored places, what changed there, and who did it.
 *
 * The mount table is the truth about what is mounted; the kernel's records
 * name the ones who mount. Both are joined here, by place and kind, within
 * MOUNT_WATCH_JOIN_NS. Bounded: MOUNT_LIST_MAX mounts, and the newest records.
 */
#ifndef PLUMBLINE_SENSOR_MOUNT_WATCH_H
#define PLUMBLINE_SENSOR_MOUNT_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "ebpf/event.h"
#include "model/mount_list.h"
#include "model/subject.h"
#include "sensor/watch_set.h"

#define MOUNT_WATCH_JOIN_NS (INT64_C(10) * 1000000000)

struct mount_watch;
struct mount_line;

int mount_watch_new(struct mount_watch **ret_watch);
struct mount_watch *mount_watch_free(struct mount_watch *watch);
DEFINE_CLEANUP(struct mount_watch *, mount_watch_free)

/* Somebody did @how at @path (normalized; NULL: not known), at @time_ns of the boot clock. Copied;
 * without memory he is not named later. */
void mount_watch_note(struct mount_watch *watch, enum ev_mount_how how, const char *path,
		      const struct subject *subject, int64_t time_ns);

/* @now: what is on top at @point, in words, or MOUNT_LIST_NOTHING. @subject: NULL when unknown. */
typedef void (*mount_watch_fn)(const char *point, const char *now, const struct subject *subject,
			       void *userdata);

/*
 * A look at the mount table is begin, one add per line in its order, and end, which calls @fn for
 * each place of @set where something else is mounted than at the look before, at @now_ns. -ENOBUFS
 * when there were more mounts than are followed; the rest was told.
 */
void mount_watch_begin(struct mount_watch *watch);
int mount_watch_add(struct mount_watch *watch, const struct watch_set *set,
		    const struct mount_line *line);
/* Between add and end: whether a record was noted for all that has changed. */
bool mount_watch_is_explained(struct mount_watch *watch, int64_t now_ns);
int mount_watch_end(struct mount_watch *watch, int64_t now_ns, mount_watch_fn fn, void *userdata);

/* What the last look found. */
void mount_watch_each(const struct mount_watch *watch, mount_watch_fn fn, void *userdata);

#endif
