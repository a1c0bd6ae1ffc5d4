/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of names, content and attributes on whole file systems, by a fanotify
 * group that only notifies. It never asks for permission events, so nothing on
 * the machine ever waits for it.
 *
 * The kernel reports a directory handle and a name; handles are resolved to
 * paths here. Of what is outside the monitored trees only that a name came or
 * got other rights is told, for the checks; all else of it ends here.
 */
#ifndef PLUMBLINE_SENSOR_FAN_H
#define PLUMBLINE_SENSOR_FAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "model/event.h"
#include "sensor/watch_set.h"

/* A name came, or who may use what it names was changed. */
#define FAN_CHANGES_OF_RIGHTS \
	(EVENT_CHANGE_CREATE | EVENT_CHANGE_RENAME_TO | EVENT_CHANGE_ATTRIBUTE)

struct fan;

struct fan_event {
	const char *path; /* NULL: the kernel's queue overflowed and events are lost */
	uint32_t changes; /* EVENT_CHANGE_* */
	bool is_dir;
	bool is_outside; /* in no monitored tree */
	bool is_mount; /* told by fan_watch(): what is at @path and below came or went with a mount
			*/
	uint32_t pid;  /* thread-group id of who did it; 0 when the kernel did */
};

typedef void (*fan_fn)(const struct fan_event *event, void *userdata);

/* -EPERM without CAP_SYS_ADMIN, -EINVAL before Linux 5.9. */
int fan_open(fan_fn fn, void *userdata, struct fan **ret_fan);
struct fan *fan_close(struct fan *fan);
DEFINE_CLEANUP(struct fan *, fan_close)

/*
 * Marks the file systems of @set (borrowed until the next call): those of the trees and those
 * mounted below them, and no others. Returns the number of mounts that could not be marked; each is
 * named with the error in @reterr, a line each.
 */
int fan_watch(struct fan *fan, const struct watch_set *set, struct strbuf *reterr);

int fan_fd(const struct fan *fan);
/* Reads up to @max_reads buffers of events. 1 when there may be more, 0, or negative errno. */
int fan_dispatch(struct fan *fan, unsigned max_reads);

/* Whether changes on the file system of @dev are reported. */
bool fan_covers(const struct fan *fan, uint64_t dev);

#endif
