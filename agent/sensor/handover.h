/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which a sensor takes over from the one before it:
 *
 *   1. its own programs are attached and proven, and pinned beside the others;
 *   2. its rules are known, or WAIT_NS are over: it asks for the links of the others to go;
 *   3. they are gone, and what they told is read: it asks for the rest of them to go.
 *
 * Both sets tell what happens from 1 to 3, so nothing falls between; what both told is told once.
 * Until 3 the own rings are left alone: what is in them came later.
 */
#ifndef PLUMBLINE_SENSOR_HANDOVER_H
#define PLUMBLINE_SENSOR_HANDOVER_H

#include "sensor/sensor.h"
#include "sensor/takeover.h"

struct handover;

/* Nothing is handed over where there are no pins: all below then does nothing. @fn gets what
 * earlier programs told. */
int handover_open(const struct sensor_choice *choice, bpf_record_fn fn, void *userdata,
		  struct handover **ret_handover);
struct handover *handover_close(struct handover *handover);

/* Step 1. On failure nothing outlives this process, and nothing else is worse. Without pins 0, and
 * @ret_is_kept stays. */
int handover_keep(struct handover *handover, const struct bpf_source *source, bool *ret_is_kept);
/* Step 2. @rules: of the trees as they are numbered from now on. */
void handover_set_rules(struct handover *handover, uint64_t rules);
/* Records of the own rings that were lost, as far as they are told. */
void handover_set_lost(struct handover *handover, uint64_t lost);

/* One more record was taken from a ring; all that were taken are told, and need nobody's care. Both
 * are a store to memory. */
void handover_took(struct handover *handover);
void handover_settle(struct handover *handover);

bool handover_is_over(const struct handover *handover);
/* Steps 2 and 3, a bounded piece. 1 when there is more to do at once, 0, or negative errno. */
int handover_work(struct handover *handover);
/* Boot clock time of the next work; INT64_MAX when there is none. */
int64_t handover_due(const struct handover *handover);
/* Records of earlier programs that found no room in the rings and were not told; that have another
 * form; that an earlier sensor took and had not told for sure when it was ended. */
struct handover_losses {
	uint64_t lost, unreadable, untold;
};

/* Once, at the end: whether there are any. */
bool handover_take_losses(struct handover *handover, struct handover_losses *ret_losses);

/* @data, a record of the list of what runs, is told now. */
void handover_note(struct handover *handover, const void *data, size_t len);
/* Whether an earlier program, or that list, told the same. */
bool handover_has_told(struct handover *handover, const void *data, size_t len);
/* 0 when programs of an earlier sensor were there when this one came. */
int handover_held(const struct handover *handover, struct sensor_held *ret_held);

#endif
