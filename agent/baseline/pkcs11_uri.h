/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The URI of a key or a certificate in a token (RFC 7512), as far as it is for
 * us: where the PIN comes from and which module to load. What it names in the
 * token is for the module to find.
 */
#ifndef PLUMBLINE_BASELINE_PKCS11_URI_H
#define PLUMBLINE_BASELINE_PKCS11_URI_H

#include <stdbool.h>

#include "base/cleanup.h"

struct diag;

struct pkcs11_uri {
	char *object;	  /* the URI without what stands below; it holds no secret */
	char *token;	  /* name of the token; NULL when the URI leaves it open */
	char *pin_source; /* path of a file with the PIN, or NULL */
	char *module;	  /* path of the module, or NULL: the one that the system is set to */
};

bool pkcs11_uri_is(const char *text);

/*
 * -EINVAL with @diag for what is no such URI, and for `pin-value`: a PIN in an argument is shown to
 * every user of the machine. -ENOMEM.
 */
int pkcs11_uri_parse(const char *text, struct pkcs11_uri *ret_uri, struct diag *diag);
void pkcs11_uri_done(struct pkcs11_uri *uri);

#define cleanup_pkcs11_uri cleanup_with(pkcs11_uri_done)

#endif
