/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small helpers of the probes: lines and words of a text that the caller owns
 * and allows to be cut up, and drop-in folders.
 */
#ifndef PLUMBLINE_CHECKS_TEXT_H
#define PLUMBLINE_CHECKS_TEXT_H

#include "checks/root.h"

/* The next line, NUL-terminated in place and trimmed; NULL at the end. *@cursor starts at the text
 * (NULL allowed). */
char *text_next_line(char **cursor);
/* The next word by white space, in place; NULL at the end. */
char *text_next_word(char **cursor);
/*
 * A backslash at the end of a line joins it to the next; lines that begin with one of @marks are
 * comments, which become blanks. In place. @text may be NULL.
 */
void text_join_lines(char *text, const char *marks);
/* ASCII lower case, in place; returns @text. */
char *text_lower(char *text);

/*
 * Calls @fn for each *@suffix file of the folders @dirs (NULL-ended, the strongest first), ordered
 * by file name; a name in a stronger folder hides the same name in a weaker one, as systemd and
 * modprobe do it.
 */
int dropin_each(const struct root *root, const char *const *dirs, const char *suffix,
		root_glob_fn fn, void *userdata);

#endif
