/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error text for a person who has to mend a file: what, where, and the line.
 *
 * Parsers take a `struct diag *` last and fill it when they return an error.
 * NULL is allowed and drops the text.
 */
#ifndef PLUMBLINE_BASE_DIAG_H
#define PLUMBLINE_BASE_DIAG_H

struct diag {
	char file[256]; /* as the user named it; "" when not from a file */
	unsigned line;	/* 1-based; 0 when unknown */
	char text[512];
};

/* Fills @diag (if not NULL) and returns @r, so that `return diag_set(d, f, n, -EINVAL, ...)` works.
 */
int diag_set(struct diag *diag, const char *file, unsigned line, int r, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* "file:line: text", "file: text" or "text" in a static-free caller buffer; returns @buf. */
const char *diag_format(const struct diag *diag, char *buf, unsigned long size);

#endif
