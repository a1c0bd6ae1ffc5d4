/* SPDX-License-Identifier: Apache-2.0 */
/* The value of --since; see since.h. */
#include "cli/since.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/ini.h"

int since_parse(const char *text, int64_t *ret_unix_ns)
{
	char midnight[RFC3339_SIZE];
	uint64_t seconds;

	if (clock_parse(text, ret_unix_ns) == 0)
		return 0;
	if (strlen(text) == strlen("2026-11-21")) {
		snprintf(midnight, sizeof(midnight), "%sT00:00:00Z", text);
		if (clock_parse(midnight, ret_unix_ns) == 0)
			return 0;
	}
	if (ini_field_seconds(text, &seconds, NULL) < 0)
		return -EINVAL;
	if (seconds > (uint64_t)(clock_real_ns() / NSEC_PER_SEC))
		return -ERANGE;
	*ret_unix_ns = clock_real_ns() - (int64_t)seconds * NSEC_PER_SEC;
	return 0;
}
