/* SPDX-License-Identifier: Apache-2.0 */
/* What a kind of package database is, and the table that each fills. For packages*.c only. */
#ifndef PLUMBLINE_BASELINE_PACKAGES_DB_H
#define PLUMBLINE_BASELINE_PACKAGES_DB_H

#include "base/arena.h"
#include "baseline/packages.h"

struct package_db_ops {
	const char *name;	 /* "dpkg" */
	const char *const *dirs; /* where it usually is, the likeliest first; NULL-ended */

	bool (*is_in)(const char *dir);
	/* Adds its packages and paths. @ret_state is NULL at the call and freed also after a
	 * failure. */
	int (*load)(struct packages *packages, const char *dir, void **ret_state,
		    struct diag *diag);
	/* Tells how the files of package @owner were shipped; NULL: load() did. */
	int (*load_files)(struct packages *packages, void *state, uint32_t owner);
	void (*free)(void *state);
};

extern const struct package_db_ops packages_dpkg, packages_rpm;

/* What is being read; only within load(). */
const struct packages_source *packages_get_source(const struct packages *packages);
struct arena *packages_get_arena(struct packages *packages);
const struct package *packages_get(const struct packages *packages, uint32_t owner);

/* Copies the texts. */
int packages_add(struct packages *packages, const struct package *package, uint32_t *ret_owner);

/*
 * Adds @path of the list of package @owner where nobody has it yet. @path must be in the arena, or
 * live as long. 1 when it was kept, 0 when not, or negative errno. @file may be NULL.
 */
int packages_add_path(struct packages *packages, uint32_t owner, const char *path,
		      const struct package_file *file);

/* Tells how @path, as the package names it, was shipped; nothing when the path is not @owner's or
 * that was told before. */
int packages_set_file(struct packages *packages, uint32_t owner, const char *path,
		      const struct package_file *file);

#endif
