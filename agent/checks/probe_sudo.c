/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sudoers: a Defaults option, or the rules that ask for no password. Included files and
 * folders are followed; Defaults bound to a host, user or command are left aside.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define SUDOERS	  "/etc/sudoers"
#define MAX_DEPTH 16
#define MAX_FILES 256

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

/* "env_reset, use_pty, timestamp_timeout=15, !lecture" */
static void take_defaults(struct search *search, char *options, const char *path)
{
	const char *wanted = search->params->values[KEY_OPTION];
	char *option;

	while (wanted && (option = strsep(&options, ","))) {
		char *value = option + strcspn(option, "=");
		bool is_off;

		if (*value)
			*value++ = '\0';
		words_squash(option);
		is_off = *option == '!';
		if (!str_equal(option + is_off, wanted))
			continue;
		words_squash(value);
		(void)probe_text(search->value, is_off ? "off" : *value ? value : "on");
		probe_set_where(search->value, path);
	}
}

/* Names who the rule is for and where it stands, never the whole line. */
static void take_rule(struct search *search, char *line, const char *path)
{
	const char *wanted = search->params->values[KEY_RULES];
	cleanup_strbuf struct strbuf item = STRBUF_INIT;

	if (!wanted || !strstr(line, wanted))
		return;
	strbuf_add(&item, line, strcspn(line, " \t"));
	strbuf_printf(&item, " in %s", path);
	if (strbuf_check(&item) < 0)
		search->value->text.failed = true;
	else
		probe_list_add(search->value, item.data);
}

/* sudo passes over names with a dot and those that end in a tilde. */
static int read_dropin(const char *path, void *userdata)
{
	const char *name = strrchr(path, '/') + 1;

	if (strchr(name, '.') || str_ends(name, "~"))
		return 0;
	return read_sudoers(path, userdata);
}

static int include(struct search *search, const char *what, char *target)
{
	char path[512];
	int r;

	if (search->depth >= MAX_DEPTH) {
		(void)probe_error(search->value, "sudoers includes are nested too deep");
		return -ELOOP;
	}
	words_squash(target);
	snprintf(path, sizeof(path), "%s%s%s", *target == '/' ? "" : "/etc/", target,
		 str_equal(what, "includedir") ? "/*" : "");
	search->depth++;
	r = root_glob(search->root, path,
		      str_equal(what, "includedir") ? read_dropin : read_sudoers, search);
	search->depth--;
	return r;
}

static int take_line(struct search *search, char *line, const char *path)
{
	char *rest = line + 1, *word;

	if (*line == '@' || str_starts(line, "#include")) {
		word = text_next_word(&rest);
		return word && rest ? include(search, word, rest) : 0;
	}
	if (!*line || *line == '#')
		return 0;
	if (str_starts(line, "Defaults") && (line[8] == ' ' || line[8] == '\t')) {
		if (search->params->values[KEY_RULES])
			take_rule(search, line, path);
		take_defaults(search, line + 8, path);
	} else {
		take_rule(search, line, path);
	}
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
	text_join_lines(text.data);
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
	r = probe_glob(root, SUDOERS, read_sudoers, &search, value);
	if (r <= 0)
		return r;
	return value->kind == PROBE_ABSENT ? probe_builtin(value, params->values[KEY_DEFAULT]) : 0;
}

const struct probe_ops probe_sudo = {"sudo", keys, PROBE_GIVES_TEXT | PROBE_GIVES_LIST, run};
