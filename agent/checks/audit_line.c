/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/audit_line.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "checks/audit_effect.h"
#include "checks/names.h"
#include "checks/text.h"

#define UNKNOWN_FIELD UINT32_MAX

static const struct {
	const char *name;
	uint32_t field;
} fields[] = {
	{"arch", AUDIT_ARCH},
	{"auid", AUDIT_LOGINUID},
	{"dir", AUDIT_DIR},
	{"egid", AUDIT_EGID},
	{"euid", AUDIT_EUID},
	{"exe", AUDIT_EXE},
	{"exit", AUDIT_EXIT},
	{"fsgid", AUDIT_FSGID},
	{"fsuid", AUDIT_FSUID},
	{"gid", AUDIT_GID},
	{"inode", AUDIT_INODE},
	{"key", AUDIT_FILTERKEY},
	{"loginuid", AUDIT_LOGINUID},
	{"msgtype", AUDIT_MSGTYPE},
	{"obj_lev_high", AUDIT_OBJ_LEV_HIGH},
	{"obj_lev_low", AUDIT_OBJ_LEV_LOW},
	{"obj_role", AUDIT_OBJ_ROLE},
	{"obj_type", AUDIT_OBJ_TYPE},
	{"obj_user", AUDIT_OBJ_USER},
	{"path", AUDIT_WATCH},
	{"perm", AUDIT_PERM},
	{"pid", AUDIT_PID},
	{"ppid", AUDIT_PPID},
	{"sessionid", AUDIT_SESSIONID},
	{"sgid", AUDIT_SGID},
	{"subj_clr", AUDIT_SUBJ_CLR},
	{"subj_role", AUDIT_SUBJ_ROLE},
	{"subj_sen", AUDIT_SUBJ_SEN},
	{"subj_type", AUDIT_SUBJ_TYPE},
	{"subj_user", AUDIT_SUBJ_USER},
	{"success", AUDIT_SUCCESS},
	{"suid", AUDIT_SUID},
	{"uid", AUDIT_UID},
};

/* The longer ones first. */
static const struct {
	const char *text;
	uint32_t op;
} operators[] = {
	{"!=", AUDIT_NOT_EQUAL},
	{">=", AUDIT_GREATER_THAN_OR_EQUAL},
	{"<=", AUDIT_LESS_THAN_OR_EQUAL},
	{"&=", AUDIT_BIT_TEST},
	{"=", AUDIT_EQUAL},
	{">", AUDIT_GREATER_THAN},
	{"<", AUDIT_LESS_THAN},
	{"&", AUDIT_BIT_MASK},
};

static const struct {
	uint32_t field;
	const char *name;
	uint32_t value;
} values[] = {
	{AUDIT_ARCH, "b64", sizeof(long) == 8 ? AUDIT_ARCH_NATIVE : 0},
	{AUDIT_ARCH, "b32", AUDIT_ARCH_COMPAT},
	{AUDIT_ARCH, "x86_64", AUDIT_ARCH_X86_64},
	{AUDIT_ARCH, "aarch64", AUDIT_ARCH_AARCH64},
	{AUDIT_ARCH, "i386", AUDIT_ARCH_I386},
	{AUDIT_ARCH, "i486", AUDIT_ARCH_I386},
	{AUDIT_ARCH, "i586", AUDIT_ARCH_I386},
	{AUDIT_ARCH, "i686", AUDIT_ARCH_I386},
	{AUDIT_EXIT, "-EACCES", (uint32_t)-EACCES},
	{AUDIT_EXIT, "-EPERM", (uint32_t)-EPERM},
	{AUDIT_LOGINUID, "unset", UINT32_MAX},
	{AUDIT_MSGTYPE, "SYSCALL", AUDIT_SYSCALL},
	{AUDIT_SESSIONID, "unset", UINT32_MAX},
	{AUDIT_SUCCESS, "no", 0},
	{AUDIT_SUCCESS, "yes", 1},
};

