/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Monitored files with several names, by inode: a write through a name outside
 * the trees is thus put down to the name inside. Holds what it has room for;
 * for what it does not know the trees are walked.
 */
#ifndef PLUMBLINE_SENSOR_LINKED_FILES_H
#define PLUMBLINE_SENSOR_LINKED_FILES_H

#include <stdint.h>

#include "base/cleanup.h"

struct linked_files;

int linked_files_new(struct linked_files **ret_linked);
struct linked_files *linked_files_free(struct linked_files *linked);
DEFINE_CLEANUP(struct linked_files *, linked_files_free)

/* 0 or -ENOMEM. The newest name of a file counts. */
int linked_files_put(struct linked_files *linked, uint64_t dev, uint64_t ino, const char *path);
/* The name; NULL when it is not known. Borrowed until the next put. */
const char *linked_files_find(const struct linked_files *linked, uint64_t dev, uint64_t ino);

#endif
