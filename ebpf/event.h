/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Records and map values as they cross the border between kernel and sensor.
 *
 * All fields have a fixed width, padding is written out, and sizes are asserted
 * under both compilers. A reader checks abi, type and size before anything else
 * and treats every offset as hostile.
 */
#ifndef PLUMBLINE_EBPF_EVENT_H
#define PLUMBLINE_EBPF_EVENT_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Counts up when a record changes its form, or a map that sensors hand on (carry.h) its meaning. */
#define EV_ABI 5
/* The earliest form that reads like this one: what came since are fields that were 0 before, which
 * there means that they are not known. */
#define EV_ABI_ALIKE 3
#define EV_COMM_MAX  16
#define EV_DIGEST    32 /* SHA-256 */
/* Of a file in the never-block closure, with its NUL. */
#define EV_PLACE_NAME 64
/* Bytes of text behind a record: four paths of usual length. What does not fit is cut and flagged.
 */
#define EV_TAIL_MAX 4096
/* Where the text starts in every record that has text. */
#define EV_FIXED 176
/* In place of a tree's number, while the sensor opens the first process's root: the mount of that
 * is to be learned. */
#define EV_LEARN_ROOT 0xffffffffU

enum ev_type {
	EV_NONE,
	EV_EXEC,  /* a program has started (ev_exec) */
	EV_TASK,  /* a program that ran before, from the task iterator (ev_exec) */
	EV_FORK,  /* a process was made; the header describes the child (ev_hdr) */
	EV_EXIT,  /* its last thread ended (ev_hdr, of the process cookie and pid alone) */
	EV_OPEN,  /* a file of a monitored tree was opened for writing (ev_open) */
	EV_PATH,  /* a path was changed by name, without a file (ev_path) */
	EV_LOAD,  /* a file becomes code of a process or of the kernel (ev_load) */
	EV_MOUNT, /* somebody mounts, unmounts or changes a mount (ev_mount) */
	EV_CLOCK, /* somebody sets the wall clock (ev_clock) */
	EV_TYPE_COUNT,
};

enum ev_ring {
	EV_RING_ALERT, /* program starts, loaded code, mounts, the clock */
	EV_RING_TELEMETRY,
	EV_RING_COUNT,
};

/* Every record starts with it, and it describes one process (thread group). */
struct ev_hdr {
	__u16 abi;	/* EV_ABI */
	__u16 type;	/* enum ev_type */
	__u32 size;	/* bytes of the whole record, this header and the text included */
	__u64 ktime;	/* CLOCK_BOOTTIME, ns */
	__u64 sequence; /* of this ring and CPU; counts attempts, so a lost record leaves a hole; a
			   hint: the counters tell the truth */
	__u64 lost;	/* records of this ring lost on this CPU until now */
	__u64 cookie;	/* start time and tgid of the group leader: unique for this boot */
	__u64 parent_cookie;
	__u32 cpu;
	__u32 pid; /* thread-group id, as ppid */
	__u32 ppid;
	__u32 uid;
	__u32 euid;
	__u32 login_uid; /* all ones: none */
	char comm[EV_COMM_MAX];
};

/* Part of the text behind a record. */
enum {
	EV_TEXT_CUT = 1 << 0,	   /* longer than there was room for */
	EV_TEXT_DETACHED = 1 << 1, /* of a file without place in the tree of names: memfd, pipe */
	EV_TEXT_DELETED = 1 << 2,  /* of a file whose name is gone */
};

struct ev_text {
	__u16 offset; /* from the start of the text */
	__u16 length; /* with the last NUL; 0: there is none */
	__u32 flags;  /* EV_TEXT_* */
};

/*
 * What the kernel side knows of a file that becomes code, beside the decisions in force. Whether
 * approved content is where it was approved needs its path, so that is left to the engine.
 */
enum ev_verdict {
	EV_VERDICT_NONE, /* no decisions are loaded: not judged */
	EV_VERDICT_APPROVED,
	EV_VERDICT_MODIFIED,	 /* its inode held approved content before, and holds other now */
	EV_VERDICT_UNKNOWN,	 /* its digest is known and not approved */
	EV_VERDICT_UNVERIFIED,	 /* its digest is not known, or a writer has it open */
	EV_VERDICT_REVOKED,	 /* its digest is known and taken back */
	EV_VERDICT_UNVERIFIABLE, /* no name leads to it, so none can look: memory, a deleted file */
	EV_VERDICT_COUNT,
};

/* Where the question came from. */
enum ev_hook {
	EV_HOOK_EXEC, /* lsm/bprm_check_security, each level */
	EV_HOOK_MMAP,
	EV_HOOK_MPROTECT,
	EV_HOOK_READ_FILE,
	EV_HOOK_LOAD_DATA,
	EV_HOOK_COUNT,
};

