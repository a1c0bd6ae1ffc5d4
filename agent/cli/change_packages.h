/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A change-set beside this machine's package database: which packages came, went
 * or changed, and which of its files are not as their package shipped them.
 *
 * The database is what root can rewrite, so this tells a reader where to look
 * first; it explains nothing away.
 */
#ifndef PLUMBLINE_CLI_CHANGE_PACKAGES_H
#define PLUMBLINE_CLI_CHANGE_PACKAGES_H

#include "baseline/packages.h"
#include "report/change_sets.h"

struct change_packages {
	char **names; /* "libssl3 3.0.15 -> 3.0.22", "jq 1.6 (new)", "tree 2.1 (gone)"; sorted */
	size_t as_shipped; /* of the findings: the file is what its package has */
	size_t other;	   /* it is not */
	size_t of_none;	   /* no package owns it: made by a package's script, or by anything else */
	size_t gone;	   /* nothing is there, and no package says that there should be */
	size_t unknown;	   /* the database has no checksum, or the file cannot be read */
	char **others;	   /* paths of @other; sorted */
};

/* Judges the open findings with the change-set @id among @findings. -ENOMEM. */
int change_packages_look(struct packages *packages, const char *id,
			 const struct finding *const *findings, size_t count,
			 struct change_packages *ret_look);
void change_packages_done(struct change_packages *look);
#define cleanup_change_packages cleanup_with(change_packages_done)

#endif
