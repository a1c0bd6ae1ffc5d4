/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent of this machine knows, gathered from its answers: the memory
 * behind a report. The lines may come from the control socket or from a file
 * that somebody saved.
 */
#ifndef PLUMBLINE_CLI_EVIDENCE_H
#define PLUMBLINE_CLI_EVIDENCE_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "report/report.h"

/* Records beyond this are refused rather than kept in memory. */
#define EVIDENCE_MAX_RECORDS 500000

struct config;
struct evidence;

int evidence_new(struct evidence **ret_evidence);
struct evidence *evidence_free(struct evidence *evidence);
DEFINE_CLEANUP(struct evidence *, evidence_free)

/*
 * Takes one JSON line: a status, or a record as the codec writes it; records that a report has no
 * use for are passed over. -EBADMSG with @diag, -E2BIG, -ENOMEM.
 */
int evidence_add(struct evidence *evidence, const char *json, size_t len, struct diag *diag);

/* Adds what this machine says about itself, where no line told it: host name, system, kernel. */
int evidence_add_local(struct evidence *evidence, const char *name);

/*
 * Reads statement and approvals of the stored baseline, judged by CA and policies of @config.
 * -ESTALE when it is not the baseline that the status names; then, and on any other error, the
 * report has neither.
 */
int evidence_add_baseline(struct evidence *evidence, const struct config *config,
			  struct diag *diag);

/* Fills @ret_host with pointers into @evidence, coverage oldest first. -ENOMEM. */
int evidence_get_host(struct evidence *evidence, struct report_host *ret_host);

/* Fills the counts of SL 3 requirements of the one host of @report, and of @report; leaves them
 * where the catalog is not at hand. */
void evidence_count_requirements(const struct config *config, struct report_host *host,
				 struct report *report);

#endif
