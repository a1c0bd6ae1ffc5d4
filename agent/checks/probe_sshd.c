/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Effective settings of sshd, as its first pass and its pass for a login find them: the first
 * setting wins, Include is followed where it stands, and what stands under a Match that a login
 * meets comes before all that stands under none. The value is that of a login which meets no
 * condition; those that some logins get are judged besides it unless the check allows them.
 *
 * Conditions are not weighed against each other: a block that no login can meet counts. What the
 * command line of sshd sets (-o) is not seen.
 */
#include <errno.h>
#include <fnmatch.h>
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
	/* word: as it stands; choice: in lower case; words: each by itself; list: comma list with
	   + - ^; time: 10m becomes seconds */
	[KEY_TYPE] = {"type", PROBE_KEY_CHOICE, true, "word choice words list time"},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT}, /* what sshd uses when nothing is set */
	[KEY_MATCH] = {"match_blocks", PROBE_KEY_CHOICE, false, "judged allowed"},
	{NULL},
};

/* Under which Match a line stands. */
enum scope {
	SCOPE_GLOBAL, /* under none */
	SCOPE_ALWAYS, /* under "Match all" */
	SCOPE_SOME,   /* under a condition */
};

/* Where in a file the reader is. */
struct level {
	enum scope scope, file_scope; /* of the line, and of the Include that brought its file */
	bool has_match;		      /* in this file */
	bool is_taken;	     /* a line of this block set the value, so that a later one does not */
	bool is_taken_above; /* a line before the first Match of this file did, or one outside */
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	struct level level;
	bool is_for_all; /* @value is of SCOPE_ALWAYS: no later block has an effect */
	unsigned depth, files;
};

struct paths {
	struct probe_value *value; /* borrowed: gets the reason when there are too many */
	char *list[MAX_FILES];
	size_t count;
};

static int read_config(const char *path, struct search *search);

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

/* The next word of a value as sshd splits it, in place: blanks or quotes around, \ before a quote,
 * a backslash or a blank. NULL at the end or at a comment. */
static char *next_word(char **cursor)
{
	char *in = *cursor + strspn(*cursor, " \t"), *word = in, *out = in, quote = '\0';

	if (!*in || *in == '#')
		return NULL;
	for (; *in && (quote || (*in != ' ' && *in != '\t')); in++) {
		if (*in == '\\' && in[1] && (strchr("'\"\\", in[1]) || (!quote && in[1] == ' ')))
			*out++ = *++in;
		else if (quote ? *in == quote : *in == '"' || *in == '\'')
			quote = quote ? '\0' : *in;
		else
			*out++ = *in;
	}
	*cursor = *in ? in + 1 : in;
	*out = '\0';
	return word;
}

/* `Keyword value`, `Keyword=value`, `"Keyword" value`: ends the keyword at *@line, which may move
 * past a quote, and returns where the value starts. */
static char *split_keyword(char **line)
{
	bool is_quoted = **line == '"';
	char *end, *value;

	*line += is_quoted;
	end = *line + strcspn(*line, is_quoted ? "\"" : " \t=");
	value = end + (*end != '\0');
	if (*end != '=') {
		value += strspn(value, " \t");
		value += *value == '=';
	}
	*end = '\0';
	return value + strspn(value, " \t");
}

/* Whether @word is in the list @list, of patterns or of plain words. */
static bool is_in_list(const char *list, const char *word, bool has_patterns)
{
	char item[128];

	for (const char *p = list + strspn(list, ", \n"); *p; p += strspn(p, ", \n")) {
		size_t len = strcspn(p, ", \n");

		snprintf(item, sizeof(item), "%.*s", (int)len, p);
		if (has_patterns ? fnmatch(item, word, FNM_NOESCAPE) == 0 : str_equal(item, word))
			return true;
		p += len;
	}
	return false;
}

