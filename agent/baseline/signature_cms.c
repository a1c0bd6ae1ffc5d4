/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/signature_cms.h"

#include <errno.h>
#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/strbuf.h"

#define ED25519_SIZE 64

static void free_attributes(STACK_OF(X509_ATTRIBUTE) * attributes)
{
	sk_X509_ATTRIBUTE_free(attributes); /* what it holds is borrowed */
}

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(CMS_ContentInfo *, CMS_ContentInfo_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_CLEANUP(ASN1_TIME *, ASN1_TIME_free)
DEFINE_CLEANUP(STACK_OF(X509_ATTRIBUTE) *, free_attributes)

/* Signed attributes as they are signed: SET OF, in the order of DER (RFC 5652, 5.4). */
ASN1_ITEM_TEMPLATE(signed_attributes) = ASN1_EX_TEMPLATE_TYPE(ASN1_TFLG_SET_OF, 0, attributes,
							      X509_ATTRIBUTE)
						static_ASN1_ITEM_TEMPLATE_END(signed_attributes)

							const char *
					signature_reason(void)
{
	unsigned long code = ERR_get_error();
	const char *reason = code ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return reason ? reason : "no reason given";
}

int signature_cms_set_content(CMS_ContentInfo *cms, const struct strbuf *text)
{
	ASN1_OCTET_STRING **content = CMS_get0_content(cms);

	if (!content)
		return -EBADMSG;
	ASN1_OCTET_STRING_free(*content);
	*content = ASN1_OCTET_STRING_new();
	if (!*content ||
	    ASN1_OCTET_STRING_set(*content, (unsigned char *)text->data, (int)text->len) != 1)
		return -ENOMEM;
	return 0;
}

static int nid_of(const X509_ALGOR *algorithm)
{
	const ASN1_OBJECT *object;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	return OBJ_obj2nid(object);
}

/* Ed25519 signs the attributes, or the content where there are none. */
static int signed_bytes(CMS_ContentInfo *cms, CMS_SignerInfo *info, struct strbuf *out)
{
	cleanup_with(free_attributesp) STACK_OF(X509_ATTRIBUTE) *attributes =
		sk_X509_ATTRIBUTE_new_null();
	const ASN1_OCTET_STRING *content = *CMS_get0_content(cms);
	unsigned char *der = NULL;
	int len;

	if (CMS_signed_get_attr_count(info) < 0) {
		strbuf_add(out, ASN1_STRING_get0_data(content),
			   (size_t)ASN1_STRING_length(content));
		return strbuf_check(out);
	}
	for (int i = 0; i < CMS_signed_get_attr_count(info); i++)
		if (sk_X509_ATTRIBUTE_push(attributes, CMS_signed_get_attr(info, i)) <= 0)
			return -ENOMEM;
	len = ASN1_item_i2d((ASN1_VALUE *)attributes, &der, ASN1_ITEM_rptr(signed_attributes));
	if (len < 0)
		return -ENOMEM;
	strbuf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return strbuf_check(out);
}

/* Each stands there once, with one value (RFC 5652, 11.1 and 11.2). */
static const char *check_attributes(CMS_ContentInfo *cms, CMS_SignerInfo *info)
{
	const ASN1_OCTET_STRING *content = *CMS_get0_content(cms);
	const ASN1_OBJECT *type = CMS_signed_get0_data_by_OBJ(
		info, OBJ_nid2obj(NID_pkcs9_contentType), -3, V_ASN1_OBJECT);
	const ASN1_OCTET_STRING *named = CMS_signed_get0_data_by_OBJ(
		info, OBJ_nid2obj(NID_pkcs9_messageDigest), -3, V_ASN1_OCTET_STRING);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!type || OBJ_cmp(type, CMS_get0_eContentType(cms)) != 0)
		return "the signed attributes do not name the content's type";
	if (!named)
		return "the signed attributes have no message digest";
	if (EVP_Digest(ASN1_STRING_get0_data(content), (size_t)ASN1_STRING_length(content), digest,
		       &size, EVP_sha512(), NULL) != 1)
		return "SHA-512 is not to be had";
	if ((unsigned)ASN1_STRING_length(named) != size ||
	    memcmp(ASN1_STRING_get0_data(named), digest, size) != 0)
		return "the content has another digest";
	return NULL;
}

