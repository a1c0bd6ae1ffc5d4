/* SPDX-License-Identifier: Apache-2.0 */
/* What is at a path: its fact and, of a file too large to be hashed at once, a descriptor. */
#ifndef PLUMBLINE_SENSOR_FOUND_H
#define PLUMBLINE_SENSOR_FOUND_H

#include <sys/stat.h>

#include "model/fact_collect.h"
#include "sensor/stamp_store.h"
#include "sensor/verdicts.h"

struct found {
	struct file_fact fact;
	struct stat st;
	int fd;			  /* of a regular file larger than LARGE_FILE_BYTES; -1 */
	enum stamp_origin origin; /* of the digest, when it was not read now */
};

/* What is told of a file, and what may stand for reading it. */
struct found_by {
	struct verdicts *verdicts;  /* told of code that is read; NULL: there is none */
	struct stamp_store *stamps; /* NULL: it is read, whatever is known */
	bool takes_earlier;	    /* stamps of an earlier run */
};

/* -EAGAIN only while the file keeps changing. One that cannot be read has no digest. */
int found_collect(struct fact_collector *collector, int dirfd, const char *path,
		  const struct found_by *by, struct found *ret_found);
void found_done(struct found *found);

#endif
