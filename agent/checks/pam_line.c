/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/pam_line.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

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

/* "1", "done", "die"; whatever else goes on with the next line. */
static uint64_t next_of(const char *action)
{
	unsigned long lines = strtoul(action, NULL, 10);

	if (strcasecmp(action, "done") == 0 || strcasecmp(action, "die") == 0 || lines > 63)
		return 0;
	return UINT64_C(1) << lines;
}

static bool may_say(const char *module, const char *value)
{
	bool is_success = strcasecmp(value, "success") == 0;

	if (str_equal(module, "pam_permit"))
		return is_success;
	return !str_equal(module, "pam_deny") || (!is_success && strcasecmp(value, "ignore") != 0);
}

uint64_t pam_control_next(char *control, const char *module)
{
	bool is_permit = str_equal(module, "pam_permit"), has_success = false;
	uint64_t next = 0, by_default = 1;
	char *word;

	if (strcasecmp(control, "sufficient") == 0)
		return !is_permit;
	if (strcasecmp(control, "requisite") == 0)
		return !str_equal(module, "pam_deny");
	while ((word = pam_word_next(&control))) {
		char *action = strchr(word, '=');

		if (!action)
			return 1;
		*action++ = '\0';
		if (strcasecmp(word, "default") == 0) {
			by_default = next_of(action);
		} else if (may_say(module, word)) {
			has_success = has_success || strcasecmp(word, "success") == 0;
			next |= next_of(action);
		}
	}
	/* What is not named goes the way of the default. */
	return is_permit && has_success ? next : next | by_default;
}
