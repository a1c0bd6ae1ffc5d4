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

struct enforcing {
	struct child *child;
	struct verdicts *verdicts; /* NULL: not on this rung */
	sensor_event_fn fn;
	void *userdata;
	const char *obstacle; /* one that lasts; NULL: none */
	struct loop_source *heartbeat;
	bool is_covered; /* warming by the rules in force has ended */
	bool is_on;
};

int enforcing_start(struct enforcing *e, struct child *child, struct verdicts *verdicts,
		    sensor_event_fn fn, void *userdata);
/* EVENT_ENFORCEMENT as it is now. */
void enforcing_tell(struct enforcing *e);
/* New rules: what they bring is not known yet, so misses are let pass until it is. */
void enforcing_warming(struct enforcing *e);
void enforcing_covered(struct enforcing *e);

/* MSG_DECISIONS_*; -EBADMSG when @message makes no sense, else 0. */
int enforcing_on_begin(struct enforcing *e, struct message *message);
int enforcing_on_decisions(struct enforcing *e, struct message *message);
int enforcing_on_end(struct enforcing *e, struct message *message);

#endif
