/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files too large to be hashed in one go: they wait in a bounded queue and are
 * read a piece at a time, so that nothing else waits for them.
 */
#ifndef PLUMBLINE_SENSOR_LARGE_FILES_H
#define PLUMBLINE_SENSOR_LARGE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "model/event.h"
#include "model/fact_collect.h"
#include "sensor/pending.h"
#include "sensor/verdicts.h"

#define LARGE_FILE_BYTES (UINT64_C(32) * 1024 * 1024)
/* A file that is written all day is read again at the earliest after so many times the time that
 * the last reading took. */
#define LARGE_FILE_REST 10

struct large_files;

struct large_file {
	struct event event; /* all but the digest of its object; strings owned */
	struct pending_change
		change; /* of an EVENT_FILE: to put back when the file did not hold still */
	struct stat st; /* of the file that is read */
	struct verdict_look look; /* at it, before it is read */
	int look_fd;		  /* of it, to keep what is found; -1 */
	int64_t begun_ns;	  /* wall clock when the reading began; set by large_files_step() */
};

void large_file_done(struct large_file *file);

int large_files_new(size_t max_files, struct large_files **ret_files);
struct large_files *large_files_free(struct large_files *files);
DEFINE_CLEANUP(struct large_files *, large_files_free)

/* Takes @file and @fd on success. -ENOBUFS when the queue is full, -EBUSY while this path waits or
 * rests. */
int large_files_add(struct large_files *files, struct large_file *file, int fd);

/*
 * Reads up to @max_bytes of the first file. 1 when that ended one: it is in @ret_file (the
 * caller's), with its digest when
 * @ret_error is 0, else without: -EAGAIN when it changed meanwhile. 0 when there is more to read,
 * or nothing.
 */
int large_files_step(struct large_files *files, struct fact_collector *collector, size_t max_bytes,
		     struct large_file *ret_file, int *ret_error);

bool large_files_is_empty(const struct large_files *files);
/* Whether one of EVENT_EXEC, EVENT_RUNNING or EVENT_LOAD waits. */
bool large_files_has_used(const struct large_files *files);
/* Whether a file of EVENT_SCANNED waits: its walk must not end before it is told. */
bool large_files_has_scanned(const struct large_files *files);

#endif
