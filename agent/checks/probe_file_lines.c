/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of configuration files that begin with one of some words, as "WORD in FILE, line N". What
 * else stands on the line is not repeated: it may be a community string or a hash.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_FOUND 64

enum {
	KEY_FILE,
	KEY_BEGINS,
	KEY_LINE,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_FILE] = {"file", PROBE_KEY_PATHS, true},	  /* wildcards allowed */
	[KEY_BEGINS] = {"begins", PROBE_KEY_WORDS, true}, /* first word; wildcards allowed */
	[KEY_LINE] = {"line", PROBE_KEY_WORDS}, /* patterns of the whole line; `?` for a blank */
	/* Why the check means nothing where none of the files is there. */
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	unsigned files;
};

/* The pattern of the list that @text matches, with its length; NULL: none. */
static const char *find_pattern(const char *patterns, const char *text, size_t *ret_len)
{
	const char *cursor = patterns, *word;

	while (words_next(&cursor, WORDS_SPACE, &word, ret_len)) {
		char pattern[128];

		snprintf(pattern, sizeof(pattern), "%.*s", (int)*ret_len, word);
		if (fnmatch(pattern, text, FNM_CASEFOLD) == 0)
			return word;
	}
	return NULL;
}

static int take_line(struct search *search, char *line, const char *path, unsigned number)
{
	cleanup_strbuf struct strbuf item = STRBUF_INIT;
	cleanup_free char *whole = strdup(line);
	const char *lines = search->params->values[KEY_LINE], *pattern;
	char *rest = line, *word = text_next_word(&rest);
	size_t len, shown;

	if (!whole)
		return -ENOMEM;
	if (!word || *word == '#' || *word == ';')
		return 0;
	pattern = find_pattern(search->params->values[KEY_BEGINS], word, &len);
	if (!pattern || (lines && !find_pattern(lines, words_squash(whole), &shown)))
		return 0;
	if (search->value->count == MAX_FOUND) {
		(void)probe_error(search->value, "more than %d such lines", MAX_FOUND);
		return -E2BIG;
	}
	/* The pattern, not the word: what a wildcard stands for may be secret. */
	shown = strcspn(pattern, "*?[");
	shown = shown < len ? shown : len;
	strbuf_printf(&item, "%.*s in %s, line %u", shown ? (int)shown : 4,
		      shown ? pattern : "text", path, number);
	if (strbuf_check(&item) < 0)
		return -ENOMEM;
	probe_list_add(search->value, item.data);
	return 0;
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	unsigned number = 0;
	char *cursor, *line;
	int r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	search->files++;
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor)))
		r = take_line(search, line, path, ++number);
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params, value, 0};
	const char *cursor = params->values[KEY_FILE], *word;
	size_t len;
	int r = 0;

	probe_list_add(value, NULL);
	while (r >= 0 && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *pattern = strndup(word, len);

		if (!pattern)
			return -ENOMEM;
		r = root_glob(root, pattern, read_file, &search);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS
			       ? probe_unreadable(value, params->values[KEY_FILE], r)
			       : 0;
	if (!search.files && params->values[KEY_WITHOUT])
		return probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
	return 0;
}

const struct probe_ops probe_file_lines = {"file_lines", keys, PROBE_GIVES_LIST, run};
