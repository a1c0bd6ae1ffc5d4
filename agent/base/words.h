/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists kept as text: "CM-3 SI-7" by white space, "SR 3.4, SR 3.4 RE 1" by comma.
 *
 * Walks and tidies them in place of arrays; it knows nothing of what the words mean.
 */
#ifndef PLUMBLINE_BASE_WORDS_H
#define PLUMBLINE_BASE_WORDS_H

#include <stdbool.h>
#include <stddef.h>

enum words_separator {
	WORDS_SPACE, /* words end at white space */
	WORDS_COMMA, /* words end at a comma and may hold inner spaces */
};

/*
 * Steps to the next word of @text: *@cursor starts at @text and is moved past the word. Returns
 * false at the end; else *@ret_word points into the text and has @ret_len bytes, trimmed, not
 * empty.
 */
bool words_next(const char **cursor, enum words_separator separator, const char **ret_word,
		size_t *ret_len);

/* Whether @word (a whole word) is one of @text. @text NULL holds none. */
bool words_contain(const char *text, enum words_separator separator, const char *word);

/* Each run of white space becomes one blank; none at the ends. In place; returns @text. */
char *words_squash(char *text);

#endif
