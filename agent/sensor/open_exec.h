/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From "this file was opened to be run" to program starts of an observer.
 *
 * One start opens several files one after the other: scripts, the program, and
 * the dynamic loader that the program names. They are told apart by their first
 * bytes and by who opened them before. Who it was is read from /proc, while
 * the process is there.
 */
#ifndef PLUMBLINE_SENSOR_OPEN_EXEC_H
#define PLUMBLINE_SENSOR_OPEN_EXEC_H

#include "base/cleanup.h"
#include "sensor/exec_fan.h"
#include "sensor/observer.h"

struct open_exec;

/* @observer is borrowed. */
int open_exec_new(struct observer *observer, struct open_exec **ret_opens);
struct open_exec *open_exec_free(struct open_exec *opens);
DEFINE_CLEANUP(struct open_exec *, open_exec_free)

void open_exec_take(struct open_exec *opens, const struct exec_fan_event *event);
/* Notes all that runs now; with @is_told as EVENT_RUNNING each. */
int open_exec_list_running(struct open_exec *opens, bool is_told);
/* Makes the process @pid known, when it is there still. */
void open_exec_note(struct open_exec *opens, uint32_t pid);
/* Finds out which processes have ended, and forgets them some time later. */
void open_exec_sweep(struct open_exec *opens);

#endif