uint32_t audit_perms_of(const char *letters)
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

static bool is_text(uint32_t field)
{
	return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY ||
	       field == AUDIT_EXE || (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
	       (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

static bool find_account(const struct root *root, uint32_t field, const char *name,
			 uint32_t *ret_value)
{
	bool is_group = field >= AUDIT_GID && field <= AUDIT_FSGID;
	int64_t id;

	if (field != AUDIT_LOGINUID && (field < AUDIT_UID || field > AUDIT_FSGID))
		return false;
	id = names_find(root, is_group ? NAMES_GROUPS : NAMES_USERS, name, strlen(name));
	if (id < 0)
		return false;
	*ret_value = (uint32_t)id;
	return true;
}

/* What the kernel gets for @text; false where that is not known here. */
static bool find_value(const struct root *root, uint32_t field, const char *text,
		       uint32_t *ret_value)
{
	char *end;
	long long number;

	if (field == AUDIT_PERM) {
		*ret_value = audit_perms_of(text);
		return true;
	}
	if (is_text(field)) {
		*ret_value = (uint32_t)strlen(text);
		return true;
	}
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (values[i].field == field && str_equal(values[i].name, text)) {
			*ret_value = values[i].value;
			return true;
		}
	number = strtoll(text, &end, 0);
	if (isdigit((unsigned char)text[*text == '-']) && !*end) {
		*ret_value = (uint32_t)number;
		return true;
	}
	return find_account(root, field, text, ret_value);
}

/* "auid>=1000" */
static void take_condition(const struct root *root, char *text, struct audit_rule *rule)
{
	struct audit_condition condition = {.field = UNKNOWN_FIELD};
	size_t len = strcspn(text, "!=<>&");
	const char *value = text + len;

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == len && strncmp(fields[i].name, text, len) == 0)
			condition.field = fields[i].field;
	for (size_t i = 0; i < ARRAY_SIZE(operators); i++)
		if (str_starts(value, operators[i].text)) {
			condition.op = operators[i].op;
			value += strlen(operators[i].text);
			break;
		}
	if (condition.field != UNKNOWN_FIELD &&
	    !find_value(root, condition.field, value, &condition.value)) {
		/* One kind of record that has another name. */
		bool is_other = condition.field == AUDIT_MSGTYPE || condition.field == AUDIT_EXIT;

		if (!is_other)
			condition.field = UNKNOWN_FIELD;
		condition.value = (uint32_t)-4095;
	}
	audit_rule_add(rule, condition, value);
}

/* "always,exit", or the other way round; false for what auditctl refuses. */
static bool take_list(char *text, struct audit_rule *rule)
{
	static const struct {
		const char *name;
		uint32_t filter;
	} filters[] = {
		{"exclude", AUDIT_FILTER_EXCLUDE}, {"exit", AUDIT_FILTER_EXIT},
		{"filesystem", AUDIT_FILTER_FS},   {"io_uring", AUDIT_FILTER_URING_EXIT},
		{"task", AUDIT_FILTER_TASK},	   {"user", AUDIT_FILTER_USER},
	};
	char *word;

	while ((word = strsep(&text, ","))) {
		bool is_known = str_equal(word, "always") || str_equal(word, "never");

		if (str_equal(word, "always"))
			rule->action = AUDIT_ALWAYS;
		for (size_t i = 0; i < ARRAY_SIZE(filters) && !is_known; i++)
			if (str_equal(word, filters[i].name)) {
				rule->filter = filters[i].filter;
				is_known = true;
			}
		if (!is_known)
			return false;
	}
	return true;
}

/* Names of calls are those of the arch that was named last. */
static enum audit_abi abi_of(const struct audit_rule *rule)
{
	enum audit_abi abi = AUDIT_ABI_NATIVE;

	for (size_t i = 0; i < rule->condition_count; i++)
		if (rule->conditions[i].field == AUDIT_ARCH)
			abi = rule->conditions[i].value == AUDIT_ARCH_NATIVE ? AUDIT_ABI_NATIVE
									     : AUDIT_ABI_32;
	return abi;
}

/* "open,openat", numbers, "all". */
static void take_calls(char *text, struct audit_rule *rule)
{
	char *word;

	while ((word = strsep(&text, ",")))
		if (str_equal(word, "all"))
			memset(rule->calls, 0xff, sizeof(rule->calls));
		else if (isdigit((unsigned char)*word))
			audit_rule_add_call(rule, (int)strtol(word, NULL, 10));
		else
			audit_rule_add_call(rule, audit_abi_call(abi_of(rule), word));
}

static void take_watch(const char *path, struct audit_rule *rule)
{
	const struct audit_condition condition = {AUDIT_DIR, AUDIT_EQUAL, (uint32_t)strlen(path)};

	rule->filter = AUDIT_FILTER_EXIT;
	rule->action = AUDIT_ALWAYS;
	audit_rule_add(rule, condition, path);
}

static void take_perms(const char *letters, struct audit_rule *rule)
{
	const struct audit_condition condition = {AUDIT_PERM, AUDIT_EQUAL, audit_perms_of(letters)};

	audit_rule_add(rule, condition, NULL);
}

/* By blanks alone: a tab is part of a word, and no quotes are known. */
static char *next_word(char **rest)
{
	char *word;

	do
		word = strsep(rest, " ");
	while (word && !*word);
	return word;
}

/* An option that makes a rule, or -c and -i. */
static enum audit_line_use use_of(char option, enum audit_line_use use)
{
	switch (option) {
	case 'a':
	case 'w':
		return AUDIT_LINE_LAST;
	case 'A':
		return AUDIT_LINE_FIRST;
	case 'd':
	case 'W':
		return AUDIT_LINE_DELETES;
	case 'c':
	case 'i':
		return AUDIT_LINE_GOES_ON;
	default:
		return use;
	}
}

/* False for what auditctl refuses. */
static bool take_option(const struct root *root, char option, char *argument,
			struct audit_rule *rule)
{
	switch (option) {
	case 'w':
	case 'W':
		take_watch(argument, rule);
		break;
	case 'a':
	case 'A':
	case 'd':
		return take_list(argument, rule);
	case 'F':
		take_condition(root, argument, rule);
		break;
	case 'C':
		audit_rule_add(rule, (struct audit_condition){.field = UNKNOWN_FIELD}, NULL);
		break;
	case 'p':
		take_perms(argument, rule);
		break;
	case 'S':
		take_calls(argument, rule);
		break;
	}
	return true;
}

enum audit_line_use audit_line_read(const struct root *root, char *text,
				    struct audit_rule *ret_rule)
{
	/* A list that is not known here is none that matters. */
	struct audit_rule rule = {.filter = AUDIT_FILTER_USER, .action = AUDIT_NEVER};
	enum audit_line_use use = AUDIT_LINE_NO_RULE;
	bool has_calls = false;
	char *word;

	while ((word = next_word(&text))) {
		char option = *word == '-' ? word[1] : '\0', *argument;

		if (!option || (option == 'p' && !rule.path))
			return AUDIT_LINE_REFUSED;
		use = use_of(option, use);
		if (strchr("Dchilstv", option))
			continue;
		/* "-S open" and "-Sopen" are one. */
		argument = word[2] && option != '-' ? word + 2 : next_word(&text);
		if (!argument)
			continue;
		/* What the names before it meant would be another's. */
		if (has_calls && option == 'F' && str_starts(argument, "arch"))
			return AUDIT_LINE_REFUSED;
		has_calls = has_calls || option == 'S';
		if (!take_option(root, option, argument, &rule))
			return AUDIT_LINE_REFUSED;
	}
	if (!has_calls)
		memset(rule.calls, 0xff, sizeof(rule.calls));
	*ret_rule = rule;
	return use;
}
