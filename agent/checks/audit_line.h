/* SPDX-License-Identifier: Apache-2.0 */
/* A line of a file of audit rules, as auditctl takes it. */
#ifndef PLUMBLINE_CHECKS_AUDIT_LINE_H
#define PLUMBLINE_CHECKS_AUDIT_LINE_H

#include "checks/audit_rules.h"
#include "checks/root.h"

enum audit_line_use {
	AUDIT_LINE_NO_RULE, /* a setting, or what is not known here */
	AUDIT_LINE_REFUSED, /* auditctl stops here */
	AUDIT_LINE_GOES_ON, /* from now on it does not (-c, -i) */
	AUDIT_LINE_LAST,    /* behind those that are there (-a, -w) */
	AUDIT_LINE_FIRST,   /* before them (-A) */
	AUDIT_LINE_DELETES, /* one that is there (-d, -W) */
};

/*
 * Cuts @text up; @ret_rule points into it. Names of accounts are those below @root. A value that is
 * not known here makes a condition that is not known here: such a rule records less than all. Of
 * lines that auditctl refuses those are known that hold a word too many, a list
 * that is none, -p before its -w, or an arch behind a call.
 */
enum audit_line_use audit_line_read(const struct root *root, char *text,
				    struct audit_rule *ret_rule);

/* Bits of letters of rwxa. */
uint32_t audit_perms_of(const char *letters);

#endif
