/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the recorder share. The recorder remembers: it judges
 * facts, keeps findings and evidence in one database, and hands them out.
 *
 *   recorder.c           life, timers, commits
 *   recorder_finding.c   a finding from judgement to outbox
 *   recorder_incident.c  findings that root declared an incident
 *   recorder_judge.c     events of the sensor
 *   recorder_enforcement.c  what the kernel answered, and whether it denies
 *   recorder_scan.c      what a walk did not meet; looking again at open findings
 *   recorder_baseline.c  loading a baseline from the verifier
 *   recorder_coverage.c  phases, gaps, and the health of the other processes
 *   recorder_outbox.c    batches, acknowledgements, signed chain heads
 *   recorder_control.c   server of the control socket; recorder_verbs.c its verbs
 *
 * Errors: a function that changes the record returns its error up to the
 * message handler, which ends in recorder_settle(); that rolls back the open
 * transaction and counts what it lost.
 */
#ifndef PLUMBLINE_DAEMON_RECORDER_H
#define PLUMBLINE_DAEMON_RECORDER_H

#include "base/boot_id.h"
#include "base/clock_watch.h"
#include "baseline/baseline.h"
#include "baseline/index.h"
#include "engine/engine.h"
#include "model/control.h"
#include "model/mount_list.h"
#include "privsep/child.h"
#include "privsep/payload.h"
#include "record/record.h"
#include "wire/codec.h"

#define RECORDER_COMMIT_MS	500
#define RECORDER_COMMIT_CHANGES 256
#define RECORDER_REPEAT_NS \
	(60 * NSEC_PER_SEC) /* between records of one finding that only counts up */
#define RECORDER_UPDATE_NS (600 * NSEC_PER_SEC) /* an updater that changed something is at work */
#define RECORDER_REST_MS   5000 /* between two looks at the time, when nothing happens */
#define RECORDER_ALIVE_S   30
#define RECORDER_MAX_TREES 512

struct control_server;

/* A process as the supervisor last described it. */
struct recorder_process {
	char *what;
	uint64_t restarts;
};

/* One of the files that a baseline is made of. */
struct recorder_layer {
	char *statement, *digest; /* NULL: there is no such layer */
	char *name;
	uint64_t revision;
	int64_t made_ns;
};

/* A baseline on its way from the verifier. */
struct recorder_load {
	bool is_active;
	bool is_checked; /* all layers are here */
	bool is_same;	 /* the digest is loaded already: entries are counted, not stored */
	int refusal;	 /* negative errno; the first reason is in @reason */
	struct diag reason;
	uint64_t expected, received;
	char *digest, *rules;
	char *name; /* for people: of the layer that comes, or of all */
	enum load_change change;
	enum layer changed; /* comes or goes; LAYER_NONE: none does */
	uint64_t layers_expected;
	struct recorder_layer layers[LAYER_COUNT];
};

/* Entries that a walk did not meet, being looked at one by one before they are called missing. */
struct recorder_walk {
	char *tree; /* NULL: free */
	int64_t began_ns;
	bool is_ended;	      /* by the sensor; what it did not meet is being looked at */
	int64_t completed_ns; /* when the last walk began that was looked through to the end; 0:
				 none */
};

/* One pass over all open findings about files. */
struct recorder_recheck {
	bool is_running;
	bool is_anew; /* by another baseline: each file is read */
	int64_t cursor;
	int64_t next_ns; /* boot clock */
};

/* Mounts in monitored places. */
struct recorder_mounts {
	struct mount_list present, approved;
	bool is_listing; /* the sensor tells all that is mounted */
	bool is_known;	 /* by this baseline: both lists hold */
};

struct recorder {
	struct child *child;
	struct record *record;
	struct baseline_index *index;
	struct control_map *controls;
	struct baseline_rules rules;
	struct wire_policy policy;
	struct control_server *control;
	struct loop_source *commit_timer;

