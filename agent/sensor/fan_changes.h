/* SPDX-License-Identifier: Apache-2.0 */
/* What a change that fanotify told means to the observer: for every rung that has such a group. */
#ifndef PLUMBLINE_SENSOR_FAN_CHANGES_H
#define PLUMBLINE_SENSOR_FAN_CHANGES_H

#include "sensor/fan.h"
#include "sensor/observer.h"

/* What is outside the trees is left to others. @since_ns: boot clock of the last look at the group,
 * from where on an overflow may have lost events. The sensor's own changes are no news. */
void fan_changes_take(struct observer *observer, const struct fan_event *event, int64_t since_ns);
/* The same event for who asked to know of rights; @rights may be NULL. */
void fan_changes_tell_rights(const struct fan_event *event, sensor_rights_fn rights,
			     void *userdata);

#endif
