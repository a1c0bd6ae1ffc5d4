/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One accessor per place where kernels from 5.10 on differ; each asks the running kernel's BTF. */
#ifndef PLUMBLINE_EBPF_COMPAT_H
#define PLUMBLINE_EBPF_COMPAT_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "event.h"

/* What @is_known is given. */
enum {
	ANY_POINTER,
	KNOWN_POINTER
};

/*
 * One field. @is_known: the verifier knows what @pointer is (an argument of tp_btf, LSM or iter, or
 * read from one), and a load will do; all else takes a call of a helper.
 */
#define FIELD(is_known, pointer, field) \
	((is_known) ? (pointer)->field : BPF_CORE_READ(pointer, field))

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
		return now->__parent;
	return before->parent;
}

struct adjtimex_result {
	int clock_set;
} __attribute__((preserve_access_index));

/* Since 6.17, which has that struct, adjtimex() takes the time that it returns before it steps the
 * clock; until then it did after. */
static __always_inline bool adjtimex_tells_time_before(void)
{
	return bpf_core_type_exists(struct adjtimex_result);
}

struct timespec64 {
	__s64 tv_sec;
	long tv_nsec;
} __attribute__((preserve_access_index));

struct inode___before_6_6 {
	struct timespec64 i_ctime;
} __attribute__((preserve_access_index));

struct inode___before_6_11 {
	struct timespec64 __i_ctime;
} __attribute__((preserve_access_index));

struct inode___since_6_11 {
	__s64 i_ctime_sec;
	u32 i_ctime_nsec;
} __attribute__((preserve_access_index));

/* 6.13 keeps a mark beside the nanoseconds (I_CTIME_QUERIED). */
#define CTIME_NSEC_MASK 0x3fffffff

/* 13bc24457850 renamed the change time in 6.6, 3aa63a569c64 took it apart in 6.11. */
static __always_inline void inode_ctime(struct inode *inode, __s64 *s, u32 *ns)
{
	struct inode___since_6_11 *now = (void *)inode;
	struct inode___before_6_11 *since_6_6 = (void *)inode;
	struct inode___before_6_6 *before = (void *)inode;

	if (bpf_core_field_exists(now->i_ctime_sec)) {
		*s = now->i_ctime_sec;
		*ns = now->i_ctime_nsec & CTIME_NSEC_MASK;
	} else if (bpf_core_field_exists(since_6_6->__i_ctime)) {
		*s = since_6_6->__i_ctime.tv_sec;
		*ns = since_6_6->__i_ctime.tv_nsec;
	} else {
		*s = before->i_ctime.tv_sec;
		*ns = before->i_ctime.tv_nsec;
	}
}

enum bpf_func_id___known {
	BPF_FUNC_get_current_task_btf___known = 158,
};

/* Whether bpf_get_current_task_btf() is there: 3ca1032ab7ab brought it in 5.11. */
static __always_inline bool has_known_current(void)
{
	return bpf_core_enum_value_exists(enum bpf_func_id___known,
					  BPF_FUNC_get_current_task_btf___known);
}

/* True too where the kernel keeps no such mark. */
static __always_inline bool is_in_execve(struct task_struct *task, bool is_known)
{
	if (!bpf_core_field_exists(task->in_execve))
		return true;
	return is_known ? BPF_CORE_READ_BITFIELD(task, in_execve)
			: BPF_CORE_READ_BITFIELD_PROBED(task, in_execve);
}

/* Without CONFIG_AUDIT a task has no login uid. */
static __always_inline u32 task_login_uid(struct task_struct *task, bool is_known)
{
	if (!bpf_core_field_exists(task->loginuid))
		return ~0U;
	return FIELD(is_known, task, loginuid.val);
}

#endif
