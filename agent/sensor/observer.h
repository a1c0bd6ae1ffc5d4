/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every back end does alike: from "something happened to this path" or
 * "this program started" to a fact with its digest and an event.
 *
 * It waits until a changed path is quiet, walks trees in small steps, and
 * knows who is who. A back end tells it what happened and calls
 * observer_work(); it emits events from there alone. One thread.
 */
#ifndef PLUMBLINE_SENSOR_OBSERVER_H
#define PLUMBLINE_SENSOR_OBSERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "ebpf/event.h"
#include "sensor/pending.h"
#include "sensor/proc_table.h"
#include "sensor/sensor.h"
#include "sensor/verdicts.h"
#include "sensor/watch_set.h"

struct observer;

/* Set in the changes given to observer_change(), never in events: the path is a directory. */
#define OBSERVER_CHANGE_DIR (1U << 31)

/* A program, or other code, as the kernel described it. */
struct observer_exec {
	enum event_kind kind; /* EVENT_EXEC, EVENT_RUNNING or EVENT_LOAD */
	const char *exe;      /* path; NULL: unknown */
	const char *how;      /* EVENT_LOAD: its text */
	const char *link;     /* opens the very file, whatever has its name; NULL: through @pid */
	uint64_t dev, ino;    /* of the file that runs, as its size */
	uint64_t bytes;
	bool is_in_user_ns; /* its paths need not be the host's */
	bool is_gone;	    /* it has no name any more, or never had one */
	struct kernel_answer kernel;
	bool is_unverified; /* the kernel has never seen its content read: no stamp may vouch for it
			     */
	const char *script; /* file named to execve() that the program interprets; NULL: none */
	uint32_t pid;
	bool is_by_pid; /* no cookie is known: the newest process of this number is meant */
	uint64_t cookie;
	int64_t time_ns; /* wall clock */
};

int observer_new(sensor_event_fn fn, void *userdata, struct observer **ret_observer);
struct observer *observer_free(struct observer *observer);
DEFINE_CLEANUP(struct observer *, observer_free)

/* Where events go from now on; the self-test listens for itself. */
void observer_set_sink(struct observer *observer, sensor_event_fn fn, void *userdata);

/* New rules: drops the walks of the old ones and walks all trees. */
int observer_watch(struct observer *observer, const struct sensor_rules *rules);
const struct watch_set *observer_watch_set(const struct observer *observer);
struct proc_table *observer_processes(struct observer *observer);

/* @change->path changed. What is not monitored is dropped; what finds no room is counted, reported
 * and walked for. */
void observer_change(struct observer *observer, const struct pending_change *change);
void observer_exec(struct observer *observer, const struct observer_exec *exec);
/* A monitored file, @change->path, was given another name. */
void observer_linked(struct observer *observer, uint64_t dev, uint64_t ino,
		     const struct pending_change *change);
/* Mode, owner or a label of @change->path is about to change, if the kernel lets it. */
void observer_attributes(struct observer *observer, uint64_t dev,
			 const struct pending_change *change);
/* A file was opened for writing, or closed by whoever had: in between it is looked at. */
void observer_opened(struct observer *observer, const char *path, uint32_t pid);
void observer_closed(struct observer *observer, const char *path);
/* The same for a monitored file that was opened by a name outside the trees. */
void observer_opened_elsewhere(struct observer *observer, uint64_t dev, uint64_t ino, uint32_t pid);
/* The same for all that is held open already. */
int observer_find_held(struct observer *observer);

/* @tree NULL: all. A tree outside the rules is ignored. Every file is read. */
int observer_rescan(struct observer *observer, const char *tree);
/* The same when changes were lost or came with a mount: a file that has the stamp with which it was
 * hashed is not read. */
int observer_look_again(struct observer *observer, const char *tree);
/*
 * The state of @path as EVENT_FILE without subject, as soon as it is quiet. With @known (else
 * NULL), the digest that was told of it last, nothing is read or told when this run of the sensor
 * has read just that and the stamp of then still holds: so a stamp leaves things as they were, and
 * never says that they are other.
 */
int observer_recheck(struct observer *observer, const char *path, const uint8_t *known);
/* Whether code that was used waits to be told until it is hashed. */
bool observer_owes(const struct observer *observer);

/* Something that was not seen. */
struct sensor_gap {
	const char *cause;	   /* for a person */
	const char *missed;	   /* what may have been missed by it, for a person */
	uint64_t count;		   /* records, as far as they were counted */
	int64_t from_ns, until_ns; /* boot clock */
};
void observer_gap(struct observer *observer, const struct sensor_gap *gap);
/* Of changes, when all trees are walked for them. */
#define OBSERVER_MISSED_CHANGES                                                           \
	"in the monitored trees: changes that were undone before the walk that follows, " \
	"and who made any"
/* A process sets the wall clock, at @time_ns of the boot clock. */
void observer_setting_clock(struct observer *observer, uint64_t cookie, int64_t time_ns);
/* That one set it back by @back_ns, and by now it was set again: observer_clock() will follow. */
void observer_clock_went_back(struct observer *observer, int64_t back_ns);
/* The wall clock was set, and stamps were voided; @back_ns > 0: back by that much. */
void observer_clock(struct observer *observer, int64_t back_ns);

/* A process mounts or unmounts. What comes of it, observer_look_at_mounts() tells. */
struct observer_mount {
	enum ev_mount_how how;
	const char *path; /* normalized; NULL: not known */
	uint64_t dev;	  /* as stat() shows it; 0: not known */
	uint64_t ns;	  /* name space of mounts that the process is in */
	uint64_t cookie;
	int64_t time_ns; /* boot clock */
};
/* Voids the stamps of the file system that comes or goes. */
void observer_mounting(struct observer *observer, const struct observer_mount *mount);
/* Who @pid is; who alone mounted or unmounted since @since_ns. 0, -ENOENT or -ENOMEM. */
int observer_who(struct observer *observer, uint32_t pid, struct subject *ret_subject);
int observer_who_mounted(const struct observer *observer, int64_t since_ns,
			 struct subject *ret_subject);
/* Stamps of files on @dev are void, 0: all: what is there may be another file system. */
void observer_void_device(struct observer *observer, uint64_t dev);
/* All stamps are void: the clock was set. */
void observer_void_stamps(struct observer *observer);
/* Something was mounted or unmounted. */
void observer_mounts_changed(struct observer *observer);
/*
 * EVENT_MOUNT for each monitored place where something else is mounted than at the last look. With
 * @may_wait 1, and nothing is told, when it is not known yet who did all of it.
 */
int observer_look_at_mounts(struct observer *observer, bool may_wait);
/* EVENT_MOUNT for all that is mounted in monitored places, between begin and end. */
int observer_list_mounts(struct observer *observer);
/* Whether the back end reports each change on the file system of @dev; until it is set: on none. */
void observer_set_reported(struct observer *observer, bool (*fn)(uint64_t dev, void *userdata),
			   void *userdata);

/* Who is told what is found in code; borrowed. Without: nobody. */
void observer_set_verdicts(struct observer *observer, struct verdicts *verdicts);

/* While on hold nothing is emitted by observer_work(). */
void observer_hold(struct observer *observer, bool is_held);
/* A bounded piece of work. 1 when there is more to do at once, 0, or negative errno. */
int observer_work(struct observer *observer);
/* Boot clock time of the next work; INT64_MAX when there is none. */
int64_t observer_due(const struct observer *observer);

#endif
