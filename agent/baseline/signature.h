/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Approvals as CMS signatures (RFC 5652, DER, content attached): making one,
 * and judging one.
 *
 * The home of OpenSSL's CMS and X.509. Judging works on memory: a process in
 * a sandbox needs no file for it.
 */
#ifndef PLUMBLINE_BASELINE_SIGNATURE_H
#define PLUMBLINE_BASELINE_SIGNATURE_H

#include <stddef.h>

#include "baseline/baseline.h"

struct signature_key;
struct strbuf;

/*
 * Signs @approval (name, role, meaning, ticket, time) for the statement. @certificate_pem: the
 * signer's first, then any chain to send along. Appends DER to @out. -EINVAL with @diag filled when
 * key and certificate do not fit or the key's kind cannot sign CMS here.
 */
int signature_sign(const struct baseline_approval *approval, const char *statement_sha256,
		   const struct signature_key *key, const char *certificate_pem, struct strbuf *out,
		   struct diag *diag);

/*
 * Judges @cms for the statement against the certificates @ca_pem (NULL: no judgement of the chain,
 * and is_verified stays false).
 *
 * The chain must have been valid at the signed time. That time may be ahead of the host clock by a
 * day at most, unless the clock stands before @made_at_ns and so is wrong itself. A certificate
 * that has expired since gives a warning: a baseline does not end with it.
 *
 * 0 with @ret_approval filled whatever the judgement, or -ENOMEM.
 */
int signature_verify(const void *cms, size_t len, const char *statement_sha256, int64_t made_at_ns,
		     const char *ca_pem, struct baseline_approval *ret_approval);

/* A CMS as another tool made it. */
struct signature_source {
	const void *cms; /* DER, BER or PEM */
	size_t len;
	const void
		*content; /* where the CMS has none within: the text of approval_write(), or NULL */
	size_t content_len;
};

/*
 * Brings it into the form of a baseline file, DER with the content within, and appends that to
 * @out. A detached signature also holds over @content with CR LF as line ends: mail tools sign
 * text so. -EBADMSG with @diag when it does not hold or has something that no signature covers.
 * What it says is for signature_verify() to judge.
 */
int signature_normalize(const struct signature_source *source, struct strbuf *out,
			struct diag *diag);

/* SHA-256 of the first certificate in @certificate_pem. -EINVAL with @diag. */
int signature_fingerprint(const char *certificate_pem, char ret_hex[static SHA256_HEX_SIZE],
			  struct diag *diag);

#endif
