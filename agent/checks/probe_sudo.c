/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sudoers: a Defaults option, or the rules that ask for no password. Included files and
 * folders are followed; Defaults bound to a host, user or command are left aside.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define SUDOERS	  "/etc/sudoers"
#define MAX_DEPTH 16
#define MAX_FILES 256
#define MAX_WHO	  256 /* bytes that are shown of who a rule is for */

enum {
	KEY_OPTION,
	KEY_RULES,
	KEY_DEFAULT
};

static const struct probe_key keys[] = {
	[KEY_OPTION] = {"option", PROBE_KEY_TEXT}, /* gives the value of this Defaults option */
	[KEY_RULES] = {"rules_with", PROBE_KEY_CHOICE, false, "NOPASSWD !authenticate"},
	[KEY_DEFAULT] = {"default", PROBE_KEY_TEXT},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	unsigned depth, files;
};

static int read_sudoers(const char *path, void *userdata);

/* "#1000" is a user, "#include" a directive; any other # begins a comment. */
static bool begins_comment(const char *text, const char *at)
{
	const char *before = at;

	while (before > text && strchr(" \t", before[-1]))
		before--;
	return !isdigit((unsigned char)at[1]) &&
	       !((before == text || before[-1] == '\n') && str_starts(at, "#include"));
}

/* Makes comments blank. A backslash at their end joins no lines. */
static void blank_comments(char *text)
{
	bool is_quoted = false;

	for (char *p = text; p && *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '\n') {
			is_quoted = false;
		} else if (*p == '"') {
			is_quoted = !is_quoted;
		} else if (*p == '#' && !is_quoted && begins_comment(text, p)) {
			size_t len = strcspn(p, "\n");

			memset(p, ' ', len);
			p += len - 1;
		}
	}
}

/* The next of what commas part, but for commas in quotes; NULL at the end. */
static char *next_option(char **cursor)
{
	char *option = *cursor, *p = option;
	bool is_quoted = false;

	if (!option)
		return NULL;
	for (; *p && (is_quoted || *p != ','); p++) {
		if (*p == '\\' && p[1])
			p++;
		else if (*p == '"')
			is_quoted = !is_quoted;
	}
	*cursor = *p ? p + 1 : NULL;
	*p = '\0';
	return option;
}

/* "! use_pty" is "use_pty", which is off; "env_keep += x" is "env_keep" with x. */
static char *take_option(char *option, char **ret_value, bool *ret_is_off)
{
	char *value = option + strcspn(option, "=");
	bool is_off = false;
	size_t len;

	if (*value) {
		if (value > option && strchr("+-", value[-1]))
			value[-1] = ' ';
		*value++ = '\0';
	}
	for (option += strspn(option, " \t"); *option == '!'; option += strspn(option, " \t")) {
		is_off = !is_off;
		option++;
	}
	words_squash(value);
	len = strlen(value);
	if (len > 1 && *value == '"' && value[len - 1] == '"') {
		value[len - 1] = '\0';
		value++;
	}
	*ret_value = value;
	*ret_is_off = is_off;
	return words_squash(option);
}

static void take_value(struct search *search, const char *value, bool is_off, const char *path)
{
	/* What has a value and no default is without one when it is switched off. */
	if (is_off && !search->params->values[KEY_DEFAULT]) {
		strbuf_clear(&search->value->where);
		(void)probe_absent(search->value, "switched off in %s", path);
		return;
	}
	(void)probe_text(search->value, is_off ? "off" : *value ? value : "on");
	probe_set_where(search->value, path);
}

/* Names who it is for and where it stands, never the whole line. */
static int add_rule(struct search *search, const char *line, const char *path)
{
	size_t len = strcspn(line, " \t");

	return probe_list_found(search->value, "such rules", "%.*s in %s",
				(int)(len < MAX_WHO ? len : MAX_WHO), line, path);
}

/* ":bob, ann", "!/usr/bin/ls", "@ host": for what a line of Defaults is meant. */
static void skip_bound(char **rest)
{
	char *word;

	do
		word = text_next_word(rest);
	while (word && (strchr("@:!>,", word[strlen(word) - 1]) || **rest == ','));
}

