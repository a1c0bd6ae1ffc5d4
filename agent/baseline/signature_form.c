/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/signature_form.h"

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* One element of DER: its content, and where the next one starts. */
struct element {
	int tag;
	const unsigned char *content, *end;
};

static bool take(const unsigned char **at, const unsigned char *end, struct element *ret)
{
	int class;
	long len;

	if (*at >= end || ASN1_get_object(at, &len, &ret->tag, &class, end - *at) & 0x80)
		return false;
	ret->content = *at;
	ret->end = *at = *at + len;
	return true;
}

static bool is_same_algorithm(const struct element *set, const X509_ALGOR *algorithm)
{
	unsigned char *der = NULL;
	int len = i2d_X509_ALGOR(algorithm, &der);
	bool is_same = len > 0 && set->end - set->content == len &&
		       memcmp(set->content, der, (size_t)len) == 0;

	OPENSSL_free(der);
	return is_same;
}

static bool is_number(const struct element *e, unsigned char value)
{
	return e->tag == V_ASN1_INTEGER && e->end - e->content == 1 && *e->content == value;
}

/*
 * ContentInfo { OID, [0] SignedData { version, digestAlgorithms, content, certificates, signerInfos
 * {{ version ... }} } }. RFC 5652 says which versions: 3 where the signer is named by key
 * identifier, else 1.
 */
static const char *check_outer(const unsigned char *data, size_t len, unsigned char version,
			       const X509_ALGOR *digest)
{
	const unsigned char *at = data, *end = data + len;
	struct element e, inner;

	if (!take(&at, end, &e) || at != end)
		return "the CMS is not one object";
	at = e.content;
	end = e.end;
	if (!take(&at, end, &inner) || !take(&at, end, &e) || at != end)
		return "the CMS is no signed data";
	at = e.content;
	if (!take(&at, e.end, &inner))
		return "the CMS is no signed data";
	at = inner.content;
	end = inner.end;
	if (!take(&at, end, &e) || !is_number(&e, version))
		return "the CMS has another version than it should";
	if (!take(&at, end, &e) || !is_same_algorithm(&e, digest))
		return "the CMS names another digest than it uses";
	while (at < end) /* the last one is the set of signers */
		if (!take(&at, end, &e))
			return "the CMS is no signed data";
	at = e.content;
	if (!take(&at, e.end, &inner))
		return "the CMS has no signer";
	at = inner.content;
	if (!take(&at, inner.end, &e) || !is_number(&e, version))
		return "the signer has another version than it should";
	return NULL;
}

static bool has_plain_parameters(const X509_ALGOR *algorithm)
{
	int type;

	X509_ALGOR_get0(NULL, &type, NULL, algorithm);
	return type == V_ASN1_UNDEF || type == V_ASN1_NULL;
}

/* The algorithm that is named must be the one that the key and the digest make. */
static const char *check_algorithms(const X509_ALGOR *digest, const X509_ALGOR *signature,
				    EVP_PKEY *key)
{
	const ASN1_OBJECT *object;
	int digest_nid, nid, of_digest = NID_undef, of_key = NID_undef;

	X509_ALGOR_get0(&object, NULL, NULL, digest);
	digest_nid = OBJ_obj2nid(object);
	X509_ALGOR_get0(&object, NULL, NULL, signature);
	nid = OBJ_obj2nid(object);
	if (!has_plain_parameters(digest))
		return "the digest has parameters";
	if (nid == NID_rsassaPss) /* its parameters are those that were verified with */
		return EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ||
				       EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA_PSS
			       ? NULL
			       : "the signature is named after another kind of key";
	if (!has_plain_parameters(signature))
		return "the signature has parameters";
	if (nid == NID_rsaEncryption || nid == NID_X9_62_id_ecPublicKey)
		of_key = nid;
	else if (OBJ_find_sigid_algs(nid, &of_digest, &of_key) != 1)
		return "the signature's algorithm is unknown";
	if (of_digest != NID_undef && of_digest != digest_nid)
		return "the signature is named after another digest";
	return of_key == EVP_PKEY_get_base_id(key)
		       ? NULL
		       : "the signature is named after another kind of key";
}

/* Names compare without regard to case; here they must be the same bytes. */
static const char *check_issuer(X509_NAME *named, const X509 *signer)
{
	unsigned char *a = NULL, *b = NULL;
	int a_len = i2d_X509_NAME(named, &a);
	int b_len = i2d_X509_NAME(X509_get_issuer_name(signer), &b);
	bool is_same = a_len > 0 && a_len == b_len && memcmp(a, b, (size_t)a_len) == 0;

	OPENSSL_free(a);
	OPENSSL_free(b);
	return is_same ? NULL : "the signer's issuer is written in another way";
}

static bool is_in_chain(const X509 *certificate, const STACK_OF(X509) * chain)
{
	for (int i = 0; i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), certificate) == 0)
			return true;
	return false;
}

static const char *check_extras(CMS_ContentInfo *cms, const STACK_OF(X509) * chain)
{
	STACK_OF(X509) *certificates = CMS_get1_certs(cms);
	STACK_OF(X509_CRL) *lists = CMS_get1_crls(cms);
	const char *odd = sk_X509_CRL_num(lists) > 0 ? "the CMS carries revocation lists" : NULL;

	for (int i = 0; chain && !odd && i < sk_X509_num(certificates); i++)
		if (!is_in_chain(sk_X509_value(certificates, i), chain))
			odd = "the CMS carries a certificate that its chain does not need";
	sk_X509_pop_free(certificates, X509_free);
	sk_X509_CRL_pop_free(lists, X509_CRL_free);
	return odd;
}

static bool is_der(CMS_ContentInfo *cms, const void *data, size_t len)
{
	unsigned char *again = NULL;
	int again_len = i2d_CMS_ContentInfo(cms, &again);
	bool is_same = again_len > 0 && (size_t)again_len == len && memcmp(again, data, len) == 0;

	OPENSSL_free(again);
	return is_same;
}

const char *signature_form(CMS_ContentInfo *cms, const void *data, size_t len,
			   const STACK_OF(X509) * chain)
{
	STACK_OF(CMS_SignerInfo) *infos = CMS_get0_SignerInfos(cms);
	CMS_SignerInfo *info = sk_CMS_SignerInfo_value(infos, 0);
	X509_ALGOR *digest = NULL, *signature = NULL;
	X509 *signer = NULL;
	EVP_PKEY *key = NULL;
	X509_NAME *issuer = NULL;
	const char *odd;

	CMS_SignerInfo_get0_algs(info, &key, &signer, &digest, &signature);
	if (!key || !signer || !digest || !signature)
		return "the CMS has no signer";
	if (!is_der(cms, data, len))
		return "the CMS is not in DER";
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return "the CMS is not over plain data";
	if (CMS_unsigned_get_attr_count(info) > 0)
		return "the CMS carries attributes that nobody signed";
	if (CMS_SignerInfo_get0_signer_id(info, NULL, &issuer, NULL) != 1)
		return "the CMS has no signer";
	odd = issuer ? check_issuer(issuer, signer) : NULL;
	if (!odd)
		odd = check_outer(data, len, issuer ? 1 : 3, digest);
	if (!odd)
		odd = check_algorithms(digest, signature, key);
	return odd ? odd : check_extras(cms, chain);
}
