/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that run, and for some time those that have ended, so that a
 * change can be put down to its process when that is gone already.
 *
 * Keyed by cookie; a pid finds the newest process that had it. Bounded: the
 * process that was used least recently goes first. Pure memory: it never reads
 * /proc, and times (CLOCK_BOOTTIME) come from the caller.
 */
#ifndef PLUMBLINE_SENSOR_PROC_TABLE_H
#define PLUMBLINE_SENSOR_PROC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/id_names.h"
#include "model/subject.h"

struct proc_table;

/* What is told of one process. Strings are copied; NULL keeps what is known. */
struct proc_news {
	uint64_t cookie, parent_cookie;
	uint32_t pid, ppid;
	uint32_t uid, euid, login_uid;
	int64_t time_ns;
	int64_t wall_ns; /* the same on the wall clock; 0 where it is not needed: no program started
			  */
	const char *comm;
	const char *exe;
	const char *script; /* that @exe interprets */
	const char *unit;
};

/*
 * What a trusted updater's processes do is one change-set: of all that descend from the first
 * updater, as long as that one is remembered. It groups, and approves nothing.
 */
int proc_table_set_updaters(struct proc_table *table, char **updaters);

int proc_table_new(size_t max_entries, struct proc_table **ret_table);
struct proc_table *proc_table_free(struct proc_table *table);
DEFINE_CLEANUP(struct proc_table *, proc_table_free)

/* A program started, or was found running: all of @news holds from now on. */
int proc_table_exec(struct proc_table *table, const struct proc_news *news);
/* A process was made: it has the program and unit of its parent until it starts another. */
int proc_table_fork(struct proc_table *table, const struct proc_news *news);
/* It ended. The entry stays until it is pushed out or forgotten. */
void proc_table_exit(struct proc_table *table, uint64_t cookie, int64_t time_ns);
/* Drops what ended before @ended_before_ns. */
void proc_table_forget(struct proc_table *table, int64_t ended_before_ns);

/*
 * Who @cookie or the newest process with @pid is, with parents; user names from @names. 0, -ENOENT
 * when it is not there, -ENOMEM.
 */
int proc_table_subject(struct proc_table *table, uint64_t cookie, const struct id_names *names,
		       struct subject *ret_subject);
int proc_table_subject_of_pid(struct proc_table *table, uint32_t pid, const struct id_names *names,
			      struct subject *ret_subject);

/* How many processes run the program that was started from @path, whether or not it is there still.
 */
size_t proc_table_runs(const struct proc_table *table, const char *path);

/* Whether an entry of @cookie is there. */
bool proc_table_has(const struct proc_table *table, uint64_t cookie);
/* Where no end is told: @is_running is asked about each that has not ended, which else ends now. */
void proc_table_sweep(struct proc_table *table, bool (*is_running)(uint64_t cookie, uint32_t pid),
		      int64_t now_ns);

size_t proc_table_count(const struct proc_table *table);

#endif
