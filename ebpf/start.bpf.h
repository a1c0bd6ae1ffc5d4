/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A machine starts the same few programs again and again. What a start is told with as text
 * (struct ev_start) is kept per CPU, beside all that it was made of; where that is the same
 * once more, the record names the text and goes without it.
 *
 * Nothing here is taken for equal by a hash of our own: the names on the way from the program's
 * file to the root are the same dentries with the same name hashes of the kernel, the file name is
 * compared byte by byte, the cgroup by its number, which has no second owner.
 *
 * Only files on the root mount of the first process (`root_mount`), which no other mount holds:
 * whatever is mounted or moved, their path is the names up to its root.
 */
#ifndef PLUMBLINE_EBPF_START_H
#define PLUMBLINE_EBPF_START_H

#include "common.bpf.h"

#define FILENAME_WORDS (EV_START_NAME / 8)
/* Fibonacci hashing: 2^64 divided by the golden ratio. */
#define SPREAD	  0x9e3779b97f4a7c15ULL
#define SLOT_BITS 8

_Static_assert(1 << SLOT_BITS == EV_START_SLOTS, "a slot is that many bits");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_START_SLOTS);
	__type(key, u32);
	__type(value, struct ev_start);
} start_texts SEC(".maps") __weak;

/* What a start's text is made of. */
struct origin {
	u64 cgroup;
	u64 filename[FILENAME_WORDS];
	u32 path; /* as path_state() */
	u32 slot;
};

static __always_inline u64 cgroup_of(struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

/* Another number when a name on @path was changed: the kernel counts up around that, and only up.
 */
static __always_inline u32 path_state(struct path *path)
{
	struct dentry *dentry = path->dentry, *root = path->mnt->mnt_root;
	u32 state = 0;

	for (int i = 0; i < EV_START_LEVELS && dentry != root; i++) {
		state += dentry->d_seq.seqcount.sequence;
		dentry = dentry->d_parent;
	}
	return state;
}

/* Its slot is none for a start whose text is always sent. */
static __always_inline void find_origin(struct task_struct *task, struct file *file,
					const char *filename, struct origin *origin)
{
	u64 sum;

	origin->cgroup = cgroup_of(task);
	origin->slot = EV_START_SLOTS;
	/* Whole words, also of a shorter name: what is behind it is of no account. */
	if (bpf_probe_read_kernel(origin->filename, sizeof(origin->filename), filename) ||
	    (origin->filename[0] & 0xff) != '/')
		return;
	if (!root_mount || (u64)file->f_path.mnt != root_mount)
		return;
	sum = file->f_inode->i_ino ^ origin->cgroup << 32 ^ origin->filename[0];
	origin->slot = sum * SPREAD >> (64 - SLOT_BITS);
}

static __always_inline bool is_path_of(const struct ev_start *start, struct path *path)
{
	struct dentry *dentry = path->dentry, *root = path->mnt->mnt_root;
	u32 i;

	if (!dentry->d_hash.pprev)
		return false;
	for (i = 0; i < EV_START_LEVELS && dentry != root; i++) {
		if (start->names[i].dentry != (u64)dentry ||
		    start->names[i].hash != dentry->d_name.hash)
			return false;
		dentry = dentry->d_parent;
	}
	return dentry == root && i == start->levels;
}

/* Whether a start from @origin by the file at @path has the text of @start. */
static __always_inline bool is_start_of(const struct ev_start *start, const struct origin *origin,
					struct path *path)
{
	u64 differs = start->cgroup ^ origin->cgroup;

	for (int i = 0; i < FILENAME_WORDS && start->filename_mask[i]; i++)
		differs |= (start->filename[i] ^ origin->filename[i]) & start->filename_mask[i];
	return start->serial && !differs && is_path_of(start, path);
}

static __always_inline void keep_filename(struct ev_start *start, const struct origin *origin,
					  u32 length)
{
	for (u32 i = 0; i < FILENAME_WORDS; i++) {
		u32 before = i * 8;

		start->filename[i] = origin->filename[i];
		if (length >= before + 8)
			start->filename_mask[i] = ~0ULL;
		else if (length > before)
			start->filename_mask[i] = (1ULL << (length - before) * 8) - 1;
		else
			start->filename_mask[i] = 0;
	}
}

/* False when there is no room for all of them. */
static __always_inline bool keep_names(struct ev_start *start, struct path *path)
{
	struct dentry *dentry = path->dentry, *root = path->mnt->mnt_root;
	u32 i;

	for (i = 0; i < EV_START_LEVELS && dentry != root; i++) {
		start->names[i].dentry = (u64)dentry;
		start->names[i].hash = dentry->d_name.hash;
		dentry = dentry->d_parent;
	}
	start->levels = i;
	return dentry == root;
}

/*
 * Whether the text in @start may go: while a record that names it may be unread, it is the only
 * place where a sensor finds it that comes after the one that was told.
 */
static __always_inline bool can_be_given_up(const struct ev_start *start)
{
	return !start->serial || bpf_ringbuf_query(&rb_alert, BPF_RB_AVAIL_DATA) == 0;
}

/* Whether the text of @s is short and whole. */
static __always_inline bool can_be_kept(const struct scratch *s)
{
	return s->length <= EV_START_TEXT && s->exec.filename.length <= EV_START_NAME &&
	       !(s->exec.exe.flags | s->exec.filename.flags | s->exec.cgroup.flags);
}

/*
 * The text of @s is that of its slot from now on, and gets a name. It was made while others could
 * rename, and move @task: where they did, what is kept here and what was read are not the same.
 */
static __always_inline void keep_text(const struct origin *origin, struct task_struct *task,
				      struct path *path, struct scratch *s)
{
	struct ev_start *start = bpf_map_lookup_elem(&start_texts, &origin->slot);
	u32 length = s->length, serial = s->hdr.sequence;

	if (!start || !serial || !can_be_kept(s) || !can_be_given_up(start))
		return;
	/* A reader copies from the front to the back: see agent/sensor/start_texts.c. */
	start->serial_behind = 0;
	start->serial = 0;
	barrier();
	if (!keep_names(start, path) || path_state(path) != origin->path ||
	    cgroup_of(task) != origin->cgroup)
		return;
	keep_filename(start, origin, s->exec.filename.length);
	start->cgroup = origin->cgroup;
	start->exe = s->exec.exe;
	start->filename_text = s->exec.filename;
	start->cgroup_text = s->exec.cgroup;
	start->length = length;
	if (length > EV_START_TEXT || bpf_probe_read_kernel(start->text, length, s->tail))
		return;
	barrier();
	start->serial = serial;
	start->serial_behind = serial;
	s->exec.flags |= EV_EXEC_NAMES_TEXT;
	s->exec.text = (struct ev_text_name){.slot = origin->slot, .serial = serial};
}

#endif
