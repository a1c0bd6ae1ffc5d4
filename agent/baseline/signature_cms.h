/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signature of a CMS, made and checked, for every kind of key.
 *
 * Who may sign and what an approval says is judged in signature.c, the parts
 * that no signature covers in signature_form.c.
 *
 * OpenSSL's own CMS does the work, but for Ed25519 (RFC 8419), which that of
 * OpenSSL 3.0 does not know: there the steps of RFC 5652, section 5.4 and 5.6,
 * stand here, with every version of OpenSSL the same.
 */
#ifndef PLUMBLINE_BASELINE_SIGNATURE_CMS_H
#define PLUMBLINE_BASELINE_SIGNATURE_CMS_H

#include <openssl/cms.h>

struct diag;
struct strbuf;

/* Signs @text, which is within the CMS; @chain (may be empty) is sent along. Appends DER to @out.
 * -EINVAL with @diag when this key cannot sign. */
int signature_cms_make(const struct strbuf *text, X509 *signer, EVP_PKEY *key,
		       STACK_OF(X509) * chain, struct strbuf *out, struct diag *diag);

/*
 * Whether the signature of the only signer holds over the content within; that is appended to
 * @content. The certificate that the CMS carries for it is known to @cms then, and nobody has
 * judged it. -EBADMSG with @diag, or -ENOMEM.
 */
int signature_cms_check(CMS_ContentInfo *cms, struct strbuf *content, struct diag *diag);

/* Puts @text in as the content. -EBADMSG where the CMS has no place for it. */
int signature_cms_set_content(CMS_ContentInfo *cms, const struct strbuf *text);

/* OpenSSL's first complaint, which names the cause; the queue is emptied. */
const char *signature_reason(void);

#endif
