/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit rules: lists the paths or system calls of the check that no rule
 * covers, in /etc/audit/rules.d or in the running kernel. A rule that is only
 * in one of them is of no use: it is not there now, or not after the next start.
 * Nor is one for 64-bit programs alone where 32-bit ones run too.
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/audit_effect.h"
#include "checks/audit_line.h"
#include "checks/kernel_dump.h"
#include "checks/probe.h"
#include "checks/text.h"

#define MAX_WANTED 32

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

enum state {
	UNDECIDED, /* as far as rules were read */
	COVERED,
	SILENCED, /* by a rule in front of the one that covers it, or without one */
};

struct search {
	const struct root *root;
	const struct probe_params *params;
	struct probe_value *value;
	const char *exit_name; /* the end that is looked for; NULL: any */
	int exit;
	uint32_t perms;
	bool goes_on;	    /* auditctl, behind a line that it refuses */
	enum audit_abi abi; /* of the programs that are looked for */
	/* By rules of other filters, whatever else stands there. */
	bool is_ended[PLACE_COUNT][AUDIT_ABIS];
	/* By key and place in its list. */
	enum state states[PLACE_COUNT][AUDIT_ABIS][2][MAX_WANTED];
};

/* What is wanted at @word of the list of @key; -ENOENT for a call that this machine has not. */
static int wanted_of(const struct search *search, int key, struct nl_bytes word,
		     struct audit_wanted *ret_wanted)
{
	const char *text = (const char *)word.data;
	cleanup_free char *name = strndup(text, word.len);
	struct stat st;

	if (!name)
		return -ENOMEM;
	*ret_wanted = (struct audit_wanted){
		.exit = search->exit, .perms = search->perms, .abi = search->abi};
	if (key == KEY_SYSCALLS) {
		ret_wanted->call = audit_abi_call(search->abi, name);
		return ret_wanted->call < 0 ? ret_wanted->call : 0;
	}
	ret_wanted->path = text;
	ret_wanted->path_len = word.len;
	ret_wanted->is_folder = root_stat(search->root, name, &st) == 0 && S_ISDIR(st.st_mode);
	return 0;
}

/* The next of the list of @key: 1, 0 at its end. */
static int next_wanted(const char **cursor, struct nl_bytes *ret_word)
{
	const char *word;

	if (!*cursor || !words_next(cursor, WORDS_SPACE, &word, &ret_word->len))
		return 0;
	ret_word->data = (const uint8_t *)word;
	return 1;
}

/* How @rule changes what is known of one that is wanted. */
static enum state decide(enum state state, enum audit_line_use use, enum audit_effect effect)
{
	enum state decided = effect == AUDIT_RECORDED ? COVERED : SILENCED;

	if (effect == AUDIT_PASSED_BY)
		return state;
	/* What else covers it is not remembered: a file that deletes its own rules is no help. */
	if (use == AUDIT_LINE_DELETES)
		return effect == AUDIT_RECORDED ? UNDECIDED : state;
	return use == AUDIT_LINE_FIRST || state == UNDECIDED ? decided : state;
}

static int take_rule_of_abi(struct search *search, enum place place, enum audit_line_use use,
			    const struct audit_rule *rule)
{
	enum audit_abi abi = search->abi;

	for (int key = KEY_PATHS; key <= KEY_SYSCALLS; key++) {
		const char *cursor = search->params->values[key];
		struct nl_bytes word;

		for (size_t i = 0; i < MAX_WANTED && next_wanted(&cursor, &word); i++) {
			enum state *state = &search->states[place][abi][key][i];
			struct audit_wanted wanted;
			enum audit_effect effect;
			int r = wanted_of(search, key, word, &wanted);

			if (r == -ENOENT)
				continue;
			if (r < 0)
				return r;
			effect = audit_rule_effect(rule, &wanted);
			if (effect == AUDIT_SILENCED_ALL)
				search->is_ended[place][abi] = true;
			else
				*state = decide(*state, use, effect);
		}
	}
	return 0;
}

