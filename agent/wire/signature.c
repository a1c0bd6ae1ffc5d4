/* SPDX-License-Identifier: Apache-2.0 */
/* Signatures through OpenSSL's EVP. Holds no key longer than one call. */
#include "wire/signature.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/str.h"

#define SIGNATURE_MAX_BYTES 1024

DEFINE_CLEANUP(BIO *, BIO_free)
DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
DEFINE_CLEANUP(EVP_MD_CTX *, EVP_MD_CTX_free)
DEFINE_CLEANUP(X509 *, X509_free)
DEFINE_CLEANUP(X509_STORE *, X509_STORE_free)
DEFINE_CLEANUP(X509_STORE_CTX *, X509_STORE_CTX_free)

/* Ed25519 has its digest built in. */
static const EVP_MD *digest_of(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "ED25519") ? NULL : EVP_sha256();
}

static const char *openssl_reason(void)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	return reason ? reason : "unknown";
}

int signature_make(const char *key_path, const void *data, size_t len, struct strbuf *ret_base64,
		   struct diag *diag)
{
	cleanup_with(BIO_freep) BIO *file = BIO_new_file(key_path, "r");
	cleanup_with(EVP_PKEY_freep) EVP_PKEY *key = NULL;
	cleanup_with(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[SIGNATURE_MAX_BYTES];
	unsigned char base64[2 * SIGNATURE_MAX_BYTES];
	size_t n = sizeof(signature);

	ERR_clear_error();
	if (file)
		key = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL);
	if (!key)
		return diag_set(diag, key_path, 0, -EINVAL, "cannot read the private key: %s",
				openssl_reason());
	if (!context || EVP_DigestSignInit(context, NULL, digest_of(key), NULL, key) != 1 ||
	    EVP_DigestSign(context, signature, &n, data, len) != 1)
		return diag_set(diag, key_path, 0, -EIO, "cannot sign: %s", openssl_reason());

	EVP_EncodeBlock(base64, signature, (int)n);
	strbuf_add_str(ret_base64, (const char *)base64);
	return strbuf_check(ret_base64);
}

/* Number of bytes, or -EINVAL. */
static int decode_base64(const char *base64, unsigned char out[static SIGNATURE_MAX_BYTES])
{
	size_t len = strlen(base64);
	int n;

	if (len == 0 || len % 4 != 0 || len / 4 * 3 > SIGNATURE_MAX_BYTES)
		return -EINVAL;

	n = EVP_DecodeBlock(out, (const unsigned char *)base64, (int)len);
	if (n < 0)
		return -EINVAL;
	for (size_t i = len; i > 0 && base64[i - 1] == '=' && n > 0; i--)
		n--;
	return n;
}

static int check(EVP_PKEY *key, const void *data, size_t len, const char *base64)
{
	cleanup_with(EVP_MD_CTX_freep) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[SIGNATURE_MAX_BYTES];
	int n;

	n = decode_base64(base64, signature);
	if (n < 0)
		return n;
	if (!context)
		return -ENOMEM;
	if (EVP_DigestVerifyInit(context, NULL, digest_of(key), NULL, key) != 1)
		return -EINVAL;
	return EVP_DigestVerify(context, signature, n, data, len) == 1 ? 0 : -EBADMSG;
}

static EVP_PKEY *read_public_key(const char *pem)
{
	cleanup_with(BIO_freep) BIO *memory = BIO_new_mem_buf(pem, -1);

	return memory ? PEM_read_bio_PUBKEY(memory, NULL, NULL, NULL) : NULL;
}

int signature_check_key(const char *public_key_pem, const void *data, size_t len,
			const char *base64)
{
	cleanup_with(EVP_PKEY_freep) EVP_PKEY *key = read_public_key(public_key_pem);

	return key ? check(key, data, len, base64) : -EINVAL;
}

static int check_chain(X509 *certificate, const char *ca_path, struct diag *diag)
{
	cleanup_with(X509_STORE_freep) X509_STORE *store = X509_STORE_new();
	cleanup_with(X509_STORE_CTX_freep) X509_STORE_CTX *context = X509_STORE_CTX_new();

	if (!store || !context)
		return -ENOMEM;
	if (X509_STORE_load_file(store, ca_path) != 1)
		return diag_set(diag, ca_path, 0, -EINVAL, "cannot read certificates: %s",
				openssl_reason());
	if (X509_STORE_CTX_init(context, store, certificate, NULL) != 1)
		return -ENOMEM;
	/* An agent's own certificate comes from the same CA and must not pass for a collector's. */
	X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
	if (X509_verify_cert(context) != 1)
		return diag_set(diag, ca_path, 0, -EBADMSG,
				"does not vouch for the certificate: %s",
				X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
	return 0;
}

int signature_check_certificate(const char *certificate_pem, const char *ca_path, const void *data,
				size_t len, const char *base64, struct diag *diag)
{
	cleanup_with(BIO_freep) BIO *memory = BIO_new_mem_buf(certificate_pem, -1);
	cleanup_with(X509_freep) X509 *certificate = NULL;
	EVP_PKEY *key;
	int r;

	ERR_clear_error();
	if (memory)
		certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);
	if (!certificate)
		return diag_set(diag, "", 0, -EINVAL, "cannot read the certificate: %s",
				openssl_reason());

	r = check_chain(certificate, ca_path, diag);
	if (r < 0)
		return r;

	key = X509_get0_pubkey(certificate);
	r = key ? check(key, data, len, base64) : -EINVAL;
	if (r < 0)
		return diag_set(diag, "", 0, r, "the signature is not good");
	return 0;
}

int signature_key_id(const char *public_key_pem, char ret_id[static SHA256_HEX_SIZE])
{
	cleanup_with(EVP_PKEY_freep) EVP_PKEY *key = read_public_key(public_key_pem);
	unsigned char *der = NULL;
	uint8_t digest[SHA256_SIZE];
	int n, r;

	if (!key)
		return -EINVAL;

	n = i2d_PUBKEY(key, &der);
	if (n <= 0)
		return -EINVAL;

	r = hash_buffer(der, n, digest);
	OPENSSL_free(der);
	if (r == 0)
		hex_encode(digest, sizeof(digest), ret_id);
	return r;
}
