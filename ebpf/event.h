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

#define EV_ABI	    1
#define EV_COMM_MAX 16
/* Bytes of text behind a record: four paths of usual length. What does not fit is cut and flagged.
 */
#define EV_TAIL_MAX 4096
/* Where the text starts in every record that has text. */
#define EV_FIXED 160

enum ev_type {
	EV_NONE,
	EV_EXEC, /* a program has started (ev_exec) */
	EV_TASK, /* a program that ran before, from the task iterator (ev_exec) */
	EV_FORK, /* a process was made; the header describes the child (ev_hdr) */
	EV_EXIT, /* its last thread ended (ev_hdr) */
	EV_OPEN, /* a file of a monitored tree was opened for writing (ev_open) */
	EV_PATH, /* a path was changed by name, without a file (ev_path) */
	EV_LOAD, /* a file becomes code of a process or of the kernel (ev_load) */
	EV_TYPE_COUNT,
};

enum ev_ring {
	EV_RING_ALERT, /* program starts, loaded code */
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

enum {
	EV_EXEC_INTERPRETED =
		1 << 0, /* the named file was not the program: script or binfmt_misc */
	/* In a user namespace anybody may have a root and mounts of their own: names are not the
	 * host's. */
	EV_EXEC_USER_NS = 1 << 1,
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
	__u32 pad;
	struct ev_text exe;	 /* components from the leaf up, each with its NUL */
	struct ev_text cwd;	 /* the same; only with a relative file name */
	struct ev_text filename; /* as given to execve() */
	struct ev_text cgroup;	 /* components from the leaf up */
				 /* text follows */
};

enum {
	EV_OPEN_CREATED = 1 << 0,
	/* Without a tree: opened by a name outside all trees, and it has another in one. With tree
	 * and path: not opened, but given another name. */
	EV_OPEN_LINKED = 1 << 1,
};

struct ev_open {
	struct ev_hdr hdr;
	__u64 ino;
	__u32 dev;
	__u32 tree; /* value of the tree in the map `trees` */
	__u32 nlink;
	__u32 flags;	     /* EV_OPEN_* */
	struct ev_text path; /* components from the leaf up to below the tree */
	__u64 pad[5];
	/* text follows */
};

struct ev_path {
	struct ev_hdr hdr;
	struct ev_text path; /* as given by the process */
	struct ev_text cwd;  /* components from the leaf up; only with a relative path */
	__u64 pad[7];
	/* text follows */
};

enum ev_load_how {
	EV_LOAD_NONE,
	EV_LOAD_SCRIPT,	       /* named to execve(), about to be given to its interpreter */
	EV_LOAD_LIBRARY,       /* mapped executable, or made so later */
	EV_LOAD_MODULE,	       /* read by the kernel as a module of its own */
	EV_LOAD_MODULE_MEMORY, /* a module that came from memory: no file, no path */
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
	__u64 reserved[3];
	/* text follows */
};

enum {
	EV_INODE_LINKED = 1 << 0, /* in a monitored tree, with several names */
};

/*
 * What the kernel side knows of an inode: how often it was opened for writing, and at which of
 * these it was told as code. It dies with the inode in memory, and is never read from a disk.
 */
struct ev_inode {
	__u64 generation;
	__u64 told; /* generation + 1; 0: never */
	__u32 told_epoch;
	__u32 flags; /* EV_INODE_* */
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
	__u64 attempts[EV_TYPE_COUNT];
	__u64 lost[EV_TYPE_COUNT];
	__u64 sequence[EV_RING_COUNT];
	__u64 ring_lost[EV_RING_COUNT];
	__u64 filtered;	   /* write-opens outside all monitored trees */
	__u64 exec_levels; /* files that lsm/bprm_check_security was asked about */
};

_Static_assert(sizeof(struct ev_hdr) == 88, "ev_hdr crosses the kernel boundary");
_Static_assert(sizeof(struct ev_text) == 8, "ev_text crosses the kernel boundary");
_Static_assert(sizeof(struct ev_exec) == EV_FIXED, "ev_exec crosses the kernel boundary");
_Static_assert(sizeof(struct ev_open) == EV_FIXED, "ev_open crosses the kernel boundary");
_Static_assert(sizeof(struct ev_path) == EV_FIXED, "ev_path crosses the kernel boundary");
_Static_assert(sizeof(struct ev_tree_key) == 16, "ev_tree_key crosses the kernel boundary");
_Static_assert(sizeof(struct ev_load) == EV_FIXED, "ev_load crosses the kernel boundary");
_Static_assert(sizeof(struct ev_inode) == 24, "ev_inode crosses the kernel boundary");
_Static_assert(sizeof(struct ev_counters) == 176, "ev_counters crosses the kernel boundary");

#endif
