/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel records to processes, changes and program starts of an observer. It
 * does not care where they come from: the rings, or a file of a test.
 */
#ifndef PLUMBLINE_SENSOR_RECORD_SINK_H
#define PLUMBLINE_SENSOR_RECORD_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/exec_news.h"
#include "sensor/observer.h"
#include "sensor/wakeups.h"

struct record_sink {
	struct observer *observer; /* borrowed */
	struct exec_words words;
	struct wakeups *wakeups; /* borrowed: whose clocks */
	int64_t offset_ns;	 /* wall clock less boot clock */
	int64_t clock_look_ns;	 /* when to see what came of a set of the clock; 0: none */
	bool is_inventory;	 /* EV_TASK is told as EVENT_RUNNING, not only noted */
	bool has_mounted; /* somebody did, so the mount table changes soon; the owner clears it */
	uint64_t bad_records; /* not understood and passed over; the owner tells and clears it */
};

/* 0, also for a record that could not be understood; or -ENOMEM. */
int record_sink_take(struct record_sink *sink, const void *data, size_t len);
/* The clock was set: stamps are void. */
void record_sink_clock_set(struct record_sink *sink);
/* After all records were taken: tells what came of sets of the clock, from @clock_look_ns on. */
void record_sink_tell_clock(struct record_sink *sink);
void record_sink_done(struct record_sink *sink);

#endif
