/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `plumbline doctor` finds out about this machine before anything is
 * printed. Reads and tries; changes nothing that outlives the call.
 */
#ifndef PLUMBLINE_CLI_DOCTOR_H
#define PLUMBLINE_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"
#include "sensor/sensor.h"

#define DOCTOR_MAX 32

struct doctor_line {
	char name[64];
	int error;	  /* 0: good; else negative errno */
	const char *note; /* what it is for, or why it is missing; static text; NULL */
};

struct doctor {
	const struct sensor_ops *ops; /* of the rung that this machine gets; NULL: none */
	struct strbuf why;	      /* a line per rung above: "name: reason" */

	char kernel[128];  /* release */
	struct strbuf lsm; /* active security modules; empty: not known */
	struct strbuf lockdown;
	bool has_btf;

	struct doctor_line capabilities[DOCTOR_MAX];
	struct doctor_line types[DOCTOR_MAX]; /* program types that the kernel was asked for */
	struct doctor_line parts[DOCTOR_MAX]; /* programs and groups of the rung */
	size_t capability_count, type_count, part_count;

	struct strbuf advice;	  /* a change that would raise the rung, or a part, a line */
	struct strbuf not_looked; /* what could not be found out, a line each */
};

/* @folder: where the self-test may make files; NULL: one of its own below TMPDIR or /tmp. */
int doctor_look(const char *folder, struct doctor *ret_doctor);
void doctor_done(struct doctor *doctor);

#endif
