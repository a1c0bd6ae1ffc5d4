/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sensors leave in the kernel for the next: the sensor says when, and its
 * supervisor unlinks, since a sandboxed sensor may not.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/supervisor.h"

/* As in sensor.h, which is not for this process. */
enum {
	RELEASE_LINKS,
	RELEASE_ALL,
	RELEASE_COUNT
};

static void drop_sets(int folder, const char *stays, uint32_t how_far)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int r;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir))) {
		if (!str_starts(entry->d_name, "set-") || str_equal(entry->d_name, stays))
			continue;
		r = how_far == RELEASE_LINKS ? fd_empty_folder(folder, entry->d_name, "link-")
					     : fd_remove_folder(folder, entry->d_name);
		if (r < 0)
			log_warning(r, "cannot take %s out of the kernel", entry->d_name);
	}
	closedir(dir);
}

int on_pins(struct channel *channel, struct message *message, void *userdata)
{
	struct managed *managed = userdata;
	struct supervisor *supervisor = managed->supervisor;
	uint32_t how_far = m_get_u32(message);
	cleanup_free char *stays = m_get_string(message);
	cleanup_close int folder = -1;

	managed->heard_ns = clock_boot_ns();
	if (message_check(message) < 0 || !stays || how_far >= RELEASE_COUNT || !supervisor->pins)
		return -EBADMSG;
	folder = open(supervisor->pins, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		log_warning(-errno, "cannot open %s", supervisor->pins);
	else
		drop_sets(folder, stays, how_far);
	return 0;
}
