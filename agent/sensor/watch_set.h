/* SPDX-License-Identifier: Apache-2.0 */
/* Which paths are monitored: trees less what is ignored. Pure text, no look at the disk. */
#ifndef PLUMBLINE_SENSOR_WATCH_SET_H
#define PLUMBLINE_SENSOR_WATCH_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "sensor/sensor.h"

struct watch_set;

/* Copies and normalizes the rules; a tree below another is dropped. -EINVAL when a path is not
 * absolute. */
int watch_set_new(const struct sensor_rules *rules, struct watch_set **ret_set);
struct watch_set *watch_set_free(struct watch_set *set);
DEFINE_CLEANUP(struct watch_set *, watch_set_free)

size_t watch_set_count(const struct watch_set *set);
const char *watch_set_tree(const struct watch_set *set, size_t index);

/* Whether @path lies in a tree (the tree itself included) and neither it nor a directory above it
 * is ignored. */
bool watch_set_has(const struct watch_set *set, const char *path);
/* Whether anything at or below @path may be monitored: @path is in a tree, or a tree is below it.
 */
bool watch_set_meets(const struct watch_set *set, const char *path);

#endif