/* "Defaults env_reset, use_pty, timestamp_timeout=15, !lecture", "Defaults:bob !authenticate" */
static int take_defaults(struct search *search, char *line, const char *path)
{
	const char *wanted = search->params->values[KEY_OPTION];
	const char *rules_with = search->params->values[KEY_RULES];
	bool is_for_all = isspace((unsigned char)line[8]), has_rule = false, is_off;
	char *rest = line + 8, *option, *name, *value;

	if (!is_for_all)
		skip_bound(&rest);
	while ((option = next_option(&rest))) {
		name = take_option(option, &value, &is_off);
		if (wanted && is_for_all && str_equal(name, wanted))
			take_value(search, value, is_off, path);
		if (str_equal(rules_with, "!authenticate") && is_off &&
		    str_equal(name, "authenticate"))
			has_rule = true;
	}
	return has_rule ? add_rule(search, line, path) : 0;
}

/* "bob ALL = (ALL) NOEXEC: NOPASSWD : ALL"; an alias may have that as a part of its name. */
static bool has_tag(const char *line, const char *tag)
{
	size_t len = strlen(tag);

	for (const char *at = strstr(line, tag); at; at = strstr(at + 1, tag))
		if (at > line && strchr(" \t=:,)", at[-1]) &&
		    at[len + strspn(at + len, " \t")] == ':')
			return true;
	return false;
}

/* sudo passes over folders, names with a dot and those that end in a tilde. */
static int read_dropin(const char *path, void *userdata)
{
	const struct search *search = userdata;
	const char *name = strrchr(path, '/') + 1;
	struct stat st;

	if (strchr(name, '.') || str_ends(name, "~"))
		return 0;
	if (root_stat(search->root, path, &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	return read_sudoers(path, userdata);
}

/* "name", "a\\ name": in place. */
static void unquote(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (*from == '"')
			continue;
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
}

/* What is no whole path is meant beside the file that includes it. */
static int include(struct search *search, bool is_folder, char *target, const char *from)
{
	int parent = *target == '/' ? 0 : (int)(strrchr(from, '/') + 1 - from);
	char path[512];
	int r;

	if (search->depth >= MAX_DEPTH) {
		(void)probe_error(search->value, "sudoers includes are nested too deep");
		return -ELOOP;
	}
	if (strstr(target, "%h")) {
		(void)probe_error(search->value, "%s includes a file by the name of the host",
				  from);
		return -ENOTSUP;
	}
	if (snprintf(path, sizeof(path), "%.*s%s%s", parent, from, target, is_folder ? "/*" : "") >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	search->depth++;
	r = root_glob(search->root, path, is_folder ? read_dropin : read_sudoers, search);
	search->depth--;
	return r;
}

/* "@include /etc/sudoers.local", "#includedir /etc/sudoers.d" */
static int take_directive(struct search *search, char *line, const char *path)
{
	char *rest = line + 1, *word = text_next_word(&rest);
	bool is_folder = str_equal(word, "includedir");

	if (!is_folder && !str_equal(word, "include"))
		return 0;
	unquote(words_squash(rest));
	return *rest ? include(search, is_folder, rest, path) : 0;
}

static int take_line(struct search *search, char *line, const char *path)
{
	const char *rules_with = search->params->values[KEY_RULES];

	if (*line == '@' || str_starts(line, "#include"))
		return take_directive(search, line, path);
	if (str_starts(line, "Defaults") && line[8] && strchr(" \t:@!>", line[8]))
		return take_defaults(search, line, path);
	if (str_equal(rules_with, "NOPASSWD") && has_tag(line, rules_with))
		return add_rule(search, line, path);
	return 0;
}

static int read_sudoers(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r;

	if (++search->files > MAX_FILES) {
		(void)probe_error(search->value, "more than %d files are included", MAX_FILES);
		return -E2BIG;
	}
	r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	blank_comments(text.data);
	text_join_lines(text.data, "");
	cursor = text.data;
	while (r >= 0 && (line = text_next_line(&cursor)))
		r = take_line(search, line, path);
	return r;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	int r;

	if (!root_exists(root, SUDOERS))
		return probe_not_applicable(value, "sudo is not installed");
	if (params->values[KEY_RULES])
		probe_list_add(value, NULL);
	else
		value->may_be_decimal = str_ends(params->values[KEY_OPTION] ?: "", "_timeout");
	r = probe_glob(root, SUDOERS, read_sudoers, &search, value);
	if (r <= 0)
		return r;
	return value->kind == PROBE_ABSENT ? probe_builtin(value, params->values[KEY_DEFAULT]) : 0;
}

const struct probe_ops probe_sudo = {"sudo", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
