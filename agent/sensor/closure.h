/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The never-block closure: what a person needs to get into this machine and
 * mend it, with the libraries of it all. It is a list of places: whatever file
 * of root's is there runs, also with other content than approved.
 */
#ifndef PLUMBLINE_SENSOR_CLOSURE_H
#define PLUMBLINE_SENSOR_CLOSURE_H

#include <stddef.h>

/* Called with each file once, by the name that it was found by; a negative return ends it. */
typedef int (*closure_fn)(const char *path, void *userdata);

/*
 * @folder: of the agent's own programs. Files that are not there, or of another width than ours,
 * are passed over. Negative errno of @fn, or -ENOMEM.
 */
int closure_each(const char *folder, closure_fn fn, void *userdata);

#endif
