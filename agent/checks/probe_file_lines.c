/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of configuration files that begin with one of some words, as "WORD in FILE, line N". What
 * else stands on the line is not repeated: it may be a community string or a hash.
 */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

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
	/* The pattern, not the word: what a wildcard stands for may be secret. */
	shown = strcspn(pattern, "*?[");
	shown = shown < len ? shown : len;
	return probe_list_found(search->value, "such lines", "%.*s in %s, line %u",
				shown ? (int)shown : 4, shown ? pattern : "text", path, number);
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	unsigned number = 0;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
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
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[KEY_FILE], read_file, &search, value);
	if (r <= 0)
		return r;
	if (!search.files && params->values[KEY_WITHOUT])
		return probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
	return 0;
}

const struct probe_ops probe_file_lines = {"file_lines", keys, PROBE_GIVES_LIST, run};
