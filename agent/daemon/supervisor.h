/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor's own state, shared by supervisor*.c only.
 *
 * supervisor.c            the checklist: arguments, order of start and end
 * supervisor_place.c      folders, lock, control socket: what must be there before
 * supervisor_children.c   start, link, watch, restart, stop
 * supervisor_load.c       a baseline file on its way to the verifier
 * supervisor_dump.c       the dumper, when the assessor asks for it
 * supervisor_pins.c       what sensors leave in the kernel for the next
 * evidence_key.c          signing of chain heads
 */
#ifndef PLUMBLINE_DAEMON_SUPERVISOR_H
#define PLUMBLINE_DAEMON_SUPERVISOR_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/loop.h"
#include "daemon/evidence_key.h"
#include "daemon/notify.h"
#include "model/config.h"
#include "privsep/channel.h"
#include "privsep/process_table.h"

#define SUPERVISOR_MAX_REPORTS 64

struct supervisor;

/* One row of the process table while it runs, and what is remembered between runs. */
struct managed {
	struct supervisor *supervisor;
	enum process_role role;

	pid_t pid;		 /* 0: not running */
	struct channel *channel; /* NULL once the child closed it or broke the rules */
	bool is_ready;
	bool is_reaped; /* ended; what it said last is still being read */
	siginfo_t end;
	int64_t started_ns, heard_ns;
	int64_t kill_ns; /* when it is killed for good; 0: not */
	bool is_killed;	 /* by the supervisor */

	bool is_idle; /* ended by itself until there is work */
	uint64_t restarts;
	unsigned backoff_s;
	struct loop_source *restart_timer;

	bool has_refused_call; /* said so in this run */
	uint32_t refused_call, refused_architecture;
	unsigned refused_in_row;
	bool only_logs; /* seccomp, after three refusals in a row */

	/* Peers (bits) whose link broke, and when to link again. */
	unsigned broken_links;
	int64_t relink_ns;

	channel_handler handlers[MSG_COUNT];
	struct channel_ops ops;
};

struct supervisor {
	struct loop *loop;
	struct config *config;
	char *config_path; /* absolute; NULL: defaults */
	const char *pins;  /* folder for what outlives the sensor; NULL: nothing does */
	enum sandbox_mode mode;

	int run_fd, baseline_fd, key_fd; /* folders */
	int lock_fd, control_fd;
	struct notify notify;
	struct evidence_key *key; /* NULL: heads stay unsigned, and that is reported */

	struct managed children[ROLE_COUNT];
	int64_t started_ns;
	bool said_ready;
	int64_t stop_ns; /* when it began; 0: not stopping */
	bool is_recorder_told;

	struct load *load;	/* NULL: none under way */
	struct load *next_load; /* asked for meanwhile; NULL: none */
	bool wants_reload;	/* the stored baseline is to be read (again) when all is there */
	int64_t reload_ns;	/* not before */

	bool wants_dump; /* the assessor asked, and no dumper has been started for it */

	/* For the recorder while it is away: role and text of MSG_CHILD. */
	struct {
		enum process_role role;
		char *what;
	} reports[SUPERVISOR_MAX_REPORTS];
	unsigned report_count;
};

/* supervisor_place.c: each logs its failure. */
int place_open(struct supervisor *supervisor);
void place_close(struct supervisor *supervisor);
int place_check_data(const struct config *config);
int place_check_users(const struct config *config);

/* supervisor_children.c */
void children_init(struct supervisor *supervisor);
int children_start(struct supervisor *supervisor);
void children_stop(struct supervisor *supervisor);
void children_done(struct supervisor *supervisor);
void children_on_tick(struct supervisor *supervisor);
/* One of them ends, or waits for a link: the next tick is to be soon. */
bool children_are_changing(const struct supervisor *supervisor);
void children_reap(struct supervisor *supervisor);
/* Starts an on-demand child with its links; -EBUSY when it runs. */
int child_start_one(struct managed *managed);
void child_ask_to_stop(struct managed *managed);
/* Tells the recorder (MSG_CHILD), now or when it is back. */
void child_report(struct supervisor *supervisor, enum process_role role, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* supervisor_dump.c */
int on_dump_want(struct channel *channel, struct message *message, void *userdata);
void dump_on_tick(struct supervisor *supervisor);

/* supervisor_pins.c */
int on_pins(struct channel *channel, struct message *message, void *userdata);

/* supervisor_load.c */
int on_ctl_load(struct channel *channel, struct message *message, void *userdata);
int on_ctl_unload(struct channel *channel, struct message *message, void *userdata);
int on_load_result(struct channel *channel, struct message *message, void *userdata);
void load_on_verifier_ready(struct supervisor *supervisor);
void load_on_verifier_end(struct supervisor *supervisor);
void load_on_tick(struct supervisor *supervisor);
/* A load is under way or waits: the next tick is to be soon. */
bool load_is_due(const struct supervisor *supervisor);
void load_want_stored(struct supervisor *supervisor);
void load_done(struct supervisor *supervisor);

#endif
