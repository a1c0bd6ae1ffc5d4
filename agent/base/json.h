/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON writer into a strbuf: commas, nesting and escaping; no white space.
 *
 * It writes, it never reads (jansson reads, behind wire/codec). Strings must be
 * UTF-8; bytes that are not become U+FFFD, so paths go through json_path(),
 * which applies str_escape() first and is reversible.
 */
#ifndef PLUMBLINE_BASE_JSON_H
#define PLUMBLINE_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/strbuf.h"

struct json {
	struct strbuf *out;
	unsigned depth;
	bool need_comma[16];
};

#define JSON_INIT(sb) ((struct json){.out = (sb)})

void json_begin_object(struct json *j);
void json_end_object(struct json *j);
void json_begin_array(struct json *j);
void json_end_array(struct json *j);
void json_key(struct json *j, const char *key);

/*
 * jansson has two functions of these names. Under their own, ours would stand in for them wherever
 * the dynamic linker looks a name up in the program first, so the linker knows them by others. A
 * NULL text writes null.
 */
void json_string(struct json *j, const char *text) __asm__("plumbline_json_string");
void json_null(struct json *j) __asm__("plumbline_json_null");

void json_path(struct json *j, const char *raw); /* NULL writes null */
void json_u64(struct json *j, uint64_t value);
void json_i64(struct json *j, int64_t value);
void json_tenths(struct json *j, unsigned value); /* 7 writes 0.7 */
void json_bool(struct json *j, bool value);
void json_hex(struct json *j, const uint8_t *data, size_t len);
void json_time(struct json *j, int64_t unix_ns); /* RFC 3339 in UTC with ms; 0 writes null */

/* "key": value in one call. */
void json_put_string(struct json *j, const char *key, const char *text);
void json_put_path(struct json *j, const char *key, const char *raw);
void json_put_u64(struct json *j, const char *key, uint64_t value);
void json_put_i64(struct json *j, const char *key, int64_t value);
void json_put_bool(struct json *j, const char *key, bool value);
void json_put_time(struct json *j, const char *key, int64_t unix_ns);

/* Only the quoted and escaped string, for callers that build JSON text themselves. */
void json_quote(struct strbuf *sb, const char *text, size_t len);

#endif
