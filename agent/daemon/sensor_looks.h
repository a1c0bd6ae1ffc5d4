/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's side of regressions: it watches what the assessor's checks looked at, on every rung,
 * and tells the assessor what was touched and by whom. It knows no check and no value.
 *
 * Files, settings of the kernel and cgroups come from look_watch.h; mounts from the mount table;
 * modules and devices from the kernel's own notices; and what a walk over the file systems would
 * list, as a new setuid program, from the rung that hears of changes. Touches of one path are one,
 * told when it has been quiet for a moment.
 */
#ifndef PLUMBLINE_DAEMON_SENSOR_LOOKS_H
#define PLUMBLINE_DAEMON_SENSOR_LOOKS_H

#include "base/id_names.h"
#include "privsep/child.h"
#include "sensor/look_watch.h"
#include "sensor/pending.h"
#include "sensor/sensor.h"

struct looks {
	struct child *child;
	const struct sensor_ops *ops;
	struct sensor *sensor;
	struct look_watch *watch; /* NULL: not to be had, nothing is told */
	struct pending *pending;
	struct id_names *names;	    /* NULL: not to be had, then all that is not root's is told */
	int mounts, notices;	    /* -1: not to be had */
	struct loop_source *source; /* of the watch */
	struct loop_source *due, *rest;
	int64_t mounting_ns; /* boot clock, since when mounts have changed */
	bool is_new;	     /* a whole list is coming */
	bool is_lost;	     /* the assessor could not be told something */
};

#define LOOKS_INIT ((struct looks){.mounts = -1, .notices = -1})

/* While descriptors can still be had. What fails is only logged. */
void looks_prepare(struct looks *looks, struct child *child, const struct sensor_ops *ops,
		   struct sensor *sensor);
int looks_start(struct looks *looks);
void looks_done(struct looks *looks);

/* MSG_LOOKS. */
int looks_on_looks(struct looks *looks, struct message *message);
/* What a back end told: @path came or got other rights. What a walk would list is told. */
void looks_on_rights(struct looks *looks, const char *path, bool has_below, uint32_t pid);
/* What a back end told besides: a module that was loaded, and by whom. */
void looks_on_event(struct looks *looks, const struct event *event);

#endif
