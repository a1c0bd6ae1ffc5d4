/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the observer share among themselves. For observer*.c only. */
#ifndef PLUMBLINE_SENSOR_OBSERVER_INTERNAL_H
#define PLUMBLINE_SENSOR_OBSERVER_INTERNAL_H

#include <sys/stat.h>

#include "base/id_names.h"
#include "model/fact_collect.h"
#include "sensor/digest_cache.h"
#include "sensor/first_files.h"
#include "sensor/found.h"
#include "sensor/held_files.h"
#include "sensor/large_files.h"
#include "sensor/linked_files.h"
#include "sensor/mount_watch.h"
#include "sensor/observer.h"
#include "sensor/stamp_store.h"
#include "sensor/tree_walk.h"

#define MAX_WALKS 256

/* What may stand for reading a file in a walk, from the least. */
enum walk_trust {
	WALK_HASHES,	     /* nothing */
	WALK_TAKES_THIS_RUN, /* a stamp of this run of the sensor */
	WALK_TAKES_STAMPS,   /* any stamp that counts */
};

struct walk_order {
	char *root;
	enum walk_trust trust;
};

struct observer {
	sensor_event_fn fn;
	void *userdata;
	bool is_held;

	struct watch_set *set;
	struct pending *pending;
	struct proc_table *processes;
	struct digest_cache *digests;
	struct id_names *names;
	int64_t names_due_ns;
	struct fact_collector *collector;
	struct held_files *held;
	struct linked_files *linked;
	struct large_files *large;
	struct mount_watch *mounts;
	uint64_t own_ns, host_ns;    /* of mounts: the sensor's, and that of process 1 */
	struct subject mounter;	     /* the last; who it was when that is asked */
	int64_t mounted_ns;	     /* boot clock */
	int64_t other_mounted_ns;    /* when another than he did, last */
	struct subject clock_setter; /* the last; who did it when the clock is seen to be set */
	int64_t clock_set_ns;	     /* boot clock */
	bool has_clock_gone_back;    /* and it was not told yet that all is read again */
	int large_fd;		     /* of a program that hash_open_file() found too large; -1 */
	struct stat large_st;
	struct verdicts *verdicts; /* NULL: the kernel gives none */
	bool (*is_reported)(uint64_t dev, void *userdata);
	void *is_reported_userdata;

	struct walk_order walks[MAX_WALKS]; /* in order */
	size_t walk_count;
	struct tree_walk *walk;
	uint64_t walk_files;
	int64_t walk_begun_ns;
	int64_t walk_due_ns; /* a walk rests as long as it computed */
	bool is_warming;
	bool has_begun_warming;
	const char *warming_cause;  /* static text */
	bool is_rehashing;	    /* covered by stamps, which are being replaced */
	struct stamp_store *stamps; /* NULL: none */
	struct first_files *first;  /* what is read before the trees are walked; NULL: it is done */
	uint64_t by_stamps;	    /* files that stamps of an earlier run stood for */
	uint64_t warmed_files;

	/* Changes that found no room, since the last report. */
	uint64_t refused;
	int64_t refused_since_ns;
};

void observer_emit(struct observer *o, struct event *event);
/* Moves @event's strings and @found into the queue of large files; on failure they stay. */
int observer_queue_large(struct observer *o, struct event *event, struct found *found,
			 struct pending_change *change);
/* Whether what was told of the file still stands, as far as a stamp can say so. */
bool observer_is_as_told(struct observer *o, const struct pending_change *change);
/* Directories that the walk under way could not go into. */
void observer_tell_unread(struct observer *o, uint64_t unread, int64_t now_ns);
/* From here on the trees are known only once they have been walked. @cause is static text or NULL.
 */
int observer_warm(struct observer *o, enum walk_trust trust, const char *cause);
/* Names are looked at again at most once a second. */
void observer_refresh_names(struct observer *o, int64_t now_ns);

#endif
