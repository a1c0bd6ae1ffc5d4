/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/pam_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define BLANKS " \t"

int pam_line_next(char **cursor, char **ret_line)
{
	char *next = *cursor, *start = next, *out = next;
	bool goes_on = false;

	while (next && *next) {
		char *part = next + strspn(next, BLANKS), *end = next + strcspn(next, "\n");
		size_t len = (size_t)(end - part);
		char *mark;

		next = *end ? end + 1 : end;
		/* Such a line neither ends nor changes what a backslash has left open. */
		if (!len || *part == '#')
			continue;
		mark = memchr(part, '#', len);
		end = mark ? mark : end;
		while (end > part && strchr(BLANKS, end[-1]))
			end--;
		/* After a comment nothing goes on. */
		goes_on = !mark && end > part && end[-1] == '\\';
		if (goes_on)
			end[-1] = ' ';
		memmove(out, part, (size_t)(end - part));
		out += end - part;
		if (goes_on)
			continue;
		*out = '\0';
		*cursor = next;
		*ret_line = start;
		return 1;
	}
	*cursor = next;
	return goes_on ? -EBADMSG : 0;
}

/* What stands up to the `]` that no backslash covers. */
static char *take_bracketed(char *word, char **rest)
{
	char *out = word, *from = word;

	for (; *from && *from != ']'; from++) {
		if (*from == '\\' && from[1] == ']')
			from++;
		*out++ = *from;
	}
	if (!*from)
		return NULL;
	*rest = from + 1;
	*out = '\0';
	return word;
}

char *pam_word_next(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS), *end;

	if (!*word)
		return NULL;
	if (*word == '[')
		return take_bracketed(word + 1, rest);
	end = word + strcspn(word, BLANKS);
	*rest = *end ? end + 1 : end;
	*end = '\0';
	return word;
}
