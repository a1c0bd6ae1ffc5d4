/* SPDX-License-Identifier: Apache-2.0 */
/* What cuts a set of checks down to one kind of host, one site and one category of asset. For the
 * set only. */
#ifndef PLUMBLINE_CHECKS_PROFILE_H
#define PLUMBLINE_CHECKS_PROFILE_H

#include "checks/set.h"

/* Each marks checks as left out and changes what is expected; -EINVAL with @diag filled, or another
 * negative errno. */

/* Reads the profile @path; @level 0: that of the file. */
int profile_read(const char *path, unsigned level, struct check_set *set, struct diag *diag);
/* Finds the file of the profile called @name, and its level, first. */
int profile_apply(const char *data_dir, const char *name, struct check_set *set, struct diag *diag);
/* A file of the site; each change needs a reason. */
int overlay_apply(const char *path, struct check_set *set, struct diag *diag);
/* Leaves out the checks none of whose controls is asked for at the high-water mark of @category. */
int category_apply(const char *data_dir, const char *category, struct check_set *set,
		   struct diag *diag);

/* Drops what is left out, keeping the order. */
void check_set_cut_down(struct check_set *set);

#endif
