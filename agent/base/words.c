/* SPDX-License-Identifier: Apache-2.0 */
/* Lists kept as text. */
#include "base/words.h"

#include <ctype.h>
#include <string.h>

static bool ends_word(char c, enum words_separator separator)
{
	return separator == WORDS_COMMA ? c == ',' : isspace((unsigned char)c) != 0;
}

bool words_next(const char **cursor, enum words_separator separator, const char **ret_word,
		size_t *ret_len)
{
	const char *start = *cursor, *end;

	while (*start && (isspace((unsigned char)*start) || ends_word(*start, separator)))
		start++;
	end = start;
	while (*end && !ends_word(*end, separator))
		end++;
	*cursor = end;
	while (end > start && isspace((unsigned char)end[-1]))
		end--;
	if (end == start)
		return false;
	*ret_word = start;
	*ret_len = (size_t)(end - start);
	return true;
}

bool words_contain(const char *text, enum words_separator separator, const char *word)
{
	const char *cursor = text, *found;
	size_t len;

	while (text && words_next(&cursor, separator, &found, &len))
		if (strlen(word) == len && strncmp(found, word, len) == 0)
			return true;
	return false;
}

char *words_squash(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (!isspace((unsigned char)*from))
			*to++ = *from;
		else if (to > text && to[-1] != ' ')
			*to++ = ' ';
	}
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
	return text;
}
