/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One check as loaded, and the ini reader that makes it. Shared by the set,
 * the runner and the lint; not for other folders, which see checks.h.
 */
#ifndef PLUMBLINE_CHECKS_CHECK_H
#define PLUMBLINE_CHECKS_CHECK_H

#include "base/diag.h"
#include "checks/expect.h"
#include "checks/probe.h"
#include "model/catalog.h"
#include "model/finding.h"

enum check_field {
	CHECK_TITLE,
	CHECK_WHY,
	CHECK_KIND,
	CHECK_EXPECT,
	CHECK_EXPECTED, /* words for `expect` where the operator's own would not tell enough */
	CHECK_SEVERITY,
	CHECK_CONTROLS,
	CHECK_REQUIREMENTS,
	CHECK_TECHNIQUES,
	CHECK_REMEDIATION,
	CHECK_OT_CAUTION,
	CHECK_APPLIES,
	CHECK_OTHERWISE,
	CHECK_SOURCE,
	CHECK_FIELD_COUNT,
};

struct check {
	char *id;
	char *family; /* title of the file it stands in */
	char *fields[CHECK_FIELD_COUNT];
	const struct probe_ops *probe;
	struct probe_params params; /* owned */
	struct expect expect;
	enum finding_severity severity;
	unsigned lowest_sl; /* of the requirements it names */
	bool is_left_out;   /* by the profile, the overlay or the category */
};

struct check_list {
	struct check *items;
	size_t count, room;
};

/*
 * Appends the checks of one ini file. @catalog knows the ids. -EINVAL with @diag filled (file,
 * line), or another negative errno.
 */
int check_list_read(struct check_list *list, const char *path, const struct catalog *catalog,
		    struct diag *diag);
/* Gives the check another value of a parameter of its kind. -EINVAL with @diag filled. */
int check_set_param(struct check *check, const char *name, const char *value, unsigned line,
		    struct diag *diag);
void check_list_done(struct check_list *list);
struct check *check_list_find(const struct check_list *list, const char *id);
void check_done(struct check *check);

/* 1 when the condition @applies holds below @root, 0 when not, or negative errno. */
int condition_holds(const char *applies, const struct root *root);
/* 0, or -EINVAL with @diag->text filled. */
int condition_check(const char *applies, struct diag *diag);

#endif
