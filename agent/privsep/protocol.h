/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All messages between Plumbline's processes: direction, fields in order.
 *
 * Every child starts with one descriptor, CHILD_FD_SUPERVISOR. The supervisor
 * then sends one MSG_PEER per link and MSG_GO. After a restart of a child its
 * peers get a new MSG_PEER for the same role, which replaces the old channel.
 */
#ifndef PLUMBLINE_PRIVSEP_PROTOCOL_H
#define PLUMBLINE_PRIVSEP_PROTOCOL_H

#include <stdbool.h>

#define CHILD_FD_SUPERVISOR 3

enum process_role {
	ROLE_SUPERVISOR,
	ROLE_VERIFIER,
	ROLE_SENSOR,
	ROLE_ASSESSOR,
	ROLE_DUMPER,
	ROLE_RECORDER,
	ROLE_REPORTER,
	ROLE_CONTROL, /* the listening control socket, handed to the recorder */
	ROLE_COUNT,
	/* For a sandbox only: a tool of the system, see query.h; the sensor's helpers, see
	 * sensor/permit.h. */
	ROLE_QUERY,
	ROLE_REPLIER,
	ROLE_WATCHDOG,
	ROLE_HASHER,
};

/* Why a baseline is read. */
enum load_change {
	LOAD_STORED, /* what is stored, again */
	LOAD_COMES,  /* a file comes in and takes the place of its layer */
	LOAD_GOES,   /* a layer is taken out */
	LOAD_CHANGE_COUNT,
};

enum msg_type {
	MSG_NONE,

	/* supervisor -> any child */
	MSG_PEER, /* u32 role; fd: the link to it (ROLE_CONTROL: the listening socket) */
	MSG_GO,	  /* all links are there: sandbox yourself and work */
	MSG_STOP, /* finish within 3 s: flush, commit, exit 0 */

	/* any child -> supervisor */
	MSG_READY,     /* sandboxed and in its loop */
	MSG_HEARTBEAT, /* u64 work counter; every 10 s. A child that is silent for 60 s is restarted
			*/
	MSG_DEGRADED,  /* string what; string why. Becomes an agent.degraded finding */
	MSG_REFUSED_CALL, /* u32 system call; u32 architecture (AUDIT_ARCH_*): the filter ends this
			   * child now */

	/* sensor -> supervisor */
	MSG_PINS, /* u32 enum sensor_release: what earlier sensors pinned may go that far; string
		   * name of the set that stays */

	/* any child -> supervisor */
	MSG_LINK_CLOSED, /* u32 role of a peer that broke the rules; i64 negative errno. Both get a
			  * new MSG_PEER later */

	/* supervisor -> verifier */
	MSG_LAYER, /* a stored file, before MSG_LOAD: string layer; string digest of it as it was
		    * accepted once, or NULL; fd: the baseline file */
	MSG_LOAD, /* string display name; u32 enum load_change; string layer that goes, or NULL; fd:
		   * the baseline file that comes, or none */
	/* verifier -> supervisor */
	MSG_LOAD_RESULT, /* i64 0 or negative errno; string layer of the file that came or NULL;
			    string reason, or digest of the effective baseline; u64 number of layers
			    in force; for each string layer, string statement digest (hex) */

	/* verifier -> recorder (answered by MSG_BASELINE_RESULT) and, rules only, verifier ->
	 * sensor */
	MSG_BASELINE_BEGIN, /* string digest of the effective baseline (hex); u64 its entries; u32
			       enum load_change; string layer that comes or goes, or NULL; u64
			       number of layers */
	MSG_BASELINE_LAYER, /* that often, the lowest first: string statement JSON; string statement
			       digest (hex) */
	MSG_BASELINE_RULES, /* string rules.ini text (at most 60,000 bytes); string digest of the
			       effective baseline */
	MSG_BASELINE_ENTRY, /* a file_fact (payload.h) */
	MSG_BASELINE_END,   /* u64 entries sent */
	MSG_BASELINE_RESULT, /* i64 0 or negative errno; string reason */
	/* verifier -> sensor, before the rules: what of the baseline may become code */
	MSG_DECISIONS_BEGIN, /* u64 how many come; string digest of the effective baseline */
	MSG_DECISIONS,	     /* decisions (payload.h). Any number of these */
	MSG_DECISIONS_END,   /* u64 how many were sent: they are in force from here on */