/* RFC 8419: SHA-512, no parameters, the key of the certificate. */
static const char *check_ed25519_names(CMS_ContentInfo *cms, CMS_SignerInfo *info,
				       EVP_PKEY **ret_key)
{
	X509_ALGOR *digest = NULL, *algorithm = NULL;
	EVP_PKEY *key = NULL;
	int parameters;

	if (CMS_set1_signers_certs(cms, NULL, 0) != 1)
		return "the CMS does not carry the signer's certificate";
	CMS_SignerInfo_get0_algs(info, &key, NULL, &digest, &algorithm);
	if (!key || !EVP_PKEY_is_a(key, "ED25519"))
		return "the certificate has another kind of key";
	X509_ALGOR_get0(NULL, &parameters, NULL, algorithm);
	if (parameters != V_ASN1_UNDEF)
		return "Ed25519 has no parameters";
	if (nid_of(digest) != NID_sha512)
		return "Ed25519 wants SHA-512 as digest";
	*ret_key = key;
	return NULL;
}

static int check_ed25519(CMS_ContentInfo *cms, CMS_SignerInfo *info, const char **ret_odd)
{
	const ASN1_OCTET_STRING *signature = CMS_SignerInfo_get0_signature(info);
	cleanup_with(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
	EVP_PKEY *key = NULL;
	const char *odd;
	int r;

	odd = check_ed25519_names(cms, info, &key);
	if (!odd && CMS_signed_get_attr_count(info) >= 0)
		odd = check_attributes(cms, info);
	if (odd) {
		*ret_odd = odd;
		return 0;
	}
	r = signed_bytes(cms, info, &bytes);
	if (r < 0)
		return r;
	if (!ctx || EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) != 1)
		return -ENOMEM;
	if (EVP_DigestVerify(ctx, ASN1_STRING_get0_data(signature),
			     (size_t)ASN1_STRING_length(signature),
			     (unsigned char *)(bytes.data ?: ""), bytes.len) != 1)
		*ret_odd = "Ed25519 verification failure";
	ERR_clear_error();
	return 0;
}

/* The digest must be one that nobody can collide. */
static bool is_strong_digest(CMS_SignerInfo *info)
{
	X509_ALGOR *digest = NULL;
	int nid;

	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	nid = nid_of(digest);
	return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512 || nid == NID_sha3_256 ||
	       nid == NID_sha3_384 || nid == NID_sha3_512 || nid == NID_shake256;
}

static int refuse(struct diag *diag, const char *why)
{
	return diag_set(diag, "", 0, -EBADMSG, "%s", why);
}

static int does_not_hold(struct diag *diag, const char *why)
{
	return diag_set(diag, "", 0, -EBADMSG, "the signature does not hold: %s", why);
}

static int take_content(CMS_ContentInfo *cms, struct strbuf *content)
{
	const ASN1_OCTET_STRING *text = *CMS_get0_content(cms);

	strbuf_add(content, ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
	return strbuf_check(content);
}

int signature_cms_check(CMS_ContentInfo *cms, struct strbuf *content, struct diag *diag)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	ASN1_OCTET_STRING **text = CMS_get0_content(cms);
	X509_ALGOR *algorithm = NULL;
	CMS_SignerInfo *info;
	const char *odd = NULL;
	int r;

	if (!infos || sk_CMS_SignerInfo_num(infos) != 1)
		return refuse(diag, "the CMS has not exactly one signer");
	info = sk_CMS_SignerInfo_value(infos, 0);
	if (!is_strong_digest(info))
		return refuse(diag, "the signature uses a weak digest");
	if (!text || !*text)
		return does_not_hold(diag, "no content");
	CMS_SignerInfo_get0_algs(info, NULL, NULL, NULL, &algorithm);
	if (nid_of(algorithm) == NID_ED25519) {
		r = check_ed25519(cms, info, &odd);
		if (r < 0)
			return r;
	} else {
		cleanup_with(BIO_vfreep) BIO *sink = BIO_new(BIO_s_null());

		if (!sink)
			return -ENOMEM;
		if (CMS_verify(cms, NULL, NULL, NULL, sink,
			       CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) != 1)
			odd = signature_reason();
	}
	return odd ? does_not_hold(diag, odd) : take_content(cms, content);
}

