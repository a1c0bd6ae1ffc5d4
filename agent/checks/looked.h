/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check looked at, noted where files are opened, so that a change there can bring back this
 * check alone. No probe has to say by itself what it depends on, and none can forget to.
 *
 * Noted is only what has an event when it changes: of /proc the kernel's settings, the mounts and
 * the modules; nothing of /dev. The rest is seen by the next whole run.
 */
#ifndef PLUMBLINE_CHECKS_LOOKED_H
#define PLUMBLINE_CHECKS_LOOKED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

/* Of one check. One that looked at more is brought back by whole runs only. */
#define LOOKED_MAX 2048

enum looked_how {
	LOOKED_AT,    /* the path itself, whether or not it is there */
	LOOKED_NAMES, /* which names the folder holds */
	LOOKED_ALL,   /* its names, and each file that it holds */
};

struct looked {
	struct strbuf paths; /* each: how, as a byte, the path, NUL */
	size_t count;
	size_t max; /* 0: LOOKED_MAX; one more is added than that, to show it */
};

void looked_done(struct looked *looked);
#define cleanup_looked cleanup_with(looked_done)
void looked_clear(struct looked *looked);

/* @path is absolute. Without memory, strbuf_check() of the paths says so. */
void looked_add(struct looked *looked, enum looked_how how, const char *path);
/* The one at *@at (0: the first), which goes on to the next; false when there is none. */
bool looked_next(const struct looked *looked, size_t *at, enum looked_how *ret_how,
		 const char **ret_path);

#endif
