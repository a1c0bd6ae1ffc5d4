/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The header of an installed package as rpm's database keeps it: a list of tags, and the bytes they
 * point into. Only the name is looked for. Pure: reads bytes, opens nothing.
 */
#ifndef PLUMBLINE_CHECKS_RPM_HEADER_H
#define PLUMBLINE_CHECKS_RPM_HEADER_H

#include <stddef.h>
#include <stdint.h>

/* The first bytes of a header in which its name must lie: tags are ordered by number, that of the
 * name is low, and what comes before it is short. */
#define RPM_HEADER_PREFIX 65536

/*
 * @data is the start of a header of @size bytes, @len of them. Returns 0 with @ret_name, a text of
 * printable bytes in @data, or -EBADMSG for what rpm does not write.
 */
int rpm_header_name(const uint8_t *data, size_t len, size_t size, const char **ret_name);

#endif
