/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Back end for tests: kernel records from a file, one behind the other, as the
 * rings hold them. All behind the rings is the code of the trace rung. It is in
 * no list of back ends: nothing real may be told from a file.
 */
#ifndef PLUMBLINE_SENSOR_SENSOR_REPLAY_H
#define PLUMBLINE_SENSOR_SENSOR_REPLAY_H

#include "sensor/sensor.h"

extern const struct sensor_ops sensor_replay;

/* Reads all of @path (at most 16 MiB). sensor_replay.open has no file to read and says -EOPNOTSUPP.
 */
int sensor_replay_open(const char *path, sensor_event_fn fn, void *userdata,
		       struct sensor **ret_sensor);

#endif
