/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/json_scan.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

void json_scan_init(struct json_scan *scan, int (*get)(void *userdata), void *userdata)
{
	*scan = (struct json_scan){.get = get, .userdata = userdata, .held = -1};
}

void json_scan_done(struct json_scan *scan)
{
	strbuf_done(&scan->text);
}

static int refuse(struct json_scan *scan, const char *problem)
{
	scan->problem = problem;
	return -EBADMSG;
}

static int get(struct json_scan *scan)
{
	int c = scan->held;

	if (c < 0)
		return scan->get(scan->userdata);
	scan->held = -1;
	return c;
}

static int get_after_space(struct json_scan *scan)
{
	int c;

	do {
		c = get(scan);
	} while (c == ' ' || c == '\t' || c == '\n' || c == '\r');
	return c;
}

/* A text that is too long is read to its end all the same. */
static void keep(struct json_scan *scan, const char *bytes, size_t len)
{
	if (scan->is_cut || scan->text.len + len > JSON_SCAN_TEXT_MAX)
		scan->is_cut = true;
	else
		strbuf_add(&scan->text, bytes, len);
}

/* Four hex digits, or -1. */
static int take_unit(struct json_scan *scan)
{
	int unit = 0;

	for (int i = 0; i < 4; i++) {
		int c = get(scan);
		int digit = c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;

		if (c < 0 || digit < 0 || digit > 15 || (c > '9' && digit < 10))
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

static void keep_code_point(struct json_scan *scan, uint32_t c)
{
	char utf8[4];
	size_t n = 0;

	if (c < 0x80) {
		utf8[n++] = (char)c;
	} else if (c < 0x800) {
		utf8[n++] = (char)(0xc0 | c >> 6);
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		utf8[n++] = (char)(0xe0 | c >> 12);
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	} else {
		utf8[n++] = (char)(0xf0 | c >> 18);
		utf8[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		utf8[n++] = (char)(0x80 | (c >> 6 & 0x3f));
		utf8[n++] = (char)(0x80 | (c & 0x3f));
	}
	keep(scan, utf8, n);
}

/* Behind "\u". Half of a pair of surrogates stands for no character. */
static int take_unicode(struct json_scan *scan)
{
	int first = take_unit(scan), second;

	if (first < 0 || (first & 0xfc00) == 0xdc00)
		return refuse(scan, "a \\u escape that stands for nothing");
	if ((first & 0xfc00) != 0xd800) {
		keep_code_point(scan, (uint32_t)first);
		return 0;
	}
	second = get(scan) == '\\' ? get(scan) : -1;
	if (second == 'u')
		second = take_unit(scan);
	if (second < 0 || (second & 0xfc00) != 0xdc00)
		return refuse(scan, "half of a pair of \\u escapes");
	keep_code_point(scan, 0x10000 + (((uint32_t)first & 0x3ff) << 10 | (second & 0x3ff)));
	return 0;
}

static int take_escape(struct json_scan *scan)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	int c = get(scan);
	const char *at = c > 0 ? strchr(letters, c) : NULL;

	if (c == 'u')
		return take_unicode(scan);
	if (!at)
		return refuse(scan, "an escape that JSON does not know");
	keep(scan, &bytes[at - letters], 1);
	return 0;
}

/* A character outside ASCII that begins with @c. */
static int take_utf8(struct json_scan *scan, int c)
{
	char bytes[4] = {(char)c};
	size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;

	for (size_t i = 1; i < n; i++) {
		c = get(scan);
		if (c < 0)
			return refuse(scan, "the document ends within a text");
		if ((c & 0xc0) != 0x80)
			break;
		bytes[i] = (char)c;
	}
	if (utf8_length(bytes, n) != n)
		return refuse(scan, "a text is not UTF-8");
	keep(scan, bytes, n);
	return 0;
}

static int take_string(struct json_scan *scan)
{
	int c, r = 0;

	strbuf_clear(&scan->text);
	scan->is_cut = false;
	while (r == 0 && (c = get(scan)) != '"') {
		char byte = (char)c;

		if (c < 0)
			return refuse(scan, "the document ends within a text");
		if (c < 0x20)
			return refuse(scan, "a control character in a text");
		if (c == '\\')
			r = take_escape(scan);
		else if (c >= 0x80)
			r = take_utf8(scan, c);
		else
			keep(scan, &byte, 1);
	}
	if (r < 0)
		return r;
	strbuf_add(&scan->text, "", 0);
	return strbuf_check(&scan->text);
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Digits from @c on, at least one; gives what follows them, or -2. */
static int take_digits(struct json_scan *scan, int c)
{
	if (!is_digit(c))
		return -2;
	while (is_digit(c))
		c = get(scan);
	return c;
}

static int take_number(struct json_scan *scan, int c)
{
	if (c == '-')
		c = get(scan);
	c = c == '0' ? get(scan) : take_digits(scan, c);
	if (c == '.')
		c = take_digits(scan, get(scan));
	if (c == 'e' || c == 'E') {
		c = get(scan);
		c = take_digits(scan, c == '+' || c == '-' ? get(scan) : c);
	}
	if (c == -2)
		return refuse(scan, "a number that JSON does not know");
	scan->held = c;
	return 0;
}

static int take_word(struct json_scan *scan, int c)
{
	const char *word = c == 't' ? "true" : c == 'f' ? "false" : c == 'n' ? "null" : NULL;

	if (!word)
		return refuse(scan, "no JSON");
	while (*++word)
		if (get(scan) != *word)
			return refuse(scan, "no JSON");
	return 0;
}

static bool in_object(const struct json_scan *scan)
{
	return scan->depth > 0 && scan->objects >> (scan->depth - 1) & 1;
}

static int open_level(struct json_scan *scan, bool is_object)
{
	if (scan->depth == JSON_SCAN_DEPTH)
		return refuse(scan, "it is nested too deeply");
	scan->objects &= ~(UINT64_C(1) << scan->depth);
	scan->objects |= (uint64_t)is_object << scan->depth;
	scan->depth++;
	scan->want = JSON_SCAN_WANT_FIRST;
	return 0;
}

static int take_value(struct json_scan *scan, int c, enum json_token *ret_token)
{
	scan->want = JSON_SCAN_WANT_NEXT;
	if (c == '{' || c == '[') {
		*ret_token = c == '{' ? JSON_SCAN_OBJECT : JSON_SCAN_ARRAY;
		return open_level(scan, c == '{');
	}
	*ret_token = c == '"' ? JSON_SCAN_STRING : JSON_SCAN_OTHER;
	if (c == '"')
		return take_string(scan);
	if (c == '-' || is_digit(c))
		return take_number(scan, c);
	return c < 0 ? refuse(scan, "the document ends too early") : take_word(scan, c);
}

static int take_key(struct json_scan *scan, int c, enum json_token *ret_token)
{
	if (c != '"')
		return refuse(scan, c < 0 ? "the document ends too early" : "a key is missing");
	*ret_token = JSON_SCAN_KEY;
	scan->want = JSON_SCAN_WANT_COLON;
	return take_string(scan);
}

int json_scan_next(struct json_scan *scan, enum json_token *ret_token)
{
	int c = get_after_space(scan);

	if (scan->want == JSON_SCAN_WANT_COLON) {
		if (c != ':')
			return refuse(scan, "a colon is missing");
		return take_value(scan, get_after_space(scan), ret_token);
	}
	if (scan->want == JSON_SCAN_WANT_VALUE)
		return take_value(scan, c, ret_token);
	if (scan->depth == 0) {
		*ret_token = JSON_SCAN_END;
		return c < 0 ? 0 : refuse(scan, "something follows the document");
	}
	if (c == (in_object(scan) ? '}' : ']')) {
		*ret_token = in_object(scan) ? JSON_SCAN_OBJECT_END : JSON_SCAN_ARRAY_END;
		scan->depth--;
		scan->want = JSON_SCAN_WANT_NEXT;
		return 0;
	}
	if (scan->want == JSON_SCAN_WANT_NEXT) {
		if (c != ',')
			return refuse(scan, c < 0 ? "the document ends too early"
						  : "a comma or closing bracket is missing");
		c = get_after_space(scan);
	}
	return in_object(scan) ? take_key(scan, c, ret_token) : take_value(scan, c, ret_token);
}

int json_scan_skip(struct json_scan *scan, enum json_token token)
{
	unsigned outer = scan->depth - 1;
	int r = 0;

	if (token != JSON_SCAN_OBJECT && token != JSON_SCAN_ARRAY)
		return 0;
	while (r == 0 && scan->depth > outer)
		r = json_scan_next(scan, &token);
	return r;
}
