/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the clocks say beside each other: whether the wall clock was set, and
 * whether the machine was suspended. Looks at values only, reads no clock.
 */
#ifndef PLUMBLINE_BASE_CLOCK_WATCH_H
#define PLUMBLINE_BASE_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* The three clocks at one moment, ns. */
struct clock_look {
	int64_t real_ns; /* goes on while suspended; may be set */
	int64_t boot_ns; /* goes on while suspended */
	int64_t mono_ns; /* stands while suspended */
};

/* Less than this is the time between two readings, or a clock that is steered. */
#define CLOCK_WATCH_TOLERANCE_NS INT64_C(1000000000)

struct clock_news {
	int64_t stepped_ns;   /* the wall clock was set, forward (> 0) or back; 0: it was not */
	int64_t suspended_ns; /* the machine was suspended so long; 0: it was not */
};

struct clock_look clock_look_now(void);

/* What happened between two looks in one boot; false: nothing. */
bool clock_compare(const struct clock_look *before, const struct clock_look *now,
		   struct clock_news *ret_news);

#endif
