/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as a stream of tokens, for documents that are too large to be held.
 *
 * Strict RFC 8259 in UTF-8. It keeps one text at a time and one bit for each
 * level, so memory does not grow with the document. What the tokens mean, and
 * whether a key stands twice, is for the caller.
 */
#ifndef PLUMBLINE_BASELINE_JSON_SCAN_H
#define PLUMBLINE_BASELINE_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

#define JSON_SCAN_DEPTH	   64
#define JSON_SCAN_TEXT_MAX ((size_t)65536)

enum json_token {
	JSON_SCAN_END, /* of the document, once */
	JSON_SCAN_OBJECT,
	JSON_SCAN_OBJECT_END,
	JSON_SCAN_ARRAY,
	JSON_SCAN_ARRAY_END,
	JSON_SCAN_KEY,
	JSON_SCAN_STRING,
	JSON_SCAN_OTHER, /* a number, true, false or null */
};

struct json_scan {
	int (*get)(void *userdata); /* the next byte, or -1 */
	void *userdata;
	struct strbuf text;  /* of a key or string, without escapes; may hold a NUL */
	bool is_cut;	     /* it was longer than JSON_SCAN_TEXT_MAX */
	const char *problem; /* why the last call failed */

	/* private */
	uint64_t objects; /* bit per level: an object, else an array */
	unsigned depth;
	int held; /* byte that was read ahead, or -1 */
	enum {
		JSON_SCAN_WANT_VALUE,
		JSON_SCAN_WANT_FIRST, /* behind an opening bracket */
		JSON_SCAN_WANT_NEXT,  /* a comma, a closing bracket, or the end */
		JSON_SCAN_WANT_COLON,
	} want;
};

void json_scan_init(struct json_scan *scan, int (*get)(void *userdata), void *userdata);
void json_scan_done(struct json_scan *scan);

/* 0, -EBADMSG with problem set, or -ENOMEM. No call after a failure or the end. */
int json_scan_next(struct json_scan *scan, enum json_token *ret_token);

/* Reads over the rest of the value that began with @token. */
int json_scan_skip(struct json_scan *scan, enum json_token token);

#endif
