/* SPDX-License-Identifier: Apache-2.0 */
/* The two parts of sandbox_enter() that are files of their own. Only sandbox.c includes this. */
#ifndef PLUMBLINE_PRIVSEP_SANDBOX_PARTS_H
#define PLUMBLINE_PRIVSEP_SANDBOX_PARTS_H

#include "privsep/sandbox.h"

/* Restricts this process to @spec's paths; needs no_new_privs. Adds SANDBOX_NO_LANDLOCK* to
 * @missing. */
int sandbox_landlock(const struct sandbox_spec *spec, unsigned *missing, struct diag *diag);

/* Installs the role's system call filter and, in enforce mode, the handler that reports a refused
 * call. */
int sandbox_seccomp(enum process_role role, enum sandbox_mode mode, struct diag *diag);

#endif
