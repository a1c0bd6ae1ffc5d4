/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To a token through OpenSSL's provider `pkcs11`.
 *
 * In a context of its own, which ends with the key: what the rest of the
 * program asks of OpenSSL stays as it is, and the module is shut down while all
 * it uses is still there (SoftHSM crashes when that is left to exit()).
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "baseline/pkcs11_uri.h"
#include "baseline/signature_token.h"

struct provider_road {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *builtin, *pkcs11;
};

static void free_road(struct provider_road *road)
{
	if (road->pkcs11)
		(void)OSSL_PROVIDER_unload(road->pkcs11);
	if (road->builtin)
		(void)OSSL_PROVIDER_unload(road->builtin);
	OSSL_LIB_CTX_free(road->context);
	free(road);
}

DEFINE_CLEANUP(struct provider_road *, free_road)

static void close_store(OSSL_STORE_CTX *store)
{
	(void)OSSL_STORE_close(store);
}

DEFINE_CLEANUP(OSSL_STORE_CTX *, close_store)

void signature_provider_close(void *road)
{
	free_road(road);
}

static int start(const struct pkcs11_uri *uri, struct provider_road **ret_road)
{
	cleanup_with(free_roadp) struct provider_road *road = calloc(1, sizeof(*road));

	if (road)
		road->context = OSSL_LIB_CTX_new();
	/* It has no other way to be told, but for a file of settings. */
	if (!road || !road->context ||
	    (uri->module && setenv("PKCS11_PROVIDER_MODULE", uri->module, 1) < 0))
		return -ENOMEM;
	road->builtin = OSSL_PROVIDER_load(road->context, "default");
	road->pkcs11 = OSSL_PROVIDER_load(road->context, "pkcs11");
	if (!road->builtin || !road->pkcs11) {
		ERR_clear_error();
		return -EOPNOTSUPP;
	}
	*ret_road = TAKE_PTR(road);
	return 0;
}

/* The first one of its kind that the URI fits. */
static void find(OSSL_STORE_CTX *store, struct signature_object *object)
{
	while (!object->key && !object->certificate && !OSSL_STORE_eof(store)) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (!info)
			return;
		if (object->is_certificate)
			object->certificate = OSSL_STORE_INFO_get1_CERT(info);
		else
			object->key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
}

int signature_provider_load(const struct pkcs11_uri *uri, const UI_METHOD *ask, void *userdata,
			    struct signature_object *object)
{
	const int kind = object->is_certificate ? OSSL_STORE_INFO_CERT : OSSL_STORE_INFO_PKEY;
	cleanup_with(free_roadp) struct provider_road *road = NULL;
	cleanup_with(close_storep) OSSL_STORE_CTX *store = NULL; /* closed before the road */
	int r;

	r = start(uri, &road);
	if (r < 0)
		return r;
	store = OSSL_STORE_open_ex(uri->object, road->context, NULL, ask, userdata, NULL, NULL,
				   NULL);
	if (store && OSSL_STORE_expect(store, kind) == 1)
		find(store, object);
	if (!object->key && !object->certificate)
		return -ENOENT;
	object->road = TAKE_PTR(road);
	return 0;
}
