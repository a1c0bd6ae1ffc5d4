/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rungs with BPF programs have in common: records from the rings,
 * changes from a fanotify group that only notifies. It sees and cannot deny.
 *
 * Each rung is a table of these functions with its own probe and open.
 */
#ifndef PLUMBLINE_SENSOR_SENSOR_BPF_H
#define PLUMBLINE_SENSOR_SENSOR_BPF_H

#include <stdbool.h>

#include "sensor/sensor.h"

struct sensor_bpf_kind {
	const struct sensor_ops *ops;
	bool has_lsm; /* with the programs on LSM hooks, which its self-test then asks for */
};

/* What both rungs need: tracepoint programs and fanotify. */
int sensor_bpf_probe(struct strbuf *reterr);
int sensor_bpf_open(const struct sensor_bpf_kind *kind, const struct sensor_choice *choice,
		    struct sensor **ret_sensor);
struct sensor *sensor_bpf_close(struct sensor *sensor);

/* Members of struct sensor_ops. */
int sensor_bpf_watch(struct sensor *sensor, const struct sensor_rules *rules);
int sensor_bpf_fd(const struct sensor *sensor);
int sensor_bpf_dispatch(struct sensor *sensor);
int sensor_bpf_self_test(struct sensor *sensor, const char *dir, struct strbuf *reterr);
/* All that was emitted is told. */
void sensor_bpf_settle(struct sensor *sensor);
int sensor_bpf_inventory(struct sensor *sensor);
int sensor_bpf_rescan(struct sensor *sensor, const char *tree);
int sensor_bpf_recheck(struct sensor *sensor, const char *path, const uint8_t *known);
int sensor_bpf_hold(struct sensor *sensor, int is_held);
struct verdicts *sensor_bpf_verdicts(struct sensor *sensor);
void sensor_bpf_tell(struct sensor *sensor, const struct observer_exec *exec);
int sensor_bpf_held(const struct sensor *sensor, struct sensor_held *ret_held);
int sensor_bpf_who(struct sensor *sensor, uint32_t pid, struct subject *ret_subject);
int sensor_bpf_who_mounted(struct sensor *sensor, int64_t since_ns, struct subject *ret_subject);
int sensor_bpf_part(const struct sensor *sensor, size_t index, struct sensor_part *ret_part);

#endif
