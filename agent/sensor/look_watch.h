/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when a path of a list is touched: written, replaced, made, removed, or given other rights.
 * The list is what the hardening checks looked at; the sensor's own trees are fan.h's.
 *
 * Only the folders that hold such paths are marked, so the kernel drops all else. Where a file
 * system gives no handles (procfs before Linux 6.8, overlays) content is told by descriptor, and
 * names by inotify, which knows nobody. Without the right to fanotify it is inotify alone.
 *
 * Not seen: a write through a mapping, or by one who keeps the file open (until it is closed); a
 * write by another name, as a hard link in another folder or another instance of procfs; that a
 * folder on the way became a link.
 */
#ifndef PLUMBLINE_SENSOR_LOOK_WATCH_H
#define PLUMBLINE_SENSOR_LOOK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define LOOK_WATCH_MAX_DIRS 4096

struct look_watch;

struct look_event {
	const char *path; /* NULL: the queue overflowed, anything may have been touched */
	bool is_name;	  /* it came, or went */
	bool is_below;	  /* it is a folder, and so did all below it */
	uint32_t pid;	  /* thread-group id of who did it; 0: not known */
};

typedef void (*look_event_fn)(const struct look_event *event, void *userdata);

/* What of a path matters. */
enum look_kind {
	LOOK_AT,    /* it */
	LOOK_NAMES, /* which names it holds */
	LOOK_ALL,   /* its names and its files */
	LOOK_KIND_COUNT,
};

/* With @has_fanotify the kernel says who did it, where it lets us. Never fails for want of rights.
 */
int look_watch_open(bool has_fanotify, look_event_fn fn, void *userdata,
		    struct look_watch **ret_watch);
struct look_watch *look_watch_close(struct look_watch *watch);
DEFINE_CLEANUP(struct look_watch *, look_watch_close)

/* @path is normalized. -ENOBUFS when the table of folders is full. Takes effect with the next
 * refresh. */
int look_watch_add(struct look_watch *watch, enum look_kind kind, const char *path);
/* Nothing is watched from here on. */
void look_watch_clear(struct look_watch *watch);
/*
 * Marks what is there and was not marked before; with @is_all also looks whether a folder that is
 * marked is another one by now, which is told. Returns how many folders there are that could not be
 * marked.
 */
size_t look_watch_refresh(struct look_watch *watch, bool is_all);

/* Readable when there is something to dispatch. */
int look_watch_fd(const struct look_watch *watch);
/* 1 when there may be more, 0 or negative errno. */
int look_watch_dispatch(struct look_watch *watch);

#endif
