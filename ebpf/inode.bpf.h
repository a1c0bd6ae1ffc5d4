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

/* Written by the sensor, each as a whole through a descriptor of the file; but for the answer. */
struct {
	__uint(type, BPF_MAP_TYPE_INODE_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct ev_fact);
} facts SEC(".maps") __weak;

/* Entered at the sensor's open, completed by the sensor, deleted by whoever opens for writing. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ev_stamp_key);
	__type(value, struct ev_stamp);
} stamps SEC(".maps") __weak;

/* Not a variable, which would be of this set of programs alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ev_epochs);
} epochs SEC(".maps") __weak;

static __always_inline void inode_flag(struct inode *inode, u32 flag)
{
	struct ev_inode *fact =
		bpf_inode_storage_get(&inodes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	/* Not atomic, which 5.10 has not for this: flags are only ever set. */
	if (fact)
		fact->flags |= flag;
}

static __always_inline void stamp_key_of(struct inode *inode, struct ev_stamp_key *key)
{
	key->ino = inode->i_ino;
	key->dev = inode->i_sb->s_dev;
	key->generation = inode->i_generation;
}

/* Of stamps that count. */
static __always_inline u32 stamp_epoch(void)
{
	u32 zero = 0;
	struct ev_epochs *now = bpf_map_lookup_elem(&epochs, &zero);

	return now ? now->stamps + 1 : 0;
}

/* Whether @answer, as it is kept in a fact, is one and of the set in force. */
static __always_inline bool is_in_force(u64 answer)
{
	u32 zero = 0;
	struct ev_epochs *now = answer ? bpf_map_lookup_elem(&epochs, &zero) : NULL;

	return now && answer >> 32 == now->answers;
}

/* All stamps count for nothing from now on. */
static __always_inline void stamps_void(void)
{
	u32 zero = 0;
	struct ev_epochs *now = bpf_map_lookup_elem(&epochs, &zero);

	if (now)
		__sync_fetch_and_add(&now->stamps, 1);
}

/* The content of @inode may change from now on. What was never told as code has no fact to void.
 * Returns what is known of it, EV_INODE_*. */
static __always_inline u32 inode_written(struct inode *inode)
{
	struct ev_inode *own = bpf_inode_storage_get(&inodes, inode, 0, 0);
	struct ev_stamp_key key;

	if (own)
		__sync_fetch_and_add(&own->generation, 1);
	stamp_key_of(inode, &key);
	/* Most have none, and to see that takes no lock. */
	if (bpf_map_lookup_elem(&stamps, &key))
		bpf_map_delete_elem(&stamps, &key);
	return own ? own->flags : 0;
}

/*
 * A number for this mount of @inode's file system. It is kept in the inode of its root, which is
 * in memory just as long as the file system is mounted: so no hook has to see it end. 0 without
 * storage.
 */
static __always_inline u64 superblock_of(struct inode *inode)
{
	struct ev_inode *own;

	if (!BPF_CORE_READ(inode, i_sb, s_root, d_inode))
		return 0;
	own = bpf_inode_storage_get(&inodes, inode->i_sb->s_root->d_inode, 0,
				    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!own)
		return 0;
	/* Of two at once one keeps a number that no stamp has. */
	if (!own->superblock)
		own->superblock = bpf_ktime_get_boot_ns();
	return own->superblock;
}

/* Whatever its caller read before, it did read before. */
static __always_inline bool has_writer(struct inode *inode)
{
	barrier();
	return inode->i_writecount.counter > 0;
}

static __always_inline void stamp_of(struct inode *inode, struct ev_stamp *stamp)
{
	stamp->superblock = superblock_of(inode);
	stamp->size = inode->i_size;
	inode_ctime(inode, &stamp->ctime_s, &stamp->ctime_ns);
}

#endif
