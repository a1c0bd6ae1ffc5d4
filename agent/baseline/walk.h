/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks a tree for baselines: each path once, links not followed, what the
 * rules ignore left out. Goes into local mounts, never into network or kernel
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

/* @tree is absolute and normalized. 0, -ENOENT when it is not there, or the first error of a
 * callback. */
int walk_tree(const struct walk *walk, const char *tree);

/* Fills @stx as for on_path. 0 or negative errno. */
int walk_stat(int dirfd, const char *name, struct statx *stx);

#endif
