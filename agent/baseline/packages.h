/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package owns a path, and how the package shipped it. Each kind of
 * package database (dpkg, rpm) fills one table behind package_db_ops.
 *
 * The databases name what a package shipped; root can change them as easily as
 * the files. So they are a hint for people, never a reason to approve anything.
 */
#ifndef PLUMBLINE_BASELINE_PACKAGES_H
#define PLUMBLINE_BASELINE_PACKAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/hash.h"
#include "model/file_fact.h"

struct packages;

struct package {
	const char *name, *version;
	int64_t unpacked_ns; /* when its files were surely all written; 0: not known */
};

/* A path as its package shipped it; what the database does not keep is NULL or 0. */
struct package_file {
	const char *user, *group;
	const char *capabilities; /* as cap_from_text() reads it; "" for none */
	const char *target;	  /* of a symbolic link */
	uint16_t mode;		  /* as st_mode has it */
	uint8_t digest_size;	  /* MD5_SIZE, SHA256_SIZE, or 0: there is none */
	/* %config, or not to be verified. Not of dpkg: its conffiles lie below /etc. */
	bool is_config;
	uint8_t digest[];
};

/* Takes the next bytes of a program's output; a negative return ends it. */
typedef int (*packages_output_fn)(const void *data, size_t len, void *userdata);

struct packages_source {
	/* One database, whatever kind it is; NULL: the usual places of each kind. */
	const char *dir;
	const char *root;   /* where merged-/usr links are looked for; "" for the running system */
	char *const *trees; /* only paths below these are kept (NULL-ended); NULL: all */
	/*
	 * Runs a query tool of the system, without privileges and bounded in time and output. 0
	 * when it ended well, else negative errno with @diag. NULL: a database that needs one is an
	 * error.
	 */
	int (*run_query)(char *const arguments[], packages_output_fn fn, void *userdata,
			 struct diag *diag);
};

/*
 * Reads the databases that are there; none is an empty one. A path that two packages claim is that
 * of the first: dpkg's before rpm's.
 */
int packages_open(const struct packages_source *source, struct packages **ret_packages,
		  struct diag *diag);
struct packages *packages_close(struct packages *packages);
DEFINE_CLEANUP(struct packages *, packages_close)

size_t packages_count(const struct packages *packages);

/* NULL when no package owns it. Paths as they are on disk: /usr/bin/ls, also where the package says
 * /bin/ls. */
const struct package *packages_find(const struct packages *packages, const char *path);

/*
 * How @path was shipped, as far as the database tells; @ret_file lives as long as @packages. 0,
 * -ENOENT, or another negative errno. Not for two threads.
 */
int packages_get_file(struct packages *packages, const char *path,
		      const struct package_file **ret_file);

/* The same as far as it was loaded; NULL: nothing is known, or not yet. Looks at nothing else, so
 * it is for files whose checksum is not wanted. */
const struct package_file *packages_peek_file(const struct packages *packages, const char *path);

/*
 * Sets attributes_differ (mode, owner, capabilities or link target are others than the package's,
 * as far as those are known), and the role of settings that lie elsewhere than in /etc. @file may
 * be NULL.
 */
void package_file_judge(const struct package_file *file, struct file_fact *fact);

/* Each path of each package as it is on disk, in no order; stops at a non-zero return of @fn, which
 * it gives back. */
int packages_each(const struct packages *packages, int (*fn)(const char *path, void *userdata),
		  void *userdata);

#endif
