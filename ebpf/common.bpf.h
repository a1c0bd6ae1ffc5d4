/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What all programs share: rings, counters, the scratch that a record is built
 * in, and names of processes and files.
 *
 * A record is counted before anything can lose it. It is built in per-CPU
 * scratch and copied into its ring at its real length, because a reservation
 * must have a constant size and four paths of the longest kind would waste it.
 * Programs on LSM hooks can be preempted, so they build theirs on a desk of
 * their task instead.
 */
#ifndef PLUMBLINE_EBPF_COMMON_H
#define PLUMBLINE_EBPF_COMMON_H

#include "kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "compat.bpf.h"
#include "event.h"

static char licence[] SEC("license") = "Dual BSD/GPL";

/* Levels of a path that are walked; 255 bytes per name would make 16 KiB of these. */
#define PATH_LEVELS 48
/* Tail room that one name may use beyond EV_TAIL_MAX, so that its offset needs only a mask. */
#define TAIL_SLACK	1024
#define NAME_ROOM	256
#define TELEMETRY_BYTES (2 << 20)
#define STARTS		4096
/* So many forks and exits go by between two looks at how full their ring is. */
#define LIVES_A_LOOK 64

/* Set before the load: the sensor's own thread group, whose opens are no news. */
const volatile __u32 self_tgid __weak = 0;
/* Set while the sensor opens a tree's root; the open then enters that root into `trees`. */
volatile __u32 learn_tree __weak = 0;
/* The mount that holds the first process's root and that nothing holds, as a number; 0: not known.
 * Learned like a tree's root, by EV_LEARN_ROOT; on a machine that moves it away it is forgotten. */
volatile __u64 root_mount __weak = 0;
/* Counted up by the sensor when all code is to be told anew. */
volatile __u32 load_epoch __weak = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} rb_alert SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, TELEMETRY_BYTES);
} rb_tele SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct ev_counters);
} counters SEC(".maps") __weak;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct ev_tree_key);
	__type(value, u32);
} trees SEC(".maps") __weak;

struct scratch {
	union {
		struct ev_hdr hdr;
		struct ev_exec exec;
		struct ev_open open;
		struct ev_path path;
		struct ev_load load;
		struct ev_mount mount;
		struct ev_clock clock;
	};
	char tail[EV_TAIL_MAX + TAIL_SLACK];
	u32 length; /* of the text */
	u32 busy;   /* this CPU builds a record: a task that came in between must not touch it */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} scratches SEC(".maps") __weak;

/* By thread id; an entry lives as long as one record is built. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, struct scratch);
} desks SEC(".maps") __weak;

/* Zeroes: what a desk is made of. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct scratch);
} blank SEC(".maps") __weak;

/*
 * What the hook of a program's start found, until exec.bpf.c tells the start: one word, so that it
 * is written and read at once. Of two threads that share one the later has it, and the start of the
 * other is told as one that was not judged.
 */
volatile __u64 starts[STARTS] __weak = {0};

/* Its parts, from the lowest bit: verdict, flags, generation, thread id. */
enum {
	START_FLAGS = 4,
	START_GENERATION = 8,
	START_TID = 40,
	START_BITS = 15,
};

_Static_assert(EV_VERDICT_COUNT <= START_BITS && EV_JUDGED_LATE <= START_BITS,
	       "a judgement has room in a word");

static __always_inline void keep_start(u32 tid, const struct ev_judgement *j)
{
	starts[tid % STARTS] = (u64)tid << START_TID | (u64)j->generation << START_GENERATION |
			       j->flags << START_FLAGS | j->verdict;
}

/* @j stays as it is when nothing was kept. */
static __always_inline void take_start(u32 tid, struct ev_judgement *j)
{
	u64 word = starts[tid % STARTS];

	if (word >> START_TID != tid)
		return;
	starts[tid % STARTS] = 0;
	j->verdict = word & START_BITS;
	j->flags = word >> START_FLAGS & START_BITS;
	j->generation = word >> START_GENERATION;
	j->hook = EV_HOOK_EXEC;
}

/* Of a process, by its leader: 40 bits of start time in steps of 4.2 ms, 22 bits of tgid
 * (PID_MAX_LIMIT). */
static __always_inline u64 cookie_of(u64 start, u32 tgid)
{
	return (start >> 22 & ((1ULL << 40) - 1)) << 22 | (tgid & ((1U << 22) - 1));
}

