/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures that were made elsewhere: any encoding and any place of the
 * content become the one form that a baseline file has.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

/* Behind pem.h, without which it declares no reader of PEM. */
#include <openssl/cms.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/signature.h"
#include "baseline/signature_cms.h"
#include "baseline/signature_form.h"

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(CMS_ContentInfo *, CMS_ContentInfo_free)

static int no_passphrase(char *buf, int size, int rwflag, void *userdata)
{
	return -1;
}

/* NULL for what is none; a DER with bytes behind it is none either. */
static CMS_ContentInfo *parse(const struct signature_source *source)
{
	cleanup_with(BIO_vfreep) BIO *der = BIO_new_mem_buf(source->cms, (int)source->len);
	cleanup_with(BIO_vfreep) BIO *pem = BIO_new_mem_buf(source->cms, (int)source->len);
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms = NULL;

	if (!der || !pem)
		return NULL;
	/* First, for PEM is looked for anywhere, also in what a DER has signed. */
	cms = d2i_CMS_bio(der, NULL);
	if (!cms)
		cms = PEM_read_bio_CMS(pem, NULL, no_passphrase, NULL);
	else if (BIO_pending(der) > 0)
		return NULL;
	ERR_clear_error();
	return TAKE_PTR(cms);
}

static bool has_content(CMS_ContentInfo *cms)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);

	return content && *content;
}

static int refuse(struct diag *diag, const char *why)
{
	return diag_set(diag, "", 0, -EBADMSG, "%s", why);
}

/* Verifies, and appends the DER. */
static int write_form(CMS_ContentInfo *cms, struct strbuf *out, struct diag *diag)
{
	cleanup_strbuf struct strbuf content = STRBUF_INIT;
	unsigned char *der = NULL;
	const char *odd;
	int len, r;

	r = signature_cms_check(cms, &content, diag);
	if (r < 0)
		return r;
	len = i2d_CMS_ContentInfo(cms, &der);
	if (len <= 0)
		return -ENOMEM;
	odd = signature_form(cms, der, (size_t)len, NULL);
	if (!odd)
		strbuf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return odd ? refuse(diag, odd) : strbuf_check(out);
}

/* A detached one over @content, as it is or with CR before each LF. */
static int try_content(const struct signature_source *source, bool with_cr, struct strbuf *out,
		       struct diag *diag)
{
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms = parse(source);
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *content = source->content;
	int r;

	if (!cms)
		return -ENOMEM; /* it could be read before */
	for (size_t i = 0; i < source->content_len; i++) {
		if (with_cr && content[i] == '\n' && (i == 0 || content[i - 1] != '\r'))
			strbuf_add_char(&text, '\r');
		strbuf_add_char(&text, content[i]);
	}
	strbuf_add(&text, "", 0);
	r = strbuf_check(&text);
	if (r == 0)
		r = signature_cms_set_content(cms, &text);
	return r < 0 ? r : write_form(cms, out, diag);
}

int signature_normalize(const struct signature_source *source, struct strbuf *out,
			struct diag *diag)
{
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms = parse(source);
	struct diag second = {0};
	int r;

	if (!cms)
		return refuse(diag, "it is no CMS, neither in DER nor in PEM");
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return refuse(diag, "it is a CMS, but no signature");
	if (has_content(cms))
		return write_form(cms, out, diag);
	if (!source->content)
		return refuse(diag, "the signature is detached, and what was signed is needed too");
	r = try_content(source, false, out, diag);
	if (r == -EBADMSG && try_content(source, true, out, &second) == 0)
		r = 0;
	return r;
}
