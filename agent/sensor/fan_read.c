/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/fan_read.h"

#include <errno.h>
#include <string.h>
#include <sys/fanotify.h>
#include <unistd.h>

size_t fan_dir_size(const struct fan_dir *dir)
{
	return offsetof(struct fan_dir, handle.f_handle) + dir->handle.handle_bytes;
}

struct reading {
	const struct fanotify_event_metadata *event;
	fan_news_fn fn;
	void *userdata;
};

/*
 * One information record at @at, of at most @len bytes: header, file system id, handle, and behind
 * the handle's bytes the name. Records are aligned to 4 bytes only, so they are copied.
 */
static void on_info(const struct reading *reading, const char *at, size_t len)
{
	struct fan_dir dir = {0};
	const size_t fixed = offsetof(struct fan_dir, handle.f_handle);
	struct fan_news news = {
		.dir = &dir,
		.mask = reading->event->mask,
		.pid = reading->event->pid > 0 ? (uint32_t)reading->event->pid : 0,
	};

	at += sizeof(struct fanotify_event_info_header);
	len -= sizeof(struct fanotify_event_info_header);
	if (len < fixed)
		return;
	memcpy(&dir, at, fixed);
	if (dir.handle.handle_bytes > sizeof(dir.bytes) || dir.handle.handle_bytes > len - fixed)
		return;
	memcpy(dir.bytes, at + fixed, dir.handle.handle_bytes);
	news.name = at + fixed + dir.handle.handle_bytes;
	len -= fixed + dir.handle.handle_bytes;
	if (memchr(news.name, '\0', len))
		reading->fn(&news, reading->userdata);
}

static void on_event(const struct reading *reading, const char *data)
{
	const struct fanotify_event_metadata *event = reading->event;
	size_t at = event->metadata_len;

	while (event->event_len - at >= sizeof(struct fanotify_event_info_header)) {
		struct fanotify_event_info_header info;

		memcpy(&info, data + at, sizeof(info));
		if (info.len < sizeof(info) || info.len > event->event_len - at)
			return;
		if (info.info_type == FAN_EVENT_INFO_TYPE_DFID_NAME)
			on_info(reading, data + at, info.len);
		at += info.len;
	}
}

int fan_read(int fd, char *buffer, fan_news_fn fn, void *userdata)
{
	ssize_t len = read(fd, buffer, FAN_READ_BYTES);
	size_t at = 0;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	while ((size_t)len - at >= sizeof(struct fanotify_event_metadata)) {
		struct fanotify_event_metadata event;
		const struct reading reading = {&event, fn, userdata};

		memcpy(&event, buffer + at, sizeof(event));
		if (event.vers != FANOTIFY_METADATA_VERSION || event.metadata_len < sizeof(event) ||
		    event.event_len < event.metadata_len || event.event_len > (size_t)len - at)
			return -EPROTO;
		if (event.mask & FAN_Q_OVERFLOW)
			fn(&(struct fan_news){.dir = NULL}, userdata);
		else
			on_event(&reading, buffer + at);
		at += event.event_len;
	}
	return 1;
}
