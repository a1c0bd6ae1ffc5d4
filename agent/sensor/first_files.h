/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is read first while the trees are warmed: the programs that run with
 * all code that they have mapped, then the programs that units of systemd
 * start, and the libraries that those name. So what the machine works with is
 * known long before the last file is.
 *
 * Only an order: a path that is left out here is met by the walk of its tree.
 */
#ifndef PLUMBLINE_SENSOR_FIRST_FILES_H
#define PLUMBLINE_SENSOR_FIRST_FILES_H

#include "base/cleanup.h"
#include "sensor/watch_set.h"

#define FIRST_FILES_MAX 4096

struct first_files;

/* Below @root ("" is the machine's own) are proc, the folders of units and what they name; @set is
 * borrowed. */
int first_files_new(const char *root, const struct watch_set *set, struct first_files **ret_files);
struct first_files *first_files_free(struct first_files *files);
DEFINE_CLEANUP(struct first_files *, first_files_free)

/* The next monitored path, each once, valid until the next call; NULL at the end. */
const char *first_files_next(struct first_files *files);

#endif
