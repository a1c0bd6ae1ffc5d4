/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/pkcs11_uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/diag.h"
#include "base/str.h"
#include "base/strbuf.h"

#define SCHEME "pkcs11:"

bool pkcs11_uri_is(const char *text)
{
	return strncasecmp(text, SCHEME, strlen(SCHEME)) == 0;
}

void pkcs11_uri_done(struct pkcs11_uri *uri)
{
	free(uri->object);
	free(uri->token);
	free(uri->pin_source);
	free(uri->module);
	*uri = (struct pkcs11_uri){0};
}

static int refuse(struct diag *diag, const char *why)
{
	return diag_set(diag, "", 0, -EINVAL, "the PKCS #11 URI %s", why);
}

static int hex_value(char c)
{
	if (!isxdigit((unsigned char)c))
		return -1;
	return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static int decode(const char *text, size_t len, char **ret_value, struct diag *diag)
{
	cleanup_strbuf struct strbuf value = STRBUF_INIT;

	for (size_t i = 0; i < len; i++) {
		int high, low;

		if (text[i] != '%') {
			strbuf_add_char(&value, text[i]);
			continue;
		}
		high = len - i > 2 ? hex_value(text[i + 1]) : -1;
		low = len - i > 2 ? hex_value(text[i + 2]) : -1;
		if (high < 0 || low < 0 || high + low == 0)
			return refuse(diag, "has a % that no two digits follow");
		strbuf_add_char(&value, (char)(high << 4 | low));
		i += 2;
	}
	*ret_value = strbuf_take(&value);
	return *ret_value ? 0 : -ENOMEM;
}

/* Only files: a pipe to a program, as some modules take it, is not for an argument. */
static int take_pin_source(const char *text, size_t len, char **ret_path, struct diag *diag)
{
	cleanup_free char *value = NULL;
	const char *path;
	int r;

	r = decode(text, len, &value, diag);
	if (r < 0)
		return r;
	path = str_starts(value, "file:") ? value + strlen("file:") : value;
	if (str_starts(path, "//"))
		path += 2;
	if (path[0] != '/')
		return refuse(diag, "has a pin-source that is no absolute path");
	*ret_path = strdup(path);
	return *ret_path ? 0 : -ENOMEM;
}

static int take_attribute(const char *text, size_t len, struct pkcs11_uri *uri, bool *is_ours,
			  struct diag *diag)
{
	const char *equals = memchr(text, '=', len);
	size_t name_len = equals ? (size_t)(equals - text) : 0, value_len = len - name_len - 1;
	char **target = NULL;

	if (name_len == 0)
		return refuse(diag, "has a part that is no name=value");
	*is_ours = true;
	if (name_len == 9 && memcmp(text, "pin-value", 9) == 0)
		return refuse(diag, "has a PIN in it, which every user of this machine can read: "
				    "name a file with pin-source, or leave it out and be asked");
	if (name_len == 11 && memcmp(text, "module-name", 11) == 0)
		return refuse(diag, "has a module-name; module-path is known here");
	if (name_len == 10 && memcmp(text, "pin-source", 10) == 0)
		return uri->pin_source
			       ? refuse(diag, "has two of pin-source")
			       : take_pin_source(equals + 1, value_len, &uri->pin_source, diag);
	if (name_len == 11 && memcmp(text, "module-path", 11) == 0)
		target = &uri->module;
	*is_ours = target;
	if (name_len == 5 && memcmp(text, "token", 5) == 0)
		target = &uri->token;
	if (!target)
		return 0;
	if (*target)
		return refuse(diag, "has a part twice");
	return decode(equals + 1, value_len, target, diag);
}

struct reader {
	const char *at;
	bool is_query;	/* behind the first `?` */
	bool has_query; /* one of its parts is in @object */
	struct strbuf object;
};

static void reader_done(struct reader *in)
{
	strbuf_done(&in->object);
}

static void keep_part(struct reader *in, size_t len)
{
	if (in->is_query)
		strbuf_add_char(&in->object, in->has_query ? '&' : '?');
	else if (in->object.len > strlen(SCHEME))
		strbuf_add_char(&in->object, ';');
	in->has_query = in->is_query;
	strbuf_add(&in->object, in->at, len);
}

/* Parts have `;` between them, those of the query `&`. */
static int take_part(struct reader *in, struct pkcs11_uri *uri, struct diag *diag)
{
	size_t len = strcspn(in->at, in->is_query ? "&" : ";?");
	bool is_ours = false;
	int r = 0;

	if (len > 0)
		r = take_attribute(in->at, len, uri, &is_ours, diag);
	if (r < 0)
		return r;
	if (len > 0 && !is_ours)
		keep_part(in, len);
	in->at += len;
	if (*in->at == '?')
		in->is_query = true;
	if (*in->at)
		in->at++;
	return 0;
}

int pkcs11_uri_parse(const char *text, struct pkcs11_uri *ret_uri, struct diag *diag)
{
	cleanup_pkcs11_uri struct pkcs11_uri uri = {0};
	cleanup_with(reader_done) struct reader in = {.object = STRBUF_INIT};

	if (!pkcs11_uri_is(text))
		return refuse(diag, "does not begin with " SCHEME);
	in.at = text + strlen(SCHEME);
	strbuf_add_str(&in.object, SCHEME);
	while (*in.at) {
		int r = take_part(&in, &uri, diag);

		if (r < 0)
			return r;
	}
	if (in.object.len == strlen(SCHEME))
		return refuse(diag, "names nothing: token= and object= or id= are wanted");
	uri.object = strbuf_take(&in.object);
	if (!uri.object)
		return -ENOMEM;
	*ret_uri = uri;
	uri = (struct pkcs11_uri){0};
	return 0;
}
