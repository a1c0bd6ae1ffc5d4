/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value that start files of shells give a variable: `TMOUT=900`, also behind readonly, export
 * or declare. Read as text: the last assignment counts, whatever condition it stands under, and
 * nothing is run.
 */
#include <string.h>

#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_FILE,
	KEY_NAME
};

static const struct probe_key keys[] = {
	[KEY_FILE] = {"file", PROBE_KEY_PATHS, true}, /* read in this order; wildcards allowed */
	[KEY_NAME] = {"name", PROBE_KEY_TEXT, true},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
};

static void take_word(struct search *search, char *word, const char *path)
{
	const char *name = search->params->values[KEY_NAME];
	size_t len = strlen(name);

	if (strncmp(word, name, len) != 0 || word[len] != '=')
		return;
	word += len + 1;
	word += strspn(word, "\"'");
	word[strcspn(word, "\"';#&|")] = '\0';
	(void)probe_text(search->value, word);
	probe_set_where(search->value, path);
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line, *word;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		while ((word = text_next_word(&line)) && *word != '#')
			take_word(search, word, path);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params, value};
	int r;

	(void)probe_absent(value, "not set");
	r = probe_glob(root, params->values[KEY_FILE], read_file, &search, value);
	return r < 0 ? r : 0;
}

const struct probe_ops probe_shell_variable = {"shell_variable", keys, PROBE_GIVES_TEXT, run};
