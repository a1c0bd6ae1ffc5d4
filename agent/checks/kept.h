/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What checks have read, kept for those after them: many look at the same few files and folders.
 *
 * It never looks again, so it is as true as it is young: who runs checks forgets it before waiting
 * for anything. What finds no room is not kept, and read again.
 */
#ifndef PLUMBLINE_CHECKS_KEPT_H
#define PLUMBLINE_CHECKS_KEPT_H

#include <stddef.h>

#include "base/arena.h"

#define KEPT_MAX_BYTES (1024 * 1024)
#define KEPT_BUCKETS   128

enum kept_what {
	KEPT_BYTES,    /* of a file */
	KEPT_UNPACKED, /* of a file that was compressed */
	KEPT_NAMES,    /* in a folder, each ends with NUL */
	KEPT_PACKAGES, /* that a database has as installed, each ends with NUL */
};

struct kept_item {
	struct kept_item *next;
	enum kept_what what;
	const char *path;
	const char *real; /* where links at @path led, for who notes looks; "": nowhere else */
	const char *data;
	size_t len;
};

/* Zero-initialise. */
struct kept {
	struct arena arena;
	struct kept_item *buckets[KEPT_BUCKETS];
	size_t bytes;
};

/* NULL when it is not kept, and when @kept is NULL. Valid until kept_done(). */
const struct kept_item *kept_find(const struct kept *kept, enum kept_what what, const char *path);
/* Copies @item, whose @next does not matter. */
void kept_add(struct kept *kept, const struct kept_item *item);
void kept_done(struct kept *kept);

#endif
