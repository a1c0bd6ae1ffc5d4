/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk over one tree, a step at a time, in memory that does not grow with it.
 *
 * Names come sorted within a directory (within portions of TREE_WALK_PORTION names
 * of a very large one). Links are not followed. File systems of the kernel's
 * own (proc, sysfs, ...), automount points and network file systems are left out:
 * the first hold no files, the others may not answer.
 */
#ifndef PLUMBLINE_SENSOR_TREE_WALK_H
#define PLUMBLINE_SENSOR_TREE_WALK_H

#include <stdint.h>

#include "base/cleanup.h"
#include "sensor/watch_set.h"

#define TREE_WALK_PORTION   4096
#define TREE_WALK_MAX_DEPTH 100

struct tree_walk;

/* @set (borrowed) says what is ignored. @root need not exist: then there is nothing to see. */
int tree_walk_new(const char *root, const struct watch_set *set, struct tree_walk **ret_walk);
struct tree_walk *tree_walk_free(struct tree_walk *walk);
DEFINE_CLEANUP(struct tree_walk *, tree_walk_free)

/*
 * 1 and the next path (valid until the next call) with the directory that holds it, 0 at the end,
 * or negative errno.
 * @ret_dirfd is AT_FDCWD for the root.
 */
int tree_walk_next(struct tree_walk *walk, int *ret_dirfd, const char **ret_path);

const char *tree_walk_root(const struct tree_walk *walk);
/* Directories that could not be read or were too deep: their entries were not seen. */
uint64_t tree_walk_unread(const struct tree_walk *walk);

#endif
