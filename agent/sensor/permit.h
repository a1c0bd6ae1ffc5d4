/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Permission mode: programs on named mounts start when their digest is approved,
 * by fanotify permission events, for machines on which the kernel cannot decide
 * by itself.
 *
 * Whoever starts a program waits for us here, so nothing may keep us:
 *
 *   replier    holds the only descriptor of the group, locked into memory. It opens, logs and
 *              allocates nothing and reads no file: what waits for a disk cannot be killed.
 *   hasher     reads files that are passed to it, and decides.
 *   watchdog   parent of the replier; kills it when it stands still. Then the kernel lets all
 *              pass, and it stays so until permit_start() is called again.
 *
 * An answer that takes longer than the deadline is the default one, counted. When any of the three
 * or the caller ends, the replier ends, and all passes. No answer is kept for files of mounts whose
 * content can change unseen. What may be asked at the same time is bounded by the processes that
 * wait; writes are told by a second group, whose queue is bounded: when it overflows, no answer of
 * before counts.
 *
 * What it cannot do: it sees starts of programs alone, not scripts that an interpreter reads, not
 * libraries; a program given to the dynamic loader, or without a file, passes. While all of the
 * agent is frozen together (cgroup.freeze), starts on these mounts wait until it is thawed or
 * killed.
 *
 * Before it marks anything the kernel says once "Using fanotify permission checks may lead to
 * deadlock" and taints itself; so do Debian's 5.10 and 6.12.
 */
#ifndef PLUMBLINE_SENSOR_PERMIT_H
#define PLUMBLINE_SENSOR_PERMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/strbuf.h"

#define PERMIT_DEADLINE_NS (INT64_C(200) * 1000000)
#define PERMIT_STALL_NS	   (INT64_C(2) * 1000000000)

struct permit;

enum permit_verdict {
	PERMIT_DENY,
	PERMIT_APPROVE,
	PERMIT_SPARE, /* not approved, and never blocked: it runs, and is told */
};

enum permit_process {
	PERMIT_REPLIER,
	PERMIT_WATCHDOG,
	PERMIT_HASHER,
};

/* Whether the content may run; @fd is the file. Called in the hasher, which has the caller's memory
 * as it was at the start, and what the caller shares. */
typedef enum permit_verdict (*permit_decide_fn)(const uint8_t sha256[SHA256_SIZE], int fd,
						void *userdata);
/* Gives up what the process does not need, before it works; called in it. Negative errno ends it.
 */
typedef int (*permit_confine_fn)(enum permit_process process, void *userdata);

struct permit_options {
	bool is_enforcing; /* false: all passes at once, and what would be denied is counted */
	bool denies_late;  /* where no digest came in time; else it passes */
	int64_t deadline_ns, stall_ns;
	permit_decide_fn decide;
	permit_confine_fn confine; /* NULL: they stay as they are */
	/* Lets go of memory that the hasher alone needs, before the others lock themselves into
	 * memory; called in them. NULL: there is none. */
	void (*shed)(void *userdata);
	void *userdata;
};

/* All since the start. */
struct permit_counters {
	_Atomic uint64_t asked;
	_Atomic uint64_t approved, denied; /* by the digest; without enforcing: would be */
	_Atomic uint64_t spared;
	_Atomic uint64_t cached;     /* of these, without reading the file again */
	_Atomic uint64_t late, full; /* default answers: no digest in time, no room to ask */
	_Atomic uint64_t written;    /* the same: written while it was read */
	_Atomic uint64_t overflows;  /* of writes that the kernel had no room for */
	_Atomic uint64_t untold;     /* news for which there was no room */
};

enum permit_state {
	PERMIT_WORKS,
	PERMIT_STALLED, /* the replier stood still and was killed: all passes */
	PERMIT_ENDED,	/* it ended for another reason: all passes */
};

/* What was not simply approved. */
enum permit_outcome {
	PERMIT_DENIED,
	PERMIT_SPARED,
	PERMIT_LATE_PASSED, /* the default answers */
	PERMIT_LATE_DENIED,
	PERMIT_OUTCOME_COUNT,
};

struct permit_news {
	uint32_t outcome; /* enum permit_outcome */
	uint32_t pid;	  /* of who tried to start it */
};

/* Returns when all three are ready; nothing is marked yet. -EPERM without CAP_SYS_ADMIN; -EINVAL
 * without permission events. Why, in @reterr. */
int permit_start(const struct permit_options *options, struct permit **ret_permit,
		 struct strbuf *reterr);
/* Ends all three, without waiting for it; what waits passes. Always NULL. */
struct permit *permit_stop(struct permit *permit);
DEFINE_CLEANUP(struct permit *, permit_stop)

/*
 * Marks the file systems of @mounts, and no others: what starts there waits for an answer from now
 * on. Files of @never_wait (NULL: none) that are there are not asked about, also when they change.
 * Both lists are NULL-ended. To be called again when something was mounted; what is marked already
 * stays so. 0, or how many could not be marked: the file system of one is mounted elsewhere, too,
 * where it was not asked for, or nothing is mounted there. Negative errno when none could, -EPIPE
 * when the replier has ended. Why, in @reterr.
 */
int permit_mark(struct permit *permit, char **mounts, char **never_wait, struct strbuf *reterr);

/* Readable when there are news, or when the replier has ended. */
int permit_fd(const struct permit *permit);
/* 1 with the file in @ret_fd; 0: none now; -EPIPE: the replier has ended. */
int permit_receive(struct permit *permit, struct permit_news *ret_news, int *ret_fd);

/* Decisions are others by now: no answer from before is given again. */
void permit_decisions_changed(struct permit *permit);
enum permit_state permit_state(const struct permit *permit);
const struct permit_counters *permit_counters(const struct permit *permit);
void permit_pids(const struct permit *permit, pid_t *ret_watchdog, pid_t *ret_replier,
		 pid_t *ret_hasher);

#endif