/* By two loads. */
static __always_inline void copy_comm(char *to, struct task_struct *task)
{
	_Static_assert(EV_COMM_MAX == 2 * sizeof(u64), "a name of a task is two words");
	u64 *words = (void *)to, *from = (void *)task->comm;

	words[0] = from[0];
	words[1] = from[1];
}

/* All but the time, which is that before a record has its place in a ring: so of two rings one can
 * be made in order of time (agent/sensor/ring_pair.h). */
static __always_inline void fill_header(struct ev_hdr *hdr, struct task_struct *task, bool is_known)
{
	struct task_struct *leader = FIELD(is_known, task, group_leader);
	struct task_struct *forked = FIELD(is_known, leader, real_parent);
	struct task_struct *parent = FIELD(is_known, forked, group_leader);
	u64 start = FIELD(is_known, leader, start_boottime);
	u64 parent_start = FIELD(is_known, parent, start_boottime);
	u32 pid = FIELD(is_known, leader, tgid), ppid = FIELD(is_known, parent, tgid);
	const struct cred *cred = FIELD(is_known, task, cred);

	/* Loaded above, and once: after a store the compiler would load them again. */
	hdr->abi = EV_ABI;
	hdr->cookie = cookie_of(start, pid);
	hdr->parent_cookie = cookie_of(parent_start, ppid);
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->pid = pid;
	hdr->ppid = ppid;
	hdr->uid = FIELD(is_known, cred, uid.val);
	hdr->euid = FIELD(is_known, cred, euid.val);
	hdr->login_uid = task_login_uid(task, is_known);
	if (is_known)
		copy_comm(hdr->comm, task);
	else
		BPF_CORE_READ_INTO(&hdr->comm, task, comm);
}

/* Of one that ends nothing is asked but which it was. */
static __always_inline void fill_exit(struct ev_hdr *hdr, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	u64 start = leader->start_boottime;
	u32 pid = leader->tgid;

	__builtin_memset(hdr, 0, sizeof(*hdr));
	hdr->abi = EV_ABI;
	hdr->cookie = cookie_of(start, pid);
	hdr->cpu = bpf_get_smp_processor_id();
	hdr->pid = pid;
}

/* The verifier knows both. */
static __always_inline bool is_in_user_ns(const struct cred *cred, struct mnt_namespace *mounts)
{
	return cred->user_ns->level > 0 || mounts->user_ns->level > 0;
}

/*
 * Begins a record of @type about @task (@is_known as for FIELD()): counts the attempt and returns
 * the scratch with a zeroed record and the header filled, or NULL (counted as lost) when this CPU
 * is already building one.
 */
static __always_inline struct scratch *event_begin(u16 type, u32 ring, struct task_struct *task,
						   bool is_known)
{
	u32 zero = 0;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);

	if (!cnt || !s || type >= EV_TYPE_COUNT || ring >= EV_RING_COUNT)
		return NULL;
	cnt->attempts[type]++;
	cnt->sequence[ring]++;
	if (s->busy) {
		cnt->lost[type]++;
		cnt->ring_lost[ring]++;
		return NULL;
	}
	s->busy = 1;
	s->length = 0;
	__builtin_memset(&s->exec, 0, sizeof(s->exec));
	fill_header(&s->hdr, task, is_known);
	s->hdr.ktime = bpf_ktime_get_boot_ns();
	s->hdr.type = type;
	s->hdr.sequence = cnt->sequence[ring];
	s->hdr.lost = cnt->ring_lost[ring];
	return s;
}

/* Counts one more record of @type for @ring, and gives what its header says of those before. */
static __always_inline bool count_attempt(u32 type, u32 ring, u64 *ret_sequence, u64 *ret_lost)
{
	u32 zero = 0;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);

	if (!cnt || type >= EV_TYPE_COUNT || ring >= EV_RING_COUNT)
		return false;
	cnt->attempts[type]++;
	*ret_sequence = ++cnt->sequence[ring];
	*ret_lost = cnt->ring_lost[ring];
	return true;
}

static __always_inline void count_loss(u32 type, u32 ring)
{
	u32 zero = 0;
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);

	if (!cnt || type >= EV_TYPE_COUNT || ring >= EV_RING_COUNT)
		return;
	__sync_fetch_and_add(&cnt->lost[type], 1);
	__sync_fetch_and_add(&cnt->ring_lost[ring], 1);
}

/*
 * Tells @type (EV_FORK, EV_EXIT) of @task, by a header alone, or counts its loss. These are only of
 * use beside another record: they wake nobody until a quarter of the ring is full.
 */
