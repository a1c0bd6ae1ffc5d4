/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `plumbline doctor` finds out about this machine before anything is
 * printed. Reads, asks and tries; changes nothing that outlives the call.
 */
#ifndef PLUMBLINE_CLI_DOCTOR_H
#define PLUMBLINE_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "cli/control.h"
#include "model/sight.h"
#include "model/standing.h"

/* Why code cannot be denied. */
#define DOCTOR_NO_LSM                                                                          \
	"it takes the lsm rung; of programs on mounts that [sensor] permission_mounts names, " \
	"also the "                                                                            \
	"trace or fanotify rung"
#define DOCTOR_NO_STORAGE \
	"this kernel keeps no facts about files on this machine: its inode storage stays empty"

#define DOCTOR_MAX	   32
#define DOCTOR_CHANGES_MAX 48

struct doctor_line {
	const char *name;
	int error;	  /* 0: good; else negative errno */
	const char *note; /* what it is for; static text; NULL */
};

/* One thing to do, by hand, on this machine. */
struct doctor_change {
	const char *rung; /* that it leads to; NULL: completes the one that is there */
	const char *kind; /* "kernel line", "capability", ... */
	char what[600];	  /* literally, as far as that can be said */
	char how[600];
};

struct doctor {
	bool is_told;			   /* by the agent that runs; else tried by this process */
	char rung[16];			   /* that this machine gets; "": none */
	const struct sensor_sight *sights; /* of it; NULL */
	struct strbuf why;		   /* a line per rung above: "name: reason" */
	struct standing standing;
	const char *no_denial; /* why code cannot be denied here; NULL: it can */

	char kernel[128];      /* release */
	struct strbuf lsm;     /* active security modules; empty: not known */
	struct strbuf cmdline; /* of the kernel */
	struct strbuf lockdown;
	bool has_btf;

	struct doctor_line capabilities[DOCTOR_MAX];
	struct doctor_line types[DOCTOR_MAX]; /* program types that the kernel was asked for */
	size_t capability_count, type_count;

	struct doctor_change changes[DOCTOR_CHANGES_MAX];
	size_t change_count;
	struct strbuf not_looked; /* what could not be found out, a line each */
};

/*
 * Asks the agent at @target; where none answers, or with @target NULL, tries the rungs in this
 * process.
 */
int doctor_look(const struct control_target *target, struct doctor *ret_doctor);
void doctor_done(struct doctor *doctor);

/* The reason in @why for the rung called @name, and its length; NULL when there is none. */
const char *doctor_why(const struct doctor *doctor, const char *name, size_t *ret_len);

/* For doctor.c: the rung as the agent tells it; -ENOENT or -ECONNREFUSED when none runs. */
int doctor_ask(const struct control_target *target, struct doctor *doctor);
/* Appends one more line, @label and @text, to @lines. */
void doctor_add_line(struct strbuf *lines, const char *label, const char *text);
/* For doctor.c: fills the changes from all else. */
void doctor_advise(struct doctor *doctor);

#endif
