/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

static bool is_continuation(unsigned char c)
{
	return (c & 0xc0) == 0x80;
}

/* Follows RFC 3629: no over-long forms, no surrogates, nothing above U+10FFFF. */
size_t utf8_length(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	if (len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		return len >= 2 && is_continuation(p[1]) ? 2 : 0;
	if (p[0] >= 0xe0 && p[0] <= 0xef) {
		if (len < 3 || !is_continuation(p[1]) || !is_continuation(p[2]))
			return 0;
		if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0))
			return 0;
		return 3;
	}
	if (p[0] >= 0xf0 && p[0] <= 0xf4) {
		if (len < 4 || !is_continuation(p[1]) || !is_continuation(p[2]) ||
		    !is_continuation(p[3]))
			return 0;
		if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90))
			return 0;
		return 4;
	}
	return 0;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

/*
 * Characters that act instead of being shown: C1 controls, which terminals obey in UTF-8 too, line
 * separators, and marks that turn the direction of reading, so that a name looks like another.
 */
static bool is_acting(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;

	if (n == 2)
		return (p[0] == 0xc2 && p[1] < 0xa0) || (p[0] == 0xd8 && p[1] == 0x9c);
	if (n != 3 || p[0] != 0xe2)
		return false;
	return (p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xa8 && p[2] <= 0xae))) ||
	       (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}

static void escape(struct strbuf *sb, const char *raw, size_t len, const char *backslash)
{
	for (size_t i = 0; i < len;) {
		size_t run = i, n;

		while (run < len && is_plain((unsigned char)raw[run]))
			run++;
		strbuf_add(sb, raw + i, run - i);
		i = run;
		if (i == len)
			break;

		if (raw[i] == '\\') {
			strbuf_add_str(sb, backslash);
			i++;
			continue;
		}
		n = utf8_length(raw + i, len - i);
		if (n > 1 && !is_acting(raw + i, n)) {
			strbuf_add(sb, raw + i, n);
			i += n;
			continue;
		}
		strbuf_printf(sb, "\\x%02x", (unsigned char)raw[i]);
		i++;
	}
}

void str_escape(struct strbuf *sb, const char *raw, size_t len)
{
	escape(sb, raw, len, "\\\\");
}

void str_show(struct strbuf *sb, const char *text)
{
	escape(sb, text, strlen(text), "\\");
}

bool str_is_utf8(const char *text)
{
	for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
		n = utf8_length(text, len);
		if (n == 0)
			return false;
	}
	return true;
}

bool str_is_shown(const char *text)
{
	for (size_t n, len = strlen(text); len > 0; text += n, len -= n) {
		n = utf8_length(text, len);
		if (n == 0 || is_acting(text, n) ||
		    (n == 1 && *text != '\\' && !is_plain((unsigned char)*text)))
			return false;
	}
	return true;
}

int str_unescape(struct strbuf *sb, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint8_t byte;

		if (text[i] != '\\') {
			strbuf_add_char(sb, text[i]);
			continue;
		}
		if (i + 1 < len && text[i + 1] == '\\') {
			strbuf_add_char(sb, '\\');
			i++;
			continue;
		}
		if (i + 3 >= len || text[i + 1] != 'x' || hex_decode(text + i + 2, 2, &byte, 1) < 0)
			return -EINVAL;
		strbuf_add(sb, &byte, 1);
		i += 3;
	}
	return strbuf_check(sb);
}

void str_base64(struct strbuf *sb, const void *data, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i < 3 ? len - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (left > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			group |= bytes[i + 2];
		for (size_t n = 0; n < 4; n++)
			strbuf_add_char(sb, n <= left ? digits[group >> (18 - 6 * n) & 0x3f] : '=');
	}
}

void hex_encode(const uint8_t *data, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*text++ = digits[data[i] >> 4];
		*text++ = digits[data[i] & 15];
	}
	*text = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

int hex_decode(const char *text, size_t text_len, uint8_t *data, size_t len)
{
	if (text_len != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		data[i] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

int str_to_u64(const char *text, int base, uint64_t *ret_value)
{
	unsigned long long value;
	char *end;

	/* strtoull would take spaces and a sign */
	if (!((text[0] >= '0' && text[0] <= '9') ||
	      (base == 16 && hex_digit((char)(text[0] | 0x20)) >= 0)))
		return -EINVAL;
	errno = 0;
	value = strtoull(text, &end, base);
	if (errno)
		return -errno;
	if (*end)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int str_to_i64(const char *text, int base, int64_t *ret_value)
{
	bool is_negative = text[0] == '-';
	uint64_t value;
	int r;

	r = str_to_u64(text + is_negative, base, &value);
	if (r < 0)
		return r;
	if (value > (uint64_t)INT64_MAX + is_negative)
		return -ERANGE;
	*ret_value = is_negative ? (int64_t)-value : (int64_t)value;
	return 0;
}

bool str_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len && memcmp(text + len - suffix_len, suffix, suffix_len) == 0;
}

bool str_has_word(const char *list, const char *word, char separator)
{
	size_t len = strlen(word);

	for (const char *at = list, *end; at; at = end ? end + 1 : NULL) {
		end = strchr(at, separator);
		if (strncmp(at, word, len) == 0 && (at[len] == separator || at[len] == '\0'))
			return true;
	}
	return false;
}

bool path_is_below(const char *path, const char *tree)
{
	size_t len = strlen(tree);

	if (len == 1 && tree[0] == '/')
		return path[0] == '/';
	return strncmp(path, tree, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

int path_normalize(char *path)
{
	char *out = path, *in = path;

	if (path[0] != '/')
		return -EINVAL;

	while (*in) {
		size_t len;

		while (*in == '/')
			in++;
		len = strcspn(in, "/");
		if (len == 0)
			break;
		if (len == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
		} else if (!(len == 1 && in[0] == '.')) {
			*out++ = '/';
			memmove(out, in, len);
			out += len;
		}
		in += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
	return 0;
}

bool str_copy(char *to, size_t size, const char *from)
{
	size_t len = strlen(from), kept = len < size ? len : size - 1;

	memcpy(to, from, kept);
	to[kept] = '\0';
	return kept == len;
}
