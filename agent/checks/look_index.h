/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which checks looked where: from a path that was touched to the checks that must be run again.
 *
 * It keeps keys of 8 bytes and no paths. A path is handed on once, to whoever watches the machine.
 */
#ifndef PLUMBLINE_CHECKS_LOOK_INDEX_H
#define PLUMBLINE_CHECKS_LOOK_INDEX_H

#include <stddef.h>

#include "base/cleanup.h"
#include "checks/looked.h"

/* Paths that are handed on; those beyond are seen by whole runs only. */
#define LOOK_INDEX_MAX_PATHS 16384

struct look_index;

/* How a path was touched. */
enum {
	TOUCH_NAME = 1 << 0,   /* it came, or went */
	TOUCH_BELOW = 1 << 1,  /* and all below it */
	TOUCH_RIGHTS = 1 << 2, /* it is what a walk lists, whether or not a check looked there */
};

int look_index_new(size_t checks, struct look_index **ret_index);
struct look_index *look_index_free(struct look_index *index);
DEFINE_CLEANUP(struct look_index *, look_index_free)

/* @check has run: what it looked at takes the place of what it looked at before. -ENOMEM. */
int look_index_put(struct look_index *index, size_t check, const struct looked *looked);

/* Calls @fn for each check that looked at @path, or below it, as @how says. */
typedef void (*look_index_fn)(size_t check, void *userdata);
void look_index_find(const struct look_index *index, const char *path, unsigned how,
		     look_index_fn fn, void *userdata);

/* What was not handed on yet; the caller clears it when it has been. */
struct looked *look_index_news(struct look_index *index);
/* All is news again, as the checks are run anew. */
void look_index_forget_told(struct look_index *index);

#endif