enum {
	EV_JUDGED_DENIED = 1 << 0,
	EV_JUDGED_CLOSURE = 1 << 1, /* would have been, but it is never blocked */
	EV_JUDGED_LATE = 1 << 2,    /* would have been, but the agent has not been heard for long */
};

struct ev_judgement {
	__u32 verdict;	  /* enum ev_verdict */
	__u32 generation; /* of the one set of decisions that was asked; 0: none */
	__u32 flags;	  /* EV_JUDGED_* */
	__u32 hook;	  /* enum ev_hook */
};

enum {
	EV_EXEC_INTERPRETED =
		1 << 0, /* the named file was not the program: script or binfmt_misc */
	/* In a user namespace anybody may have a root and mounts of their own: names are not the
	 * host's. */
	EV_EXEC_USER_NS = 1 << 1,
	/* `text` stands in the place of `cwd`, which there is none. A record without text behind it
	 * has that of the record with the same `text` of the same CPU. */
	EV_EXEC_NAMES_TEXT = 1 << 2,
};

/* Which text a record has: a slot of its CPU, and what was there last. */
struct ev_text_name {
	__u16 slot;
	__u16 pad;
	__u32 serial;
};

struct ev_exec {
	struct ev_hdr hdr;
	__u64 ino;
	__u64 bytes;
	__u32 dev; /* kernel's encoding: major << 20 | minor */
	__u32 mode;
	__u32 nlink;
	__u32 mnt_ns;
	__u32 flags; /* EV_EXEC_* */
	/* How many programs the process and those it came from have started: with the cookie it
	 * names this start, whichever program of ours tells it. */
	__u32 exec_id;
	struct ev_text exe; /* components from the leaf up, each with its NUL */
	union {
		struct ev_text cwd; /* the same; only with a relative file name */
		struct ev_text_name text;
	};
	struct ev_text filename; /* as given to execve() */
	struct ev_text cgroup;	 /* components from the leaf up */
	/* All zero where no LSM hook was asked. */
	struct ev_judgement judged;
	/* text follows */
};

/* Slots of one CPU; levels of a path, bytes of a file name and of all text that fit in one. */
#define EV_START_SLOTS	256
#define EV_START_LEVELS 8
#define EV_START_NAME	64
#define EV_START_TEXT	256

/*
 * The text of a start, and all that it came from: a start for which that is the same is told
 * without the text. Per CPU.
 */
struct ev_start {
	__u32 serial; /* 0, or not that behind: there is none, or it is being written */
	__u32 levels;
	__u64 cgroup; /* its number */
	struct {
		__u64 dentry;
		__u64 hash;
	} names[EV_START_LEVELS]; /* from the leaf up to the root of all mounts */
	/* As it was given, in the bits of the mask: bytes behind its end are anything. */
	__u64 filename[EV_START_NAME / 8], filename_mask[EV_START_NAME / 8];
	struct ev_text exe, filename_text, cgroup_text; /* as in struct ev_exec */
	__u32 length;					/* of the text */
	__u32 pad;
	char text[EV_START_TEXT];
	__u32 pad_behind;
	__u32 serial_behind;
};

enum {
	EV_OPEN_CREATED = 1 << 0,
	/* Without a tree: opened by a name outside all trees, and it has another in one. With tree
	 * and path: not opened, but given another name. */
	EV_OPEN_LINKED = 1 << 1,
	EV_OPEN_ATTRIBUTE =
		1 << 2, /* not opened: mode, owner or a security label is about to change */
};

struct ev_open {
	struct ev_hdr hdr;
	__u64 ino;
	__u32 dev;
	__u32 tree; /* value of the tree in the map `trees` */
	__u32 nlink;
	__u32 flags;	     /* EV_OPEN_* */
	struct ev_text path; /* components from the leaf up to below the tree */
	__u64 pad[7];
	/* text follows */
};

struct ev_path {
	struct ev_hdr hdr;
	struct ev_text path; /* as given by the process */
	struct ev_text cwd;  /* components from the leaf up; only with a relative path */
	__u64 pad[9];
	/* text follows */
};

enum ev_load_how {
	EV_LOAD_NONE,
	EV_LOAD_SCRIPT,	       /* named to execve(), about to be given to its interpreter */
	EV_LOAD_LIBRARY,       /* mapped executable, or made so later */
	EV_LOAD_MODULE,	       /* read by the kernel as a module of its own */
	EV_LOAD_MODULE_MEMORY, /* a module that came from memory: no file, no path */
	EV_LOAD_PROGRAM,       /* a program's start that was refused: it never ran */
	EV_LOAD_HOW_COUNT,
};

