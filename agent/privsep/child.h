/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a child process, the same for each: child_main() reads its
 * peers from the supervisor, calls the steps of @ops in order, and runs the
 * loop. Used by daemon/{verifier,sensor,assessor,recorder,reporter}.c.
 */
#ifndef PLUMBLINE_PRIVSEP_CHILD_H
#define PLUMBLINE_PRIVSEP_CHILD_H

#include "base/loop.h"
#include "model/config.h"
#include "privsep/channel.h"
#include "privsep/sandbox.h"

struct child {
	struct loop *loop;
	const struct config *config;
	struct channel *supervisor;
	struct channel *peers[ROLE_COUNT]; /* NULL while a peer is away */
	int control_fd;			   /* ROLE_CONTROL, recorder only; -1 */
	const char *pins;     /* the folder for what outlives the sensor, sensor only; or NULL */
	uint64_t work;	      /* counted up by the process, sent as heartbeat */
	bool is_told_to_stop; /* it did not end because its supervisor went away */
	enum sandbox_mode sandbox_mode; /* its own, and that of processes that it makes */
	void *userdata;
};

struct child_ops {
	enum process_role role;
	const struct sandbox_spec *sandbox; /* NULL: that of the role's row in process_table.c */
	size_t max_queued_bytes;	    /* per channel */
	/* Reads what its peers said until they have ended, too, before it stops. */
	bool outlives_peers;

	/* With full privilege, before the sandbox: open what needs it. */
	int (*prepare)(struct child *child);
	/* In the sandbox, before the loop: open the rest, arm timers. */
	int (*start)(struct child *child);
	/* A peer came or came back (its channel is in child->peers). May be NULL. */
	void (*on_peer)(struct child *child, enum process_role role);
	/* MSG_STOP came, or the supervisor went away: flush; then the loop ends. May be NULL. */
	void (*stop)(struct child *child);
	/*
	 * Messages, whoever sent them (compare @channel with child->peers): [MSG_EVENT] = on_event.
	 * @userdata is the child. A message that protocol.h does not give to its sender never
	 * arrives here.
	 */
	const channel_handler *handlers;
	size_t handler_count;
};

/* Exit status of the program. argv: [--config FILE] [--seccomp enforce|log|off] [--pins DIR]. */
int child_main(int argc, char **argv, const struct child_ops *ops, void *userdata);

/* Ends the loop as MSG_STOP would; of one whose row says ends_when_idle. */
void child_end(struct child *child);

/* Tells the supervisor (MSG_DEGRADED); a full queue drops it. */
void child_report_degraded(struct child *child, const char *what, const char *why);

#endif
