/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of program starts (ebpf/start.bpf.h): a record that names the text of
 * an earlier one is made whole, and all that read records see nothing of it.
 *
 * A text comes with the record that is the first to name it. Where that was lost, or an earlier
 * sensor had it, the kernel's own map is asked.
 */
#ifndef PLUMBLINE_SENSOR_START_TEXTS_H
#define PLUMBLINE_SENSOR_START_TEXTS_H

#include <stddef.h>

#include "base/cleanup.h"

struct start_texts;

/* @map_fd is borrowed during the call; -1: programs that have no such map. */
int start_texts_new(int map_fd, struct start_texts **ret_texts);
struct start_texts *start_texts_free(struct start_texts *texts);
DEFINE_CLEANUP(struct start_texts *, start_texts_free)

/*
 * Puts a whole record in the place of one that names its text; any other stays. Where nobody knows
 * the text any more, or there is no memory for it, exe and filename of the whole one are empty, and
 * cut (EV_TEXT_CUT). What was put there is valid until the next call.
 */
void start_texts_complete(struct start_texts *texts, const void **data, size_t *len);

#endif
