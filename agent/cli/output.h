/* SPDX-License-Identifier: Apache-2.0 */
/* A file that a verb writes: whole or not at all. */
#ifndef PLUMBLINE_CLI_OUTPUT_H
#define PLUMBLINE_CLI_OUTPUT_H

#include <stdio.h>

/*
 * Calls @write for a stream beside @path and renames it to @path when it returned 0; "-" is
 * standard output. Negative errno otherwise, and nothing at @path has changed. What is no regular
 * file, as /dev/null or a pipe, is written to in its place.
 */
int output_write(const char *path, int (*write)(FILE *out, void *userdata), void *userdata);

#endif
