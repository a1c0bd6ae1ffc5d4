/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the observer share among themselves. For observer*.c only. */
#ifndef PLUMBLINE_SENSOR_OBSERVER_INTERNAL_H
#define PLUMBLINE_SENSOR_OBSERVER_INTERNAL_H

#include <sys/stat.h>

#include "base/id_names.h"
#include "model/fact_collect.h"
#include "sensor/digest_cache.h"
#include "sensor/found.h"
#include "sensor/held_files.h"
#include "sensor/large_files.h"
#include "sensor/linked_files.h"
#include "sensor/mount_watch.h"
#include "sensor/observer.h"
#include "sensor/tree_walk.h"

#define MAX_WALKS 256

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
	struct subject clock_setter; /* the last; who did it when the clock is seen to be set */
	int64_t clock_set_ns;	     /* boot clock */
	int large_fd;		     /* of a program that hash_open_file() found too large; -1 */
	struct stat large_st;
	struct verdicts *verdicts; /* NULL: the kernel gives none */
	bool (*is_reported)(uint64_t dev, void *userdata);
	void *is_reported_userdata;

	char *walks[MAX_WALKS]; /* roots to walk, in order */
	size_t walk_count;
	struct tree_walk *walk;
	uint64_t walk_files;
	int64_t walk_begun_ns;
	int64_t walk_due_ns; /* a walk rests as long as it computed */
	bool is_warming;
	bool has_begun_warming;

	/* Changes that found no room, since the last report. */
	uint64_t refused;
	int64_t refused_since_ns;
};

void observer_emit(struct observer *o, struct event *event);
/* Moves @event's strings and @found into the queue of large files; on failure they stay. */
int observer_queue_large(struct observer *o, struct event *event, struct found *found,
			 struct pending_change *change);
/* Names are looked at again at most once a second. */
void observer_refresh_names(struct observer *o, int64_t now_ns);

#endif
