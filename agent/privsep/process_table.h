/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processes: program, sandbox and links of each role. What stands here is
 * what runs: children enter the sandbox of their row, the supervisor starts and
 * links by it, and the tests hold running processes against it.
 */
#ifndef PLUMBLINE_PRIVSEP_PROCESS_TABLE_H
#define PLUMBLINE_PRIVSEP_PROCESS_TABLE_H

#include "model/config.h"
#include "privsep/sandbox.h"

struct process_row {
	const char *program; /* below libexec_dir; NULL: not a process that the supervisor starts */
	struct sandbox_spec sandbox;
	unsigned links;	      /* bits of the roles it speaks with, besides the supervisor */
	bool is_on_demand;    /* started when there is work, ends after it */
	bool needs_collector; /* not started when no collector is configured */
	bool ends_when_idle;  /* by itself, with status 0; started again when there is work */
};

extern const struct process_row process_table[ROLE_COUNT];

/*
 * sandbox_enter() with the settings of @config in @spec: a first path component "$state", "$run",
 * "$data", "$approver_ca", "$ca", "$certificate" or "$key" stands for that setting, and a path
 * whose setting is empty is left out; in the user name "plumbline-" stands for user_prefix and a
 * dash.
 */
int sandbox_enter_with(const struct sandbox_spec *spec, const struct config *config,
		       enum sandbox_mode mode, unsigned *ret_missing, struct diag *diag);

#endif
