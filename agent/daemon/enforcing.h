/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sensor's side of verdicts in the kernel: takes the decisions of a
 * baseline, and switches denial on when all that it needs is there.
 *
 * On a rung without verdicts decisions are taken and forgotten.
 */
#ifndef PLUMBLINE_DAEMON_ENFORCING_H
#define PLUMBLINE_DAEMON_ENFORCING_H

#include "privsep/child.h"
#include "sensor/sensor.h"
#include "sensor/verdicts.h"

/* What becomes of code that the kernel has not seen verified, while it denies. */
enum enforcing_misses {
	MISSES_PASS,   /* rules are warmed that never were before */
	MISSES_LEFT,   /* as the sensor before has left it, until its deadline */
	MISSES_DENIED, /* until a deadline that each heartbeat renews */
};

struct enforcing {
	struct child *child;
	struct verdicts *verdicts; /* NULL: not on this rung */
	sensor_event_fn fn;
	void *userdata;
	const char *obstacle; /* one that lasts; NULL: none */
	struct loop_source *heartbeat;
	uint8_t rules[SHA256_SIZE];   /* baseline whose rules are in force; zeroes: none */
	uint8_t covered[SHA256_SIZE]; /* the last that was warmed to its end, maybe before us */
	enum enforcing_misses misses;
	bool has_rules;
	bool is_covered; /* warming by the rules in force has ended */
	bool is_on, has_closure;
};

/* Goes on where the sensor before has ended, if the kernel's side is still there. */
int enforcing_start(struct enforcing *e, struct child *child, struct verdicts *verdicts,
		    sensor_event_fn fn, void *userdata);
/* EVENT_ENFORCEMENT as it is now. */
void enforcing_tell(struct enforcing *e);
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
