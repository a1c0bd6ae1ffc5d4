/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One walk over the local file systems below a root, and what of it the checks
 * ask for. A walk costs reads of every folder: it is made once for all checks
 * that need it, in one go on request, or in small steps by who must not wait.
 *
 * It follows no link, enters no file system of the network or of the kernel,
 * opens folders only, and is bounded in depth, number and time. Anybody can make
 * folders that are too deep: the walk goes on beside them.
 */
#ifndef PLUMBLINE_CHECKS_INVENTORY_H
#define PLUMBLINE_CHECKS_INVENTORY_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "checks/root.h"

enum walk_fact {
	WALK_SETUID,	      /* programs with setuid or setgid */
	WALK_WRITABLE_FILE,   /* files that anybody may write */
	WALK_WRITABLE_FOLDER, /* folders that anybody may write, without the sticky bit */
	WALK_UNOWNED,	      /* of a user or group that has no name */
	WALK_TOO_DEEP,	      /* folders that are not entered, as their path is too long */
	WALK_FACT_COUNT,
};

/* Paths kept of one fact, and bytes of these; what is more is counted only. */
#define INVENTORY_MAX_PATHS 1000
#define INVENTORY_MAX_BYTES (256 * 1024)

/* What of an inventory is looked at anew. */
enum inventory_look {
	INVENTORY_LISTED,	/* the path, if it is listed */
	INVENTORY_LISTED_BELOW, /* and all that is listed below it */
	INVENTORY_AT,		/* the path, which may be listed now */
	INVENTORY_BELOW,	/* and all below it */
};

/* Names that INVENTORY_BELOW looks at; what is more is found by the next walk. */
#define INVENTORY_MAX_BELOW 4096

struct inventory {
	int result;	 /* 0, or why the walk is of no use */
	int64_t time_ns; /* wall clock when it began: what is newer may be missing */
	size_t entries;
	struct {
		struct strbuf paths; /* each ends with NUL */
		size_t count;	     /* also of those that are not kept */
	} facts[WALK_FACT_COUNT];
};

/* Always fills @ret_inventory. */
void inventory_walk(const struct root *root, struct inventory *ret_inventory);
void inventory_done(struct inventory *inventory);

/*
 * Something at @path changed: brings what is listed of it up to date, without a walk. 1 when the
 * lists have changed, 0, or negative errno with the lists as they were.
 */
int inventory_look_again(struct inventory *inventory, const struct root *root, const char *path,
			 enum inventory_look look);

struct inventory_walk;

/* Nothing is read before the first step. -ENOMEM, or another negative errno. */
int inventory_begin(const struct root *root, struct inventory_walk **ret_walk);
struct inventory_walk *inventory_walk_free(struct inventory_walk *walk);
DEFINE_CLEANUP(struct inventory_walk *, inventory_walk_free)
/* Looks at so many names at most; whether there is more. */
bool inventory_step(struct inventory_walk *walk, size_t max_entries);
/* Frees @walk and gives what it found, also of one that is not over. Returns NULL. */
struct inventory_walk *inventory_end(struct inventory_walk *walk, struct inventory *ret_inventory);

#endif
