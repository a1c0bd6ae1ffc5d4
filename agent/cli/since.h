/* SPDX-License-Identifier: Apache-2.0 */
/* The value of --since: a time, or a span before now. */
#ifndef PLUMBLINE_CLI_SINCE_H
#define PLUMBLINE_CLI_SINCE_H

#include <stdint.h>

/* "2026-11-21T08:00:00Z", "2026-11-21" (UTC), "12h", "7d"; -EINVAL, or -ERANGE for a time
 * to come or a span longer than since 1970. */
int since_parse(const char *text, int64_t *ret_unix_ns);

#endif
