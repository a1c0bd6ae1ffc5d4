/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table of this mount namespace, and notice when it changes. */
#ifndef PLUMBLINE_SENSOR_MOUNTS_H
#define PLUMBLINE_SENSOR_MOUNTS_H

typedef int (*mounts_fn)(const char *mount_point, const char *type, void *userdata);

/* Calls @fn for each mount, in order of mounting, until one returns non-zero; returns that, 0, or
 * negative errno. */
int mounts_visit(mounts_fn fn, void *userdata);

/* A descriptor on which epoll reports EPOLLPRI after every mount, unmount or remount. */
int mounts_open(void);

#endif
