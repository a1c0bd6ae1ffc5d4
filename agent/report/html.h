/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text into HTML. Everything that did not come from this program's own source
 * goes through here, and nothing of it can become markup.
 *
 * What could deceive a reader is made visible: bytes outside UTF-8, control
 * characters, and the invisible characters that reorder text (a file called
 * "gpj.exe" must not read as "exe.jpg").
 */
#ifndef PLUMBLINE_REPORT_HTML_H
#define PLUMBLINE_REPORT_HTML_H

#include <stdint.h>
#include <stdio.h>

/*
 * Text content or a quoted attribute; NULL writes nothing. Paths and digests stay in one piece, so
 * that a search in the page's source finds them; the style sheet breaks them on narrow lines.
 */
void html_text(FILE *out, const char *text);

/* A raw path in its escaped form (base/str.h). -ENOMEM. */
int html_path(FILE *out, const char *raw);

/* "2026-11-21 19:34:52 UTC" in a <time> element; 0 writes "still lasting". */
void html_time(FILE *out, int64_t unix_ns);

/* <tag class="name">text</tag>; @name NULL leaves the attribute out. */
void html_element(FILE *out, const char *tag, const char *name, const char *text);

/* <tr><th scope="row">label</th><td>value</td></tr>; nothing when @value is NULL or "". */
void html_fact(FILE *out, const char *label, const char *value);

/* The same with the value in monospace, for digests and signatures. */
void html_code_fact(FILE *out, const char *label, const char *value);

/* A string of a style sheet, with the quotes. */
void html_css_string(FILE *out, const char *text);

#endif
