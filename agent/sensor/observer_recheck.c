/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking again at a file of which something was told.
 *
 * A stamp here only keeps quiet: what it cannot vouch for is read, and what is
 * told was read. It is of this run of the sensor, and counts as in a walk.
 */
#include <string.h>

#include "base/clock.h"
#include "sensor/observer_internal.h"

int observer_recheck(struct observer *o, const char *path, const uint8_t *known)
{
	struct pending_change change = {
		.path = (char *)path, .first_ns = clock_boot_ns(), .has_known = known};

	if (known)
		memcpy(change.known, known, SHA256_SIZE);
	return pending_add(o->pending, &change);
}

bool observer_is_as_told(struct observer *o, const struct pending_change *change)
{
	struct file_fact fact = {.path = change->path};
	struct stat st;

	return change->has_known && lstat(change->path, &st) == 0 && S_ISREG(st.st_mode) &&
	       stamp_store_get(o->stamps, &st, false, &fact) == STAMP_OF_THIS_RUN &&
	       memcmp(fact.sha256, change->known, SHA256_SIZE) == 0;
}
