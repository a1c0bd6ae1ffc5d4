/* SPDX-License-Identifier: Apache-2.0 */
#include "base/strbuf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

void strbuf_done(struct strbuf *sb)
{
	free(sb->data);
	*sb = STRBUF_INIT;
}

void strbuf_clear(struct strbuf *sb)
{
	sb->len = 0;
	sb->failed = false;
	if (sb->data)
		sb->data[0] = '\0';
}

/* Room for @more bytes and the NUL. */
static bool grow(struct strbuf *sb, size_t more)
{
	size_t room = sb->room ? sb->room : 64;
	char *data;

	if (sb->failed)
		return false;
	if (more >= SIZE_MAX / 2 - sb->len) {
		sb->failed = true;
		return false;
	}
	while (room < sb->len + more + 1)
		room *= 2;
	if (room == sb->room)
		return true;

	data = realloc(sb->data, room);
	if (!data) {
		sb->failed = true;
		return false;
	}
	sb->data = data;
	sb->room = room;
	return true;
}

void strbuf_add(struct strbuf *sb, const void *data, size_t len)
{
	if (!grow(sb, len))
		return;
	if (len)
		memcpy(sb->data + sb->len, data, len);
	sb->len += len;
	sb->data[sb->len] = '\0';
}

void strbuf_add_str(struct strbuf *sb, const char *text)
{
	strbuf_add(sb, text, strlen(text));
}

void strbuf_add_char(struct strbuf *sb, char c)
{
	strbuf_add(sb, &c, 1);
}

void strbuf_printf(struct strbuf *sb, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0) {
		sb->failed = true;
		return;
	}
	if (!grow(sb, (size_t)len))
		return;

	va_start(args, format);
	(void)vsnprintf(sb->data + sb->len, (size_t)len + 1, format, args);
	va_end(args);
	sb->len += (size_t)len;
}

int strbuf_check(const struct strbuf *sb)
{
	return sb->failed ? -ENOMEM : 0;
}

char *strbuf_take(struct strbuf *sb)
{
	char *text;

	strbuf_add(sb, "", 0);
	if (sb->failed) {
		strbuf_done(sb);
		return NULL;
	}
	text = TAKE_PTR(sb->data);
	*sb = STRBUF_INIT;
	return text;
}
