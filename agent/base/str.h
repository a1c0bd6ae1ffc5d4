/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text helpers: hex, numbers, UTF-8, and the reversible escape of raw bytes.
 *
 * Paths are bytes, JSON is UTF-8. An escaped path keeps valid UTF-8 as it is,
 * writes a backslash as `\\`, and each control character or byte that is not
 * part of valid UTF-8 as `\xNN` (two lower-case hex digits). The same text is
 * used in baselines, records, pages and logs.
 */
#ifndef PLUMBLINE_BASE_STR_H
#define PLUMBLINE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

/* Length in bytes (1-4) of the valid UTF-8 sequence at @text, or 0. */
size_t utf8_length(const char *text, size_t len);
bool str_is_utf8(const char *text);

void str_escape(struct strbuf *sb, const char *raw, size_t len);
/* The same for text that may hold escapes already: a backslash stays as it is. */
void str_show(struct strbuf *sb, const char *text);
/* Whether @text is UTF-8 that a screen shows as it is: nothing of it would be escaped but a
 * backslash. */
bool str_is_shown(const char *text);
/* Appends the raw bytes to @sb; -EINVAL on an escape that str_escape() would not write. */
int str_unescape(struct strbuf *sb, const char *text, size_t len);

/* Appends @data in base64 (RFC 4648), padded, without line ends. */
void str_base64(struct strbuf *sb, const void *data, size_t len);

/* @text needs 2 * @len + 1 bytes. */
void hex_encode(const uint8_t *data, size_t len, char *text);
/* Exactly 2 * @len lower-case digits; else -EINVAL. */
int hex_decode(const char *text, size_t text_len, uint8_t *data, size_t len);

/* Whole-string decimal (or 0x / 0 prefixed with @base 0); -EINVAL, -ERANGE. */
int str_to_u64(const char *text, int base, uint64_t *ret_value);
int str_to_i64(const char *text, int base, int64_t *ret_value);

bool str_equal(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* Whether @word is one of the words of @list, which @separator parts. */
bool str_has_word(const char *list, const char *word, char separator);

/* Whether @path is @tree or below it; both absolute and without trailing slash ("/" allowed). */
bool path_is_below(const char *path, const char *tree);

/*
 * Removes "//", "/./", trailing slash and resolves ".." by text, in place. -EINVAL when @path is
 * not absolute.
 */
int path_normalize(char *path);

/* strlcpy: always terminates; returns false when cut. */
bool str_copy(char *to, size_t size, const char *from);

#endif