/* The attributes that RFC 5652 wants, and the time, as OpenSSL's own CMS has it. */
static bool add_attributes(CMS_SignerInfo *info, const struct strbuf *text)
{
	cleanup_with(ASN1_TIME_freep) ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	return now && EVP_Digest(text->data, text->len, digest, &size, EVP_sha512(), NULL) == 1 &&
	       CMS_signed_add1_attr_by_NID(info, NID_pkcs9_contentType, V_ASN1_OBJECT,
					   OBJ_nid2obj(NID_pkcs7_data), -1) == 1 &&
	       CMS_signed_add1_attr_by_NID(info, NID_pkcs9_signingTime, ASN1_STRING_type(now), now,
					   -1) == 1 &&
	       CMS_signed_add1_attr_by_NID(info, NID_pkcs9_messageDigest, V_ASN1_OCTET_STRING,
					   digest, (int)size) == 1;
}

static int sign_ed25519(CMS_ContentInfo *cms, CMS_SignerInfo *info, EVP_PKEY *key)
{
	cleanup_with(EVP_MD_CTX_freep) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cleanup_strbuf struct strbuf bytes = STRBUF_INIT;
	unsigned char signature[ED25519_SIZE];
	size_t size = sizeof(signature);
	X509_ALGOR *algorithm = NULL;
	int r;

	r = signed_bytes(cms, info, &bytes);
	if (r < 0)
		return r;
	CMS_SignerInfo_get0_algs(info, NULL, NULL, NULL, &algorithm);
	if (!ctx || EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) != 1 ||
	    EVP_DigestSign(ctx, signature, &size, (unsigned char *)bytes.data, bytes.len) != 1 ||
	    X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF, NULL) != 1 ||
	    ASN1_STRING_set(CMS_SignerInfo_get0_signature(info), signature, (int)size) != 1)
		return -EINVAL;
	return 0;
}

static int make_ed25519(const struct strbuf *text, X509 *signer, EVP_PKEY *key,
			STACK_OF(X509) * chain, CMS_ContentInfo **ret_cms)
{
	const unsigned flags = CMS_BINARY | CMS_NOSMIMECAP | CMS_PARTIAL;
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms =
		CMS_sign(NULL, NULL, chain, NULL, flags);
	CMS_SignerInfo *info = NULL;
	int r;

	if (cms)
		info = CMS_add1_signer(cms, signer, key, EVP_sha512(), flags);
	if (!info)
		return -EINVAL;
	r = signature_cms_set_content(cms, text);
	if (r == 0 && !add_attributes(info, text))
		r = -EINVAL;
	if (r == 0)
		r = sign_ed25519(cms, info, key);
	if (r == 0)
		*ret_cms = TAKE_PTR(cms);
	return r;
}

int signature_cms_make(const struct strbuf *text, X509 *signer, EVP_PKEY *key,
		       STACK_OF(X509) * chain, struct strbuf *out, struct diag *diag)
{
	cleanup_with(BIO_vfreep) BIO *in = BIO_new_mem_buf(text->data, (int)text->len);
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms = NULL;
	unsigned char *der = NULL;
	int len = -1, r = 0;

	if (!in)
		return -ENOMEM;
	if (EVP_PKEY_is_a(key, "ED25519"))
		r = make_ed25519(text, signer, key, chain, &cms);
	else
		cms = CMS_sign(signer, key, chain, in, CMS_BINARY | CMS_NOSMIMECAP);
	if (r == -ENOMEM)
		return r;
	if (cms)
		len = i2d_CMS_ContentInfo(cms, &der);
	if (len <= 0)
		return diag_set(diag, "", 0, -EINVAL, "cannot sign with this key: %s",
				signature_reason());
	strbuf_add(out, der, (size_t)len);
	OPENSSL_free(der);
	return strbuf_check(out);
}
