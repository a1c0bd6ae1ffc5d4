/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an audit rule does to events that a check wants recorded. Pure.
 *
 * Wanted is what people do (those who logged in as users: auid 1000 and above) and what runs as
 * root or with their ids. So "auid>=1000" takes nothing away from a rule, and "never" for one
 * program or the account of a service nothing from what stands behind it; any other condition does.
 */
#ifndef PLUMBLINE_CHECKS_AUDIT_EFFECT_H
#define PLUMBLINE_CHECKS_AUDIT_EFFECT_H

#include "checks/audit_rules.h"

#define AUDIT_PERM_ALL (AUDIT_PERM_EXEC | AUDIT_PERM_WRITE | AUDIT_PERM_READ | AUDIT_PERM_ATTR)

#if defined(__x86_64__)
#define AUDIT_ARCH_NATIVE AUDIT_ARCH_X86_64
#define AUDIT_ARCH_COMPAT AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define AUDIT_ARCH_NATIVE AUDIT_ARCH_AARCH64
#define AUDIT_ARCH_COMPAT AUDIT_ARCH_ARM
#elif defined(__i386__)
#define AUDIT_ARCH_NATIVE AUDIT_ARCH_I386
#define AUDIT_ARCH_COMPAT AUDIT_ARCH_NATIVE
#elif defined(__arm__)
#define AUDIT_ARCH_NATIVE AUDIT_ARCH_ARM
#define AUDIT_ARCH_COMPAT AUDIT_ARCH_NATIVE
#elif defined(__riscv) && __riscv_xlen == 64
#define AUDIT_ARCH_NATIVE AUDIT_ARCH_RISCV64
#define AUDIT_ARCH_COMPAT AUDIT_ARCH_RISCV32
#else
#error "name this machine's AUDIT_ARCH_* here"
#endif

/* Whose calls have numbers of their own: a rule is about one of them, or its numbers mean another
 * call of the other. */
enum audit_abi {
	AUDIT_ABI_NATIVE,
	AUDIT_ABI_32, /* of 32-bit programs on a 64-bit machine */
};

/* So many are looked at: without their numbers nothing can be said of 32-bit programs. */
#if defined(__x86_64__)
#define AUDIT_ABIS (AUDIT_ABI_32 + 1)
#else
#define AUDIT_ABIS (AUDIT_ABI_NATIVE + 1)
#endif

uint32_t audit_abi_arch(enum audit_abi abi);
/* Of call @name, as audit_call_number(). */
int audit_abi_call(enum audit_abi abi, const char *name);

/* Use of a path, or a system call. */
struct audit_wanted {
	const char *path; /* not terminated; NULL: the call */
	size_t path_len;
	bool is_folder;	    /* what is below the path, too */
	uint32_t perms;	    /* AUDIT_PERM_* of the path; 0: any will do */
	enum audit_abi abi; /* of who uses or calls */
	int call;	    /* its number there */
	int exit;	    /* the call ends with this errno, negative; 0: whatever its end */
};

enum audit_effect {
	AUDIT_PASSED_BY, /* the next rule decides */
	AUDIT_RECORDED,
	AUDIT_SILENCED,	    /* at least in part */
	AUDIT_SILENCED_ALL, /* whatever the rules of other filters say */
};

enum audit_effect audit_rule_effect(const struct audit_rule *rule,
				    const struct audit_wanted *wanted);

#endif
