/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Detached signatures over short texts (chain heads, receipts) and the keys and certificates behind
 * them, all PEM.
 *
 * Approvals of baselines are CMS and live in baseline/signature.
 */
#ifndef PLUMBLINE_WIRE_SIGNATURE_H
#define PLUMBLINE_WIRE_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"

/* Signs with the private key at @key_path (ECDSA and RSA over SHA-256, or Ed25519); base64 without
 * newlines. */
int signature_make(const char *key_path, const void *data, size_t len, struct strbuf *ret_base64,
		   struct diag *diag);

/* 0, -EBADMSG when the signature is not good, -EINVAL when key or base64 cannot be read. */
int signature_check_key(const char *public_key_pem, const void *data, size_t len,
			const char *base64);
/* The same against the first certificate in @certificate_pem, which must chain to the PEM bundle
 * @ca_path. */
int signature_check_certificate(const char *certificate_pem, const char *ca_path, const void *data,
				size_t len, const char *base64, struct diag *diag);

/* Hex SHA-256 over the DER of the public key. */
int signature_key_id(const char *public_key_pem, char ret_id[static SHA256_HEX_SIZE]);

#endif
