/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * May this file become code? Answered from what the sensor found in its inode
 * and from one set of decisions, without a wait.
 *
 * A miss is never looked into here: it is a verdict of its own. Where enforcement is on, what is
 * not approved is denied, but for the places of the never-block closure, and misses only while
 * the agent is heard.
 */
#ifndef PLUMBLINE_EBPF_VERDICT_H
#define PLUMBLINE_EBPF_VERDICT_H

#include "inode.bpf.h"

struct decision_set {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	/* Not the types: the linker of libbpf 1.1 does not find them in an inner map. */
	__uint(key_size, sizeof(struct ev_digest));
	__uint(value_size, sizeof(struct ev_decision));
};

/* The set in force. A baseline load makes a new one and puts it here at once. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, u32);
	__array(values, struct decision_set);
} decisions SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ev_enforcement);
} enforcement SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ev_place);
	__type(value, u32);
} closure SEC(".maps") __weak;

/*
 * Set when the sensor has proven this set of programs. Until then what it tells is thrown away, and
 * the newest set is asked first: a denial by it would be told by nobody. An older one denies.
 */
volatile __u32 may_deny __weak = 0;

/* False when its name is too long to be one of the closure. */
static __always_inline bool place_of(struct file *file, struct ev_place *place)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct inode *folder = BPF_CORE_READ(dentry, d_parent, d_inode);
	long n;

	__builtin_memset(place, 0, sizeof(*place));
	place->ino = BPF_CORE_READ(folder, i_ino);
	place->dev = BPF_CORE_READ(folder, i_sb, s_dev);
	n = bpf_probe_read_kernel_str(place->name, sizeof(place->name),
				      BPF_CORE_READ(dentry, d_name.name));
	return n > 1 && n < (long)sizeof(place->name);
}

static __always_inline bool is_never_blocked(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct ev_place place;

	if (BPF_CORE_READ(inode, i_uid.val) != 0 || BPF_CORE_READ(inode, i_nlink) == 0)
		return false;
	return place_of(file, &place) && bpf_map_lookup_elem(&closure, &place);
}

/* The digest of @inode in @digest, if it is known by a stamp. */
static __always_inline bool find_stamp(struct inode *inode, struct ev_digest *digest)
{
	struct ev_stamp_key key;
	struct ev_stamp now, *stamp;

	stamp_key_of(inode, &key);
	stamp = bpf_map_lookup_elem(&stamps, &key);
	if (!stamp || !stamp->epoch || stamp->epoch != stamp_epoch())
		return false;
	stamp_of(inode, &now);
	if (!now.superblock || stamp->superblock != now.superblock || stamp->size != now.size ||
	    stamp->ctime_s != now.ctime_s || stamp->ctime_ns != now.ctime_ns)
		return false;
	__builtin_memcpy(digest, stamp->digest, sizeof(*digest));
	return true;
}

/* One set answers all of it. The entry of zeroes is in each: it has the generation for what has no
 * entry of its own. */
static __always_inline void ask(const struct ev_digest *digest, struct ev_judgement *j)
{
	struct ev_digest zeroes = {0};
	struct ev_decision *decision = NULL;
	u32 zero = 0;
	void *set = bpf_map_lookup_elem(&decisions, &zero);

	if (!set)
		return;
	if (digest)
		decision = bpf_map_lookup_elem(set, digest);
	if (!decision)
		decision = bpf_map_lookup_elem(set, &zeroes);
	if (!decision)
		return;
	j->generation = decision->generation;
	if (!digest)
		j->verdict = EV_VERDICT_UNVERIFIED;
	else if (decision->kind == EV_DECISION_APPROVED)
		j->verdict = EV_VERDICT_APPROVED;
	else if (decision->kind == EV_DECISION_REVOKED)
		j->verdict = EV_VERDICT_REVOKED;
	else
		j->verdict = EV_VERDICT_UNKNOWN;
}

/*
 * Asks of the digest in @fact, and each set only once: the sensor replaces a fact, and does not
 * change it, so the answer is about that digest. It has the generation of the set that gave it, and
 * no other set ever has that one: none in force counts for another, whenever it is written.
 */
