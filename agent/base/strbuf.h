/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Growing byte string. An allocation failure is remembered: later appends do
 * nothing and strbuf_finish() returns -ENOMEM, so callers check once.
 */
#ifndef PLUMBLINE_BASE_STRBUF_H
#define PLUMBLINE_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct strbuf {
	char *data; /* NUL-terminated when not NULL */
	size_t len;
	size_t room;
	bool failed;
};

#define STRBUF_INIT ((struct strbuf){0})

void strbuf_done(struct strbuf *sb);
void strbuf_clear(struct strbuf *sb); /* keeps the memory */
void strbuf_add(struct strbuf *sb, const void *data, size_t len);
void strbuf_add_str(struct strbuf *sb, const char *text);
void strbuf_add_char(struct strbuf *sb, char c);
void strbuf_printf(struct strbuf *sb, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 0, or -ENOMEM when any append failed. */
int strbuf_check(const struct strbuf *sb);
/* Moves the text out (free() it) and empties @sb; NULL when an append failed. "" when nothing was
 * added. */
char *strbuf_take(struct strbuf *sb);

#define cleanup_strbuf cleanup_with(strbuf_done)

#endif
