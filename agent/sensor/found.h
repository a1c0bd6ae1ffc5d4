/* SPDX-License-Identifier: Apache-2.0 */
/* What is at a path: its fact and, of a file too large to be hashed at once, a descriptor. */
#ifndef PLUMBLINE_SENSOR_FOUND_H
#define PLUMBLINE_SENSOR_FOUND_H

#include <sys/stat.h>

#include "model/fact_collect.h"
#include "sensor/verdicts.h"

struct found {
	struct file_fact fact;
	struct stat st;
	int fd; /* of a regular file larger than LARGE_FILE_BYTES; -1 */
};

/* -EAGAIN only while the file keeps changing. One that cannot be read has no digest. @verdicts is
 * told of code; NULL: there is none. */
int found_collect(struct fact_collector *collector, struct verdicts *verdicts, int dirfd,
		  const char *path, struct found *ret_found);
void found_done(struct found *found);

#endif
