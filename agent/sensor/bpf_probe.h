/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks the kernel which types of BPF programs it takes, by loading two
 * instructions of each. Nothing is attached, nothing stays.
 */
#ifndef PLUMBLINE_SENSOR_BPF_PROBE_H
#define PLUMBLINE_SENSOR_BPF_PROBE_H

#include <stdbool.h>
#include <stddef.h>

enum bpf_probe_type {
	BPF_PROBE_LSM,
	BPF_PROBE_LSM_SLEEPABLE,
	BPF_PROBE_FENTRY,
	BPF_PROBE_FMOD_RET,
	BPF_PROBE_TP_BTF,
	BPF_PROBE_RAW_TRACEPOINT,
	BPF_PROBE_TRACEPOINT,
	BPF_PROBE_ITERATOR,
	BPF_PROBE_COUNT,
};

const char *bpf_probe_name(enum bpf_probe_type type);
/* 0 when the kernel takes it, else the negative errno that it gave. -ENOENT: it has no such hook or
 * no BTF. */
int bpf_probe_load(enum bpf_probe_type type);
/* Whether bpf() is refused before the kernel looks at what is asked for: by a filter, or for want
 * of every right. */
bool bpf_probe_is_call_refused(void);

#endif
