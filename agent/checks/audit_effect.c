/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/audit_effect.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"

#define FIRST_PERSON 1000u
#define LAST_PERSON  (UINT32_MAX - 1) /* the one above is "unset" */

/* How much of what is wanted a rule, or one condition of it, is about. */
enum reach {
	REACHES_NONE, /* or one program, one file of many, one service */
	REACHES_SOME,
	REACHES_ALL,
};

static enum reach lesser(enum reach a, enum reach b)
{
	return a < b ? a : b;
}

uint32_t audit_abi_arch(enum audit_abi abi)
{
	return abi == AUDIT_ABI_NATIVE ? AUDIT_ARCH_NATIVE : AUDIT_ARCH_COMPAT;
}

int audit_abi_call(enum audit_abi abi, const char *name)
{
	return abi == AUDIT_ABI_NATIVE ? audit_call_number(name) : audit_call_number_32(name);
}

/* Whether @left @op @right; bits are never compared here. */
static bool holds(int64_t left, uint32_t op, int64_t right)
{
	switch (op) {
	case AUDIT_EQUAL:
		return left == right;
	case AUDIT_NOT_EQUAL:
		return left != right;
	case AUDIT_LESS_THAN:
		return left < right;
	case AUDIT_LESS_THAN_OR_EQUAL:
		return left <= right;
	case AUDIT_GREATER_THAN:
		return left > right;
	case AUDIT_GREATER_THAN_OR_EQUAL:
		return left >= right;
	default:
		return false;
	}
}

static bool is_order(uint32_t op)
{
	return op && op != AUDIT_BIT_MASK && op != AUDIT_BIT_TEST;
}

/* Of the accounts from @first on that are wanted, and of root where @has_root. A condition changes
 * its answer beside its value only, so that these accounts stand for all. */
static enum reach reach_of_account(const struct audit_condition *condition, bool has_root)
{
	const uint32_t value = condition->value;
	const uint32_t accounts[] = {0, FIRST_PERSON, LAST_PERSON, value - 1, value, value + 1};
	unsigned asked = 0, held = 0;

	if (!is_order(condition->op))
		return REACHES_SOME;
	for (size_t i = 0; i < ARRAY_SIZE(accounts); i++) {
		if (accounts[i] ? accounts[i] < FIRST_PERSON || accounts[i] > LAST_PERSON
				: !has_root)
			continue;
		asked++;
		held += holds(accounts[i], condition->op, value);
	}
	return held == asked ? REACHES_ALL : held ? REACHES_SOME : REACHES_NONE;
}

/* Of a call whatever its end, those that succeed are the ones that must not be missed. */
static enum reach reach_of_end(const struct audit_condition *condition, int wanted)
{
	const uint32_t value = condition->value;

	if (condition->field == AUDIT_SUCCESS) {
		/* As the kernel numbers the two. */
		const int succeeded = 1, failed = 2;

		if (holds(wanted ? failed : succeeded, condition->op, value ? succeeded : failed))
			return wanted ? REACHES_ALL : REACHES_SOME;
		return REACHES_NONE;
	}
	if (!is_order(condition->op))
		return REACHES_SOME;
	/* The kernel compares without a sign: nothing is below 0. */
	if (wanted)
		return holds((uint32_t)wanted, condition->op, value) ? REACHES_ALL : REACHES_NONE;
	return holds(0, condition->op, value) || holds(1, condition->op, value) ||
			       holds(INT_MAX, condition->op, value)
		       ? REACHES_SOME
		       : REACHES_NONE;
}

static enum reach reach_of_perms(const struct audit_condition *condition,
				 const struct audit_wanted *wanted)
{
	uint32_t perms = wanted->perms ?: AUDIT_PERM_ALL;

	if (condition->op != AUDIT_EQUAL || !wanted->path)
		return REACHES_SOME;
	if (!(condition->value & perms))
		return REACHES_NONE;
	return !wanted->perms || !(perms & ~condition->value) ? REACHES_ALL : REACHES_SOME;
}

static enum reach if_true(bool is_true)
{
	return is_true ? REACHES_ALL : REACHES_NONE;
}