static __always_inline void tell_life(u16 type, struct task_struct *task)
{
	u64 now = bpf_ktime_get_boot_ns(), wakeup = BPF_RB_NO_WAKEUP;
	struct ev_hdr *hdr;
	u64 sequence, lost;

	if (!count_attempt(type, EV_RING_TELEMETRY, &sequence, &lost))
		return;
	hdr = bpf_ringbuf_reserve(&rb_tele, sizeof(*hdr), 0);
	if (!hdr) {
		count_loss(type, EV_RING_TELEMETRY);
		return;
	}
	if (type == EV_FORK)
		fill_header(hdr, task, KNOWN_POINTER);
	else
		fill_exit(hdr, task);
	hdr->ktime = now;
	hdr->type = type;
	hdr->size = sizeof(*hdr);
	hdr->sequence = sequence;
	hdr->lost = lost;
	if (hdr->sequence % LIVES_A_LOOK == 0 &&
	    bpf_ringbuf_query(&rb_tele, BPF_RB_AVAIL_DATA) >= TELEMETRY_BYTES / 4)
		wakeup = 0;
	bpf_ringbuf_submit(hdr, wakeup);
}

/*
 * The same as event_begin() for the current task on an LSM hook. What is begun here ends with
 * event_send_hook().
 */
static __always_inline struct scratch *event_begin_hook(u16 type, u32 ring)
{
	u32 zero = 0, tid = (u32)bpf_get_current_pid_tgid();
	struct ev_counters *cnt = bpf_map_lookup_elem(&counters, &zero);
	struct scratch *clean = bpf_map_lookup_elem(&blank, &zero);
	struct scratch *s;

	if (!cnt || !clean || type >= EV_TYPE_COUNT || ring >= EV_RING_COUNT)
		return NULL;
	/* Atomic: another task of this CPU may come in between. */
	__sync_fetch_and_add(&cnt->attempts[type], 1);
	__sync_fetch_and_add(&cnt->sequence[ring], 1);
	if (bpf_map_update_elem(&desks, &tid, clean, BPF_NOEXIST) ||
	    !(s = bpf_map_lookup_elem(&desks, &tid))) {
		__sync_fetch_and_add(&cnt->lost[type], 1);
		__sync_fetch_and_add(&cnt->ring_lost[ring], 1);
		return NULL;
	}
	fill_header(&s->hdr, (void *)bpf_get_current_task(), ANY_POINTER);
	s->hdr.ktime = bpf_ktime_get_boot_ns();
	s->hdr.type = type;
	/* Two that begin at once may both show the later number: a hint, as the header says. */
	s->hdr.sequence = cnt->sequence[ring];
	s->hdr.lost = cnt->ring_lost[ring];
	return s;
}

static __always_inline void event_abandon(struct scratch *s)
{
	s->busy = 0;
}

/* Sends the fixed part and the text, or counts the loss and returns false. */
static __always_inline bool event_send(struct scratch *s, void *rb, u32 ring)
{
	u32 length = s->length;
	bool is_sent;

	if (length > EV_TAIL_MAX)
		length = EV_TAIL_MAX;
	s->hdr.size = EV_FIXED + length;
	is_sent = bpf_ringbuf_output(rb, s, EV_FIXED + length, 0) == 0;
	if (!is_sent)
		count_loss(s->hdr.type, ring);
	s->busy = 0;
	return is_sent;
}

static __always_inline bool event_send_hook(struct scratch *s, void *rb, u32 ring)
{
	u32 tid = (u32)bpf_get_current_pid_tgid();
	bool is_sent = event_send(s, rb, ring);

	bpf_map_delete_elem(&desks, &tid);
	return is_sent;
}

/*
 * Appends the string at @from, at most NAME_ROOM bytes with its NUL, to the text. Returns its
 * length, or 0 when there was no room or nothing to read.
 */
static __always_inline u32 text_add(struct scratch *s, const void *from, u32 room)
{
	u32 at = s->length;
	long n;

	if (at >= EV_TAIL_MAX)
		return 0;
	n = bpf_probe_read_kernel_str(&s->tail[at & (EV_TAIL_MAX - 1)], room, from);
	if (n <= 0 || n > room)
		return 0;
	s->length = at + n;
	return n;
}

/* The same from memory of the current process. */
static __always_inline void text_add_user(struct scratch *s, const char *from)
{
	u32 at = s->length;
	long n;

	if (at >= EV_TAIL_MAX)
		return;
	n = bpf_probe_read_user_str(&s->tail[at & (EV_TAIL_MAX - 1)], TAIL_SLACK, from);
	if (n > 0 && n <= TAIL_SLACK)
		s->length = at + n;
}

