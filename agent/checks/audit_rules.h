/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Audit rules as the kernel lists them (AUDIT_LIST_RULES), first that which comes first. Pure:
 * reads bytes, asks nobody. What a rule does to an event: audit_effect.h.
 */
#ifndef PLUMBLINE_CHECKS_AUDIT_RULES_H
#define PLUMBLINE_CHECKS_AUDIT_RULES_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/netlink.h"

struct audit_condition {
	uint32_t field; /* AUDIT_PID... */
	uint32_t op;	/* AUDIT_EQUAL...; 0: one that is not known here */
	uint32_t value; /* of a text: its length */
};

struct audit_rule {
	uint32_t filter;		    /* AUDIT_FILTER_* */
	uint32_t action;		    /* AUDIT_NEVER, AUDIT_ALWAYS */
	uint32_t calls[AUDIT_BITMASK_SIZE]; /* bits by number */
	const char *path;		    /* not terminated; NULL: none */
	size_t path_len;
	bool is_folder;					     /* and what lies below it */
	struct audit_condition conditions[AUDIT_MAX_FIELDS]; /* without that path */
	size_t condition_count;
};

/* A negative return ends the walk with it. */
typedef int (*audit_rule_fn)(const struct audit_rule *rule, void *userdata);

/* Calls @fn for each rule. 0, -EBADMSG for what no kernel sends, or what @fn returned. */
int audit_rules_each(struct nl_bytes bytes, audit_rule_fn fn, void *userdata);

/* Puts @condition to those of @rule, which borrows @text of its length. */
void audit_rule_add(struct audit_rule *rule, struct audit_condition condition, const char *text);
void audit_rule_add_call(struct audit_rule *rule, int number);

/* Number of system call @name on this machine: -ENOENT when this machine has none of that name,
 * -EINVAL for a name that is not known here. */
int audit_call_number(const char *name);
/* The same for 32-bit programs on a 64-bit machine; -ENOENT also where they are not looked at. */
int audit_call_number_32(const char *name);

#endif
