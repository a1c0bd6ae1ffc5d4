/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

static void before_value(struct json *j)
{
	if (j->need_comma[j->depth])
		strbuf_add_char(j->out, ',');
	j->need_comma[j->depth] = true;
}

static void begin(struct json *j, char open)
{
	before_value(j);
	strbuf_add_char(j->out, open);
	if (j->depth + 1 >= ARRAY_SIZE(j->need_comma)) {
		j->out->failed = true; /* a programming error: no shape of ours is that deep */
		return;
	}
	j->need_comma[++j->depth] = false;
}

static void end(struct json *j, char close)
{
	if (j->depth == 0) {
		j->out->failed = true;
		return;
	}
	j->depth--;
	strbuf_add_char(j->out, close);
}

void json_begin_object(struct json *j)
{
	begin(j, '{');
}

void json_end_object(struct json *j)
{
	end(j, '}');
}

void json_begin_array(struct json *j)
{
	begin(j, '[');
}

void json_end_array(struct json *j)
{
	end(j, ']');
}

void json_quote(struct strbuf *sb, const char *text, size_t len)
{
	strbuf_add_char(sb, '"');
	for (size_t i = 0; i < len;) {
		size_t run = i, n;
		unsigned char c;

		while (run < len && (unsigned char)text[run] >= 0x20 &&
		       (unsigned char)text[run] < 0x7f && text[run] != '"' && text[run] != '\\')
			run++;
		strbuf_add(sb, text + i, run - i);
		i = run;
		if (i == len)
			break;

		c = (unsigned char)text[i];
		n = utf8_length(text + i, len - i);
		if (c == '"' || c == '\\')
			strbuf_printf(sb, "\\%c", c);
		else if (c == '\n')
			strbuf_add_str(sb, "\\n");
		else if (c == '\t')
			strbuf_add_str(sb, "\\t");
		else if (n == 1)
			strbuf_printf(sb, "\\u%04x", c);
		else if (n > 1)
			strbuf_add(sb, text + i, n);
		else
			strbuf_add_str(sb, "\xef\xbf\xbd");
		i += n ? n : 1;
	}
	strbuf_add_char(sb, '"');
}

void json_key(struct json *j, const char *key)
{
	before_value(j);
	json_quote(j->out, key, strlen(key));
	strbuf_add_char(j->out, ':');
	j->need_comma[j->depth] = false; /* the value follows the colon */
}

void json_string(struct json *j, const char *text)
{
	if (!text) {
		json_null(j);
		return;
	}
	before_value(j);
	json_quote(j->out, text, strlen(text));
}

void json_path(struct json *j, const char *raw)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT;

	if (!raw) {
		json_null(j);
		return;
	}
	str_escape(&escaped, raw, strlen(raw));
	if (strbuf_check(&escaped) < 0) {
		j->out->failed = true;
		return;
	}
	json_string(j, escaped.data ? escaped.data : "");
}

void json_u64(struct json *j, uint64_t value)
{
	before_value(j);
	strbuf_printf(j->out, "%" PRIu64, value);
}

void json_tenths(struct json *j, unsigned value)
{
	before_value(j);
	strbuf_printf(j->out, "%u.%u", value / 10, value % 10);
}

void json_i64(struct json *j, int64_t value)
{
	before_value(j);
	strbuf_printf(j->out, "%" PRId64, value);
}

void json_bool(struct json *j, bool value)
{
	before_value(j);
	strbuf_add_str(j->out, value ? "true" : "false");
}

void json_null(struct json *j)
{
	before_value(j);
	strbuf_add_str(j->out, "null");
}

void json_hex(struct json *j, const uint8_t *data, size_t len)
{
	before_value(j);
	strbuf_add_char(j->out, '"');
	for (size_t i = 0; i < len; i++)
		strbuf_printf(j->out, "%02x", data[i]);
	strbuf_add_char(j->out, '"');
}

void json_time(struct json *j, int64_t unix_ns)
{
	char text[RFC3339_SIZE];

	if (unix_ns == 0)
		json_null(j);
	else
		json_string(j, clock_format(unix_ns, text));
}

void json_put_string(struct json *j, const char *key, const char *text)
{
	json_key(j, key);
	json_string(j, text);
}

void json_put_path(struct json *j, const char *key, const char *raw)
{
	json_key(j, key);
	json_path(j, raw);
}

void json_put_u64(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_u64(j, value);
}

void json_put_i64(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	json_i64(j, value);
}

void json_put_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_bool(j, value);
}

void json_put_time(struct json *j, const char *key, int64_t unix_ns)
{
	json_key(j, key);
	json_time(j, unix_ns);
}
