/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/fan_changes.h"

#include <unistd.h>

#include "base/clock.h"

void fan_changes_take(struct observer *observer, const struct fan_event *event, int64_t since_ns)
{
	int64_t now_ns = clock_boot_ns();
	struct pending_change change = {
		.path = (char *)event->path,
		.changes = event->changes | (event->is_dir ? OBSERVER_CHANGE_DIR : 0),
		.first_ns = now_ns,
		.pid = event->pid,
	};

	if (event->is_outside)
		return;
	if (!event->path) {
		observer_gap(observer,
			     &(struct sensor_gap){"the kernel's queue of file changes overflowed",
						  OBSERVER_MISSED_CHANGES, 0, since_ns, now_ns});
		(void)observer_look_again(observer, NULL);
	} else if (event->is_mount) {
		(void)observer_look_again(observer, event->path);
	} else if (event->pid != (uint32_t)getpid()) {
		observer_change(observer, &change);
		if (event->changes & EVENT_CHANGE_WRITE)
			observer_closed(observer, event->path);
	}
}

void fan_changes_tell_rights(const struct fan_event *event, sensor_rights_fn rights, void *userdata)
{
	if (rights && event->path && !event->is_mount && event->changes & FAN_CHANGES_OF_RIGHTS &&
	    event->pid != (uint32_t)getpid())
		rights(event->path, event->is_dir && event->changes & EVENT_CHANGE_RENAME_TO,
		       event->pid, userdata);
}
