/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of the packages in rpm's database below a root. Reads the SQLite form, which rpm has
 * had since 4.16 (RHEL 9, Fedora 33); those of Berkeley DB and ndb are told apart, not read.
 */
#ifndef PLUMBLINE_CHECKS_RPM_DB_H
#define PLUMBLINE_CHECKS_RPM_DB_H

#include "base/strbuf.h"
#include "checks/root.h"

/*
 * Appends each name to @names, a NUL behind it. 0, -ENOENT when there is no rpm database,
 * -EOPNOTSUPP when it is of another form, -EBUSY when rpm has not yet written all of it to where it
 * is read, -EBADMSG when it is damaged, or another negative errno.
 */
int rpm_db_names(const struct root *root, struct strbuf *names);

#endif
