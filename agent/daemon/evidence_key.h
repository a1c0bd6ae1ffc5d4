/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's evidence key: EC P-256, made at the first start, and the promise
 * that a chain head is only ever signed for a higher sequence than before.
 *
 * What is signed: "plumbline-head\nSEQUENCE\nCHAIN\n", the chain hash in lower-case hex, ECDSA with
 * SHA-256. `openssl dgst -sha256 -verify evidence.pub -signature SIG` checks it.
 */
#ifndef PLUMBLINE_DAEMON_EVIDENCE_KEY_H
#define PLUMBLINE_DAEMON_EVIDENCE_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/hash.h"

#define EVIDENCE_SIGNATURE_MAX 80 /* DER of a P-256 signature is at most 72 bytes */

struct evidence_key;

struct evidence_signature {
	uint64_t sequence;
	uint8_t chain[SHA256_SIZE];
	uint8_t der[EVIDENCE_SIGNATURE_MAX];
	size_t der_len;
};

/*
 * Opens evidence.key in @dirfd (borrowed), or makes it and evidence.pub when there is none. A key
 * that is there but cannot be read is never replaced: -EBADMSG with @diag.
 */
int evidence_key_open(int dirfd, struct evidence_key **ret_key, struct diag *diag);
struct evidence_key *evidence_key_close(struct evidence_key *key);
DEFINE_CLEANUP(struct evidence_key *, evidence_key_close)

const char *
evidence_key_id(const struct evidence_key *key); /* hex SHA-256 of the public key (DER) */

/*
 * Signs, once the sequence is on disk as the last one signed. Asked again for the last head it
 * returns the same signature. -ESTALE for a lower sequence, or the same with another chain.
 */
int evidence_key_sign(struct evidence_key *key, uint64_t sequence,
		      const uint8_t chain[static SHA256_SIZE],
		      struct evidence_signature *ret_signature);

#endif
