/* SPDX-License-Identifier: Apache-2.0 */
/* To a token through OpenSSL's engine `pkcs11` (libp11). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <errno.h>
#include <openssl/opensslconf.h>
#include <openssl/x509.h>

#include "base/cleanup.h"
#include "baseline/pkcs11_uri.h"
#include "baseline/signature_token.h"

#ifdef OPENSSL_NO_ENGINE

int signature_engine_load(const struct pkcs11_uri *uri, UI_METHOD *ask, void *userdata,
			  struct signature_object *object)
{
	return -EOPNOTSUPP;
}

void signature_engine_close(void *road)
{
}

#else

#include <openssl/engine.h>

DEFINE_CLEANUP(ENGINE *, ENGINE_free)

/* What libp11 takes for its command LOAD_CERT_CTRL. */
struct certificate_request {
	const char *uri;
	X509 *certificate;
};

void signature_engine_close(void *road)
{
	ENGINE_finish(road);
	ENGINE_free(road);
}

static int start(const struct pkcs11_uri *uri, ENGINE **ret_engine)
{
	cleanup_with(ENGINE_freep) ENGINE *engine = NULL;

	ENGINE_load_dynamic();
	engine = ENGINE_by_id("pkcs11");
	if (!engine)
		return -EOPNOTSUPP;
	/* It would print reasons on standard error; they are in the queue, too. */
	(void)ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 1);
	if (uri->module && ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", uri->module, 0) != 1)
		return -ENOENT;
	if (ENGINE_init(engine) != 1)
		return -ENOENT;
	*ret_engine = TAKE_PTR(engine);
	return 0;
}

int signature_engine_load(const struct pkcs11_uri *uri, UI_METHOD *ask, void *userdata,
			  struct signature_object *object)
{
	struct certificate_request request = {uri->object, NULL};
	ENGINE *engine = NULL;
	int r;

	r = start(uri, &engine);
	if (r < 0)
		return r;
	/* A certificate is asked for without them. */
	(void)ENGINE_ctrl_cmd(engine, "SET_USER_INTERFACE", 0, ask, NULL, 1);
	(void)ENGINE_ctrl_cmd(engine, "SET_CALLBACK_DATA", 0, userdata, NULL, 1);
	if (object->is_certificate) {
		(void)ENGINE_ctrl_cmd(engine, "LOAD_CERT_CTRL", 0, &request, NULL, 0);
		object->certificate = request.certificate;
	} else {
		object->key = ENGINE_load_private_key(engine, uri->object, ask, userdata);
	}
	if (!object->certificate && !object->key) {
		signature_engine_close(engine);
		return -ENOENT;
	}
	object->road = engine;
	return 0;
}

#endif