	/* sensor -> recorder */
	MSG_EVENT,    /* an event (payload.h) */
	MSG_STANDING, /* a standing (payload.h), first of all and whenever it changes */
	/* recorder -> sensor */
	/* string path, bytes digest that was told of it last, or none: report its state as
	 * EVENT_FILE without subject, unless it is known to be as it was told */
	MSG_RECHECK,
	MSG_RESCAN, /* string tree, or NULL for all monitored trees */

	/* assessor -> recorder */
	MSG_CHECK_BEGIN,  /* string profile; u64 number of checks */
	MSG_CHECK_RESULT, /* a check_result (payload.h); string path that was touched, or NULL when
			   * nothing called for it; a subject: who touched it */
	MSG_CHECK_END,	  /* u64 results sent */
	/* recorder -> assessor */
	MSG_CHECK_RUN, /* string check id, or NULL for the whole profile */

	/* assessor -> sensor */
	MSG_LOOKS, /* u32 1: drop the earlier ones; u32 1: it is the last for now; bytes: what
		    * checks looked at: each how (enum looked_how, a byte), path, NUL (at most
		    * 60,000) */
	/* sensor -> assessor */
	MSG_TOUCHED, /* string path; u32 TOUCH_* (look_index.h); a subject (payload.h). "/" with
		      * TOUCH_BELOW: anything may have been touched */

	/* assessor -> supervisor */
	MSG_DUMP_WANT, /* a dump of what the kernel shows to privilege only */
	/* dumper -> assessor, for each part */
	MSG_DUMP_PART, /* u32 enum kernel_part; bytes, as the kernel sent them (at most 60,000).
			* Any number of these */
	MSG_DUMP_END,  /* u32 enum kernel_part; i64 0 or negative errno */

	/* recorder -> reporter */
	MSG_BATCH_PART, /* u64 first sequence; u64 last sequence; u64 part; u64 parts; bytes: zstd
		      frame or part of it (at most 60,000) */
	/* reporter -> recorder */
	MSG_ACK,    /* u64 last sequence that the collector has committed */
	MSG_REJECT, /* u64 first sequence; u64 http status; string reason */
	MSG_LINK,   /* u32 1 up, 0 down; string collector URL; string reason or NULL */
	MSG_WANT,   /* reporter is idle: send the next batch when there is one */

	/* recorder -> supervisor */
	MSG_HEAD,	 /* u64 sequence; bytes chain hash (32) */
	MSG_REPORT_WANT, /* records wait, and no reporter is there to take them */
	/* supervisor -> recorder */
	MSG_HEAD_SIGNED, /* u64 sequence; bytes chain hash; bytes signature (DER); string key id
			    (hex SHA-256 of the public key) */
	MSG_CHILD, /* string role name; string what: "started", "ready", "idle" (ended until there
		    * is work), "exited with status 1",
		    * "killed by SIGSYS (socket)", "ended by the supervisor with SIGABRT",
		    * "degraded: WHAT: WHY"; u64 restarts */

	/* command line -> recorder, over control.sock */
	MSG_CTL_REQUEST, /* string verb; u64 number of arguments; that many strings; fd for "load"
			  */
	/* recorder -> supervisor for verbs that it may not do itself */
	MSG_CTL_LOAD,	/* u64 request id; string display name; fd: the baseline file */
	MSG_CTL_UNLOAD, /* u64 request id; string layer */
	/* supervisor -> recorder */
	MSG_CTL_LOAD_RESULT, /* u64 request id; i64 0 or negative errno; string text */
	/* recorder -> command line */
	MSG_CTL_LINE, /* string: one JSON object, UTF-8 (at most 60,000 bytes) */
	MSG_CTL_DATA, /* bytes: for export */
	MSG_CTL_END,  /* i64 0 or negative errno; string text for a person or NULL */

	MSG_COUNT,
};

/* Whether the table allows this message on this link; any other closes the link. */
bool msg_may_flow(enum msg_type type, enum process_role from, enum process_role to);

const char *role_name(enum process_role role);
const char *msg_type_name(enum msg_type type);

#endif