struct ev_load {
	struct ev_hdr hdr;
	__u64 ino;
	__u64 bytes;
	__u32 dev;
	__u32 mode;
	__u32 nlink;
	__u32 how;   /* enum ev_load_how */
	__u32 flags; /* EV_EXEC_USER_NS */
	__u32 pad;
	struct ev_text path; /* components from the leaf up */
	struct ev_judgement judged;
	__u64 reserved[3];
	/* text follows */
};

enum ev_mount_how {
	EV_MOUNT_NONE,
	EV_MOUNT_NEW,	 /* a file system on a folder */
	EV_MOUNT_BIND,	 /* a folder on another */
	EV_MOUNT_MOVE,	 /* a mount to another place, or a detached one to its first */
	EV_MOUNT_CHANGE, /* options of what is mounted */
	EV_MOUNT_UNMOUNT,
	EV_MOUNT_PIVOT, /* another root for a mount namespace */
	EV_MOUNT_SUPER, /* a file system is made ready: what was on its device before is void */
	EV_MOUNT_HOW_COUNT,
};

enum {
	EV_MOUNT_GIVEN = 1 << 0, /* the path is a string as the process gave it */
};

/* A hook tells an attempt, a system call only what has succeeded; the mount table has the outcome.
 */
struct ev_mount {
	struct ev_hdr hdr;
	__u32 how;     /* enum ev_mount_how */
	__u32 flags;   /* EV_MOUNT_* */
	__u32 options; /* MS_* or MNT_*, as the call had them */
	__u32 dev;     /* of the file system; 0: not known here */
	__u32 mnt_ns;
	__u32 pad;
	struct ev_text path;   /* components from the leaf up, or as given; none: not known here */
	struct ev_text base;   /* folder that a given path is relative to, from the leaf up */
	struct ev_text source; /* as given */
	struct ev_text type;   /* of the file system */
	__u64 reserved[4];
	/* text follows */
};

/*
 * By an LSM hook the set is about to be made, and may still fail; by a system call it was made. A
 * call that only changes the time zone, or slews the clock, is no set.
 */
struct ev_clock {
	struct ev_hdr hdr;
	__u64 set_ns; /* to which the clock is set: ns since 1970 (UTC); 0: not known */
	__u64 reserved[10];
};

enum {
	EV_INODE_LINKED = 1 << 0,   /* in a monitored tree, with several names */
	EV_INODE_APPROVED = 1 << 1, /* held approved content once */
};

/*
 * What the kernel side knows of an inode: how often it was opened for writing, and at which of
 * these it was told as code. It dies with the inode in memory, and is never read from a disk.
 */
struct ev_inode {
	__u64 generation;
	__u64 told; /* generation + 1; 0: never */
	__u32 told_epoch;
	__u32 flags;	  /* EV_INODE_* */
	__u64 superblock; /* only in a file system's root: names this mount of it; 0: none yet */
};

/* What the sensor found in an inode. It counts while nothing opened the inode for writing since. */
struct ev_fact {
	__u64 generation; /* of struct ev_inode, when the sensor began to read */
	__u64 size;
	/* What a set of decisions said of the digest, kept in the kernel: generation of the set in
	 * the upper half, enum ev_verdict in the lower; 0: none was asked. */
	__u64 answer;
	__u8 digest[EV_DIGEST];
};

/*
 * What the sensor found in a file whose inode has left memory since. A stamp can be forged: it is
 * deleted by each open for writing, and it counts only in the same mount of its file system and
 * until the clock is set back or a block device is written to (the epoch).
 */
struct ev_stamp_key {
	__u64 ino;
	__u32 dev;
	__u32 generation; /* i_generation: another file in the same place has another */
};

struct ev_stamp {
	__u64 superblock;
	__u64 size;
	__s64 ctime_s;
	__u32 ctime_ns;
	__u32 epoch;   /* 0: being read, counts for nothing yet */
	__u64 entered; /* CLOCK_BOOTTIME, ns: one that was deleted and entered again is another */
	__u8 digest[EV_DIGEST];
};

/* What the sensor wants of its own next open. */
enum {
	EV_WANT_FACT = 1 << 0,
	EV_WANT_STAMP = 1 << 1,
	EV_WANT_CLOSURE = 1 << 2, /* never block what is at this place in this folder */
};

enum {
	EV_SNAPSHOT_TAKEN = 1 << 0,
	EV_SNAPSHOT_WRITER = 1 << 1,  /* someone had it open for writing: nothing may be kept */
	EV_SNAPSHOT_FACT = 1 << 2,    /* the inode has storage: a fact can be kept */
	EV_SNAPSHOT_STAMP = 1 << 3,   /* a stamp waits for its digest */
	EV_SNAPSHOT_CLOSURE = 1 << 4, /* entered */
};

