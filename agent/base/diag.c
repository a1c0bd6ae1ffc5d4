/* SPDX-License-Identifier: Apache-2.0 */
#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"

int diag_set(struct diag *diag, const char *file, unsigned line, int r, const char *format, ...)
{
	va_list args;

	if (!diag)
		return r;

	str_copy(diag->file, sizeof(diag->file), file ? file : "");
	diag->line = line;
	va_start(args, format);
	(void)vsnprintf(diag->text, sizeof(diag->text), format, args);
	va_end(args);
	return r;
}

const char *diag_format(const struct diag *diag, char *buf, unsigned long size)
{
	if (diag->file[0] && diag->line)
		(void)snprintf(buf, size, "%s:%u: %s", diag->file, diag->line, diag->text);
	else if (diag->file[0])
		(void)snprintf(buf, size, "%s: %s", diag->file, diag->text);
	else
		(void)snprintf(buf, size, "%s", diag->text);
	return buf;
}
