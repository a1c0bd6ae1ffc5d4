/* SPDX-License-Identifier: Apache-2.0 */
/* The value of --since; see since.h. */
#include "cli/since.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ini.h"

static int parse_moment(const char *text, int64_t *ret_unix_ns)
{
	char midnight[RFC3339_SIZE];

	if (clock_parse(text, ret_unix_ns) == 0)
		return 0;
	if (strlen(text) != strlen("2026-11-21"))
		return -EINVAL;
	snprintf(midnight, sizeof(midnight), "%sT00:00:00Z", text);
	return clock_parse(midnight, ret_unix_ns);
}

int since_parse(const char *text, int64_t *ret_unix_ns)
{
	uint64_t seconds;
	int64_t moment;

	/* Of a time to come nothing is known, and "without a gap" would be said of it. */
	if (parse_moment(text, &moment) == 0) {
		if (moment > clock_real_ns())
			return -ERANGE;
		*ret_unix_ns = moment;
		return 0;
	}
	if (ini_field_seconds(text, &seconds, NULL) < 0)
		return -EINVAL;
	if (seconds > (uint64_t)(clock_real_ns() / NSEC_PER_SEC))
		return -ERANGE;
	*ret_unix_ns = clock_real_ns() - (int64_t)seconds * NSEC_PER_SEC;
	return 0;
}
