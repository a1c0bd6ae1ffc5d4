/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks trees for baselines: each path once, in the order of strcmp(), links not
 * followed, what the rules ignore left out. It holds the names of the folders on
 * the way down and nothing else. Goes into local mounts, never into network or kernel
 * file systems: a server that is away would hold it for ever.
 */
#ifndef PLUMBLINE_BASELINE_WALK_H
#define PLUMBLINE_BASELINE_WALK_H

#include <sys/stat.h>

#include "baseline/baseline.h"

/*
 * STATX_MNT_ID_UNIQUE of linux/stat.h, since 6.8: mount ids that are never used again. Older
 * kernels ignore it and give the plain id; stx_mask says which one it is.
 */
#define WALK_MNT_ID_UNIQUE 0x4000U

struct walk {
	const struct baseline_rules *rules;
	/*
	 * Called for the tree itself and all below it. @stx has type, mode, owner, size, times,
	 * device, inode and mount id. A negative return ends the walk.
	 */
	int (*on_path)(const char *path, const struct statx *stx, void *userdata);
	/* A folder that could not be listed, or a path that could not be looked at; @error is an
	 * errno. May be NULL. */
	int (*on_problem)(const char *path, int error, void *userdata);
	void *userdata;
};

/*
 * @trees (NULL-ended, each absolute and normalized) may lie in each other. One that is not there is
 * a problem ENOENT, and nothing else is. 0, -ENOMEM, or the first error of a callback.
 */
int walk_trees(const struct walk *walk, char *const *trees);

/* Fills @stx as for on_path. 0 or negative errno. */
int walk_stat(int dirfd, const char *name, struct statx *stx);

#endif
