/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effective settings of sshd: the first setting wins, Include is followed where it stands. Settings
 * in Match blocks hold for some logins only; they are judged besides the global one unless
 * the check allows them.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define CONFIG	     "/etc/ssh/sshd_config"
#define MAX_INCLUDES 16 /* levels, as sshd */
#define MAX_FILES    256

enum {
	KEY_OPTION,
	KEY_TYPE,
	KEY_DEFAULT,
	KEY_MATCH
};

static const struct probe_key keys[] = {
	[KEY_OPTION] = {"option", PROBE_KEY_WORDS,
			true}, /* several: the first that is set counts */
	/* word: one value; list: comma list with + - ^; time: 10m becomes seconds */
	[KEY_TYPE] = {"type", PROBE_KEY_CHOICE, true, "word list time"},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* what sshd uses when nothing is set */
	[KEY_MATCH] = {"match_blocks", PROBE_KEY_CHOICE, false, "judged allowed"},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	bool in_match;
	unsigned depth, files;
};

static int read_config(const char *path, void *userdata);

/* "1h30m" in seconds; false when it is no time. */
static bool parse_time(const char *text, uint64_t *ret_seconds)
{
	uint64_t total = 0;

	if (!*text)
		return false;
	while (*text) {
		size_t digits = strspn(text, "0123456789");
		uint64_t number = 0;

		if (!digits || digits > 9)
			return false;
		for (size_t i = 0; i < digits; i++)
			number = number * 10 + (uint64_t)(text[i] - '0');
		text += digits;
		switch (*text) {
		case 'w':
		case 'W':
			number *= 7 * 86400;
			break;
		case 'd':
		case 'D':
			number *= 86400;
			break;
		case 'h':
		case 'H':
			number *= 3600;
			break;
		case 'm':
		case 'M':
			number *= 60;
			break;
		case 's':
		case 'S':
		case '\0':
			break;
		default:
			return false;
		}
		text += *text != '\0';
		total += number;
	}
	*ret_seconds = total;
	return true;
}

static bool is_in_list(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',')
		if (strcspn(p, ",") == len && strncmp(p, word, len) == 0)
			return true;
	return false;
}

/* Each word of the comma list @words that is not in @except (NULL: none) becomes an item. */
static void add_words(struct probe_value *value, const char *words, const char *except)
{
	cleanup_free char *copy = strdup(words);
	char *rest = copy, *word;

	if (!copy) {
		value->text.failed = true;
		return;
	}
	while ((word = strsep(&rest, ", \n")))
		if (*word && (!except || !is_in_list(except, word)))
			probe_list_add(value, word);
}

/* "+x" adds to the built-in list, "-x" takes away, "^x" puts in front, else it replaces. */
static void take_list(const struct search *search, const char *text)
{
	const char *builtin = search->params->values[KEY_DEFAULT];
	bool is_change = strchr("+-^", *text) && *text;

	probe_list_add(search->value, NULL);
	if (is_change && builtin)
		add_words(search->value, builtin, *text == '-' ? text + 1 : NULL);
	if (!is_change || *text != '-')
		add_words(search->value, is_change ? text + 1 : text, NULL);
}

static void take(struct search *search, char *text, const char *path)
{
	const char *type = search->params->values[KEY_TYPE];
	struct probe_value *value = search->value;
	char number[24];
	uint64_t seconds;

	if (str_equal(type, "time") && parse_time(text, &seconds)) {
		snprintf(number, sizeof(number), "%llu", (unsigned long long)seconds);
		text = number;
	}
	if (strcasecmp(text, "yes") == 0 || strcasecmp(text, "no") == 0)
		text_lower(text);
	if (search->in_match) {
		if (str_equal(search->params->values[KEY_MATCH], "allowed"))
			return;
		strbuf_add_str(&value->others, text);
		strbuf_add_char(&value->others, '\n');
	} else if (value->kind == PROBE_ABSENT) {
		if (str_equal(type, "list"))
			take_list(search, text);
		else
			(void)probe_text(value, text);
		probe_set_where(value, path);
	}
}

/* Patterns without a leading slash lie in /etc/ssh. */
static int include(struct search *search, char *patterns)
{
	bool in_match = search->in_match;
	char *word;
	int r = 0;

	if (search->depth >= MAX_INCLUDES) {
		(void)probe_error(search->value, "Include is nested too deep");
		return -ELOOP;
	}
	search->depth++;
	while (r >= 0 && (word = text_next_word(&patterns))) {
		char path[512];

		snprintf(path, sizeof(path), "%s%s", *word == '/' ? "" : "/etc/ssh/", word);
		r = root_glob(search->root, path, read_config, search);
		/* A Match block ends with the file that it began in. */
		search->in_match = in_match;
	}
	search->depth--;
	return r;
}

/* `Keyword value`, `Keyword=value`, quotes around the value. */
static char *split_line(char *line)
{
	char *value = line + strcspn(line, " \t=");
	size_t len;

	if (!*value)
		return value;
	*value++ = '\0';
	value += strspn(value, " \t=");
	words_squash(value);
	len = strlen(value);
	if (len >= 2 && *value == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		value++;
	}
	return value;
}

static int take_line(struct search *search, char *line, const char *path)
{
	const char *cursor = search->params->values[KEY_OPTION], *word;
	char *value = split_line(line);
	size_t len;

	text_lower(line);
	if (str_equal(line, "include"))
		return include(search, value);
	if (str_equal(line, "match")) {
		search->in_match = strcasecmp(value, "all") != 0;
		return 0;
	}
	while (words_next(&cursor, WORDS_SPACE, &word, &len))
		if (strlen(line) == len && strncmp(line, word, len) == 0)
			take(search, value, path);
	return 0;
}

static int read_config(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r;

	/* A file may include many that include many: depth alone does not bound it. */
	if (++search->files > MAX_FILES) {
		(void)probe_error(search->value, "more than %d files are included", MAX_FILES);
		return -E2BIG;
	}
	r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);
	/* A link that leads nowhere: sshd passes over it too. */
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor)))
		if (*line && *line != '#')
			r = take_line(search, line, path);
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	const char *builtin = params->values[KEY_DEFAULT];
	int r = 0;

	if (root_exists(root, CONFIG))
		r = read_config(CONFIG, &search);
	else if (!root_exists(root, "/usr/sbin/sshd"))
		return probe_not_applicable(value, "no SSH server is installed");
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS ? probe_unreadable(value, CONFIG, r) : 0;
	if (value->kind != PROBE_ABSENT)
		return 0;
	if (!builtin)
		return probe_absent(value, "not set");
	probe_set_where(value, "built-in default");
	if (!str_equal(params->values[KEY_TYPE], "list"))
		return probe_text(value, builtin);
	take_list(&search, builtin);
	return 0;
}

const struct probe_ops probe_sshd = {"sshd", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
