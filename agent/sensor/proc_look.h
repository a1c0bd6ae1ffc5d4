/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc tells of a process now, for back ends to which the kernel gives
 * a process id and no more. All is read through one descriptor of its folder,
 * so it is all of one process, though not surely of the one that was meant:
 * that the caller finds out with a pidfd, where it has one.
 */
#ifndef PLUMBLINE_SENSOR_PROC_LOOK_H
#define PLUMBLINE_SENSOR_PROC_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/strbuf.h"
#include "sensor/proc_table.h"

/* Strings that the news point into; reused from look to look. */
struct proc_look {
	struct strbuf text, exe, comm, unit;
	struct stat st; /* of the program; st_ino 0: it has none, or it may not be known */
};

void proc_look_done(struct proc_look *look);

/*
 * Fills @news with the process @pid below @proc ("/proc"); news->exe is NULL for a thread of the
 * kernel. -ENOENT or -ESRCH when it is gone, -EBADMSG when it cannot be understood.
 */
int proc_look(struct proc_look *look, const char *proc, uint32_t pid, struct proc_news *ret_news);

/* From its start in clock ticks since boot, and its number: unique for this boot. */
uint64_t proc_look_cookie(uint64_t start_ticks, uint32_t pid);

/* The same, and put into @table, with its parents as far as they are not known there. */
int proc_look_into(struct proc_look *look, const char *proc, uint32_t pid, struct proc_table *table,
		   struct proc_news *ret_news);

#endif
