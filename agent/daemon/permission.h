/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enforcement on rungs that give no verdicts in the kernel: starts of programs
 * on the mounts of [sensor] permission_mounts wait for the permission mode of
 * fanotify (sensor/permit.h), which has the same decisions and spares the same
 * closure. Joins it to this process: sandboxes, decisions, marks, news.
 */
#ifndef PLUMBLINE_DAEMON_PERMISSION_H
#define PLUMBLINE_DAEMON_PERMISSION_H

#include "privsep/child.h"
#include "sensor/permit_set.h"
#include "sensor/sensor.h"

struct permission;

/* Whether the settings ask for it. */
bool permission_is_wanted(const struct config *config);

/* Its processes, which mark nothing yet. Before the sandbox. Why not, in @reterr. */
int permission_start(struct child *child, struct permission **ret_permission,
		     struct strbuf *reterr);
struct permission *permission_stop(struct permission *permission);
DEFINE_CLEANUP(struct permission *, permission_stop)

/* To be filled with the decisions of the baseline; borrowed. */
struct permit_set *permission_set(struct permission *permission);
/* They are others by now. */
void permission_changed(struct permission *permission);

/* Who hears of it. */
struct permission_ops {
	const struct sensor_ops *sensor_ops; /* told of what was denied */
	struct sensor *sensor;
	/* What permission_describe() says is another by now; @trouble: NULL, or what a person
	 * should know. */
	void (*changed)(const char *trouble, void *userdata);
	/* Nothing is denied any more, for the reason @why. */
	void (*ended)(const char *why, void *userdata);
	void *userdata;
};

/* Denies from now on. */
int permission_enforce(struct permission *permission, const struct permission_ops *ops,
		       struct strbuf *reterr);
/* What it tells the sensor waits meanwhile. */
void permission_hold(struct permission *permission, bool is_held);

/* Where it denies, and how often it did. */
void permission_describe(const struct permission *permission, struct strbuf *out);
/* Starts that were asked about so far. */
uint64_t permission_asked(const struct permission *permission);

#endif
