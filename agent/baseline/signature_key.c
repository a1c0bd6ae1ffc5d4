/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/signature_key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ui.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/diag.h"
#include "base/fd.h"
#include "base/strbuf.h"
#include "baseline/pkcs11_uri.h"
#include "baseline/signature_cms.h"
#include "baseline/signature_token.h"

/* PKCS #11, CKR_PIN_INCORRECT, CKR_PIN_LEN_RANGE and CKR_PIN_LOCKED. */
#define PIN_INCORRECT 0xa0
#define PIN_LEN_RANGE 0xa2
#define PIN_LOCKED    0xa4

/* Where a PIN or a pass phrase comes from, and what came of asking. */
struct secret {
	signature_ask_fn ask;
	char what[128];
	char text[SIGNATURE_SECRET_MAX];
	bool is_known, is_settled; /* settled: it was right, and may be given again */
	int asked, r;
};

struct signature_key {
	EVP_PKEY *pkey;
	struct secret secret; /* a token may want it once more to sign */
	UI_METHOD *ui;
	void *road;
	void (*close_road)(void *road);
};

DEFINE_CLEANUP(BIO *, BIO_vfree)
DEFINE_CLEANUP(X509 *, X509_free)

EVP_PKEY *signature_key_get(const struct signature_key *key)
{
	return key->pkey;
}

struct signature_key *signature_key_free(struct signature_key *key)
{
	if (!key)
		return NULL;
	EVP_PKEY_free(key->pkey);
	if (key->road)
		key->close_road(key->road);
	UI_destroy_method(key->ui);
	explicit_bzero(key, sizeof(*key));
	free(key);
	return NULL;
}

/* OpenSSL's pem_password_cb. A second question before the first answer was seen to be right would
 * only cost another try. */
static int give_secret(char *buf, int size, int rwflag, void *userdata)
{
	struct secret *secret = userdata;
	size_t len;

	if (secret->asked++ > 0 && !secret->is_settled)
		return -1;
	if (!secret->is_known) {
		secret->r = secret->ask
				    ? secret->ask(secret->what, secret->text, sizeof(secret->text))
				    : -ENOTTY;
		if (secret->r < 0)
			return -1;
		secret->is_known = true;
	}
	len = strlen(secret->text);
	if (len > (size_t)size)
		return -1;
	memcpy(buf, secret->text, len);
	return (int)len;
}

static struct signature_key *key_new(signature_ask_fn ask, const char *kind, const char *name)
{
	struct signature_key *key = calloc(1, sizeof(*key));

	if (!key)
		return NULL;
	key->secret.ask = ask;
	(void)snprintf(key->secret.what, sizeof(key->secret.what), "%s %s", kind, name);
	return key;
}

int signature_key_read(const char *pem, const char *name, signature_ask_fn ask,
		       struct signature_key **ret_key, struct diag *diag)
{
	cleanup_with(signature_key_freep) struct signature_key *key = key_new(ask, "key", name);
	cleanup_with(BIO_vfreep) BIO *bio = BIO_new_mem_buf(pem, -1);

	if (!key || !bio)
		return -ENOMEM;
	key->pkey = PEM_read_bio_PrivateKey(bio, NULL, give_secret, &key->secret);
	if (!key->pkey && key->secret.r < 0)
		return diag_set(diag, name, 0, -EINVAL, "cannot ask for its pass phrase: %s",
				strerror(-key->secret.r));
	if (!key->pkey)
		return diag_set(diag, name, 0, -EINVAL, "cannot read the private key: %s",
				signature_reason());
	*ret_key = TAKE_PTR(key);
	return 0;
}

/* Without the end of its line, which is no part of a PIN. */
static int read_pin(const char *path, struct secret *secret, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct stat st;
	size_t len;
	int r;

	if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return diag_set(diag, path, 0, -EACCES,
				"the file with the PIN is open to others: chmod 600");
	r = fd_read_file(AT_FDCWD, path, sizeof(secret->text) - 1, &text);
	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot read the PIN: %s", strerror(-r));
	len = text.data ? strcspn(text.data, "\r\n") : 0;
	if (len > 0)
		memcpy(secret->text, text.data, len);
	secret->is_known = true;
	if (text.data)
		explicit_bzero(text.data, text.len);
	return len > 0 ? 0 : diag_set(diag, path, 0, -EINVAL, "the file with the PIN is empty");
}

/* The PIN's error, if the queue has one. */
static unsigned long find_pin_error(void)
{
	unsigned long code;

	while ((code = ERR_get_error()) != 0) {
		unsigned long reason = (unsigned long)ERR_GET_REASON(code);

		if (ERR_GET_LIB(code) >= ERR_LIB_USER &&
		    (reason == PIN_INCORRECT || reason == PIN_LEN_RANGE || reason == PIN_LOCKED))
			return reason;
	}
	return 0;
}

