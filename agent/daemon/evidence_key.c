/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/evidence_key.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

#define KEY_FILE    "evidence.key"
#define PUBLIC_FILE "evidence.pub"
#define HEAD_FILE   "signed-head"
#define KEY_MAX	    8192
#define HEAD_MAX    512

struct evidence_key {
	int dirfd;
	EVP_PKEY *pkey;
	char id[SHA256_HEX_SIZE];
	struct evidence_signature last; /* sequence 0: none yet */
};

static void cleanup_bio(BIO **bio)
{
	BIO_free(*bio);
}

static void cleanup_md_ctx(EVP_MD_CTX **ctx)
{
	EVP_MD_CTX_free(*ctx);
}

static int replace_from_bio(int dirfd, const char *name, BIO *bio, mode_t mode)
{
	char *data;
	long len = BIO_get_mem_data(bio, &data);

	return len > 0 ? fd_replace_file(dirfd, name, data, (size_t)len, mode) : -ENOMEM;
}

static int write_public(int dirfd, EVP_PKEY *pkey)
{
	cleanup_with(cleanup_bio) BIO *bio = BIO_new(BIO_s_mem());

	if (!bio || PEM_write_bio_PUBKEY(bio, pkey) != 1)
		return -ENOMEM;
	return replace_from_bio(dirfd, PUBLIC_FILE, bio, 0644);
}

static int write_private(int dirfd, EVP_PKEY *pkey)
{
	cleanup_with(cleanup_bio) BIO *bio = BIO_new(BIO_s_secmem());

	if (!bio || PEM_write_bio_PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1)
		return -ENOMEM;
	return replace_from_bio(dirfd, KEY_FILE, bio, 0600);
}

static int make_key(struct evidence_key *key, struct diag *diag)
{
	int r;

	key->pkey = EVP_EC_gen("P-256");
	if (!key->pkey)
		return diag_set(diag, KEY_FILE, 0, -EIO, "cannot make a P-256 key");
	r = write_private(key->dirfd, key->pkey);
	if (r == 0)
		r = write_public(key->dirfd, key->pkey);
	if (r < 0)
		return diag_set(diag, KEY_FILE, 0, r, "cannot store the key");
	return 0;
}

static int read_key(struct evidence_key *key, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_with(cleanup_bio) BIO *bio = NULL;
	int r;

	r = fd_read_file(key->dirfd, KEY_FILE, KEY_MAX, &text);
	if (r == -ENOENT)
		return make_key(key, diag);
	if (r < 0)
		return diag_set(diag, KEY_FILE, 0, r, "cannot read the evidence key");
	bio = BIO_new_mem_buf(text.data, (int)text.len);
	if (!bio)
		return -ENOMEM;
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	OPENSSL_cleanse(text.data, text.len);
	if (!key->pkey || !EVP_PKEY_is_a(key->pkey, "EC"))
		return diag_set(diag, KEY_FILE, 0, -EBADMSG,
				"is not an EC private key in PEM; it is left as it is");
	/* The public half may be gone; it can always be had from the private one. */
	if (faccessat(key->dirfd, PUBLIC_FILE, F_OK, 0) < 0 && errno == ENOENT)
		r = write_public(key->dirfd, key->pkey);
	return r < 0 ? diag_set(diag, PUBLIC_FILE, 0, r, "cannot write") : 0;
}

static int name_key(struct evidence_key *key)
{
	uint8_t *der = NULL, digest[SHA256_SIZE];
	int len = i2d_PUBKEY(key->pkey, &der);
	int r;

	if (len <= 0)
		return -EIO;
	r = hash_buffer(der, (size_t)len, digest);
	OPENSSL_free(der);
	if (r == 0)
		hex_encode(digest, sizeof(digest), key->id);
	return r;
}

