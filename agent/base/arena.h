/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many small pieces of memory that live and end together. None is freed alone.
 */
#ifndef PLUMBLINE_BASE_ARENA_H
#define PLUMBLINE_BASE_ARENA_H

#include <stddef.h>

#include "base/cleanup.h"

struct arena_block;

/* Zero-initialise. */
struct arena {
	struct arena_block *blocks; /* the one in use first */
	size_t used, room;	    /* of that one */
};

/* @size zeroed bytes, aligned for pointers and 64-bit numbers; NULL when out of memory. */
void *arena_alloc(struct arena *arena, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
void arena_done(struct arena *arena);

#define cleanup_arena cleanup_with(arena_done)

#endif