	char *salt;	    /* of hashed user names; NULL when there is none */
	char *evidence_key; /* PEM; NULL when the supervisor has none */
	char *kernel, *os;
	char *rung, *rung_reason;
	struct standing *standing; /* of the sensor that told last; NULL: none has */
	char *enforcement,
		*enforcement_reason; /* "enforce" or "observe", and why; NULL: not told */
	uint64_t decisions;
	uint32_t generation; /* of the decisions */
	struct recorder_process processes[ROLE_COUNT];
	struct recorder_load load;
	struct recorder_layer layers[LAYER_COUNT]; /* of what is in force; without statements */
	bool is_refusal_told; /* the refusal that the supervisor is about to report came from here
			       */
	struct recorder_walk walks[RECORDER_MAX_TREES];
	struct recorder_recheck recheck;
	struct recorder_mounts mounts;

	/* Outbox */
	bool is_wanted;		   /* the reporter waits for a batch */
	int64_t reporter_asked_ns; /* boot clock; 0: never */
	unsigned batch_records;	   /* limit; halves when a collector finds batches too large */
	uint64_t data_sequence;	   /* last record that wants a signed head */
	uint64_t signed_sequence;  /* last chain head that the supervisor signed */
	int64_t head_asked_ns, head_told_ns, emitted_ns; /* boot clock; 0: never */
	struct wire_head head;				 /* newest signed; signature NULL: none */
	bool is_head_told;				 /* it has been appended */
	uint64_t folded_told; /* of record_head.folded, what agent.gap has said */
	bool link_up;
	char *link_url, *link_reason;
	uint64_t lost_changes; /* rolled back, not yet told */

	/* Coverage */
	char boot_id[BOOT_ID_SIZE];
	struct clock_look clocks;  /* at the last look */
	int64_t alive_ns;	   /* boot clock, when that was last written down */
	bool was_held;		   /* the lasting interval is what the kernel held */
	int64_t trimmed_ns;	   /* boot clock */
	int64_t updated_ns;	   /* when an updater changed something last; 0: not yet */
	char *rung_before;	   /* it changed, and no phase has told since */
	char *lacks, *lacks_told;  /* what the sensor works without; NULL: it has all */
	int64_t assessor_ended_ns; /* and is not ready again; 0: it is */
	char *assessor_end;

	unsigned commit_failures; /* in a row */
	gid_t group;		  /* whose members may read over the control socket */
	bool has_group;
	bool is_commit_armed;
};

/* recorder.c */
int recorder_settle(struct recorder *recorder, int r); /* ends a message handler; returns 0 */
void recorder_commit(struct recorder *recorder);
bool recorder_has_baseline(const struct recorder *recorder);
int recorder_set_text(char **field, const char *text); /* replaces by a copy; NULL allowed */

/* recorder_finding.c */

/* Path of what is told about the baseline in force, and of a refused one. */
#define FINDING_OF_BASELINE "baseline"

int recorder_put_finding(struct recorder *recorder, struct finding *finding);
int recorder_resolve(struct recorder *recorder, const struct record_match *match, int64_t time_ns);
int recorder_put_agent(struct recorder *recorder, enum finding_kind kind, const char *what,
		       const char *actual, const char *detail);
int recorder_resolve_agent(struct recorder *recorder, enum finding_kind kind, const char *what);
/* Those of @kind whose path starts with @prefix and that were last seen before @before_ns; a
 * refused baseline, which waits for a load by somebody, is none of them. */
int recorder_resolve_agents(struct recorder *recorder, enum finding_kind kind, const char *prefix,
			    int64_t before_ns);
/* Tells a finding as it now stands, whatever was told of it before. */
int recorder_tell_finding(struct recorder *recorder, const struct finding *finding);
/* Encodes and appends; a full outbox is no error: then *@ret_sent is false. */
int recorder_emit(struct recorder *recorder, const struct wire_record *record, bool *ret_sent);
int recorder_send_owed(struct recorder *recorder);

/* recorder_judge.c */
int recorder_on_event(struct channel *channel, struct message *message, void *userdata);
int recorder_judge(struct recorder *recorder, struct event *event, const struct file_fact *now,
		   const char **ret_verdict);

/* recorder_mount.c */
int recorder_on_mount(struct recorder *recorder, struct event *event);
/* Another baseline: nothing is judged until the sensor has told all again. */
void recorder_mounts_forget(struct recorder *recorder);
void recorder_mounts_done(struct recorder *recorder);

/* recorder_incident.c */
struct control_request;
struct status;
int recorder_answer_declare(struct control_request *request);
int recorder_answer_reported(struct control_request *request);
int recorder_answer_close(struct control_request *request);
int recorder_answer_incidents(struct control_request *request);
int recorder_count_incidents(struct recorder *recorder, struct status *status);

