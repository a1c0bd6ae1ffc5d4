/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an approval signs: a JSON object that names the statement by its
 * SHA-256 and says who approves it, as what, and with what meaning.
 *
 * Written in one form; read in any, since other tools may make approvals. Who
 * signed it, and whether that holds, is the matter of signature.h.
 */
#ifndef PLUMBLINE_BASELINE_APPROVAL_H
#define PLUMBLINE_BASELINE_APPROVAL_H

#include <stddef.h>

#include "baseline/baseline.h"

struct strbuf;

#define APPROVAL_TEXT_MAX 16384

/* {"statement_sha256","name","role","meaning","ticket","time","certificate"}; certificate is the
 * SHA-256 of its DER, and left out where it is "". */
int approval_write(const struct baseline_approval *approval, const char *statement_sha256,
		   struct strbuf *out);

/*
 * Fills name, role, meaning, ticket, time and certificate_sha256 ("" where the text leaves it out);
 * @ret_statement_sha256 gets the digest it is for. -EBADMSG with @diag filled, or -ENOMEM.
 */
int approval_read(const char *text, size_t len, struct baseline_approval *ret_approval,
		  char ret_statement_sha256[static SHA256_HEX_SIZE], struct diag *diag);

#endif
