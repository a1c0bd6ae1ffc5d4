/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/signature.h"

#include <errno.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/approval.h"
#include "baseline/signature_cms.h"
#include "baseline/signature_form.h"
#include "baseline/signature_key.h"

#define CLOCK_TOLERANCE_NS (24 * 3600 * NSEC_PER_SEC)

static void free_chain(STACK_OF(X509) * chain)
{
	sk_X509_pop_free(chain, X509_free);
}

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(X509_STORE *, X509_STORE_free)
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free)
DEFINE_CLEANUP(CMS_ContentInfo *, CMS_ContentInfo_free)
DEFINE_CLEANUP(STACK_OF(X509) *, free_chain)

/* Refuses to ask anybody for a pass phrase: an agent has no terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *userdata)
{
	return -1;
}

static int read_chain(const char *pem, STACK_OF(X509) * *ret_chain)
{
	cleanup_with(free_chainp) STACK_OF(X509) *chain = sk_X509_new_null();
	cleanup_with(BIO_vfreep) BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *certificate;

	if (!chain || !bio)
		return -ENOMEM;
	while ((certificate = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)))
		if (!sk_X509_push(chain, certificate)) {
			X509_free(certificate);
			return -ENOMEM;
		}
	ERR_clear_error(); /* the end is reported as an error */
	if (sk_X509_num(chain) == 0)
		return -EINVAL;
	*ret_chain = TAKE_PTR(chain);
	return 0;
}

static int fingerprint(const X509 *certificate, char hex[static SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];

	if (X509_digest(certificate, EVP_sha256(), digest, NULL) != 1)
		return -EIO;
	hex_encode(digest, SHA256_SIZE, hex);
	return 0;
}

int signature_fingerprint(const char *certificate_pem, char ret_hex[static SHA256_HEX_SIZE],
			  struct diag *diag)
{
	cleanup_with(free_chainp) STACK_OF(X509) *chain = NULL;
	int r;

	r = read_chain(certificate_pem, &chain);
	if (r < 0)
		return diag_set(diag, "", 0, r, "cannot read the certificate");
	return fingerprint(sk_X509_value(chain, 0), ret_hex);
}

static int append_bio(BIO *bio, struct strbuf *out)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	if (len < 0)
		return -EIO;
	strbuf_add(out, data, (size_t)len);
	return strbuf_check(out);
}

int signature_sign(const struct baseline_approval *approval, const char *statement_sha256,
		   const struct signature_key *key, const char *certificate_pem, struct strbuf *out,
		   struct diag *diag)
{
	cleanup_with(free_chainp) STACK_OF(X509) *chain = NULL;
	cleanup_with(X509_freep) X509 *signer = NULL;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct baseline_approval signed_by = *approval;
	int r;

	r = read_chain(certificate_pem, &chain);
	if (r < 0)
		return diag_set(diag, "", 0, r, "cannot read the certificate");
	signer = sk_X509_shift(chain);
	if (X509_check_private_key(signer, signature_key_get(key)) != 1)
		return diag_set(diag, "", 0, -EINVAL, "key and certificate do not belong together");

	r = fingerprint(signer, signed_by.certificate_sha256);
	if (r == 0)
		r = approval_write(&signed_by, statement_sha256, &text);
	if (r < 0)
		return r;
	return signature_cms_make(&text, signer, signature_key_get(key), chain, out, diag);
}

static int refuse(struct baseline_approval *a, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Notes why; 1, or -ENOMEM. */
static int refuse(struct baseline_approval *a, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&a->refusal, format, args);
	va_end(args);
	if (n < 0)
		a->refusal = NULL;
	return n < 0 ? -ENOMEM : 1;
}

/* The signature itself; gives content and signer (borrowed from @cms). The chain is not judged
 * here. */
static int open_cms(CMS_ContentInfo *cms, struct baseline_approval *a, struct strbuf *content,
		    X509 **ret_signer)
{
	struct diag diag = {0};
	STACK_OF(X509) * signers;
	X509 *signer;
	int r;

	r = signature_cms_check(cms, content, &diag);
	if (r == -EBADMSG)
		return refuse(a, "%s", diag.text);
	if (r < 0)
		return r;
	signers = CMS_get0_signers(cms);
	signer = sk_X509_num(signers) == 1 ? sk_X509_value(signers, 0) : NULL;
	sk_X509_free(signers);
	if (!signer)
		return refuse(a, "the CMS does not carry the signer's certificate");
	*ret_signer = signer;
	return 0;
}

static int set_subject(const X509 *certificate, struct baseline_approval *a)
{
	cleanup_with(BIO_vfreep) BIO *out = BIO_new(BIO_s_mem());
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	if (!out)
		return -ENOMEM;
	/* Control characters and bytes outside ASCII come out escaped. */
	if (X509_NAME_print_ex(out, X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0)
		return -ENOMEM;
	r = append_bio(out, &text);
	if (r < 0)
		return r;
	a->certificate = strbuf_take(&text);
	return a->certificate ? 0 : -ENOMEM;
}

static void add_oid(const ASN1_OBJECT *object, struct strbuf *out)
{
	char oid[128];

	/* One that does not fit is left out: cut off it would be another. */
	if (OBJ_obj2txt(oid, sizeof(oid), object, 1) < (int)sizeof(oid))
		strbuf_printf(out, "%s%s", out->len ? " " : "", oid);
}

/* What a policy may ask of a certificate; a CA that signed it answers for it. */
static int set_oids(X509 *certificate, struct baseline_approval *a)
{
	cleanup_strbuf struct strbuf usages = STRBUF_INIT, extensions = STRBUF_INIT;
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(certificate, NID_ext_key_usage, NULL, NULL);

	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++)
		add_oid(sk_ASN1_OBJECT_value(list, i), &usages);
	sk_ASN1_OBJECT_pop_free(list, ASN1_OBJECT_free);
	for (int i = 0; i < X509_get_ext_count(certificate); i++)
		add_oid(X509_EXTENSION_get_object(X509_get_ext(certificate, i)), &extensions);
	a->usages = strbuf_take(&usages);
	a->extensions = strbuf_take(&extensions);
	return a->usages && a->extensions ? 0 : -ENOMEM;
}