/* recorder_verbs.c */
int recorder_on_standing(struct channel *channel, struct message *message, void *userdata);
/* recorder_enforcement.c */
int recorder_on_enforcement(struct recorder *recorder, struct event *event);
/* After the judgement of what the kernel was asked about: what is to be told besides. */
int recorder_on_answer(struct recorder *recorder, const struct event *event, const char *verdict);

/* recorder_scan.c */
int recorder_scan_begin(struct recorder *recorder, struct event *event);
int recorder_scan_end(struct recorder *recorder, struct event *event);
int recorder_scan_tick(struct recorder *recorder);
/* Questions to the sensor are left, or will be before a process at rest wakes up. */
bool recorder_scan_is_due(const struct recorder *recorder);
void recorder_forget_walks(struct recorder *recorder); /* times of before say nothing any more */
void recorder_recheck_now(struct recorder *recorder);
int recorder_ask_rescan(struct recorder *recorder, const char *tree);

/* recorder_baseline.c */
int recorder_on_baseline_begin(struct channel *channel, struct message *message, void *userdata);
int recorder_on_baseline_layer(struct channel *channel, struct message *message, void *userdata);
int recorder_on_baseline_rules(struct channel *channel, struct message *message, void *userdata);
int recorder_on_baseline_entry(struct channel *channel, struct message *message, void *userdata);
int recorder_on_baseline_end(struct channel *channel, struct message *message, void *userdata);
int recorder_refuse_baseline(struct recorder *recorder, const char *name, int error,
			     const char *reason);
int recorder_restore_baseline(struct recorder *recorder);
void recorder_load_done(struct recorder_load *load);
void recorder_layers_done(struct recorder_layer layers[static LAYER_COUNT]);
/* "NAME", or "LAYER NAME REVISION + ..." where there are several; NULL when out of memory. */
char *recorder_name_layers(const struct recorder_layer layers[static LAYER_COUNT]);
unsigned recorder_count_layers(const struct recorder_layer layers[static LAYER_COUNT]);

/* recorder_coverage.c */
void recorder_read_boot_id(struct recorder *recorder); /* while it can be read */
int recorder_coverage_start(struct recorder *recorder);
int recorder_end_coverage(struct recorder *recorder, bool is_asked_for);
/* Tells intervals that no record in the chain tells yet, as far as there is room. */
int recorder_send_coverage(struct recorder *recorder);
/* Nothing is seen from now on, until the sensor tells its phase. */
int recorder_sensor_away(struct recorder *recorder);
int recorder_coverage_tick(struct recorder *recorder);
int recorder_on_phase(struct recorder *recorder, struct event *event);
int recorder_on_gap(struct recorder *recorder, struct event *event);
int recorder_on_rung(struct recorder *recorder, struct event *event);
int recorder_on_clock(struct recorder *recorder, struct event *event);
int recorder_on_held(struct recorder *recorder, struct event *event);
int recorder_on_child(struct channel *channel, struct message *message, void *userdata);
int recorder_on_check_begin(struct channel *channel, struct message *message, void *userdata);
int recorder_on_check_result(struct channel *channel, struct message *message, void *userdata);
int recorder_on_check_end(struct channel *channel, struct message *message, void *userdata);

/* recorder_outbox.c */
int recorder_outbox_start(struct recorder *recorder);
int recorder_emit_hello(struct recorder *recorder);
int recorder_outbox_tick(struct recorder *recorder);
/* A chain head is to be signed or told, or a loss is. */
bool recorder_outbox_is_due(const struct recorder *recorder);
void recorder_outbox_committed(struct recorder *recorder);
/* The batch that starts at @first, as a frame in @out; 1, or 0 when there is nothing committed from
 * there on. */
int recorder_build_batch(struct recorder *recorder, uint64_t first, struct strbuf *out,
			 uint64_t *ret_last);
int recorder_on_want(struct channel *channel, struct message *message, void *userdata);
int recorder_on_ack(struct channel *channel, struct message *message, void *userdata);
int recorder_on_reject(struct channel *channel, struct message *message, void *userdata);
int recorder_on_link(struct channel *channel, struct message *message, void *userdata);
int recorder_on_head_signed(struct channel *channel, struct message *message, void *userdata);

#endif
