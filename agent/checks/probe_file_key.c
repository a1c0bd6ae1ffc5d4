/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The value of a key in configuration files of lines: `KEY value` (login.defs), `key = value`
 * (faillock.conf) or that within sections (journald.conf). The last setting wins.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

enum {
	KEY_FILE,
	KEY_DROPINS,
	KEY_KEY,
	KEY_SECTION,
	KEY_SEPARATOR,
	KEY_DEFAULT,
	KEY_MATCH,
	KEY_NUMBERS
};

static const struct probe_key keys[] = {
	[KEY_FILE] = {"file", PROBE_KEY_PATHS, true}, /* read in this order; wildcards allowed */
	[KEY_DROPINS] = {"dropins", PROBE_KEY_PATHS}, /* folders, the strongest first; read last */
	[KEY_KEY] = {"key", PROBE_KEY_TEXT, true},
	[KEY_SECTION] = {"section", PROBE_KEY_TEXT},
	[KEY_SEPARATOR] = {"separator", PROBE_KEY_CHOICE, true, "blank equals"},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* what the program uses when nothing is set */
	[KEY_MATCH] = {"match", PROBE_KEY_CHOICE, false, "exact any_case"},
	/* 010 is eight and 0x10 sixteen, as login.defs has them. */
	[KEY_NUMBERS] = {"numbers", PROBE_KEY_CHOICE, false, "decimal c"},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
};

static bool is_key(const struct search *search, const char *key)
{
	const char *wanted = search->params->values[KEY_KEY];

	return str_equal(search->params->values[KEY_MATCH], "any_case")
		       ? strcasecmp(key, wanted) == 0
		       : strcmp(key, wanted) == 0;
}

/* One layer of quotes, as shells and systemd allow it. */
static char *unquote(char *text)
{
	size_t len = strlen(text);

	if (len < 2 || (*text != '"' && *text != '\'') || text[len - 1] != *text)
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

/* login.defs: double quotes and blanks around a value are no part of it, other quotes are. */
static char *strip_double_quotes(char *text)
{
	size_t len;

	text += strspn(text, " \"");
	for (len = strlen(text); len > 0 && strchr(" \"", text[len - 1]); len--)
		text[len - 1] = '\0';
	return text;
}

/* What C reads otherwise than it looks; the rest is left to the comparison. */
static void take_number(struct search *search, const char *text)
{
	char number[32], *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 0);
	if (*text != '0' || !text[1]) {
		(void)probe_text(search->value, text);
	} else if (errno || *end) {
		(void)probe_error(search->value, "'%s' is no number", text);
	} else {
		snprintf(number, sizeof(number), "%ld", value);
		(void)probe_text(search->value, number);
	}
}

static void take_line(struct search *search, char *line, const char *path)
{
	bool by_equals = str_equal(search->params->values[KEY_SEPARATOR], "equals");
	char *value = line + strcspn(line, by_equals ? "=" : " \t"), set[] = "set";

	if (*value)
		*value++ = '\0';
	if (!is_key(search, words_squash(line)))
		return;
	words_squash(value);
	/* A key that stands alone is a switch. */
	value = !*value ? set : by_equals ? unquote(value) : strip_double_quotes(value);
	if (str_equal(search->params->values[KEY_NUMBERS], "c"))
		take_number(search, value);
	else
		(void)probe_text(search->value, value);
	probe_set_where(search->value, path);
}

static int search_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	const char *section = search->params->values[KEY_SECTION];
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	bool is_inside = !section;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor))) {
		if (!*line || *line == '#' || *line == ';')
			continue;
		if (section && *line == '[') {
			line[strcspn(line, "]")] = '\0';
			is_inside = strcmp(line + 1, section) == 0;
		} else if (is_inside) {
			take_line(search, line, path);
		}
	}
	return 0;
}

static int search_dropins(struct search *search)
{
	const char *folders = search->params->values[KEY_DROPINS];
	cleanup_free char *copy = folders ? strdup(folders) : NULL;
	const char *dirs[8] = {NULL};
	char *rest = copy, *dir;
	size_t count = 0;

	if (folders && !copy)
		return -ENOMEM;
	while ((dir = text_next_word(&rest)) && count + 1 < ARRAY_SIZE(dirs))
		dirs[count++] = dir;
	return dropin_each(search->root, dirs, ".conf", search_file, search);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, params, value};
	int r = probe_glob(root, params->values[KEY_FILE], search_file, &search, value);

	if (r > 0)
		r = probe_end(value, params->values[KEY_DROPINS], search_dropins(&search));
	if (r <= 0 || value->kind != PROBE_ABSENT)
		return r < 0 ? r : 0;
	return probe_builtin(value, params->values[KEY_DEFAULT]);
}

const struct probe_ops probe_file_key = {"file_key", keys, PROBE_GIVES_TEXT, run};
