/* SPDX-License-Identifier: Apache-2.0 */
/* The mount table of this mount namespace, and notice when it changes. */
#ifndef PLUMBLINE_SENSOR_MOUNTS_H
#define PLUMBLINE_SENSOR_MOUNTS_H

#include <stdbool.h>

/* Strings are borrowed for the length of the call. */
struct mount_line {
	const char *root;    /* folder of the file system that is shown */
	const char *point;   /* where */
	const char *options; /* of this mount, comma-separated */
	const char *type;
	const char *source;	   /* as the mounter named it; NULL: none */
	const char *super_options; /* of the file system */
};

typedef int (*mounts_line_fn)(const struct mount_line *line, void *userdata);

/* As mounts_visit(). */
int mounts_each(mounts_line_fn fn, void *userdata);

typedef int (*mounts_fn)(const char *mount_point, const char *type, void *userdata);

/* Calls @fn for each mount, in order of mounting, until one returns non-zero; returns that, 0, or
 * negative errno. */
int mounts_visit(mounts_fn fn, void *userdata);

/* False for kinds that show the kernel's own state, and for those that only hold the place of
 * another. */
bool mounts_type_has_files(const char *type);

/*
 * A descriptor for mounts_have_changed(), which is true once after every mount, unmount or remount.
 * It must not be put into an epoll set that is itself polled: each look at it, also by the kernel,
 * uses the notice up.
 */
int mounts_open(void);
bool mounts_have_changed(int fd);

#endif
