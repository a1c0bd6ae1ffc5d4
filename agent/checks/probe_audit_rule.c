/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit rules as they are loaded at boot: lists the paths or system calls of the check that no rule
 * of /etc/audit/rules.d covers. What the kernel has loaded now is not asked.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_WANTED 32

enum {
	KEY_PATHS,
	KEY_SYSCALLS
};

static const struct probe_key keys[] = {
	[KEY_PATHS] = {"paths", PROBE_KEY_PATHS},
	[KEY_SYSCALLS] = {"syscalls", PROBE_KEY_WORDS},
	{NULL},
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	bool is_covered[2][MAX_WANTED]; /* by key and place in its list */
};

/* Marks @word of the list of @key; a watch of a folder covers what lies in it. */
static void cover(struct search *search, int key, const char *word, size_t len)
{
	const char *cursor = search->params->values[key], *wanted;
	size_t wanted_len, i = 0;

	while (len > 1 && key == KEY_PATHS && word[len - 1] == '/')
		len--;
	for (; cursor && words_next(&cursor, WORDS_SPACE, &wanted, &wanted_len); i++) {
		if (i == MAX_WANTED)
			return;
		if (wanted_len < len || strncmp(wanted, word, len) != 0)
			continue;
		if (wanted_len == len || (key == KEY_PATHS && wanted[len] == '/'))
			search->is_covered[key][i] = true;
	}
}

/* "-S open,openat" */
static void cover_syscalls(struct search *search, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		cover(search, KEY_SYSCALLS, list, len);
		list += len + (list[len] == ',');
	}
}

/* "-w /etc/passwd -p wa -k x" or "-a always,exit -F arch=b64 -S mount -F path=/x -k y" */
static void take_rule(struct search *search, char *line)
{
	char *word = text_next_word(&line), *argument;
	bool is_rule = false;

	while (word) {
		argument = text_next_word(&line);
		if (str_equal(word, "-w") && argument) {
			cover(search, KEY_PATHS, argument, strlen(argument));
		} else if (str_equal(word, "-a") || str_equal(word, "-A")) {
			is_rule = str_equal(argument, "always,exit") ||
				  str_equal(argument, "exit,always");
		} else if (is_rule && str_equal(word, "-S") && argument) {
			cover_syscalls(search, argument);
		} else if (is_rule && str_equal(word, "-F") && argument) {
			const char *path = str_starts(argument, "path=")  ? argument + 5
					   : str_starts(argument, "dir=") ? argument + 4
									  : NULL;

			if (path)
				cover(search, KEY_PATHS, path, strlen(path));
		}
		word = argument && *argument == '-' ? argument : text_next_word(&line);
	}
}

static int read_rules(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = root_read_text(search->root, path, ROOT_MAX_CONFIG_BYTES, &text);

	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		if (*line && *line != '#')
			take_rule(search, line);
	return 0;
}

static void report(struct search *search, int key)
{
	const char *cursor = search->params->values[key], *wanted;
	size_t len, i = 0;

	for (; cursor && words_next(&cursor, WORDS_SPACE, &wanted, &len); i++) {
		cleanup_free char *item = strndup(wanted, len);

		if (i < MAX_WANTED && search->is_covered[key][i])
			continue;
		if (item)
			probe_list_add(search->value, item);
		else
			search->value->text.failed = true;
	}
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {.root = root, .params = params, .value = value};
	int r = root_glob(root, "/etc/audit/rules.d/*.rules", read_rules, &search);

	if (r == 0)
		r = read_rules("/etc/audit/audit.rules", &search);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS
			       ? probe_unreadable(value, "/etc/audit/rules.d", r)
			       : 0;
	probe_list_add(value, NULL);
	report(&search, KEY_PATHS);
	report(&search, KEY_SYSCALLS);
	return 0;
}

const struct probe_ops probe_audit_rule = {"audit_rule", keys, PROBE_GIVES_LIST, run};
