/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/found.h"

#include <errno.h>
#include <unistd.h>

#include "sensor/large_files.h"

void found_done(struct found *found)
{
	file_fact_done(&found->fact);
	if (found->fd >= 0)
		close(found->fd);
	found->fd = -1;
}

int found_collect(struct fact_collector *collector, int dirfd, const char *path,
		  const struct found_by *by, struct found *ret_found)
{
	struct found found = {.fd = -1};
	int r;

	r = fact_open(collector, dirfd, path, &found.fact, &found.st, &found.fd);
	if (r < 0)
		return r;
	if (found.fd >= 0)
		found.origin =
			stamp_store_get(by->stamps, &found.st, by->takes_earlier, &found.fact);
	if (found.fd >= 0 &&
	    (found.origin != STAMP_NONE || (uint64_t)found.st.st_size <= LARGE_FILE_BYTES)) {
		r = found.origin != STAMP_NONE ? 0
					       : verdicts_hash(by->verdicts, collector, found.fd,
							       &found.st, &found.fact);
		close(found.fd);
		found.fd = -1;
		if (r == -EAGAIN || r == -ENOMEM) {
			found_done(&found);
			return r;
		}
	}
	*ret_found = found;
	return 0;
}
