/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of an approval's signed text. A file of its own, for jansson and base/json.h have names in
 * common. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/json_depth.h"
#include "base/str.h"
#include "baseline/approval.h"

/* All values are strings, so an object in an object is refused before the parser recurses into it.
 */
#define DEPTH_MAX 1

static int refuse(struct diag *diag, const char *key, const char *why)
{
	return diag_set(diag, "", 0, -EBADMSG, "the signed text: %s %s", key, why);
}

static int take_text(const json_t *root, const char *key, bool may_be_null, char **ret,
		     struct diag *diag)
{
	const json_t *value = json_object_get(root, key);

	if (may_be_null && (!value || json_is_null(value)))
		return 0;
	if (!json_is_string(value) || json_string_length(value) == 0)
		return refuse(diag, key, "is missing or not a text");
	*ret = strdup(json_string_value(value)); /* jansson takes no NUL within */
	return *ret ? 0 : -ENOMEM;
}

static int take_digest(const json_t *root, const char *key, char hex[static SHA256_HEX_SIZE],
		       struct diag *diag)
{
	const json_t *value = json_object_get(root, key);
	uint8_t digest[SHA256_SIZE];

	if (!json_is_string(value) ||
	    hex_decode(json_string_value(value), json_string_length(value), digest, SHA256_SIZE) <
		    0)
		return refuse(diag, key, "is missing or no SHA-256 in lower-case hex");
	hex_encode(digest, SHA256_SIZE, hex);
	return 0;
}

/* Who asks for a signature made elsewhere may not know the certificate; "" then. */
static int take_certificate(const json_t *root, char hex[static SHA256_HEX_SIZE], struct diag *diag)
{
	const json_t *value = json_object_get(root, "certificate");

	if (!value || json_is_null(value)) {
		hex[0] = '\0';
		return 0;
	}
	return take_digest(root, "certificate", hex, diag);
}

static int take_fields(const json_t *root, struct baseline_approval *a,
		       char statement_sha256[static SHA256_HEX_SIZE], struct diag *diag)
{
	cleanup_free char *when = NULL;
	int r;

	r = take_digest(root, "statement_sha256", statement_sha256, diag);
	if (r == 0)
		r = take_certificate(root, a->certificate_sha256, diag);
	if (r == 0)
		r = take_text(root, "name", false, &a->name, diag);
	if (r == 0)
		r = take_text(root, "role", false, &a->role, diag);
	if (r == 0)
		r = take_text(root, "meaning", false, &a->meaning, diag);
	if (r == 0)
		r = take_text(root, "ticket", true, &a->ticket, diag);
	if (r == 0)
		r = take_text(root, "time", false, &when, diag);
	if (r == 0 && clock_parse(when, &a->time_ns) < 0)
		r = refuse(diag, "time", "is no RFC 3339 time");
	return r;
}

int approval_read(const char *text, size_t len, struct baseline_approval *ret_approval,
		  char ret_statement_sha256[static SHA256_HEX_SIZE], struct diag *diag)
{
	cleanup_with(baseline_approval_done) struct baseline_approval approval = {0};
	char statement_sha256[SHA256_HEX_SIZE];
	json_error_t error;
	json_t *root;
	int r;

	if (len > APPROVAL_TEXT_MAX || !json_is_shallow(text, len, DEPTH_MAX))
		return diag_set(diag, "", 0, -EBADMSG, "the signed text is no flat JSON object");
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		return diag_set(diag, "", 0, -EBADMSG, "the signed text: %s", error.text);
	r = take_fields(root, &approval, statement_sha256, diag);
	json_decref(root);
	if (r < 0)
		return r;
	memcpy(ret_statement_sha256, statement_sha256, SHA256_HEX_SIZE);
	*ret_approval = approval;
	approval = (struct baseline_approval){0};
	return 0;
}
