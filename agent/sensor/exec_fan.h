/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are opened to be run, by a fanotify group that only notifies: on
 * each file system that this mount namespace shows, with a descriptor of the
 * very file. Nothing on the machine waits for it.
 *
 * The kernel tells the open, not whether the start went well; it folds equal
 * events that were not read yet; and it tells neither of programs without a
 * file nor of those on mounts that only other namespaces have.
 */
#ifndef PLUMBLINE_SENSOR_EXEC_FAN_H
#define PLUMBLINE_SENSOR_EXEC_FAN_H

#include <stdint.h>

#include "base/cleanup.h"
#include "base/strbuf.h"

struct exec_fan;

struct exec_fan_event {
	int fd;		  /* the file, for reading; -1: events were lost */
	int pidfd;	  /* of @pid; -1: it is gone, or the kernel gives none */
	uint32_t pid;	  /* thread-group id of who opened it */
	const char *lost; /* what was lost; else NULL */
};

/* The descriptors are the event's: closed when @fn returns. */
typedef void (*exec_fan_fn)(const struct exec_fan_event *event, void *userdata);

/* -EPERM without CAP_SYS_ADMIN, -EINVAL before Linux 5.0. */
int exec_fan_open(exec_fan_fn fn, void *userdata, struct exec_fan **ret_fan);
struct exec_fan *exec_fan_close(struct exec_fan *fan);
DEFINE_CLEANUP(struct exec_fan *, exec_fan_close)

/* Whether events name the process by a pidfd, as since Linux 5.15. */
bool exec_fan_has_pidfd(const struct exec_fan *fan);

/* Marks what is mounted now. Returns how many mounts with files could not be marked; each is named
 * with the error in @reterr, a line each. */
int exec_fan_mark(struct exec_fan *fan, struct strbuf *reterr);

int exec_fan_fd(const struct exec_fan *fan);
/* Reads up to @max_reads buffers, none after @until_ns of the boot clock but the first. 1 when
 * there may be more, 0, or negative errno. */
int exec_fan_dispatch(struct exec_fan *fan, unsigned max_reads, int64_t until_ns);

#endif