static enum reach reach_of_condition(const struct audit_condition *condition,
				     const struct audit_wanted *wanted)
{
	const uint32_t field = condition->field, op = condition->op, value = condition->value;

	switch (field) {
	case AUDIT_FILTERKEY:
		return REACHES_ALL;
	case AUDIT_ARCH:
		return if_true(holds(audit_abi_arch(wanted->abi), op, value));
	case AUDIT_MSGTYPE:
		/* Without this record an event has no others. */
		return is_order(op) ? if_true(holds(AUDIT_SYSCALL, op, value)) : REACHES_SOME;
	case AUDIT_PERM:
		return reach_of_perms(condition, wanted);
	case AUDIT_EXIT:
	case AUDIT_SUCCESS:
		return reach_of_end(condition, wanted->exit);
	case AUDIT_LOGINUID:
		return reach_of_account(condition, false);
	case AUDIT_LOGINUID_SET:
		return op == AUDIT_EQUAL ? if_true(value) : REACHES_SOME;
	case AUDIT_EXE:
	case AUDIT_PID:
	case AUDIT_PPID:
	case AUDIT_SESSIONID:
	case AUDIT_INODE:
		return op == AUDIT_EQUAL ? REACHES_NONE : REACHES_SOME;
	default:
		if (field >= AUDIT_UID && field <= AUDIT_FSGID)
			return reach_of_account(condition, true);
		if ((field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
		    (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH))
			return op == AUDIT_EQUAL ? REACHES_NONE : REACHES_SOME;
		return REACHES_SOME;
	}
}

static bool has_call(const struct audit_rule *rule, int number)
{
	return number >= 0 && number / 32 < AUDIT_BITMASK_SIZE &&
	       (rule->calls[number / 32] & (1u << number % 32));
}

/* The last word holds classes of calls, which the kernel has put in their place. */
static bool has_all_calls(const struct audit_rule *rule)
{
	for (size_t i = 0; i + 1 < ARRAY_SIZE(rule->calls); i++)
		if (rule->calls[i] != UINT32_MAX)
			return false;
	return true;
}

/* Newer tools name all calls that a permission is about; a few of them stand for all. */
static enum reach reach_of_uses(const struct audit_rule *rule, const struct audit_wanted *wanted)
{
	static const struct {
		uint32_t perm;
		const char *call;
	} uses[] = {
		{AUDIT_PERM_EXEC, "execve"},   {AUDIT_PERM_READ, "openat"},
		{AUDIT_PERM_WRITE, "openat"},  {AUDIT_PERM_WRITE, "unlinkat"},
		{AUDIT_PERM_ATTR, "fchmodat"}, {AUDIT_PERM_ATTR, "setxattr"},
	};
	unsigned asked = 0, found = 0;

	if (has_all_calls(rule))
		return REACHES_ALL;
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		if (!(uses[i].perm & (wanted->perms ?: AUDIT_PERM_ALL)))
			continue;
		asked++;
		found += has_call(rule, audit_abi_call(wanted->abi, uses[i].call));
	}
	/* Without a path nothing tells that these calls were chosen for a permission. */
	if (found == asked && rule->path)
		return REACHES_ALL;
	return found ? REACHES_SOME : REACHES_NONE;
}

static enum reach reach_of_path(const struct audit_rule *rule, const struct audit_wanted *wanted)
{
	size_t len = rule->path_len;

	if (!rule->path)
		return REACHES_ALL;
	while (len && rule->path[len - 1] == '/')
		len--;
	if (!wanted->path)
		return len ? REACHES_NONE : REACHES_SOME;
	if (wanted->path_len < len || memcmp(wanted->path, rule->path, len) != 0)
		return REACHES_NONE;
	if (wanted->path_len == len)
		return rule->is_folder || !wanted->is_folder ? REACHES_ALL : REACHES_SOME;
	return if_true(rule->is_folder && wanted->path[len] == '/');
}

enum audit_effect audit_rule_effect(const struct audit_rule *rule,
				    const struct audit_wanted *wanted)
{
	bool is_exit = rule->filter == AUDIT_FILTER_EXIT;
	enum reach reach = REACHES_ALL;

	if (is_exit) {
		reach = wanted->path ? reach_of_uses(rule, wanted)
				     : if_true(has_call(rule, wanted->call));
		reach = lesser(reach, reach_of_path(rule, wanted));
	}
	for (size_t i = 0; i < rule->condition_count; i++)
		reach = lesser(reach, reach_of_condition(&rule->conditions[i], wanted));
	if (reach == REACHES_NONE)
		return AUDIT_PASSED_BY;
	/* What is excluded is so whatever the action says. */
	if (rule->filter == AUDIT_FILTER_EXCLUDE ||
	    (rule->filter == AUDIT_FILTER_TASK && rule->action == AUDIT_NEVER))
		return AUDIT_SILENCED_ALL;
	if (!is_exit)
		return AUDIT_PASSED_BY;
	if (rule->action == AUDIT_NEVER)
		return AUDIT_SILENCED;
	return rule->action == AUDIT_ALWAYS && reach == REACHES_ALL ? AUDIT_RECORDED
								    : AUDIT_PASSED_BY;
}
