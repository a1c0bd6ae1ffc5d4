/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A private key to sign with: from a PEM file, or in a token that stays its
 * owner (PKCS #11).
 *
 * A token is reached through the provider `pkcs11` of OpenSSL where it is
 * installed, else through the engine of that name. Only the command line uses
 * this: a process of the agent has no key of a person.
 */
#ifndef PLUMBLINE_BASELINE_SIGNATURE_KEY_H
#define PLUMBLINE_BASELINE_SIGNATURE_KEY_H

#include <stddef.h>

#include "base/cleanup.h"

struct diag;
struct evp_pkey_st;
struct signature_key;
struct strbuf;

#define SIGNATURE_SECRET_MAX 256

/* Asks a person for the secret of @what ("token plant"), which goes to @buf with a NUL. 0, or
 * negative errno. */
typedef int (*signature_ask_fn)(const char *what, char *buf, size_t size);

/* From the text of the file @name. -EINVAL with @diag, -ENOMEM. */
int signature_key_read(const char *pem, const char *name, signature_ask_fn ask,
		       struct signature_key **ret_key, struct diag *diag);

/*
 * The key that the URI @uri names. The PIN comes from its pin-source or from @ask, and is tried
 * once: a token locks itself after a few wrong ones. -EINVAL, -ENOENT (no such token or key),
 * -EACCES (PIN), -EOPNOTSUPP (neither provider nor engine), each with @diag.
 */
int signature_key_open(const char *uri, signature_ask_fn ask, struct signature_key **ret_key,
		       struct diag *diag);

/* The certificate that @uri names goes to @out as PEM. Errors as above. */
int signature_certificate_open(const char *uri, signature_ask_fn ask, struct strbuf *out,
			       struct diag *diag);

struct evp_pkey_st *signature_key_get(const struct signature_key *key); /* borrowed */
/* Wipes what is secret, and leaves the token. Always returns NULL. */
struct signature_key *signature_key_free(struct signature_key *key);

DEFINE_CLEANUP(struct signature_key *, signature_key_free)

#endif