static __always_inline void ask_of_fact(struct ev_fact *fact, struct ev_judgement *j)
{
	volatile u64 *answer = &fact->answer;
	u64 kept = *answer;

	if (is_in_force(kept)) {
		j->generation = kept >> 32;
		/* As few bits as it has: the verifier wants to see that it can count it. */
		j->verdict = kept & START_BITS;
		return;
	}
	ask((void *)fact->digest, j);
	if (j->verdict != EV_VERDICT_NONE)
		*answer = (u64)j->generation << 32 | j->verdict;
}

/* False when the digest of @inode is not known. */
static __always_inline bool judge_content(struct inode *inode, struct ev_inode *own,
					  struct ev_judgement *j)
{
	/* Read before the writers are looked at: one that comes later counts it up after. */
	u64 generation = own->generation;
	struct ev_fact *fact = bpf_inode_storage_get(&facts, inode, 0, 0);
	struct ev_digest digest;

	if (has_writer(inode))
		return false;
	if (fact && fact->generation == generation && fact->size == (u64)inode->i_size) {
		ask_of_fact(fact, j);
		return true;
	}
	if (!find_stamp(inode, &digest))
		return false;
	ask(&digest, j);
	return true;
}

static __always_inline void judge_inode(struct inode *inode, struct ev_inode *own,
					struct ev_judgement *j)
{
	if (!own || !judge_content(inode, own, j)) {
		ask(NULL, j);
		if (j->verdict == EV_VERDICT_UNVERIFIED && !inode->i_nlink)
			j->verdict = EV_VERDICT_UNVERIFIABLE;
		return;
	}
	if (j->verdict == EV_VERDICT_APPROVED)
		own->flags |= EV_INODE_APPROVED;
	else if (j->verdict == EV_VERDICT_UNKNOWN && own->flags & EV_INODE_APPROVED)
		j->verdict = EV_VERDICT_MODIFIED;
}

/* @file NULL: from memory. */
static __always_inline bool is_denied(struct file *file, struct ev_judgement *j)
{
	u32 zero = 0;
	struct ev_enforcement *e;

	if (j->verdict == EV_VERDICT_NONE || j->verdict == EV_VERDICT_APPROVED || !may_deny)
		return false;
	e = bpf_map_lookup_elem(&enforcement, &zero);
	if (!e || !e->is_on)
		return false;
	if (file && is_never_blocked(file)) {
		j->flags |= EV_JUDGED_CLOSURE;
		return false;
	}
	if (file && bpf_ktime_get_boot_ns() > e->deadline &&
	    (j->verdict == EV_VERDICT_UNVERIFIED || j->verdict == EV_VERDICT_UNVERIFIABLE)) {
		j->flags |= EV_JUDGED_LATE;
		return false;
	}
	j->flags |= EV_JUDGED_DENIED;
	return true;
}

/* Counted before anything can be lost. */
static __always_inline void count_judgement(const struct ev_judgement *j)
{
	u32 zero = 0, hook = j->hook, verdict = j->verdict;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);

	if (!cnt || hook >= EV_HOOK_COUNT || verdict >= EV_VERDICT_COUNT)
		return;
	__sync_fetch_and_add(&cnt->asked[hook], 1);
	__sync_fetch_and_add(&cnt->verdicts[hook][verdict], 1);
	if (!j->flags)
		return;
	if (j->flags & EV_JUDGED_DENIED)
		__sync_fetch_and_add(&cnt->denied, 1);
	if (j->flags & EV_JUDGED_CLOSURE)
		__sync_fetch_and_add(&cnt->spared, 1);
	if (j->flags & EV_JUDGED_LATE)
		__sync_fetch_and_add(&cnt->late, 1);
}

/* Fills @j for @inode, that of @file. Returns what is known of the inode, or NULL. */
static __always_inline struct ev_inode *judge(struct file *file, struct inode *inode, u32 hook,
					      struct ev_judgement *j)
{
	struct ev_inode *own =
		bpf_inode_storage_get(&inodes, inode, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	*j = (struct ev_judgement){.hook = hook};
	judge_inode(inode, own, j);
	is_denied(file, j);
	count_judgement(j);
	return own;
}

/* Of what came from memory, which no decision can be about. */
static __always_inline void judge_memory(u32 hook, struct ev_judgement *j)
{
	*j = (struct ev_judgement){.hook = hook};
	ask(NULL, j);
	if (j->verdict == EV_VERDICT_UNVERIFIED)
		j->verdict = EV_VERDICT_UNVERIFIABLE;
	is_denied(NULL, j);
	count_judgement(j);
}

#endif
