/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/audit_rules.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "base/str.h"

#if defined(__x86_64__)
#define NATIVE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define NATIVE_ARCH AUDIT_ARCH_AARCH64
#elif defined(__i386__)
#define NATIVE_ARCH AUDIT_ARCH_I386
#elif defined(__arm__)
#define NATIVE_ARCH AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define NATIVE_ARCH AUDIT_ARCH_RISCV64
#else
#error "name this machine's AUDIT_ARCH_* here"
#endif

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

bool audit_rule_has_call(const struct audit_rule *rule, int number)
{
	unsigned word = (unsigned)number / 32;

	return number >= 0 && word < AUDIT_BITMASK_SIZE &&
	       (rule->calls[word] & (1u << (unsigned)number % 32));
}

/* Fields whose value is the length of a text that stands behind all fields. */
static bool is_text(uint32_t field)
{
	return field == AUDIT_WATCH || field == AUDIT_DIR || field == AUDIT_FILTERKEY ||
	       field == AUDIT_EXE || (field >= AUDIT_SUBJ_USER && field <= AUDIT_SUBJ_CLR) ||
	       (field >= AUDIT_OBJ_USER && field <= AUDIT_OBJ_LEV_HIGH);
}

static void take_field(uint32_t field, uint32_t flags, uint32_t value, struct audit_rule *rule)
{
	bool is_equal = (flags & AUDIT_OPERATORS) == AUDIT_EQUAL;

	if (field == AUDIT_ARCH && (!is_equal || value != NATIVE_ARCH))
		rule->is_for_us = false;
	else if (field == AUDIT_PERM && is_equal)
		rule->perms = value;
	else if (field == AUDIT_EXIT)
		rule->exit = is_equal ? (int)value : AUDIT_EXIT_OTHER;
	else if (field == AUDIT_SUCCESS && is_equal && !value)
		rule->exit = AUDIT_EXIT_OTHER;
}

static int take_rule(struct nl_bytes payload, audit_rule_fn fn, void *userdata)
{
	struct audit_rule rule = {.perms = AUDIT_PERM_ALL};
	struct audit_rule_data data;
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
	rule.is_for_us = data.action == AUDIT_ALWAYS &&
			 (data.flags & ~(uint32_t)AUDIT_FILTER_PREPEND) == AUDIT_FILTER_EXIT;
	rule.ends_all = data.action == AUDIT_NEVER && !data.field_count &&
			(data.flags & ~(uint32_t)AUDIT_FILTER_PREPEND) == AUDIT_FILTER_TASK;
	for (uint32_t i = 0; i < data.field_count; i++) {
		if (!is_text(data.fields[i])) {
			take_field(data.fields[i], data.fieldflags[i], data.values[i], &rule);
			continue;
		}
		if (data.values[i] > left)
			return -EBADMSG;
		if ((data.fields[i] == AUDIT_WATCH || data.fields[i] == AUDIT_DIR) &&
		    (data.fieldflags[i] & AUDIT_OPERATORS) == AUDIT_EQUAL) {
			rule.path = texts;
			rule.path_len = data.values[i];
		}
		texts += data.values[i];
		left -= data.values[i];
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
