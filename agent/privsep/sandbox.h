/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process gives up once it holds all it needs.
 *
 * sandbox_enter() does, in this order: no_new_privs, no code in written memory, Landlock, ids,
 * capabilities (permitted, effective and bounding set cut to the list, ambient empty), rlimits,
 * seccomp. After it returns 0 nothing can be got back.
 */
#ifndef PLUMBLINE_PRIVSEP_SANDBOX_H
#define PLUMBLINE_PRIVSEP_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/diag.h"
#include "privsep/protocol.h"

struct sandbox_path {
	const char *path;
	bool can_write;
	bool can_execute;
	bool is_optional; /* absence when the sandbox is entered is no error */
};

struct sandbox_spec {
	enum process_role role;	 /* chooses the seccomp allow-list */
	const char *user;	 /* "plumbline-recorder"; NULL stays root */
	const int *capabilities; /* CAP_*, ended by -1; those this process lacks are left out */
	const int
		*reserve; /* likewise, but permitted only: what children of this process may have */
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

int sandbox_mode_parse(const char *name, enum sandbox_mode *ret_mode); /* -EINVAL */

/* What this kernel or container does not offer; bits of @ret_missing. */
enum {
	SANDBOX_NO_LANDLOCK = 1 << 0,	    /* no Landlock at all (kernel 5.10) */
	SANDBOX_NO_LANDLOCK_NET = 1 << 1,   /* Landlock without TCP rules (before 6.7) */
	SANDBOX_NO_LANDLOCK_SCOPE = 1 << 2, /* Landlock without scopes (before 6.12) */
	SANDBOX_NO_BOUNDING = 1 << 3,	    /* CAP_SETPCAP is not there to cut the bounding set */
	SANDBOX_NO_EXEC_GAIN =
		1 << 5, /* memory that was written can be made executable (before 6.3) */
	SANDBOX_NO_SECCOMP = 1 << 4, /* switched off, or not in this kernel */
};
/* What older kernels within the supported range lack: worth a line in the log, not a finding on
 * each host. */
#define SANDBOX_MINOR (SANDBOX_NO_LANDLOCK_NET | SANDBOX_NO_LANDLOCK_SCOPE | SANDBOX_NO_EXEC_GAIN)
/* One name of the set bits, lowest first, as "landlock"; NULL when @missing is 0. */
const char *sandbox_missing_name(unsigned missing);

/*
 * 0, or negative errno with @diag saying which step failed; the process must then end. Parts that
 * are not to be had are left out and named in @ret_missing.
 */
int sandbox_enter(const struct sandbox_spec *spec, enum sandbox_mode mode, unsigned *ret_missing,
		  struct diag *diag);

/* Name of a system call of @architecture (AUDIT_ARCH_*), allocated; NULL when it has none. */
char *sandbox_syscall_name(uint32_t architecture, uint32_t number);

#endif
