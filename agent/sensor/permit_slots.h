/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions of the permission mode that wait for a digest: who waits, until
 * when, and whether the file was written meanwhile. A question whose time is
 * over is answered, but keeps its slot until the digest comes, so that the next
 * one about this file has an answer and a slow disk cannot pile up work. Fixed
 * size, no allocation, times (boot clock) from the caller.
 */
#ifndef PLUMBLINE_SENSOR_PERMIT_SLOTS_H
#define PLUMBLINE_SENSOR_PERMIT_SLOTS_H

#include "sensor/permit_cache.h"

#define PERMIT_SLOTS 64
/* A digest that takes longer will not come: its slot is needed. */
#define PERMIT_SLOT_NS (INT64_C(30) * 1000000000)

struct permit_slot {
	uint64_t serial; /* 0: free */
	struct permit_key key;
	int fd;		 /* of the event; -1 once it was answered */
	uint32_t pid;	 /* who waits */
	int64_t end_ns;	 /* answered by then */
	int64_t free_ns; /* given up then */
	bool is_written; /* since the question */
	bool is_stale;	 /* asked before the decisions became others */
};

struct permit_slots {
	struct permit_slot slots[PERMIT_SLOTS];
	uint64_t serial;
};

/* NULL when all are taken. */
struct permit_slot *permit_slots_take(struct permit_slots *slots, const struct permit_key *key,
				      int fd, int64_t end_ns);
/* The slot of @serial; NULL when it was given up. */
struct permit_slot *permit_slots_find(struct permit_slots *slots, uint64_t serial);
void permit_slots_free(struct permit_slot *slot);
/* One that must be answered now, its time being over; NULL: none. Gives up those that are too old.
 */
struct permit_slot *permit_slots_late(struct permit_slots *slots, int64_t now_ns);
/* The file is written: what is found out about it need not be true. */
void permit_slots_written(struct permit_slots *slots, uint64_t dev, uint64_t ino);
/* The decisions are others by now: no answer to what was asked counts. */
void permit_slots_all_stale(struct permit_slots *slots);
/* When permit_slots_late() has work; INT64_MAX: never. */
int64_t permit_slots_due(const struct permit_slots *slots);

#endif
