/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit rules: lists the paths or system calls of the check that no rule
 * covers, in /etc/audit/rules.d or in the running kernel. A rule that is only
 * in one of them is of no use: it is not there now, or not after the next start.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/audit_rules.h"
#include "checks/kernel_dump.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_WANTED 32
#define MAX_WORDS  64

enum {
	KEY_PATHS,
	KEY_SYSCALLS,
	KEY_PERMS,
	KEY_EXITS
};

static const struct probe_key keys[] = {
	[KEY_PATHS] = {"paths", PROBE_KEY_PATHS},
	[KEY_SYSCALLS] = {"syscalls", PROBE_KEY_WORDS},
	/* Of a path, as "wa"; none: any will do. */
	[KEY_PERMS] = {"perms", PROBE_KEY_TEXT},
	/* Of a call: those that end with each of these count; none: rules without such a
	 * condition. */
	[KEY_EXITS] = {"exits", PROBE_KEY_WORDS},
	{NULL},
};

enum place {
	CONFIGURED,
	LOADED,
	PLACE_COUNT,
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	const char *exit_name; /* the end that is looked for; NULL: any */
	int exit;
	bool is_ended[PLACE_COUNT]; /* by "never,task", whatever else stands there */
	bool is_covered[PLACE_COUNT][2][MAX_WANTED]; /* by key and place in its list */
};

/* Marks @word of the list of @key; a watch of a folder covers what lies in it. */
static void cover(struct search *search, enum place place, int key, struct nl_bytes word)
{
	const char *cursor = search->params->values[key], *wanted;
	size_t wanted_len, i = 0;

	while (word.len > 1 && key == KEY_PATHS && word.data[word.len - 1] == '/')
		word.len--;
	for (; cursor && words_next(&cursor, WORDS_SPACE, &wanted, &wanted_len); i++) {
		if (i == MAX_WANTED)
			return;
		if (wanted_len < word.len || memcmp(wanted, word.data, word.len) != 0)
			continue;
		if (wanted_len == word.len || (key == KEY_PATHS && wanted[word.len] == '/'))
			search->is_covered[place][key][i] = true;
	}
}

static uint32_t perms_of(const char *letters)
{
	uint32_t perms = 0;

	for (; letters && *letters; letters++)
		perms |= *letters == 'r'   ? AUDIT_PERM_READ
			 : *letters == 'w' ? AUDIT_PERM_WRITE
			 : *letters == 'x' ? AUDIT_PERM_EXEC
			 : *letters == 'a' ? AUDIT_PERM_ATTR
					   : 0u;
	return perms;
}

static bool has_perms(const struct search *search, uint32_t perms)
{
	return (perms_of(search->params->values[KEY_PERMS]) & ~perms) == 0;
}

static struct nl_bytes bytes_of(const char *text)
{
	return (struct nl_bytes){(const uint8_t *)text, strlen(text)};
}

/* "open,openat" */
static void cover_syscalls(struct search *search, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ",");

		cover(search, CONFIGURED, KEY_SYSCALLS,
		      (struct nl_bytes){(const uint8_t *)list, len});
		list += len + (list[len] == ',');
	}
}

/* What a line of rules.d says, as far as it matters here. */
struct line {
	char *words[MAX_WORDS];
	size_t count;
	const char *path;
	uint32_t perms;
	int exit;
	bool is_rule, is_other_arch, is_end, has_condition;
};

/* As the kernel has it; rules that name another end are of no use here. */
static int exit_of(const char *name)
{
	return str_equal(name, "EACCES")  ? -EACCES
	       : str_equal(name, "EPERM") ? -EPERM
					  : AUDIT_EXIT_OTHER;
}

