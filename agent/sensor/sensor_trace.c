/* SPDX-License-Identifier: Apache-2.0 */
/* The trace rung: program starts and write-opens from BPF tracepoints, changes from fanotify. */
#include "sensor/sensor_bpf.h"

static int trace_open(const struct sensor_choice *choice, struct sensor **ret_sensor)
{
	static const struct sensor_bpf_kind kind = {.ops = &sensor_trace};

	return sensor_bpf_open(&kind, choice, ret_sensor);
}

const struct sensor_ops sensor_trace = {
	.name = "trace",
	.sights = sight_trace,
	.probe = sensor_bpf_probe,
	.open = trace_open,
	.watch = sensor_bpf_watch,
	.fd = sensor_bpf_fd,
	.dispatch = sensor_bpf_dispatch,
	.self_test = sensor_bpf_self_test,
	.close = sensor_bpf_close,
	.inventory = sensor_bpf_inventory,
	.rescan = sensor_bpf_rescan,
	.recheck = sensor_bpf_recheck,
	.hold = sensor_bpf_hold,
	.held = sensor_bpf_held,
	.settle = sensor_bpf_settle,
	.who = sensor_bpf_who,
	.who_mounted = sensor_bpf_who_mounted,
	.part = sensor_bpf_part,
	.tell = sensor_bpf_tell,
};
