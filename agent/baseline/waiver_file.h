/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file of waivers (model/waiver.h) with the signature that approves it.
 *
 * FILE.p7m beside FILE is a CMS as those of a baseline's approvals, over the SHA-256 of FILE. Who
 * signed is the approver of every waiver in it, and not the owner of any.
 */
#ifndef PLUMBLINE_BASELINE_WAIVER_FILE_H
#define PLUMBLINE_BASELINE_WAIVER_FILE_H

#include "baseline/signature.h"
#include "model/waiver.h"

/* Signs @path with @approval (name, role, meaning, ticket, time) and writes @path.p7m. Negative
 * errno with @diag. */
int waiver_file_sign(const char *path, const struct baseline_approval *approval,
		     const struct signature_key *key, const char *certificate_pem,
		     struct diag *diag);

/*
 * Adds the waivers of @path to @list. -EKEYREJECTED with @diag when the signature does not hold
 * against @ca_pem or is somebody else's than the approver's; -EINVAL with file and line, or another
 * negative errno with @diag. Waivers that have expired are read as well: what counts is the time at
 * which they are looked up.
 */
int waiver_file_read(const char *path, const char *ca_pem, struct waiver_list *list,
		     struct diag *diag);

#endif
