/* SPDX-License-Identifier: Apache-2.0 */
/* Text into HTML; see html.h. */
#include "report/html.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/strbuf.h"

static uint32_t code_point(const char *text, size_t len)
{
	static const unsigned char lead_mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t value = (unsigned char)text[0] & lead_mask[len];

	for (size_t i = 1; i < len; i++)
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	return value;
}

/* Characters without a shape of their own that change how their neighbours are read. */
static bool is_deceptive(uint32_t c)
{
	return c == 0x00ad || c == 0x061c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
	       (c >= 0x80 && c <= 0x9f) || (c >= 0xe0000 && c <= 0xe007f);
}

/* Writes one character and returns how many bytes it was. */
static size_t put_character(FILE *out, const char *text, size_t left)
{
	size_t len = utf8_length(text, left);
	unsigned char c = (unsigned char)*text;

	if (len == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f) {
		fputs("\xef\xbf\xbd", out);
		return 1;
	}
	if (len > 1 && is_deceptive(code_point(text, len))) {
		fprintf(out, "[U+%04X]", code_point(text, len));
		return len;
	}
	switch (c) {
	case '&':
		fputs("&amp;", out);
		break;
	case '<':
		fputs("&lt;", out);
		break;
	case '>':
		fputs("&gt;", out);
		break;
	case '"':
		fputs("&quot;", out);
		break;
	case '\'':
		fputs("&#39;", out);
		break;
	default:
		fwrite(text, 1, len, out);
	}
	return len;
}

void html_text(FILE *out, const char *text)
{
	size_t left = text ? strlen(text) : 0;

	while (left > 0) {
		size_t len = put_character(out, text, left);

		text += len;
		left -= len;
	}
}

int html_path(FILE *out, const char *raw)
{
	cleanup_strbuf struct strbuf escaped = STRBUF_INIT;

	if (!raw)
		return 0;
	str_escape(&escaped, raw, strlen(raw));
	if (strbuf_check(&escaped) < 0)
		return -ENOMEM;
	html_text(out, escaped.data);
	return 0;
}

void html_time(FILE *out, int64_t unix_ns)
{
	char buf[RFC3339_SIZE];

	if (unix_ns == 0) {
		fputs("still lasting", out);
		return;
	}
	clock_format(unix_ns, buf);
	fprintf(out, "<time datetime=\"%s\"><span>%.10s</span> <span>%.8s UTC</span></time>", buf,
		buf, buf + 11);
}

void html_element(FILE *out, const char *tag, const char *name, const char *text)
{
	if (name)
		fprintf(out, "<%s class=\"%s\">", tag, name);
	else
		fprintf(out, "<%s>", tag);
	html_text(out, text);
	fprintf(out, "</%s>", tag);
}

void html_fact(FILE *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, label);
	fputs("</th><td>", out);
	html_text(out, value);
	fputs("</td></tr>\n", out);
}

void html_code_fact(FILE *out, const char *label, const char *value)
{
	if (!value || !*value)
		return;
	fputs("<tr><th scope=\"row\">", out);
	html_text(out, label);
	fputs("</th><td><code>", out);
	html_text(out, value);
	fputs("</code></td></tr>\n", out);
}

void html_css_string(FILE *out, const char *text)
{
	size_t left = text ? strlen(text) : 0;

	putc('"', out);
	while (left > 0) {
		size_t len = utf8_length(text, left);
		uint32_t c = len ? code_point(text, len) : 0xfffd;

		len = len ? len : 1;
		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    c == ' ')
			putc((int)c, out);
		else
			/* the blank ends the escape and is no part of the text */
			fprintf(out, "\\%x ", is_deceptive(c) || c < 0x20 ? 0xfffd : c);
		text += len;
		left -= len;
	}
	putc('"', out);
}
