/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who did it: the process behind an event, as well as this rung can know it.
 */
#ifndef PLUMBLINE_MODEL_SUBJECT_H
#define PLUMBLINE_MODEL_SUBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SUBJECT_UID_NONE UINT32_MAX

struct subject {
	bool is_known;	    /* false: the rung could not tell who (scan, or the process was gone) */
	uint64_t cookie;    /* names this process for ever on this boot; 0 when unknown */
	uint32_t pid, ppid; /* thread-group ids in the initial pid namespace */
	uint32_t uid, euid;
	uint32_t login_uid; /* SUBJECT_UID_NONE when not a login's child */
	char *exe;	    /* program file, raw bytes; NULL when unknown */
	char *comm;	    /* kernel's short name */
	char *unit;	    /* systemd unit or cgroup path; NULL when unknown */
	char *parents; /* "exe(pid) < exe(pid) < ..." nearest first, at most 8; escaped text; NULL
			*/
	char *user;    /* name of uid; NULL when it has none */
	char *change_set; /* the updater's work that it does a part of:
			   * "apt-get-20261122T021503Z-812"; NULL: none */
};

void subject_done(struct subject *subject);
int subject_copy(const struct subject *from, struct subject *to);
#define cleanup_subject cleanup_with(subject_done)

#endif