/* "-F path=/etc/x" */
static void take_condition(struct line *line, const char *condition)
{
	if (str_starts(condition, "path="))
		line->path = condition + strlen("path=");
	else if (str_starts(condition, "dir="))
		line->path = condition + strlen("dir=");
	else if (str_starts(condition, "perm="))
		line->perms = perms_of(condition + strlen("perm="));
	else if (str_starts(condition, "exit=-"))
		line->exit = exit_of(condition + strlen("exit=-"));
	else if (str_starts(condition, "exit") || str_equal(condition, "success=0"))
		line->exit = AUDIT_EXIT_OTHER;
	else if (str_starts(condition, "arch="))
		line->is_other_arch = sizeof(long) == 8 && str_equal(condition, "arch=b32");
}

/* "-w /etc/passwd -p wa -k x" or "-a always,exit -F arch=b64 -S mount -F path=/x -k y" */
static void take_line(struct search *search, char *text)
{
	struct line line = {.perms = AUDIT_PERM_ALL};
	bool is_whole;
	char *word;

	while (line.count < MAX_WORDS && (word = text_next_word(&text)))
		line.words[line.count++] = word;
	for (size_t i = 0; i + 1 < line.count; i++) {
		const char *option = line.words[i], *argument = line.words[i + 1];

		if (str_equal(option, "-w")) {
			line.path = argument;
			line.is_rule = true;
		} else if (str_equal(option, "-p")) {
			line.perms = perms_of(argument);
		} else if (str_equal(option, "-a") || str_equal(option, "-A")) {
			line.is_rule = str_equal(argument, "always,exit") ||
				       str_equal(argument, "exit,always");
			line.is_end = str_equal(argument, "never,task") ||
				      str_equal(argument, "task,never");
		} else if (str_equal(option, "-F")) {
			line.has_condition = true;
			take_condition(&line, argument);
		}
	}
	if (line.is_end && !line.has_condition)
		search->is_ended[CONFIGURED] = true;
	if (!line.is_rule)
		return;
	is_whole = !line.path && !line.is_other_arch && line.exit == search->exit;
	if (line.path && has_perms(search, line.perms))
		cover(search, CONFIGURED, KEY_PATHS, bytes_of(line.path));
	for (size_t i = 0; i + 1 < line.count && is_whole; i++)
		if (str_equal(line.words[i], "-S"))
			cover_syscalls(search, line.words[i + 1]);
}

static int read_rules(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	cursor = text.data;
	while ((line = text_next_line(&cursor)))
		if (*line && *line != '#')
			take_line(search, line);
	return 0;
}

/* A call that this machine does not have needs no rule. */
static int pass_over_foreign_calls(struct search *search)
{
	const char *cursor = search->params->values[KEY_SYSCALLS], *wanted;
	size_t len, i = 0;

	for (; cursor && i < MAX_WANTED && words_next(&cursor, WORDS_SPACE, &wanted, &len); i++) {
		cleanup_free char *name = strndup(wanted, len);
		int number = name ? audit_call_number(name) : -ENOMEM;

		if (number == -ENOMEM)
			return number;
		if (number == -EINVAL) {
			(void)probe_error(search->value, "%s is no system call that is known here",
					  name);
			return number;
		}
		if (number < 0)
			search->is_covered[CONFIGURED][KEY_SYSCALLS][i] =
				search->is_covered[LOADED][KEY_SYSCALLS][i] = true;
	}
	return 0;
}

static int take_loaded(const struct audit_rule *rule, void *userdata)
{
	struct search *search = userdata;
	const char *cursor = search->params->values[KEY_SYSCALLS], *wanted;
	size_t len, i = 0;

	if (rule->ends_all)
		search->is_ended[LOADED] = true;
	if (!rule->is_for_us)
		return 0;
	if (rule->path) {
		if (has_perms(search, rule->perms))
			cover(search, LOADED, KEY_PATHS,
			      (struct nl_bytes){(const uint8_t *)rule->path, rule->path_len});
		return 0;
	}
	if (rule->exit != search->exit)
		return 0;
	for (; cursor && i < MAX_WANTED && words_next(&cursor, WORDS_SPACE, &wanted, &len); i++) {
		cleanup_free char *name = strndup(wanted, len);

		if (!name)
			return -ENOMEM;
		if (audit_rule_has_call(rule, audit_call_number(name)))
			search->is_covered[LOADED][KEY_SYSCALLS][i] = true;
	}
	return 0;
}