static int explain(const struct pkcs11_uri *uri, const struct signature_object *object,
		   const struct signature_key *key, struct diag *diag)
{
	const bool is_provider = key->close_road == signature_provider_close;
	const struct secret *secret = &key->secret;
	const char *what = object->is_certificate ? "certificate" : "private key";
	unsigned long pin_error;

	if (secret->r < 0) {
		ERR_clear_error();
		return diag_set(diag, "", 0, -EACCES, "cannot ask for the PIN of %s: %s",
				secret->what, strerror(-secret->r));
	}
	pin_error = find_pin_error();
	ERR_clear_error();
	if (pin_error == PIN_LOCKED)
		return diag_set(diag, "", 0, -EACCES, "the PIN of %s is locked", secret->what);
	if (pin_error)
		return diag_set(diag, "", 0, -EACCES,
				"wrong PIN for %s; after a few it locks itself", secret->what);
	if (secret->asked > 0) /* so there is a token */
		return diag_set(diag, "", 0, -ENOENT, "%s has no %s that %s names; or %s",
				secret->what, what, uri->object,
				is_provider
					? "the PIN is wrong, which OpenSSL's provider does not tell"
					: "it holds an Ed25519 key, too, which hides all others "
					  "from OpenSSL's engine");
	return diag_set(diag, "", 0, -ENOENT,
			"no token that is plugged in has a %s that %s names: is its name right, "
			"and the module of its maker known to p11-kit or named by module-path?",
			what, uri->object);
}

static int load(const struct pkcs11_uri *uri, struct signature_key *key,
		struct signature_object *object, struct diag *diag)
{
	int r;

	key->ui = UI_UTIL_wrap_read_pem_callback(give_secret, 0);
	if (!key->ui)
		return -ENOMEM;
	key->close_road = signature_provider_close;
	r = signature_provider_load(uri, key->ui, &key->secret, object);
	if (r == -EOPNOTSUPP) {
		key->close_road = signature_engine_close;
		r = signature_engine_load(uri, key->ui, &key->secret, object);
	}
	key->road = object->road;
	if (r == 0) {
		key->secret.is_settled = true;
		return 0;
	}
	if (r == -ENOENT)
		return explain(uri, object, key, diag);
	ERR_clear_error();
	if (r == -EOPNOTSUPP)
		return diag_set(diag, "", 0, r,
				"OpenSSL has neither provider nor engine for PKCS #11 here: "
				"install libengine-pkcs11-openssl (Debian 12) or pkcs11-provider");
	return r;
}

static int open_object(const char *text, signature_ask_fn ask, struct signature_key **ret_key,
		       struct signature_object *object, struct diag *diag)
{
	cleanup_pkcs11_uri struct pkcs11_uri uri = {0};
	cleanup_with(signature_key_freep) struct signature_key *key = NULL;
	int r;

	r = pkcs11_uri_parse(text, &uri, diag);
	if (r < 0)
		return r;
	key = key_new(ask, "token", uri.token ? uri.token : "(any)");
	if (!key)
		return -ENOMEM;
	if (uri.pin_source)
		r = read_pin(uri.pin_source, &key->secret, diag);
	if (r == 0)
		r = load(&uri, key, object, diag);
	if (r == 0)
		*ret_key = TAKE_PTR(key);
	return r;
}

int signature_key_open(const char *uri, signature_ask_fn ask, struct signature_key **ret_key,
		       struct diag *diag)
{
	struct signature_object object = {0};
	struct signature_key *key = NULL;
	int r;

	r = open_object(uri, ask, &key, &object, diag);
	if (r < 0)
		return r;
	key->pkey = object.key;
	*ret_key = key;
	return 0;
}

int signature_certificate_open(const char *uri, signature_ask_fn ask, struct strbuf *out,
			       struct diag *diag)
{
	cleanup_with(signature_key_freep) struct signature_key *key = NULL;
	struct signature_object object = {.is_certificate = 1};
	cleanup_with(BIO_vfreep) BIO *pem = BIO_new(BIO_s_mem());
	cleanup_with(X509_freep) X509 *certificate = NULL;
	char *text;
	long len;
	int r;

	if (!pem)
		return -ENOMEM;
	r = open_object(uri, ask, &key, &object, diag);
	if (r < 0)
		return r;
	certificate = object.certificate;
	if (PEM_write_bio_X509(pem, certificate) != 1)
		return -ENOMEM;
	len = BIO_get_mem_data(pem, &text);
	strbuf_add(out, text, len > 0 ? (size_t)len : 0);
	return strbuf_check(out);
}
