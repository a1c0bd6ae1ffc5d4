/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of sha256sum(1) in both of its forms, and of `openssl dgst`:
 *
 *	HEX  NAME            HEX *NAME            SHA256 (NAME) = HEX
 *
 * A backslash in front of a line says that \\, \n and \r within the name are
 * escapes. Such a list states path and digest alone.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "baseline/list.h"

#define UNSTATED FILE_FIELDS_UNSTATED
#define HEX_LEN	 ((size_t)2 * SHA256_SIZE)

static int unescape(const char *text, size_t len, struct strbuf *name)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] != '\\') {
			strbuf_add_char(name, text[i]);
			continue;
		}
		i++;
		if (i == len || !strchr("\\nr", text[i]))
			return -EINVAL;
		strbuf_add_char(name, text[i] == 'n' ? '\n' : text[i] == 'r' ? '\r' : '\\');
	}
	return 0;
}

struct parts {
	const char *name, *hex;
	size_t name_len, hex_len;
	bool is_other; /* a digest of another kind */
};

/* "ALGORITHM (NAME) = HEX"; openssl leaves out both blanks around the name's brackets. */
static bool split_tagged(const char *line, size_t len, struct parts *ret)
{
	const char *open = memchr(line, '(', len), *close = memrchr(line, ')', len);
	size_t algorithm;

	if (!open || !close || close < open || open == line)
		return false;
	algorithm = (size_t)(open - line) - (open[-1] == ' ');
	for (size_t i = 0; i < algorithm; i++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/",
			    line[i]))
			return false;
	ret->is_other = !(algorithm == 6 && memcmp(line, "SHA256", 6) == 0) &&
			!(algorithm == 8 && memcmp(line, "SHA2-256", 8) == 0);
	ret->name = open + 1;
	ret->name_len = (size_t)(close - open) - 1;
	ret->hex = close + 1;
	if (*ret->hex == ' ')
		ret->hex++;
	if (ret->hex[0] != '=' || ret->hex[1] != ' ')
		return false;
	ret->hex += 2;
	ret->hex_len = (size_t)(line + len - ret->hex);
	return true;
}

static bool split_plain(const char *line, size_t len, struct parts *ret)
{
	if (len < HEX_LEN + 2 || line[HEX_LEN] != ' ' ||
	    (line[HEX_LEN + 1] != ' ' && line[HEX_LEN + 1] != '*'))
		return false;
	*ret = (struct parts){.hex = line,
			      .hex_len = HEX_LEN,
			      .name = line + HEX_LEN + 2,
			      .name_len = len - HEX_LEN - 2};
	return true;
}

static int take_line(struct list *list, const char *line, size_t len)
{
	cleanup_file_fact struct file_fact entry = {.type = FILE_TYPE_REGULAR,
						    .unstated = UNSTATED};
	cleanup_strbuf struct strbuf name = STRBUF_INIT;
	bool is_escaped = line[0] == '\\';
	struct parts parts = {0};
	int r = 0;

	if (!split_plain(line + is_escaped, len - is_escaped, &parts) &&
	    !split_tagged(line + is_escaped, len - is_escaped, &parts))
		return list_refuse(list, "no line of a sha256sum list");
	if (is_escaped)
		r = unescape(parts.name, parts.name_len, &name);
	else
		strbuf_add(&name, parts.name, parts.name_len);
	if (r < 0)
		return list_refuse(list, "an escape in the name that sha256sum does not write");
	strbuf_add(&name, "", 0);
	if (strbuf_check(&name) < 0)
		return -ENOMEM;
	if (strcmp(name.data, "-") == 0)
		return list_leave_out(list, "-", "standard input, not a file");
	r = list_make_path(list, name.data, name.len, &entry.path);
	if (r < 0)
		return r;
	if (parts.is_other)
		return list_leave_out(list, name.data, "another digest than SHA-256");
	if (list_take_digest(parts.hex, parts.hex_len, &entry) < 0)
		return list_refuse(list, "the digest is not one of SHA-256: 64 hex digits");
	return list_give_entry(list, &entry, true);
}

int list_read_sha256sum(struct list *list)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	bool is_first = true;
	int r;

	while ((r = list_read_line(list, &line)) > 0) {
		const char *text = line.data;
		size_t len = line.len;

		if (is_first && str_starts(text, "\xef\xbb\xbf")) { /* a mark of some editors */
			text += 3;
			len -= 3;
		}
		is_first = false;
		if (len == 0 || text[0] == '#')
			continue;
		r = take_line(list, text, len);
		if (r < 0)
			return r;
	}
	return r;
}
