/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's side of denial: takes the decisions of a baseline, and switches
 * denial on when all that it needs is there.
 *
 * Verdicts in the kernel deny where the rung gives them; else the permission
 * mode does, where the settings name mounts for it. Without either, decisions
 * are taken and forgotten.
 */
#ifndef PLUMBLINE_DAEMON_ENFORCING_H
#define PLUMBLINE_DAEMON_ENFORCING_H

#include "daemon/permission.h"
#include "privsep/child.h"
#include "sensor/sensor.h"
#include "sensor/verdicts.h"

/* What becomes of code that the kernel has not seen verified, while it denies. */
enum enforcing_misses {
	MISSES_PASS,   /* rules are warmed that never were before */
	MISSES_LEFT,   /* as the sensor before has left it, until its deadline */
	MISSES_DENIED, /* until a deadline that each heartbeat renews */
};

/* What can deny; at most one of the two. */
struct denier {
	const struct sensor_ops *ops;
	struct sensor *sensor;
	struct verdicts *verdicts;     /* NULL: not on this rung */
	struct permission *permission; /* NULL: not wanted, not needed, or not to be had */
	const char *no_permission;     /* why it was not to be had; NULL */
};

struct enforcing {
	struct child *child;
	struct denier denier;
	sensor_event_fn fn;
	void *userdata;
	const char *obstacle; /* one that lasts; NULL: none */
	char *failure;	      /* why it could not be switched on the last time; NULL */
	struct loop_source *heartbeat;
	uint8_t rules[SHA256_SIZE];   /* baseline whose rules are in force; zeroes: none */
	uint8_t covered[SHA256_SIZE]; /* the last that was warmed to its end, maybe before us */
	enum enforcing_misses misses;
	bool has_rules;
	bool is_covered; /* warming by the rules in force has ended */
	bool is_on, has_closure;
	uint64_t asked; /* starts, when it was told last */
};

/* Whether the kernel line forbids it. */
bool enforcing_is_forbidden(void);

/* Goes on where the sensor before has ended, if the kernel's side is still there. All that @denier
 * points to outlives @e. */
int enforcing_start(struct enforcing *e, struct child *child, const struct denier *denier,
		    sensor_event_fn fn, void *userdata);
void enforcing_done(struct enforcing *e);
/* EVENT_ENFORCEMENT as it is now. */
void enforcing_tell(struct enforcing *e);
/* The same when it has become another since it was told. */
void enforcing_look(struct enforcing *e);
/*
 * Rules of the baseline @digest (hex). What others than those that were covered bring is not known
 * yet, so misses are let pass until it is.
 */
void enforcing_warming(struct enforcing *e, const char *digest);
/* @by_stamps files were taken for what a stamp of an earlier run said. */
void enforcing_covered(struct enforcing *e, uint64_t by_stamps);

/* MSG_DECISIONS_*; -EBADMSG when @message makes no sense, else 0. */
int enforcing_on_begin(struct enforcing *e, struct message *message);
int enforcing_on_decisions(struct enforcing *e, struct message *message);
int enforcing_on_end(struct enforcing *e, struct message *message);

#endif
