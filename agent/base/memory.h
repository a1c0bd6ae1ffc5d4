/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this process holds of memory and does not need.
 *
 * Not an allocator, and no limit: only what can be had back at any time is given back.
 */
#ifndef PLUMBLINE_BASE_MEMORY_H
#define PLUMBLINE_BASE_MEMORY_H

#include <stdint.h>

/*
 * Gives free heap, and the pages of programs and libraries that were never written to, back to the
 * system. The pages come back from the page cache, or the file, when they are used again; most
 * never are, since only the start of the program and of its libraries needed them. Breakpoints that
 * a debugger set in this process are forgotten.
 */
void memory_give_back(void);

/* Pages that came, or came back, since the process began, without a wait for a disk. */
uint64_t memory_faults(void);

#endif
