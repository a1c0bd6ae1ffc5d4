/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/exec_fan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensor/mounts.h"

/* Each event of a read brings two descriptors, so the reads are small. */
#define READ_SIZE 2048

struct exec_fan {
	int fd;
	bool has_pidfd;
	exec_fan_fn fn;
	void *userdata;
	char buffer[READ_SIZE];
};

static int open_group(bool *ret_has_pidfd)
{
	const unsigned flags = FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK;
	/* The access time of what is looked at is not ours to change, and a fifo never waits. */
	const unsigned file_flags = O_RDONLY | O_NOATIME | O_NONBLOCK | O_CLOEXEC;
	int fd = fanotify_init(flags | FAN_REPORT_PIDFD, file_flags);

	*ret_has_pidfd = fd >= 0;
	if (fd < 0 && errno == EINVAL)
		fd = fanotify_init(flags, file_flags);
	return fd < 0 ? -errno : fd;
}

int exec_fan_open(exec_fan_fn fn, void *userdata, struct exec_fan **ret_fan)
{
	cleanup_with(exec_fan_closep) struct exec_fan *fan = calloc(1, sizeof(*fan));
	const unsigned whole = FAN_MARK_FILESYSTEM;

	if (!fan)
		return -ENOMEM;
	fan->fn = fn;
	fan->userdata = userdata;
	fan->fd = open_group(&fan->has_pidfd);
	if (fan->fd < 0)
		return fan->fd;
	/* The right to a group is not the right to mark a whole file system. */
	if (fanotify_mark(fan->fd, FAN_MARK_ADD | whole, FAN_OPEN_EXEC, AT_FDCWD, "/") < 0 &&
	    (errno == EPERM || errno == EINVAL))
		return -errno;
	*ret_fan = TAKE_PTR(fan);
	return 0;
}

struct exec_fan *exec_fan_close(struct exec_fan *fan)
{
	if (!fan)
		return NULL;
	if (fan->fd >= 0)
		close(fan->fd);
	free(fan);
	return NULL;
}

bool exec_fan_has_pidfd(const struct exec_fan *fan)
{
	return fan->has_pidfd;
}

struct marking {
	struct exec_fan *fan;
	struct strbuf *reterr;
	int failed;
};

/* A mark that is there already stays as it is; that of a file system goes with its last mount. */
static int mark_mount(const char *point, const char *type, void *userdata)
{
	struct marking *m = userdata;
	int error;

	if (!mounts_type_has_files(type) ||
	    fanotify_mark(m->fan->fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, FAN_OPEN_EXEC, AT_FDCWD,
			  point) == 0 ||
	    errno == ENOENT)
		return 0;
	error = errno;
	m->failed++;
	str_escape(m->reterr, point, strlen(point));
	strbuf_printf(m->reterr, ": %s\n", strerror(error));
	return 0;
}

int exec_fan_mark(struct exec_fan *fan, struct strbuf *reterr)
{
	struct marking m = {.fan = fan, .reterr = reterr};
	int r = mounts_visit(mark_mount, &m);

	return r < 0 ? r : m.failed;
}

int exec_fan_fd(const struct exec_fan *fan)
{
	return fan->fd;
}

static void tell_loss(struct exec_fan *fan, const char *what)
{
	fan->fn(&(struct exec_fan_event){.fd = -1, .pidfd = -1, .lost = what}, fan->userdata);
}

/* -1 when there is none: the process is gone, or the kernel could not make one. */
static int find_pidfd(const char *data, const struct fanotify_event_metadata *event)
{
	size_t at = event->metadata_len;

	while (event->event_len - at >= sizeof(struct fanotify_event_info_header)) {
		struct fanotify_event_info_pidfd info;

		memcpy(&info.hdr, data + at, sizeof(info.hdr));
		if (info.hdr.len < sizeof(info.hdr) || info.hdr.len > event->event_len - at)
			break;
		if (info.hdr.info_type == FAN_EVENT_INFO_TYPE_PIDFD &&
		    info.hdr.len >= sizeof(info)) {
			memcpy(&info, data + at, sizeof(info));
			return info.pidfd >= 0 ? info.pidfd : -1;
		}
		at += info.hdr.len;
	}
	return -1;
}

static void report(struct exec_fan *fan, const char *data,
		   const struct fanotify_event_metadata *event)
{
	cleanup_close int fd = event->fd, pidfd = find_pidfd(data, event);
	struct exec_fan_event out = {
		.fd = fd,
		.pidfd = pidfd,
		.pid = event->pid > 0 ? (uint32_t)event->pid : 0,
	};

	if (event->mask & FAN_Q_OVERFLOW)
		tell_loss(fan, "the kernel's queue of program starts overflowed");
	else if (fd >= 0)
		fan->fn(&out, fan->userdata);
}

static int read_once(struct exec_fan *fan)
{
	ssize_t len = read(fan->fd, fan->buffer, sizeof(fan->buffer));
	size_t at = 0;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (len < 0 && errno == EBADF)
		return -errno;
	/* The kernel opens the file for us and has dropped the event when it could not. */
	if (len < 0) {
		tell_loss(fan, "a file that was run could not be opened");
		return 1;
	}
	while ((size_t)len - at >= sizeof(struct fanotify_event_metadata)) {
		struct fanotify_event_metadata event;

		memcpy(&event, fan->buffer + at, sizeof(event));
		if (event.vers != FANOTIFY_METADATA_VERSION || event.metadata_len < sizeof(event) ||
		    event.event_len < event.metadata_len || event.event_len > (size_t)len - at)
			return -EPROTO;
		report(fan, fan->buffer + at, &event);
		at += event.event_len;
	}
	return 1;
}

int exec_fan_dispatch(struct exec_fan *fan, unsigned max_reads, int64_t until_ns)
{
	unsigned reads = 0;
	int r;

	do
		r = read_once(fan);
	while (r > 0 && ++reads < max_reads && clock_boot_ns() < until_ns);
	return r;
}
