/* SPDX-License-Identifier: Apache-2.0 */
#include "report/csv.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

static void write_text(const char *text, FILE *out)
{
	size_t left = strlen(text);

	while (left > 0) {
		size_t len = utf8_length(text, left);
		unsigned char c = (unsigned char)*text;

		if (len == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			fputs("\xef\xbf\xbd", out);
		else if (c == '"')
			fputs("\"\"", out);
		else
			fwrite(text, 1, len, out);
		len = len ? len : 1;
		text += len;
		left -= len;
	}
}

/* Blanks before it do not help: some programs cut them off before they look. */
static bool is_formula(const char *text)
{
	size_t blanks = strspn(text, " \t\r\n");

	return (blanks && text[0] != ' ') || (text[blanks] && strchr("=+-@", text[blanks]));
}

void csv_cell(FILE *out, const char *text)
{
	if (!text)
		return;
	putc('"', out);
	if (is_formula(text))
		putc('\'', out);
	write_text(text, out);
	putc('"', out);
}
