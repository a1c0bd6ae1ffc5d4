/* SPDX-License-Identifier: Apache-2.0 */
/* Starts a child program with a fresh memory layout, a clean environment and one descriptor. */
#ifndef PLUMBLINE_PRIVSEP_SPAWN_H
#define PLUMBLINE_PRIVSEP_SPAWN_H

#include <sys/types.h>

/*
 * Runs @path with @arguments (argv, NULL-ended). In it @channel_fd (borrowed) is
 * CHILD_FD_SUPERVISOR, standard input is /dev/null, standard output and error are this process'
 * standard error; nothing else is open. A program that cannot be run ends with status 127. Returns
 * the pid or negative errno.
 */
pid_t spawn_child(const char *path, char *const arguments[], int channel_fd);

/* For a child before exec: blocked signals and ignored ones would pass through it. */
void spawn_reset_signals(void);
/* For a child before exec: closes @first and all descriptors after it. */
void spawn_close_from(int first);

#endif
