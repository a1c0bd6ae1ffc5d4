/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two roads of OpenSSL to what is in a token; signature_key.c walks them.
 *
 * Engines are deprecated since OpenSSL 3.0, but Debian 12 has no provider for
 * PKCS #11. All that speaks to an engine is in signature_engine.c.
 */
#ifndef PLUMBLINE_BASELINE_SIGNATURE_TOKEN_H
#define PLUMBLINE_BASELINE_SIGNATURE_TOKEN_H

#include <openssl/types.h>

struct pkcs11_uri;

/* What is looked for, and what holds the road open until it is freed. */
struct signature_object {
	int is_certificate;
	EVP_PKEY *key;
	X509 *certificate;
	void *road;
};

/*
 * 0 with the object set, -EOPNOTSUPP when the road is not there, or -ENOENT with the reasons in
 * OpenSSL's queue. @ask gets @userdata when a PIN is wanted, which may be later, too.
 */
int signature_provider_load(const struct pkcs11_uri *uri, const UI_METHOD *ask, void *userdata,
			    struct signature_object *object);
int signature_engine_load(const struct pkcs11_uri *uri, UI_METHOD *ask, void *userdata,
			  struct signature_object *object);

void signature_provider_close(void *road);
void signature_engine_close(void *road);

#endif