/* Each word of the comma list @words that is not in @except (NULL: none) becomes an item. */
static void add_words(struct probe_value *value, const char *words, const char *except,
		      bool has_patterns)
{
	cleanup_free char *copy = strdup(words);
	char *rest = copy, *word;

	if (!copy) {
		value->text.failed = true;
		return;
	}
	while ((word = strsep(&rest, ", \n")))
		if (*word && (!except || !is_in_list(except, word, has_patterns)))
			probe_list_add(value, word);
}

/* "+x" adds to the built-in list, "-x" takes what it matches away, "^x" puts in front, else it
 * replaces. No word comes twice. */
static void take_list(const struct search *search, const char *text)
{
	const char *given = search->params->values[KEY_DEFAULT], *builtin = given ? given : "";
	struct probe_value *value = search->value;

	probe_list_add(value, NULL);
	switch (*text) {
	case '+':
		add_words(value, builtin, NULL, false);
		add_words(value, text + 1, builtin, false);
		break;
	case '-':
		add_words(value, builtin, text + 1, true);
		break;
	case '^':
		add_words(value, text + 1, NULL, false);
		add_words(value, builtin, text + 1, false);
		break;
	default:
		add_words(value, text, NULL, false);
	}
}

static void take_value(struct search *search, const char *text, const char *path)
{
	const char *type = search->params->values[KEY_TYPE], *word;
	struct probe_value *value = search->value;
	size_t len;

	strbuf_clear(&value->text);
	value->count = 0;
	probe_set_where(value, path);
	if (str_equal(type, "list")) {
		take_list(search, text);
	} else if (str_equal(type, "words")) {
		probe_list_add(value, NULL);
		while (words_next(&text, WORDS_SPACE, &word, &len)) {
			cleanup_free char *item = strndup(word, len);

			if (item)
				probe_list_add(value, item);
			else
				value->text.failed = true;
		}
	} else {
		(void)probe_text(value, text);
	}
}

/* Writes @text to @out as sshd understands it. */
static int normalize(const char *type, const char *text, struct strbuf *out)
{
	static const char *const any_case[] = {"yes", "no", "none"};
	bool is_lower = str_equal(type, "choice");
	uint64_t seconds;

	if (str_equal(type, "time") && parse_time(text, &seconds)) {
		strbuf_printf(out, "%llu", (unsigned long long)seconds);
		return strbuf_check(out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(any_case); i++)
		is_lower = is_lower || strcasecmp(text, any_case[i]) == 0;
	strbuf_add_str(out, text);
	if (strbuf_check(out) == 0 && is_lower && out->data)
		text_lower(out->data);
	return strbuf_check(out);
}

static int take(struct search *search, const char *text, const char *path)
{
	const char *type = search->params->values[KEY_TYPE];
	cleanup_strbuf struct strbuf normal = STRBUF_INIT;
	struct probe_value *value = search->value;
	enum scope scope = search->level.scope;
	int r = normalize(type, text, &normal);

	if (r < 0)
		return r;
	text = normal.data ? normal.data : "";
	/* Lists of algorithms hold before it is known who logs in. */
	if (str_equal(type, "list")) {
		if (scope == SCOPE_SOME) {
			(void)probe_error(
				value, "%s sets a list in a Match block, so sshd refuses to start",
				path);
			return -EINVAL;
		}
		scope = SCOPE_GLOBAL;
	}
	if (scope == SCOPE_GLOBAL && value->kind == PROBE_ABSENT)
		take_value(search, text, path);
	if (scope == SCOPE_GLOBAL || search->is_for_all || search->level.is_taken)
		return 0;
	if (scope == SCOPE_ALWAYS) {
		search->is_for_all = true;
		take_value(search, text, path);
		return 0;
	}
	search->level.is_taken = true;
	search->level.is_taken_above = search->level.is_taken_above || !search->level.has_match;
	if (!str_equal(search->params->values[KEY_MATCH], "allowed")) {
		strbuf_add_str(&value->others, text);
		strbuf_add_char(&value->others, '\n');
	}
	return 0;
}

static int too_many(struct probe_value *value)
{
	(void)probe_error(value, "more than %d files are included", MAX_FILES);
	return -E2BIG;
}

static int collect(const char *path, void *userdata)
{
	struct paths *paths = userdata;

	if (paths->count == MAX_FILES)
		return too_many(paths->value);
	paths->list[paths->count] = strdup(path);
	if (!paths->list[paths->count])
		return -ENOMEM;
	paths->count++;
	return 0;
}

static void paths_done(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->list[i]);
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Patterns without a leading slash lie in /etc/ssh. */
static int include_pattern(struct search *search, const char *pattern)
{
	struct level outer = search->level;
	cleanup_with(paths_done) struct paths paths = {.value = search->value};
	char path[512];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s%s", *pattern == '/' ? "" : "/etc/ssh/",
			     pattern) >= sizeof(path))
		return -ENAMETOOLONG;
	/* Not probe_glob(): a quoted path may hold blanks. */
	r = root_glob(search->root, path, collect, &paths);
	if (r < 0) {
		(void)probe_end(search->value, path, r);
		return r;
	}
	/* sshd orders whole paths, not folder by folder. */
	qsort(paths.list, paths.count, sizeof(paths.list[0]), compare_paths);
	for (size_t i = 0; r >= 0 && i < paths.count; i++) {
		search->level = (struct level){
			.scope = outer.scope,
			.file_scope = outer.scope,
			.is_taken = outer.is_taken,
			.is_taken_above = outer.is_taken,
		};
		r = read_config(paths.list[i], search);
		/* A Match block ends with the file that it began in. */
		outer.is_taken = search->level.is_taken_above;
		search->level = outer;
	}
	return r;
}

