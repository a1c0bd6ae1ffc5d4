/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one descriptor of a back end: an epoll set with a timer for the next
 * work, a slow tick, and notice of a wall clock that was set.
 */
#ifndef PLUMBLINE_SENSOR_WAKEUPS_H
#define PLUMBLINE_SENSOR_WAKEUPS_H

#include <stdbool.h>
#include <stdint.h>

#define WAKEUPS_TICK_MS 2000
/*
 * What the kernel told is read in rounds, which end in time for the process to do all else. A count
 * alone would not do: each record may be about a file that must be read.
 */
#define WAKEUPS_ROUND_NS INT64_C(100000000)

enum wakeup {
	WAKEUP_NONE,
	WAKEUP_DUE,   /* the timer ran out */
	WAKEUP_TICK,  /* each WAKEUPS_TICK_MS */
	WAKEUP_CLOCK, /* the wall clock was set */
	WAKEUP_USER,  /* + n: the back end's own, from wakeups_add() */
};

struct wakeups {
	int epoll, timer, tick, clock;
	int64_t offset_ns;  /* wall clock less boot clock, as last seen */
	int64_t highest_ns; /* the same at its highest since the clock last went back */
	/* What the last set that was told makes of it, and when that was told: while the clocks
	 * have not shown it. When they showed something else though time enough had passed; 0: not
	 * yet. */
	bool is_told;
	int64_t told_ns, told_at_ns, doubted_ns;
	int64_t armed_ns;
};

#define WAKEUPS_NONE ((struct wakeups){.epoll = -1, .timer = -1, .tick = -1, .clock = -1})

int wakeups_init(struct wakeups *w);
void wakeups_done(struct wakeups *w);

/* @number from 0; @events is an EPOLL* mask, 0 to add it asleep. */
int wakeups_add(struct wakeups *w, int fd, unsigned number, uint32_t events);
int wakeups_set(struct wakeups *w, int fd, unsigned number, uint32_t events);

/* The timer runs out at @due_ns of the boot clock; INT64_MAX: never. */
int wakeups_arm(struct wakeups *w, int64_t due_ns);

/* Bit n is set for enum wakeup n; never waits. Negative errno on failure. */
int wakeups_take(struct wakeups *w);
/* Less than that is how two clocks are read one after the other: the end of a suspend counts as a
 * clock that was set, too. */
#define WAKEUPS_TOLERANCE_NS INT64_C(100000000)
/* A set is told before it is made, or just after: so much later it was. */
#define WAKEUPS_SETTLED_NS INT64_C(1000000000)

/*
 * Somebody sets the wall clock to @set_ns, at @boot_ns of the boot clock: told by the kernel, in
 * the order of time. Returns by how much the clock went back by the set that was told before, 0
 * when it did not. That one was made if another followed it, unless the clocks showed between the
 * two that it was not; of the last one the clocks themselves tell. So each set is told once, and
 * one that failed is not.
 */
int64_t wakeups_clock_told(struct wakeups *w, int64_t set_ns, int64_t boot_ns);

/* When to compare the clocks for a set that was told and that they have not shown; 0: there is
 * none.
 */
int64_t wakeups_clock_due(const struct wakeups *w);

/* After WAKEUP_CLOCK, or when a set was told: by how much the wall clock went back, 0 when it did
 * not. Small steps add up. */
int64_t wakeups_clock_step(struct wakeups *w);
/* The same with what the clocks say at @boot_ns of the boot clock. */
int64_t wakeups_clock_step_to(struct wakeups *w, int64_t offset_ns, int64_t boot_ns);

#endif
