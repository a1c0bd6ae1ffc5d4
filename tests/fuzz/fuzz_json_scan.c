/* SPDX-License-Identifier: Apache-2.0 */
/* The stream of tokens beside a parser that holds the whole document: both take the same texts, and
 * see as many values and the same keys and strings. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "baseline/json_scan.h"
#include "fuzz/fuzz.h"

struct bytes {
	const uint8_t *at, *end;
};

static int get_byte(void *userdata)
{
	struct bytes *bytes = userdata;

	return bytes->at < bytes->end ? *bytes->at++ : -1;
}

struct sum {
	size_t values, keys, text; /* bytes of keys and strings */
};

static void add_up(const json_t *value, struct sum *sum)
{
	const char *key;
	json_t *member;
	size_t i;

	sum->values++;
	if (json_is_string(value))
		sum->text += json_string_length(value);
	json_array_foreach(value, i, member)
	{
		add_up(member, sum);
	}
	json_object_foreach((json_t *)value, key, member)
	{
		sum->keys++;
		sum->text += strlen(key);
		add_up(member, sum);
	}
}

/* 0 at the end of a good document. */
static int scan_all(const uint8_t *data, size_t size, struct sum *sum, const char **ret_problem)
{
	struct bytes bytes = {data, data + size};
	enum json_token token;
	struct json_scan scan;
	int r;

	json_scan_init(&scan, get_byte, &bytes);
	while ((r = json_scan_next(&scan, &token)) == 0 && token != JSON_SCAN_END) {
		if (scan.depth > JSON_SCAN_DEPTH || scan.text.len > JSON_SCAN_TEXT_MAX)
			abort();
		sum->values += token == JSON_SCAN_OBJECT || token == JSON_SCAN_ARRAY ||
			       token == JSON_SCAN_STRING || token == JSON_SCAN_OTHER;
		sum->keys += token == JSON_SCAN_KEY;
		if (token == JSON_SCAN_KEY || token == JSON_SCAN_STRING)
			sum->text += scan.text.len;
	}
	*ret_problem = scan.problem;
	json_scan_done(&scan);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sum scanned = {0}, parsed = {0};
	const char *problem;
	json_error_t error;
	json_t *root;
	int r;

	if (size > JSON_SCAN_TEXT_MAX)
		return 0;
	r = scan_all(data, size, &scanned, &problem);
	root = json_loadb((const char *)data, size,
			  JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL |
				  JSON_REJECT_DUPLICATES,
			  &error);
	if (r == 0 && !root) {
		/* It alone has numbers, and keys that are C strings. */
		enum json_error_code code = json_error_code(&error);

		if (code != json_error_numeric_overflow && code != json_error_duplicate_key &&
		    code != json_error_null_byte_in_key)
			abort();
	} else if (r == 0) {
		add_up(root, &parsed);
		if (parsed.values != scanned.values || parsed.keys != scanned.keys ||
		    parsed.text != scanned.text)
			abort();
	} else if (root && strcmp(problem, "it is nested too deeply") != 0 &&
		   !memchr(data, '\0', size)) { /* it reads over a NUL behind a number */
		abort();
	}
	json_decref(root);
	return 0;
}
