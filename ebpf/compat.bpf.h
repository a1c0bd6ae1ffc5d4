/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One accessor per place where kernels from 5.10 on differ; each asks the running kernel's BTF. */
#ifndef PLUMBLINE_EBPF_COMPAT_H
#define PLUMBLINE_EBPF_COMPAT_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

struct kernfs_node___before_6_15 {
	struct kernfs_node *parent;
} __attribute__((preserve_access_index));

struct kernfs_node___since_6_15 {
	struct kernfs_node *__parent;
} __attribute__((preserve_access_index));

/* 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent.") renamed the field in 6.15. */
static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *kn)
{
	struct kernfs_node___since_6_15 *now = (void *)kn;
	struct kernfs_node___before_6_15 *before = (void *)kn;

	if (bpf_core_field_exists(now->__parent))
		return BPF_CORE_READ(now, __parent);
	return BPF_CORE_READ(before, parent);
}

/* Without CONFIG_AUDIT a task has no login uid. */
static __always_inline u32 task_login_uid(struct task_struct *task)
{
	if (!bpf_core_field_exists(task->loginuid))
		return ~0U;
	return BPF_CORE_READ(task, loginuid.val);
}

#endif
