/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Facts about inodes, for programs on LSM hooks alone: the kernel gives the
 * storage to no others.
 */
#ifndef PLUMBLINE_EBPF_INODE_H
#define PLUMBLINE_EBPF_INODE_H

#include "common.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ev_inode);
} inodes SEC(".maps") __weak;

static __always_inline void inode_flag(struct inode *inode, u32 flag)
{
	struct ev_inode *fact =
		bpf_inode_storage_get(&inodes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* Not atomic, which 5.10 has not for this: flags are only ever set. */
	if (fact)
		fact->flags |= flag;
}

static __always_inline bool inode_has(struct inode *inode, u32 flag)
{
	struct ev_inode *fact = bpf_inode_storage_get(&inodes, inode, 0, 0);

	return fact && fact->flags & flag;
}

/* The content of @inode may change from now on. What was never told as code has no fact to void. */
static __always_inline void inode_written(struct inode *inode)
{
	struct ev_inode *fact = bpf_inode_storage_get(&inodes, inode, 0, 0);

	if (fact)
		__sync_fetch_and_add(&fact->generation, 1);
}

#endif
