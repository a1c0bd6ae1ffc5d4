/* SPDX-License-Identifier: Apache-2.0 */
/* Lines, words and drop-in folders. */
#include "checks/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#define MAX_DROPINS 512

char *text_next_line(char **cursor)
{
	char *line = *cursor, *end;

	if (!line || !*line)
		return NULL;
	end = line + strcspn(line, "\n");
	*cursor = *end ? end + 1 : end;
	*end = '\0';
	while (isspace((unsigned char)*line))
		line++;
	while (end > line && isspace((unsigned char)end[-1]))
		*--end = '\0';
	return line;
}

char *text_next_word(char **cursor)
{
	char *word = *cursor;

	if (!word)
		return NULL;
	while (isspace((unsigned char)*word))
		word++;
	if (!*word)
		return NULL;
	*cursor = word;
	while (**cursor && !isspace((unsigned char)**cursor))
		(*cursor)++;
	if (**cursor)
		*(*cursor)++ = '\0';
	return word;
}

/* A comment neither goes on in the next line nor ends what a backslash joins. */
static void blank_comments(char *text, const char *marks)
{
	bool is_joined = false;

	for (char *line = text, *end; line && *line; line = *end ? end + 1 : end) {
		end = line + strcspn(line, "\n");
		line += strspn(line, " \t");
		if (line == end || !strchr(marks, *line))
			is_joined = end > line && end[-1] == '\\';
		else
			memset(line, ' ', (size_t)(end - line) + (is_joined && *end));
	}
}

void text_join_lines(char *text, const char *marks)
{
	blank_comments(text, marks);
	for (char *p = text; p && (p = strstr(p, "\\\n")); p += 2)
		p[0] = p[1] = ' ';
}

char *text_lower(char *text)
{
	for (char *p = text; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return text;
}

struct dropins {
	char *paths[MAX_DROPINS];
	size_t count;
};

static void dropins_done(struct dropins *dropins)
{
	for (size_t i = 0; i < dropins->count; i++)
		free(dropins->paths[i]);
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') + 1;
}

static int collect(const char *path, void *userdata)
{
	struct dropins *dropins = userdata;

	for (size_t i = 0; i < dropins->count; i++)
		if (strcmp(base_name(dropins->paths[i]), base_name(path)) == 0)
			return 0;
	if (dropins->count == MAX_DROPINS)
		return -E2BIG;
	dropins->paths[dropins->count] = strdup(path);
	if (!dropins->paths[dropins->count])
		return -ENOMEM;
	dropins->count++;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(base_name(*(char *const *)a), base_name(*(char *const *)b));
}

int dropin_each(const struct root *root, const char *const *dirs, const char *suffix,
		root_glob_fn fn, void *userdata)
{
	cleanup_with(dropins_done) struct dropins dropins = {0};
	int r = 0;

	for (; *dirs; dirs++) {
		char pattern[256];

		snprintf(pattern, sizeof(pattern), "%s/*%s", *dirs, suffix);
		r = root_glob(root, pattern, collect, &dropins);
		if (r < 0)
			return r;
	}
	qsort(dropins.paths, dropins.count, sizeof(dropins.paths[0]), compare_names);
	for (size_t i = 0; i < dropins.count && r >= 0; i++) {
		char target[16];

		/* A link to /dev/null is the usual way to hide a file of a weaker folder. */
		if (root_read_link(root, dropins.paths[i], target, sizeof(target)) == 0 &&
		    strcmp(target, "/dev/null") == 0)
			continue;
		r = fn(dropins.paths[i], userdata);
	}
	return r;
}
