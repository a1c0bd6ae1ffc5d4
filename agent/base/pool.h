/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parallel for over numbered items: the one place with threads.
 *
 * Workers take the next item as they become free, so results arrive in any
 * order; @fn writes item i's result into its own slot.
 */
#ifndef PLUMBLINE_BASE_POOL_H
#define PLUMBLINE_BASE_POOL_H

#include <stddef.h>

/* @worker is 0 to workers-1, for per-worker scratch. A negative return stops the pool early. */
typedef int (*pool_fn)(size_t item, unsigned worker, void *userdata);

/* Processors this process may use, at least 1, at most 16. */
unsigned pool_default_workers(void);

/* Runs @fn over items 0 to @count-1 and waits. 0, or the first error. */
int pool_run(unsigned workers, size_t count, pool_fn fn, void *userdata);

#endif
