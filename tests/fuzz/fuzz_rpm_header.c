/* SPDX-License-Identifier: Apache-2.0 */
/* A package's header as rpm's database keeps it. The first two bytes say how much of it lies beyond
 * what is read. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "checks/rpm_header.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *name = NULL;
	uint8_t *copy;
	size_t beyond;

	if (size < 3)
		return 0;
	beyond = (size_t)data[0] << 8 | data[1];
	/* A block of its own, so that a read past its end is seen. */
	copy = malloc(size - 2);
	if (!copy)
		abort();
	memcpy(copy, data + 2, size - 2);
	if (rpm_header_name(copy, size - 2, size - 2 + beyond, &name) == 0) {
		if (name < (const char *)copy || !*name)
			abort();
		for (const char *p = name; *p; p++)
			if (!isgraph((unsigned char)*p))
				abort();
	}
	free(copy);
	return 0;
}
