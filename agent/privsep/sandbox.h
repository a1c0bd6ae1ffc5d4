/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process gives up once it holds all it needs.
 *
 * sandbox_enter() does, in this order: no_new_privs, Landlock, ids, capabilities (permitted,
 * effective and bounding set cut to the list, ambient empty), rlimits, seccomp. After it returns 0
 * nothing can be got back.
 */
#ifndef PLUMBLINE_PRIVSEP_SANDBOX_H
#define PLUMBLINE_PRIVSEP_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "privsep/protocol.h"

struct sandbox_path {
	const char *path; /* must exist when the sandbox is entered */
	bool can_write;
};

struct sandbox_spec {
	enum process_role role;		  /* chooses the seccomp allow-list */
	const char *user;		  /* "plumbline-recorder"; NULL stays root */
	const int *capabilities;	  /* CAP_*, ended by -1 */
	const struct sandbox_path *paths; /* ended by a NULL path; NULL: no Landlock */
	uint64_t max_memory_bytes;	  /* RLIMIT_AS; 0: none */
	uint64_t max_files;		  /* RLIMIT_NOFILE; 0: as is */
};

/* How the filter answers, from `[process] seccomp = enforce|log|off` (log: the kernel logs and
 * allows). */
enum sandbox_mode {
	SANDBOX_ENFORCE,
	SANDBOX_LOG,
	SANDBOX_OFF,
};

/*
 * 0, or negative errno with nothing of the rest done. Parts that this kernel lacks (no Landlock
 * on 5.10) are left out and named in @ret_missing ("landlock"; static text, NULL when nothing is
 * missing).
 */
int sandbox_enter(const struct sandbox_spec *spec, enum sandbox_mode mode,
		  const char **ret_missing);

#endif
