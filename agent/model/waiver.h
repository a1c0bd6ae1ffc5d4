/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waivers: who bears which failed check or finding, until when, and why.
 *
 * One section each, named by what is waived: a check id or a kind of finding; or "finding " and any
 * name, and then the key fingerprint says which one:
 *
 *	[SSH-003]
 *	owner = line 4
 *	approver = Anna Author
 *	reason = the vendor's remote maintenance needs it until the next release
 *	risk = medium
 *	start = 2026-11-01T00:00:00Z
 *	expires = 2027-02-01T00:00:00Z
 *	hosts = hmi-07 hmi-08
 *
 *	[finding old runtime]
 *	fingerprint = 3f1c...
 *
 * All but hosts, ticket and, elsewhere, fingerprint must be there. A waiver counts from start to
 *before expires, by whatever clock the caller gives: nothing has to run for it to end. Who signed
 *the file is not known here (baseline/waiver_file.h).
 */
#ifndef PLUMBLINE_MODEL_WAIVER_H
#define PLUMBLINE_MODEL_WAIVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "model/check_result.h"
#include "model/finding.h"

struct waiver {
	char *subject;
	char *fingerprint; /* NULL: not of one finding */
	char *owner, *approver, *reason;
	char *hosts;  /* names by white space; NULL: every host */
	char *ticket; /* NULL: none */
	enum finding_severity risk;
	int64_t start_ns, expires_ns;
	char *file;
	unsigned line;
};

struct waiver_list {
	struct waiver *waivers;
	size_t count;
};

/* Adds what @text (of the file @name) says. -EINVAL with @diag filled, or -ENOMEM. */
int waiver_list_read(struct waiver_list *list, const char *name, const char *text, size_t len,
		     struct diag *diag);
void waiver_list_done(struct waiver_list *list);
#define cleanup_waiver_list cleanup_with(waiver_list_done)

/* The id of the check that @waiver is of; NULL: it is of findings. That there is such a check is
 * not known here. */
const char *waiver_check_id(const struct waiver *waiver);

/* The waiver in force at @now_ns for a check or a finding on @host; NULL when there is none. The
 * list may be NULL. */
const struct waiver *waiver_for_check(const struct waiver_list *list, const char *host,
				      const char *check_id, int64_t now_ns);
const struct waiver *waiver_for_finding(const struct waiver_list *list, const char *host,
					const struct finding *finding, int64_t now_ns);

#endif
