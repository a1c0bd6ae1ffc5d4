/* SPDX-License-Identifier: Apache-2.0 */
/* The replier of the permission mode, and what its processes share. For permit*.c only. */
#ifndef PLUMBLINE_SENSOR_PERMIT_REPLIER_H
#define PLUMBLINE_SENSOR_PERMIT_REPLIER_H

#include "sensor/permit.h"
#include "sensor/permit_cache.h"
#include "sensor/permit_slots.h"

#define PERMIT_MAX_MOUNTS 16
/* The watchdog and the replier hear from each other that often while one must not stand still. */
#define PERMIT_BEATS 8

/* One page that all have mapped. */
struct permit_shared {
	_Atomic uint64_t replier_beat, watchdog_beat;
	_Atomic uint64_t generation;  /* of the decisions */
	_Atomic uint64_t orders_done; /* all that were sent by then, whatever came of them */
	_Atomic int order_error;      /* of the first that failed since it was set to 0 */
	_Atomic int state;	      /* enum permit_state */
	_Atomic int ready;	      /* 0: not yet; 1; else negative errno */
	_Atomic int replier;	      /* process id */
	struct permit_counters counters;
};

struct permit {
	struct permit_shared *shared;
	pid_t watchdog, hasher;
	int link; /* to the replier: orders there, news back; it ends when this is closed */
	uint64_t orders;
};

/* To the replier, with a descriptor of what is to be marked. */
enum permit_order_kind {
	PERMIT_ORDER_FILE_SYSTEM,
	PERMIT_ORDER_NEVER_WAIT,
};

struct permit_order {
	uint32_t kind;		 /* enum permit_order_kind */
	uint32_t is_uncacheable; /* answers about its files must not be kept */
	uint64_t dev;
};

/* From the replier, with the file's descriptor, and back, with the answer. */
struct permit_question {
	uint64_t serial;
	int32_t answer; /* enum permit_verdict, or negative errno: not found out */
	uint32_t pad;
};

struct replier {
	const struct permit_options *options;
	struct permit_shared *shared;
	int group, writes; /* who asks; what was written */
	int hasher, link;
	uint64_t uncacheable[PERMIT_MAX_MOUNTS]; /* devices */
	size_t uncacheable_count;
	uint64_t generation;
	uint64_t watchdog_beat; /* as last seen, and when it last moved */
	int64_t watchdog_ns;
	/* Questions up to this one were open when writes were lost or had not been read: their
	 * answers are not kept. */
	uint64_t uncertain;
	struct permit_slots slots;
	struct permit_cache cache;
};

/* Answers until one of the others ends. Called with all descriptors open, in a process of its own
 * that does nothing else. */
void permit_replier_run(struct replier *replier);

/* Keeps what the replier and the watchdog work with in memory. */
int permit_lock_memory(const struct replier *replier);

/* One message with at most one descriptor (-1: none). @flags of sendmsg(). 0 or negative errno. */
int permit_send(int socket, const void *data, size_t len, int fd, int flags);
/* Its length, 0 at the end, or negative errno. */
ssize_t permit_recv(int socket, void *data, size_t len, int *ret_fd, int flags);

#endif
