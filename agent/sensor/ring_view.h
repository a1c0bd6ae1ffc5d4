/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A BPF ring buffer, by its map alone; an earlier process may have read from it.
 *
 * Unlike libbpf's reader it can count what waits without taking it, and gives
 * back one record at a time: what was not taken is there for the next reader.
 */
#ifndef PLUMBLINE_SENSOR_RING_VIEW_H
#define PLUMBLINE_SENSOR_RING_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

struct ring_view;

/* @map_fd is borrowed during the call. -EINVAL when it is no ring. */
int ring_view_open(int map_fd, struct ring_view **ret_view);
struct ring_view *ring_view_close(struct ring_view *view);
DEFINE_CLEANUP(struct ring_view *, ring_view_close)

/* 1 with the first record that waits, whose data is valid until ring_view_take(); 0 when there is
 * none, -EBUSY when it is still being written. */
int ring_view_peek(struct ring_view *view, const void **ret_data, size_t *ret_len);
/* Gives its room back to the kernel. */
void ring_view_take(struct ring_view *view);
/* Records that wait. */
uint64_t ring_view_count(const struct ring_view *view);
/* Bytes that are taken up, those of records that are being written included, and of the whole. */
uint64_t ring_view_used(const struct ring_view *view);
uint64_t ring_view_size(const struct ring_view *view);

#endif
