/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/audit_rules.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/str.h"

/* What checks name, and those that newer machines have no more. */
static const struct {
	const char *name;
	int number;
} calls[] = {
	{"adjtimex", SYS_adjtimex},
	{"clock_adjtime", SYS_clock_adjtime},
	{"clock_settime", SYS_clock_settime},
	{"delete_module", SYS_delete_module},
	{"execve", SYS_execve},
	{"execveat", SYS_execveat},
	{"fchmod", SYS_fchmod},
	{"fchmodat", SYS_fchmodat},
	{"fchown", SYS_fchown},
	{"fchownat", SYS_fchownat},
	{"finit_module", SYS_finit_module},
	{"fremovexattr", SYS_fremovexattr},
	{"fsetxattr", SYS_fsetxattr},
	{"ftruncate", SYS_ftruncate},
	{"init_module", SYS_init_module},
	{"lremovexattr", SYS_lremovexattr},
	{"lsetxattr", SYS_lsetxattr},
	{"mount", SYS_mount},
	{"openat", SYS_openat},
	{"openat2", SYS_openat2},
	{"ptrace", SYS_ptrace},
	{"removexattr", SYS_removexattr},
	{"renameat2", SYS_renameat2},
	{"setdomainname", SYS_setdomainname},
	{"sethostname", SYS_sethostname},
	{"settimeofday", SYS_settimeofday},
	{"setxattr", SYS_setxattr},
	{"truncate", SYS_truncate},
	{"umount2", SYS_umount2},
	{"unlinkat", SYS_unlinkat},
#ifdef SYS_open
	{"chmod", SYS_chmod},
	{"chown", SYS_chown},
	{"creat", SYS_creat},
	{"lchown", SYS_lchown},
	{"open", SYS_open},
	{"rename", SYS_rename},
	{"rmdir", SYS_rmdir},
	{"unlink", SYS_unlink},
#else
	{"chmod", -ENOENT},
	{"chown", -ENOENT},
	{"creat", -ENOENT},
	{"lchown", -ENOENT},
	{"open", -ENOENT},
	{"rename", -ENOENT},
	{"rmdir", -ENOENT},
	{"unlink", -ENOENT},
#endif
#ifdef SYS_renameat
	{"renameat", SYS_renameat},
#else
	{"renameat", -ENOENT},
#endif
};

int audit_call_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (str_equal(calls[i].name, name))
			return calls[i].number;
	return -EINVAL;
}

void audit_rule_add_call(struct audit_rule *rule, int number)
{
	if (number >= 0 && number / 32 < AUDIT_BITMASK_SIZE)
		rule->calls[number / 32] |= 1u << number % 32;
}

/* Fields whose value is the length of a text that stands behind all fields. */
static bool is_text(uint32_t field)
{
	return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY ||
	       field == AUDIT_EXE || (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
	       (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

void audit_rule_add(struct audit_rule *rule, struct audit_condition condition, const char *text)
{
	bool is_path = condition.field == AUDIT_WATCH || condition.field == AUDIT_DIR;

	if (is_path && condition.op == AUDIT_EQUAL) {
		rule->path = text;
		rule->path_len = condition.value;
		rule->is_folder = condition.field == AUDIT_DIR;
	} else if (rule->condition_count < ARRAY_SIZE(rule->conditions)) {
		rule->conditions[rule->condition_count++] = condition;
	}
}

static int take_rule(struct nl_bytes payload, audit_rule_fn fn, void *userdata)
{
	struct audit_rule_data data;
	struct audit_rule rule = {0};
	const char *texts;
	size_t left;

	if (payload.len < sizeof(data))
		return -EBADMSG;
	memcpy(&data, payload.data, sizeof(data));
	texts = (const char *)payload.data + sizeof(data);
	left = payload.len - sizeof(data);
	if (data.field_count > AUDIT_MAX_FIELDS || data.buflen > left)
		return -EBADMSG;
	left = data.buflen;
	memcpy(rule.calls, data.mask, sizeof(rule.calls));
	rule.action = data.action;
	rule.filter = data.flags & ~(uint32_t)AUDIT_FILTER_PREPEND;
	for (uint32_t i = 0; i < data.field_count; i++) {
		struct audit_condition condition = {
			data.fields[i], data.fieldflags[i] & AUDIT_OPERATORS, data.values[i]};

		if (is_text(data.fields[i]) && data.values[i] > left)
			return -EBADMSG;
		audit_rule_add(&rule, condition, texts);
		if (is_text(data.fields[i])) {
			texts += data.values[i];
			left -= data.values[i];
		}
	}
	return fn(&rule, userdata);
}

int audit_rules_each(struct nl_bytes bytes, audit_rule_fn fn, void *userdata)
{
	struct nl_message message;
	int r;

	while ((r = nl_next_message(&bytes, &message)) > 0) {
		if (message.type != AUDIT_LIST_RULES)
			return -EBADMSG;
		r = take_rule(message.payload, fn, userdata);
		if (r < 0)
			return r;
	}
	return r;
}
