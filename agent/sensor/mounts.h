/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table of this mount namespace, and notice when it changes. */
#ifndef PLUMBLINE_SENSOR_MOUNTS_H
#define PLUMBLINE_SENSOR_MOUNTS_H

#include <stdbool.h>

typedef int (*mounts_fn)(const char *mount_point, const char *type, void *userdata);

/* Calls @fn for each mount, in order of mounting, until one returns non-zero; returns that, 0, or
 * negative errno. */
int mounts_visit(mounts_fn fn, void *userdata);

/*
 * A descriptor for mounts_have_changed(), which is true once after every mount, unmount or remount.
 * It must not be put into an epoll set that is itself polled: each look at it, also by the kernel,
 * uses the notice up.
 */
int mounts_open(void);
bool mounts_have_changed(int fd);

#endif