static int take_rule(struct search *search, enum place place, enum audit_line_use use,
		     const struct audit_rule *rule)
{
	int r = 0;

	for (search->abi = 0; search->abi < AUDIT_ABIS && r == 0; search->abi++)
		r = take_rule_of_abi(search, place, use, rule);
	return r;
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
	while ((line = text_next_line(&cursor))) {
		struct audit_rule rule;
		enum audit_line_use use;

		if (!*line || *line == '#')
			continue;
		use = audit_line_read(search->root, line, &rule);
		/* The rest is not read either. */
		if (use == AUDIT_LINE_REFUSED && !search->goes_on)
			return 0;
		search->goes_on = search->goes_on || use == AUDIT_LINE_GOES_ON;
		r = use < AUDIT_LINE_LAST ? 0 : take_rule(search, CONFIGURED, use, &rule);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A call that these programs do not have on this machine needs no rule. */
static int pass_over_foreign_calls(struct search *search, enum audit_abi abi)
{
	const char *cursor = search->params->values[KEY_SYSCALLS], *wanted;
	size_t len, i = 0;

	for (; cursor && i < MAX_WANTED && words_next(&cursor, WORDS_SPACE, &wanted, &len); i++) {
		cleanup_free char *name = strndup(wanted, len);
		int number = name ? audit_abi_call(abi, name) : -ENOMEM;

		if (number == -ENOMEM)
			return number;
		if (number == -EINVAL) {
			(void)probe_error(search->value, "%s is no system call that is known here",
					  name);
			return number;
		}
		if (number < 0)
			search->states[CONFIGURED][abi][KEY_SYSCALLS][i] =
				search->states[LOADED][abi][KEY_SYSCALLS][i] = COVERED;
	}
	return 0;
}

static int take_loaded(const struct audit_rule *rule, void *userdata)
{
	return take_rule(userdata, LOADED, AUDIT_LINE_LAST, rule);
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

/* NULL for what is recorded, as far as that is known. */
static const char *how_missing(enum state configured, enum state loaded, bool is_loaded_known)
{
	if (configured == COVERED && (!is_loaded_known || loaded == COVERED))
		return NULL;
	if (configured == SILENCED || (configured == COVERED && loaded == SILENCED))
		return " (a rule in front says never)";
	return configured == COVERED ? " (not loaded)"
	       : loaded == COVERED   ? " (loaded, not configured)"
				     : "";
}

static void report_one(struct search *search, struct nl_bytes word, const char *whose,
		       const char *how)
{
	cleanup_free char *item = NULL;

	if (!how)
		return;
	if (asprintf(&item, "%.*s%s%s%s%s", (int)word.len, (const char *)word.data,
		     search->exit ? " " : "", search->exit ? search->exit_name : "", whose,
		     how) < 0) {
		item = NULL;
		search->value->text.failed = true;
		return;
	}
	probe_list_add(search->value, item);
}

/* "mount", or "mount b32 (not loaded)" where the other's calls are recorded or lack something else.
 */
static void report(struct search *search, int key, bool is_loaded_known)
{
	static const char *const whose[] = {[AUDIT_ABI_NATIVE] = " b64", [AUDIT_ABI_32] = " b32"};
	const char *cursor = search->params->values[key];
	struct nl_bytes word;

	for (size_t i = 0; next_wanted(&cursor, &word); i++) {
		const char *how[AUDIT_ABIS];
		bool is_same = true;

		for (int abi = 0; abi < AUDIT_ABIS; abi++) {
			how[abi] = i < MAX_WANTED
					   ? how_missing(search->states[CONFIGURED][abi][key][i],
							 search->states[LOADED][abi][key][i],
							 is_loaded_known)
					   : "";
			is_same = is_same && str_equal(how[abi], how[0]);
		}
		for (int abi = 0; abi < (is_same ? 1 : AUDIT_ABIS); abi++)
			report_one(search, word, is_same ? "" : whose[abi], how[abi]);
	}
}

static void end_all(struct search *search, enum place place, enum audit_abi abi)
{
	for (int key = KEY_PATHS; key <= KEY_SYSCALLS; key++)
		for (size_t i = 0; i < MAX_WANTED; i++)
			search->states[place][abi][key][i] = SILENCED;
}

static int judge(struct search *search)
{
	cleanup_probe_value struct probe_value loaded = {0};
	int known = read_loaded(search, &loaded);

	if (known < 0)
		return known;
	for (int place = 0; place < PLACE_COUNT; place++)
		for (enum audit_abi abi = 0; abi < AUDIT_ABIS; abi++)
			if (search->is_ended[place][abi])
				end_all(search, place, abi);
	probe_list_add(search->value, NULL);
	report(search, KEY_PATHS, known);
	report(search, KEY_SYSCALLS, known);
	/* What is not configured is known to be missing; else the kernel has the last word. */
	if (loaded.outcome == CHECK_ERROR && !search->value->count)
		return probe_error(search->value, "%s", loaded.reason.data ?: "");
	return 0;
}

/* As the kernel has it; 0 for one that is not known here. */
static int exit_of(const char *name)
{
	return str_equal(name, "EACCES") ? -EACCES : str_equal(name, "EPERM") ? -EPERM : 0;
}

/* With the end @exit_name of a call (NULL: none). */
static int look(const struct probe_params *params, const struct root *root, const char *exit_name,
		struct probe_value *value)
{
	struct search search = {.root = root,
				.params = params,
				.value = value,
				.exit_name = exit_name,
				.exit = exit_name ? exit_of(exit_name) : 0,
				.perms = audit_perms_of(params->values[KEY_PERMS])};
	int r;

	if (exit_name && !search.exit)
		return probe_error(value, "'%s' is no end of a call that is known here", exit_name);
	for (enum audit_abi abi = 0; abi < AUDIT_ABIS; abi++) {
		r = pass_over_foreign_calls(&search, abi);
		if (r < 0)
			return r == -ENOMEM ? r : 0;
	}
	r = probe_glob(root, "/etc/audit/rules.d/*.rules /etc/audit/audit.rules", read_rules,
		       &search, value);
	if (r <= 0)
		return r;
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
