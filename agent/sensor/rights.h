/* SPDX-License-Identifier: Apache-2.0 */
/* What this process may do in the kernel, and in words why the kernel refused a BPF program. */
#ifndef PLUMBLINE_SENSOR_RIGHTS_H
#define PLUMBLINE_SENSOR_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>

struct strbuf;

/* Effective capabilities, a bit each; 0 when they cannot be read. */
uint64_t rights_capabilities(void);
/* CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, which stands for both. */
bool rights_may_load(uint64_t capabilities);
/* Whether the capabilities count only in a user namespace below the first. */
bool rights_are_namespaced(void);
/* bpf() is refused whatever it is asked for, to one who may load programs. */
bool rights_are_filtered(void);
bool rights_has_btf(void);

/* Appends why a program that the kernel refused with @error was refused, without a full stop. */
void rights_explain(int error, struct strbuf *out);

#endif
