/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One happening that two sets of programs told, each into its own ring: the
 * record of the old ring is remembered, and its twin in the new ring is known
 * by it.
 *
 * Only what counts in a finding is kept: programs that start or run, loaded
 * code, and a clock that is set. Changes of a file fold by themselves, and the life of processes
 * may be told twice.
 */
#ifndef PLUMBLINE_SENSOR_TWINS_H
#define PLUMBLINE_SENSOR_TWINS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct twins;

int twins_new(struct twins **ret_twins);
struct twins *twins_free(struct twins *twins);

/* @data: a record that was told. When there are too many, an old one is forgotten: its twin would
 * be told, too. */
void twins_put(struct twins *twins, const void *data, size_t len);
/* Whether @data tells again what was told; true once for each that was put. */
bool twins_take(struct twins *twins, const void *data, size_t len);

#endif
