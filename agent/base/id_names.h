/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of local users and groups by number, from /etc/passwd and /etc/group.
 *
 * The two files are read directly and not through NSS: a plug-in of NSS has no
 * place in a process with privilege, and a name that only a directory service
 * knows would differ between equal machines.
 *
 * Between two calls of id_names_refresh() a table may be read by many threads.
 */
#ifndef PLUMBLINE_BASE_ID_NAMES_H
#define PLUMBLINE_BASE_ID_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"

struct id_names;

/* Reads @passwd and @group (kept as they are named); one that is missing counts as empty. */
int id_names_new(const char *passwd, const char *group, struct id_names **ret_names);
struct id_names *id_names_free(struct id_names *names);
DEFINE_CLEANUP(struct id_names *, id_names_free)

/* Reads again what changed since. 1 when something did, 0, or negative errno with the old table
 * kept. */
int id_names_refresh(struct id_names *names);

/* NULL when the number has no name; valid until id_names_refresh(). The first of several names
 * wins. */
const char *id_names_user(const struct id_names *names, uint32_t uid);
const char *id_names_group(const struct id_names *names, uint32_t gid);

#endif
