/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `plumbline baseline propose` gathers before a person decides: paths with
 * what is there now, from findings or from a scan, and the delta made of them.
 */
#ifndef PLUMBLINE_CLI_PROPOSAL_H
#define PLUMBLINE_CLI_PROPOSAL_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "baseline/delta.h"
#include "baseline/present.h"
#include "cli/control.h"
#include "model/finding.h"

struct proposal {
	struct baseline *from;
	struct present *present;
	/* Already decided: every path is accepted for this reason. NULL: people decide. */
	const char *reason;
	bool is_scan;
	char *const *trees; /* of a scan, only what lies in these; NULL-ended; NULL: all */

	/* Gathered, in order of the paths. */
	struct file_fact *now;
	size_t count, room;
	/* Why there is something now; by path. Empty for a scan. */
	struct finding *findings;
	size_t finding_count, finding_room;

	size_t left_out; /* what could not be proposed; each was told on standard error */
};

void proposal_done(struct proposal *proposal);

/* Adds @fact, which is taken over. -E2BIG past the size of a delta. */
int proposal_add(struct proposal *proposal, struct file_fact *fact);

/* Tells on standard error what is not proposed, and counts it. */
void proposal_leave_out(struct proposal *proposal, const char *path, const char *why);

/*
 * Findings of the agent, or of the file at @path (not NULL) as `plumbline findings --json` prints
 * them. @only: of these ids and paths, NULL-ended; NULL: all that are open. Then reads what is at
 * their paths.
 */
int proposal_take_findings(struct proposal *proposal, const struct control_target *target,
			   const char *path, char *const *only, struct diag *diag);

/* Compares the machine with the baseline. */
int proposal_scan(struct proposal *proposal, struct diag *diag);

/* The delta as text. @ret_count: paths in it. */
int proposal_write_delta(struct proposal *proposal, struct strbuf *out, size_t *ret_count,
			 struct diag *diag);

/* What @finding claims of its path, beside what the baseline approves (@old) and what is there
 * (@now): NULL when it is so, else why not. Either side may be NULL. -ENOMEM, or 0. */
int proposal_check_finding(const struct finding *finding, const struct file_fact *old,
			   const struct file_fact *now, const char **ret_why);

#endif