/* "SEQUENCE CHAIN SIGNATURE\n" */
static int parse_head(char *text, struct evidence_signature *head)
{
	char *rest = text;
	const char *sequence = strsep(&rest, " ");
	const char *chain = strsep(&rest, " ");
	const char *der = strsep(&rest, "\n");

	if (!chain || !der || strlen(der) > 2 * sizeof(head->der))
		return -EBADMSG;
	head->der_len = strlen(der) / 2;
	if (str_to_u64(sequence, 10, &head->sequence) < 0 ||
	    hex_decode(chain, strlen(chain), head->chain, SHA256_SIZE) < 0 ||
	    hex_decode(der, strlen(der), head->der, head->der_len) < 0)
		return -EBADMSG;
	return 0;
}

static int read_head(struct evidence_key *key, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	r = fd_read_file(key->dirfd, HEAD_FILE, HEAD_MAX, &text);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = parse_head(text.data ? text.data : (char[]){""}, &key->last);
	if (r < 0)
		return diag_set(diag, HEAD_FILE, 0, r,
				"the last signed sequence is not known, so nothing can be signed");
	return 0;
}

static int write_head(struct evidence_key *key, const struct evidence_signature *head)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char chain[SHA256_HEX_SIZE], der[2 * EVIDENCE_SIGNATURE_MAX + 1];

	hex_encode(head->chain, SHA256_SIZE, chain);
	hex_encode(head->der, head->der_len, der);
	strbuf_printf(&text, "%" PRIu64 " %s %s\n", head->sequence, chain, der);
	if (strbuf_check(&text) < 0)
		return -ENOMEM;
	return fd_replace_file(key->dirfd, HEAD_FILE, text.data, text.len, 0600);
}

int evidence_key_open(int dirfd, struct evidence_key **ret_key, struct diag *diag)
{
	cleanup_with(evidence_key_closep) struct evidence_key *key = calloc(1, sizeof(*key));
	int r;

	if (!key)
		return -ENOMEM;
	key->dirfd = dirfd;
	r = read_key(key, diag);
	if (r < 0)
		return r;
	r = name_key(key);
	if (r < 0)
		return diag_set(diag, KEY_FILE, 0, r, "cannot name the key");
	r = read_head(key, diag);
	if (r < 0)
		return r;
	*ret_key = TAKE_PTR(key);
	return 0;
}

struct evidence_key *evidence_key_close(struct evidence_key *key)
{
	if (!key)
		return NULL;
	EVP_PKEY_free(key->pkey);
	free(key);
	return NULL;
}

const char *evidence_key_id(const struct evidence_key *key)
{
	return key->id;
}

static int sign_text(EVP_PKEY *pkey, struct evidence_signature *head)
{
	cleanup_with(cleanup_md_ctx) EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char chain[SHA256_HEX_SIZE];

	hex_encode(head->chain, SHA256_SIZE, chain);
	strbuf_printf(&text, "plumbline-head\n%" PRIu64 "\n%s\n", head->sequence, chain);
	if (!ctx || strbuf_check(&text) < 0)
		return -ENOMEM;
	head->der_len = sizeof(head->der);
	if (EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, pkey) != 1 ||
	    EVP_DigestSign(ctx, head->der, &head->der_len, (const uint8_t *)text.data, text.len) !=
		    1)
		return -EIO;
	return 0;
}

int evidence_key_sign(struct evidence_key *key, uint64_t sequence,
		      const uint8_t chain[static SHA256_SIZE],
		      struct evidence_signature *ret_signature)
{
	struct evidence_signature head = {.sequence = sequence};
	int r;

	if (sequence == key->last.sequence && memcmp(chain, key->last.chain, SHA256_SIZE) == 0 &&
	    sequence > 0) {
		*ret_signature = key->last;
		return 0;
	}
	if (sequence <= key->last.sequence)
		return -ESTALE;
	memcpy(head.chain, chain, SHA256_SIZE);
	r = sign_text(key->pkey, &head);
	if (r < 0)
		return r;
	/* On disk before anybody sees it: a power cut must not let the same sequence be signed
	 * twice. */
	r = write_head(key, &head);
	if (r < 0)
		return r;
	key->last = head;
	*ret_signature = head;
	return 0;
}