static int check_content(const struct strbuf *content, X509 *signer, const char *statement_sha256,
			 struct baseline_approval *a)
{
	char statement[SHA256_HEX_SIZE], actual[SHA256_HEX_SIZE];
	struct diag diag = {0};
	int r;

	r = approval_read(content->data ? content->data : "", content->len, a, statement, &diag);
	if (r == -EBADMSG)
		return refuse(a, "%s", diag.text);
	if (r == 0)
		r = set_subject(signer, a);
	if (r == 0)
		r = set_oids(signer, a);
	if (r == 0)
		r = fingerprint(signer, actual);
	if (r < 0)
		return r;
	if (strcmp(statement, statement_sha256) != 0)
		return refuse(a, "it approves another statement: expected %s, actual %s",
			      statement_sha256, statement);
	if (a->certificate_sha256[0] && strcmp(a->certificate_sha256, actual) != 0)
		return refuse(a, "it names another certificate than the one that signed");
	memcpy(a->certificate_sha256, actual, SHA256_HEX_SIZE);
	return 0;
}

static int make_store(const char *ca_pem, X509_STORE **ret_store)
{
	cleanup_with(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	cleanup_with(free_chainp) STACK_OF(X509) *cas = NULL;
	int r;

	if (!store)
		return -ENOMEM;
	r = read_chain(ca_pem, &cas);
	if (r < 0)
		return r;
	for (int i = 0; i < sk_X509_num(cas); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(cas, i)) != 1)
			return -ENOMEM;
	*ret_store = TAKE_PTR(store);
	return 0;
}

/* Builds and judges the chain; with it the form can be judged whole. */
static int check_chain(CMS_ContentInfo *cms, X509 *signer, const char *ca_pem, const void *data,
		       size_t len, struct baseline_approval *a)
{
	cleanup_with(X509_STORE_freep) X509_STORE *store = NULL;
	cleanup_with(free_chainp) STACK_OF(X509) *others = CMS_get1_certs(cms);
	cleanup_with(X509_STORE_CTX_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	const char *odd;
	int r;

	r = make_store(ca_pem, &store);
	if (r == -EINVAL)
		return refuse(
			a,
			"no CA is named for it, or no certificate is in what is named: neither a "
			"common one (--ca, approver_ca) nor one of its role");
	if (r < 0 || !ctx || X509_STORE_CTX_init(ctx, store, signer, others) != 1)
		return -ENOMEM;
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, a->time_ns / NSEC_PER_SEC);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, 2); /* 112 bits, no SHA-1 */
	if (X509_verify_cert(ctx) != 1)
		return refuse(a, "the signer's certificate is not accepted: %s",
			      X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	odd = signature_form(cms, data, len, X509_STORE_CTX_get0_chain(ctx));
	return odd ? refuse(a, "%s", odd) : 0;
}

/* See signature_verify() for the rule. */
static int check_time(const X509 *signer, int64_t made_at_ns, struct baseline_approval *a)
{
	int64_t now_ns = clock_real_ns();
	time_t now_s = now_ns / NSEC_PER_SEC;
	bool is_clock_plausible = now_ns + CLOCK_TOLERANCE_NS >= made_at_ns;

	if (!is_clock_plausible)
		return 0;
	if (a->time_ns > now_ns + CLOCK_TOLERANCE_NS)
		return refuse(a, "it was signed in the future of this machine's clock");
	if (X509_cmp_time(X509_get0_notAfter(signer), &now_s) < 0) {
		a->warning = strdup("the signer's certificate has expired since");
		return a->warning ? 0 : -ENOMEM;
	}
	return 0;
}

/* 0 good, 1 refused (the reason is noted), or -ENOMEM. */
static int judge(const void *data, size_t len, const char *statement_sha256, int64_t made_at_ns,
		 const char *ca_pem, struct baseline_approval *a)
{
	cleanup_with(BIO_vfreep) BIO *in = BIO_new_mem_buf(data, (int)len);
	cleanup_with(CMS_ContentInfo_freep) CMS_ContentInfo *cms = NULL;
	cleanup_strbuf struct strbuf content = STRBUF_INIT;
	X509 *signer = NULL;
	int r;

	if (!in)
		return -ENOMEM;
	cms = d2i_CMS_bio(in, NULL);
	if (!cms || BIO_pending(in) > 0)
		return refuse(a, "it is no CMS in DER");
	r = open_cms(cms, a, &content, &signer);
	if (r == 0)
		r = check_content(&content, signer, statement_sha256, a);
	if (r == 0 && ca_pem)
		r = check_chain(cms, signer, ca_pem, data, len, a);
	if (r == 0)
		r = check_time(signer, made_at_ns, a);
	return r;
}

int signature_verify(const void *cms, size_t len, const char *statement_sha256, int64_t made_at_ns,
		     const char *ca_pem, struct baseline_approval *ret_approval)
{
	struct baseline_approval approval = {0};
	int r;

	r = judge(cms, len, statement_sha256, made_at_ns, ca_pem, &approval);
	ERR_clear_error();
	if (r < 0) {
		baseline_approval_done(&approval);
		return r;
	}
	approval.is_verified = r == 0 && ca_pem;
	*ret_approval = approval;
	return 0;
}