static __always_inline void text_begin(struct scratch *s, struct ev_text *text)
{
	text->offset = s->length;
	text->flags = 0;
}

static __always_inline void text_end(struct scratch *s, struct ev_text *text)
{
	if (s->length > EV_TAIL_MAX) {
		s->length = EV_TAIL_MAX;
		text->flags |= EV_TEXT_CUT;
	}
	text->length = s->length - text->offset;
}

static __always_inline struct file *file_of_fd(struct task_struct *task, long fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = NULL;

	if (fd < 0 || fd >= BPF_CORE_READ(table, max_fds))
		return NULL;
	bpf_probe_read_kernel(&file, sizeof(file), files + fd);
	return file;
}

static __always_inline struct mount *real_mount(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static __always_inline void text_begin_names(struct scratch *s, struct ev_text *text,
					     bool is_deleted)
{
	text_begin(s, text);
	if (is_deleted)
		text->flags |= EV_TEXT_DELETED;
}

/*
 * Appends the name of @dentry, which the verifier knows: as one block, where nobody gives it
 * another name meanwhile. False when there was no room.
 */
static __always_inline bool text_add_name(struct scratch *s, struct dentry *dentry)
{
	u32 at = s->length, length = dentry->d_name.len;
	u32 sequence = dentry->d_seq.seqcount.sequence;

	if (at < EV_TAIL_MAX && length < NAME_ROOM &&
	    !bpf_probe_read_kernel(&s->tail[at & (EV_TAIL_MAX - 1)], length + 1,
				   dentry->d_name.name) &&
	    dentry->d_seq.seqcount.sequence == sequence && !(sequence & 1)) {
		s->length = at + length + 1;
		return true;
	}
	return text_add(s, dentry->d_name.name, NAME_ROOM);
}

/* After one name more. False: it is the last one, or there is no room for others. */
static __always_inline bool text_end_level(struct ev_text *text, bool was_added, bool is_top)
{
	if (!was_added) {
		text->flags |= EV_TEXT_CUT;
		return false;
	}
	if (is_top)
		text->flags |= EV_TEXT_DETACHED;
	return !is_top;
}

/* The names from @dentry on @mount up to the root of its mount namespace, through mounts. */
static __always_inline void text_climb(struct scratch *s, struct ev_text *text,
				       struct dentry *dentry, struct mount *mount)
{
	int i;

	for (i = 0; i < PATH_LEVELS; i++) {
		struct dentry *parent;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		parent = BPF_CORE_READ(dentry, d_parent);
		if (!text_end_level(text,
				    text_add(s, BPF_CORE_READ(dentry, d_name.name), NAME_ROOM),
				    parent == dentry))
			break;
		dentry = parent;
	}
	if (i == PATH_LEVELS)
		text->flags |= EV_TEXT_CUT;
}

static __always_inline void text_add_names(struct scratch *s, struct ev_text *text,
					   struct dentry *dentry, struct vfsmount *vfs)
{
	text_begin_names(s, text,
			 !BPF_CORE_READ(dentry, d_hash.pprev) &&
				 BPF_CORE_READ(dentry, d_parent) != dentry);
	text_climb(s, text, dentry, real_mount(vfs));
	text_end(s, text);
}

static __always_inline void text_add_path(struct scratch *s, struct ev_text *text,
					  struct path *from)
{
	text_add_names(s, text, BPF_CORE_READ(from, dentry), BPF_CORE_READ(from, mnt));
}

/* The same of a path that the verifier knows: up to the root of its own mount by loads alone. */
static __always_inline void text_add_known_path(struct scratch *s, struct ev_text *text,
						struct path *from)
{
	struct dentry *dentry = from->dentry, *root = from->mnt->mnt_root;
	int i;

	text_begin_names(s, text, !dentry->d_hash.pprev && dentry->d_parent != dentry);
	for (i = 0; i < PATH_LEVELS && dentry != root; i++) {
		struct dentry *parent = dentry->d_parent;

		if (!text_end_level(text, text_add_name(s, dentry), parent == dentry))
			break;
		dentry = parent;
	}
	if (dentry == root) {
		struct vfsmount *vfs = BPF_CORE_READ(from, mnt);

		text_climb(s, text, BPF_CORE_READ(vfs, mnt_root), real_mount(vfs));
	} else if (i == PATH_LEVELS) {
		text->flags |= EV_TEXT_CUT;
	}
	text_end(s, text);
}

#endif
