/* SPDX-License-Identifier: Apache-2.0 */
/* Audit rules as the kernel lists them (AUDIT_LIST_RULES). Pure: reads bytes, asks nobody. */
#ifndef PLUMBLINE_CHECKS_AUDIT_RULES_H
#define PLUMBLINE_CHECKS_AUDIT_RULES_H

#include <limits.h>
#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/netlink.h"

/* A condition on the end of a call that is none of "equals one error". */
#define AUDIT_EXIT_OTHER INT_MIN
#define AUDIT_PERM_ALL	 (AUDIT_PERM_EXEC | AUDIT_PERM_WRITE | AUDIT_PERM_READ | AUDIT_PERM_ATTR)

struct audit_rule {
	uint32_t calls[AUDIT_BITMASK_SIZE]; /* bits by number */
	uint32_t perms;			    /* AUDIT_PERM_*; all where the rule names none */
	const char *path;		    /* not terminated; NULL: none. Of a file or a folder */
	size_t path_len;
	int exit;	/* only calls that end with this; 0: any */
	bool ends_all;	/* "never,task": no call of any task is looked at */
	bool is_for_us; /* recorded at the end of a call of this machine's own kind */
};

/* A negative return ends the walk with it. */
typedef int (*audit_rule_fn)(const struct audit_rule *rule, void *userdata);

/* Calls @fn for each rule. 0, -EBADMSG for what no kernel sends, or what @fn returned. */
int audit_rules_each(struct nl_bytes bytes, audit_rule_fn fn, void *userdata);

/* Number of system call @name on this machine: -ENOENT when this machine has none of that name,
 * -EINVAL for a name that is not known here. */
int audit_call_number(const char *name);

bool audit_rule_has_call(const struct audit_rule *rule, int number);

#endif