/* What the kernel has loaded: 1, 0 when @value says why it cannot be told, or negative errno. */
static int read_loaded(struct search *search, struct probe_value *value)
{
	cleanup_strbuf struct strbuf storage = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = kernel_dump_read(search->root, KERNEL_AUDIT_RULES, &storage, &bytes, value);

	if (r <= 0)
		return r;
	r = audit_rules_each(bytes, take_loaded, search);
	if (r == -EBADMSG)
		return probe_error(value, "the kernel's list of audit rules is damaged");
	return r < 0 ? r : 1;
}

static void report(struct search *search, int key, bool is_loaded_known)
{
	const char *cursor = search->params->values[key], *wanted;
	size_t len, i = 0;

	for (; cursor && words_next(&cursor, WORDS_SPACE, &wanted, &len); i++) {
		bool is_configured = i < MAX_WANTED && search->is_covered[CONFIGURED][key][i];
		bool is_loaded =
			!is_loaded_known || (i < MAX_WANTED && search->is_covered[LOADED][key][i]);
		const char *how = is_configured			 ? " (not loaded)"
				  : is_loaded_known && is_loaded ? " (loaded, not configured)"
								 : "";
		cleanup_free char *item = NULL;

		if (is_configured && is_loaded)
			continue;
		if (asprintf(&item, "%.*s%s%s%s", (int)len, wanted, search->exit ? " " : "",
			     search->exit ? search->exit_name : "", how) < 0) {
			item = NULL;
			search->value->text.failed = true;
			return;
		}
		probe_list_add(search->value, item);
	}
}

static int judge(struct search *search)
{
	cleanup_probe_value struct probe_value loaded = {0};
	int known = read_loaded(search, &loaded);

	if (known < 0)
		return known;
	for (int place = 0; place < PLACE_COUNT; place++)
		if (search->is_ended[place])
			memset(search->is_covered[place], 0, sizeof(search->is_covered[place]));
	probe_list_add(search->value, NULL);
	report(search, KEY_PATHS, known);
	report(search, KEY_SYSCALLS, known);
	/* What is not configured is known to be missing; else the kernel has the last word. */
	if (loaded.outcome == CHECK_ERROR && !search->value->count)
		return probe_error(search->value, "%s", loaded.reason.data ?: "");
	return 0;
}

/* With the end @exit_name of a call (NULL: none). */
static int look(const struct probe_params *params, const struct root *root, const char *exit_name,
		struct probe_value *value)
{
	struct search search = {.root = root,
				.params = params,
				.value = value,
				.exit_name = exit_name,
				.exit = exit_name ? exit_of(exit_name) : 0};
	int r;

	if (search.exit == AUDIT_EXIT_OTHER)
		return probe_error(value, "'%s' is no end of a call that is known here", exit_name);
	r = probe_glob(root, "/etc/audit/rules.d/*.rules /etc/audit/audit.rules", read_rules,
		       &search, value);
	if (r <= 0)
		return r;
	r = pass_over_foreign_calls(&search);
	if (r < 0)
		return r == -ENOMEM ? r : 0;
	return judge(&search);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const char *cursor = params->values[KEY_EXITS], *word;
	size_t len;
	int r = 0;

	if (!cursor)
		return look(params, root, NULL, value);
	while (r == 0 && value->outcome == CHECK_PASS &&
	       words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *name = strndup(word, len);

		r = name ? look(params, root, name, value) : -ENOMEM;
	}
	return r;
}

static unsigned asks(const struct probe_params *params)
{
	return 1u << KERNEL_AUDIT_RULES;
}

const struct probe_ops probe_audit_rule = {"audit_rule", keys, PROBE_GIVES_LIST, run, asks};
