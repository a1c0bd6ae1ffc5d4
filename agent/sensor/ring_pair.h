/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The two rings of one set of programs, read as one in order of time: so a
 * change comes after the start of the program that made it, and a start after
 * the fork that it came from.
 *
 * Starts whose text the kernel left out have it again (start_texts.h).
 *
 * An alert that is lost is lost for good, so alerts come first while their ring is half full.
 */
#ifndef PLUMBLINE_SENSOR_RING_PAIR_H
#define PLUMBLINE_SENSOR_RING_PAIR_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "ebpf/event.h"

struct ring_view;
struct start_texts;

struct ring_pair {
	struct ring_view *views[EV_RING_COUNT];
	enum ev_ring next; /* of the record that was peeked at */
	struct start_texts *texts;
};

/* @map_fds, by enum ev_ring, and @texts_fd, of `start_texts` or -1, are borrowed during the call.
 * On failure nothing is left open. */
int ring_pair_open(const int map_fds[static EV_RING_COUNT], int texts_fd,
		   struct ring_pair *ret_pair);
void ring_pair_close(struct ring_pair *pair);

/*
 * 1 with the record that comes next, which is valid until ring_pair_take(); 0 when none waits;
 * -EBUSY while one that may be the next is still being written.
 */
int ring_pair_peek(struct ring_pair *pair, const void **ret_data, size_t *ret_len);
/* Gives the room of the record that was peeked at back to the kernel. */
void ring_pair_take(struct ring_pair *pair);
/* Records that wait. */
uint64_t ring_pair_count(const struct ring_pair *pair);

#endif