/* How a file was when the sensor opened it. */
struct ev_snapshot {
	struct ev_stamp_key key;
	__u64 generation;
	struct ev_stamp stamp; /* without digest and epoch */
	__u32 flags;	       /* EV_SNAPSHOT_* */
	__u32 pad;
};

/* What one set of decisions says of a digest. The entry of the digest of zeroes is about the set
 * itself, so that no question can be answered by two sets. */
enum ev_decision_kind {
	EV_DECISION_NONE,
	EV_DECISION_APPROVED,
	EV_DECISION_REVOKED,
	EV_DECISION_COUNT,
};

struct ev_digest {
	__u8 bytes[EV_DIGEST];
};

struct ev_decision {
	__u32 kind;	  /* enum ev_decision_kind */
	__u32 generation; /* of the set */
};

/* One element, written by the sensor. */
struct ev_enforcement {
	__u64 deadline; /* CLOCK_BOOTTIME, ns: after it misses are allowed */
	__u32 is_on;
	__u32 pad;
	__u8 covered[EV_DIGEST]; /* baseline that was warmed to its end; for the next sensor */
};

/* One element. */
struct ev_epochs {
	__u32 stamps; /* all are void when it counts up; what they are of is that + 1 */
	/* Generation of the set in force, whose answers count where they are kept; 0: none do, as
	 * while one set takes the place of another. */
	__u32 answers;
};

/* A place that is never blocked while a file of root's is there. */
struct ev_place {
	__u64 ino; /* of the folder */
	__u32 dev;
	__u32 pad;
	char name[EV_PLACE_NAME];
};

/* Key of a monitored tree's root, as the kernel sees it; never made from a stat() of user space. */
struct ev_tree_key {
	__u64 ino;
	__u32 dev;
	__u32 pad;
};

/* Per CPU. attempts[t] = records of t that reached a reader + lost[t], once the rings are drained.
 */
struct ev_counters {
	__u64 ring_lost[EV_RING_COUNT]; /* first: a build that knows other types finds it, too */
	__u64 attempts[EV_TYPE_COUNT];
	__u64 lost[EV_TYPE_COUNT];
	__u64 sequence[EV_RING_COUNT];
	__u64 filtered; /* write-opens outside all monitored trees */
	__u64 asked[EV_HOOK_COUNT];
	__u64 verdicts[EV_HOOK_COUNT][EV_VERDICT_COUNT];
	__u64 denied;
	__u64 spared; /* not denied, for the closure */
	__u64 late;   /* not denied, for want of the agent */
};

_Static_assert(sizeof(struct ev_hdr) == 88, "ev_hdr crosses the kernel boundary");
_Static_assert(sizeof(struct ev_text) == 8, "ev_text crosses the kernel boundary");
_Static_assert(sizeof(struct ev_exec) == EV_FIXED, "ev_exec crosses the kernel boundary");
_Static_assert(sizeof(struct ev_text_name) == sizeof(struct ev_text), "one in place of the other");
_Static_assert(sizeof(struct ev_start) == 568, "ev_start crosses the kernel boundary");
_Static_assert(sizeof(struct ev_open) == EV_FIXED, "ev_open crosses the kernel boundary");
_Static_assert(sizeof(struct ev_path) == EV_FIXED, "ev_path crosses the kernel boundary");
_Static_assert(sizeof(struct ev_tree_key) == 16, "ev_tree_key crosses the kernel boundary");
_Static_assert(sizeof(struct ev_load) == EV_FIXED, "ev_load crosses the kernel boundary");
_Static_assert(sizeof(struct ev_mount) == EV_FIXED, "ev_mount crosses the kernel boundary");
_Static_assert(sizeof(struct ev_clock) == EV_FIXED, "ev_clock crosses the kernel boundary");
_Static_assert(sizeof(struct ev_inode) == 32, "ev_inode crosses the kernel boundary");
_Static_assert(sizeof(struct ev_fact) == 56, "ev_fact crosses the kernel boundary");
_Static_assert(sizeof(struct ev_stamp_key) == 16, "ev_stamp_key crosses the kernel boundary");
_Static_assert(sizeof(struct ev_stamp) == 72, "ev_stamp crosses the kernel boundary");
_Static_assert(sizeof(struct ev_snapshot) == 104, "ev_snapshot crosses the kernel boundary");
_Static_assert(sizeof(struct ev_enforcement) == 48, "ev_enforcement crosses the kernel boundary");
_Static_assert(sizeof(struct ev_epochs) == 8, "ev_epochs crosses the kernel boundary");
_Static_assert(sizeof(struct ev_place) == 80, "ev_place crosses the kernel boundary");
_Static_assert(sizeof(struct ev_counters) == 544, "ev_counters crosses the kernel boundary");

#endif