static int include(struct search *search, char *patterns)
{
	char *word;
	int r = 0;

	if (search->depth >= MAX_INCLUDES) {
		(void)probe_error(search->value, "Include is nested too deep");
		return -ELOOP;
	}
	search->depth++;
	while (r >= 0 && (word = next_word(&patterns)))
		r = include_pattern(search, word);
	search->depth--;
	return r;
}

static void begin_match(struct level *level, char *conditions)
{
	const char *first = next_word(&conditions);

	level->scope = level->file_scope == SCOPE_SOME || !first || strcasecmp(first, "all") != 0
			       ? SCOPE_SOME
			       : SCOPE_ALWAYS;
	level->has_match = true;
	level->is_taken = level->is_taken_above;
}

static bool is_wanted(const struct search *search, const char *keyword)
{
	return words_contain(search->params->values[KEY_OPTION], WORDS_SPACE, keyword);
}

static int take_line(struct search *search, char *line, const char *path)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *value = split_keyword(&line), *word;

	text_lower(line);
	if (str_equal(line, "include"))
		return include(search, value);
	if (str_equal(line, "match"))
		begin_match(&search->level, value);
	if (!is_wanted(search, line))
		return 0;
	while ((word = next_word(&value))) {
		if (text.len)
			strbuf_add_char(&text, ' ');
		strbuf_add_str(&text, word);
	}
	return text.len || text.failed ? take(search, text.data ? text.data : "", path) : 0;
}

static int read_config(const char *path, struct search *search)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct stat st;
	char *cursor, *line;
	int r;

	/* A file may include many that include many: depth alone does not bound it. */
	if (++search->files > MAX_FILES)
		return too_many(search->value);
	/* sshd finds nothing in a folder, and refuses to start where a link leads nowhere. */
	if (root_stat(search->root, path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);
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

static bool gives_list(const struct probe_params *params)
{
	return words_contain("words list", WORDS_SPACE, params->values[KEY_TYPE]);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	const char *builtin = params->values[KEY_DEFAULT];
	int r = 1;

	if (root_exists(root, CONFIG))
		r = probe_end(value, CONFIG, read_config(CONFIG, &search));
	else if (!root_exists(root, "/usr/sbin/sshd"))
		return probe_not_applicable(value, "no SSH server is installed");
	if (r <= 0)
		return r;
	if (value->kind != PROBE_ABSENT)
		return 0;
	if (!builtin || !gives_list(params))
		return probe_builtin(value, builtin);
	take_value(&search, builtin, "built-in default");
	return 0;
}

const struct probe_ops probe_sshd = {"sshd", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
