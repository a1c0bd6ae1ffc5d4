/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks a tool of the system (the package manager's query program) and takes what it prints.
 *
 * The tool parses data that others wrote, so it runs with less than its caller: as user nobody when
 * the caller is root, without capabilities, without network, in a sandbox that reads files and
 * writes none, with an environment of three names, and bounded in time, memory and output. No
 * shell.
 */
#ifndef PLUMBLINE_PRIVSEP_QUERY_H
#define PLUMBLINE_PRIVSEP_QUERY_H

#include <stddef.h>

#include "base/diag.h"

#define QUERY_TIME_MAX_S 120

/* Takes the next bytes; a negative return ends the tool. */
typedef int (*query_output_fn)(const void *data, size_t len, void *userdata);

/*
 * Runs @arguments (NULL-ended; the first is the tool's path) and waits. 0 when it ended with status
 * 0, @fn's error, -ETIMEDOUT, -EFBIG, -EIO when the tool failed (@diag has its first words), or
 * another negative errno.
 */
int query_run(char *const arguments[], query_output_fn fn, void *userdata, struct diag *diag);

#endif
