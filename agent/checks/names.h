/* SPDX-License-Identifier: Apache-2.0 */
/* User and group names of the tree below a root, from its own passwd and group files (no NSS). */
#ifndef PLUMBLINE_CHECKS_NAMES_H
#define PLUMBLINE_CHECKS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "checks/root.h"

/* Number of user (or group) @name, -ENOENT when the file does not have it, or another negative
 * errno. */
int64_t names_find(const struct root *root, const char *file, const char *name, size_t name_len);
/* The name of number @id into @buf; the number as text when it has none. */
void names_of(const struct root *root, const char *file, uint32_t id, char *buf, size_t size);

#define NAMES_USERS  "/etc/passwd"
#define NAMES_GROUPS "/etc/group"

#endif
