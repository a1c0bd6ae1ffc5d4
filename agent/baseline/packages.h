/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which package owns a path, read from dpkg's own files: status, diversions,
 * info/PACKAGE.list and info/PACKAGE.md5sums. Runs no program.
 *
 * The lists name what a package shipped; root can change them as easily as the
 * files. So they are a hint for people, never a reason to approve anything.
 */
#ifndef PLUMBLINE_BASELINE_PACKAGES_H
#define PLUMBLINE_BASELINE_PACKAGES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/hash.h"

#define PACKAGES_DPKG_DIR "/var/lib/dpkg"

struct packages;

struct package {
	const char *name, *version;
	int64_t unpacked_ns; /* when dpkg last wrote its list of files */
};

/*
 * Reads the database in @dir for paths below @trees (NULL-ended; NULL: all paths). @root ("" for
 * the running system) is where merged-/usr links are looked for. A missing database is an empty
 * one.
 */
int packages_open(const char *dir, const char *root, char *const *trees,
		  struct packages **ret_packages);
struct packages *packages_close(struct packages *packages);
DEFINE_CLEANUP(struct packages *, packages_close)

size_t packages_count(const struct packages *packages);

/* NULL when no package owns it. Paths as they are on disk: /usr/bin/ls, also where the package says
 * /bin/ls. */
const struct package *packages_find(const struct packages *packages, const char *path);

/* The checksum that the package gives for @path. 0, -ENOENT, or another negative errno. Not for two
 * threads. */
int packages_get_md5(struct packages *packages, const char *path, uint8_t ret_md5[static MD5_SIZE]);

/* Each path of each list as it is on disk, in no order; stops at a non-zero return of @fn, which it
 * gives back. */
int packages_each(const struct packages *packages, int (*fn)(const char *path, void *userdata),
		  void *userdata);

#endif
