/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/look_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/fanotify.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/hash_key.h"
#include "base/str.h"
#include "sensor/fan_read.h"

/* Handles that serve to compare only; file systems without others have these since Linux 6.6. */
#ifndef AT_HANDLE_FID
#define AT_HANDLE_FID 0x200
#endif

#define NAME_EVENTS    (FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO)
#define INOTIFY_NAMES  (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)
#define DISPATCH_READS 8
#define NO_MARK	       0 /* key of a folder that is not marked */

/* One folder, which may be there or not. */
struct look_dir {
	char *path;
	uint64_t path_key;
	uint64_t key; /* of the inode that is marked */
	int wd;	      /* of inotify; -1: none */
	bool has_names, has_all;
	uint64_t *names; /* keys of those that matter */
	size_t name_count, name_room;
};

struct look_watch {
	look_event_fn fn;
	void *userdata;
	int epoll;
	int by_name; /* fanotify group, by handle and name; -1: none */
	int by_file; /* fanotify group, by descriptor; -1: none */
	int inotify;
	struct look_dir *dirs;
	size_t count, room;
	bool is_stale; /* a folder came or went */
	char buffer[FAN_READ_BYTES];
};

static int listen(struct look_watch *watch, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	return fd < 0 || epoll_ctl(watch->epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? 0 : -errno;
}

int look_watch_open(bool has_fanotify, look_event_fn fn, void *userdata,
		    struct look_watch **ret_watch)
{
	cleanup_with(look_watch_closep) struct look_watch *watch = calloc(1, sizeof(*watch));
	const unsigned flags = FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK;
	int r;

	if (!watch)
		return -ENOMEM;
	watch->fn = fn;
	watch->userdata = userdata;
	watch->by_name = watch->by_file = -1;
	watch->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	watch->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (watch->inotify < 0 || watch->epoll < 0)
		return -errno;
	if (has_fanotify) {
		watch->by_name = fanotify_init(flags | FAN_REPORT_DFID_NAME, O_RDONLY | O_CLOEXEC);
		watch->by_file = fanotify_init(flags, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	r = listen(watch, watch->inotify);
	if (r == 0)
		r = listen(watch, watch->by_name);
	if (r == 0)
		r = listen(watch, watch->by_file);
	if (r < 0)
		return r;
	*ret_watch = TAKE_PTR(watch);
	return 0;
}

static void drop_dirs(struct look_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		free(watch->dirs[i].path);
		free(watch->dirs[i].names);
	}
	watch->count = 0;
}

struct look_watch *look_watch_close(struct look_watch *watch)
{
	if (!watch)
		return NULL;
	drop_dirs(watch);
	free(watch->dirs);
	cleanup_closep(&watch->by_name);
	cleanup_closep(&watch->by_file);
	cleanup_closep(&watch->inotify);
	cleanup_closep(&watch->epoll);
	free(watch);
	return NULL;
}

void look_watch_clear(struct look_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->dirs[i].wd >= 0)
			(void)inotify_rm_watch(watch->inotify, watch->dirs[i].wd);
	if (watch->by_name >= 0)
		(void)fanotify_mark(watch->by_name, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	if (watch->by_file >= 0)
		(void)fanotify_mark(watch->by_file, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL);
	drop_dirs(watch);
}

static struct look_dir *find_dir(const struct look_watch *watch, const char *path)
{
	uint64_t key = hash_key(path, strlen(path));

	for (size_t i = 0; i < watch->count; i++)
		if (watch->dirs[i].path_key == key && str_equal(watch->dirs[i].path, path))
			return &watch->dirs[i];
	return NULL;
}

static int make_dir(struct look_watch *watch, const char *path)
{
	struct look_dir *dir;

	if (watch->count == LOOK_WATCH_MAX_DIRS)
		return -ENOBUFS;
	if (array_grow(&watch->dirs, watch->count, &watch->room, sizeof(*watch->dirs)) < 0)
		return -ENOMEM;
	dir = &watch->dirs[watch->count];
	*dir = (struct look_dir){.path = strdup(path), .wd = -1};
	if (!dir->path)
		return -ENOMEM;
	dir->path_key = hash_key(path, strlen(path));
	watch->count++;
	return 0;
}

/* The folder that holds @path, whose last part is *@ret_name. Of "/" that is "/" and ".". */
static void split(const char *path, char *dir, const char **ret_name)
{
	size_t len = (size_t)(strrchr(path, '/') - path);

	*ret_name = path[1] ? path + len + 1 : ".";
	if (!len)
		len = 1;
	memcpy(dir, path, len);
	dir[len] = '\0';
}

/* @path and all folders above it: that one of them comes or goes, its folder tells. */
static int ensure_dir(struct look_watch *watch, const char *path)
{
	char at[PATH_MAX];

	str_copy(at, sizeof(at), path);
	while (!find_dir(watch, at)) {
		int r = make_dir(watch, at);

		if (r < 0 || !at[1])
			return r;
		*strrchr(at, '/') = '\0';
		if (!at[0])
			str_copy(at, sizeof(at), "/");
	}
	return 0;
}

static bool has_name(const struct look_dir *dir, const char *name)
{
	uint64_t key = hash_key(name, strlen(name));

	for (size_t i = 0; i < dir->name_count; i++)
		if (dir->names[i] == key)
			return true;
	return false;
}

static int add_name(struct look_dir *dir, const char *name)
{
	if (has_name(dir, name))
		return 0;
	if (array_grow(&dir->names, dir->name_count, &dir->name_room, sizeof(*dir->names)) < 0)
		return -ENOMEM;
	dir->names[dir->name_count++] = hash_key(name, strlen(name));
	return 0;
}

int look_watch_add(struct look_watch *watch, enum look_kind kind, const char *path)
{
	char parent[PATH_MAX];
	const char *name = NULL;
	struct look_dir *dir;
	int r;

	if (strlen(path) >= sizeof(parent))
		return -ENAMETOOLONG;
	if (kind == LOOK_AT)
		split(path, parent, &name);
	r = ensure_dir(watch, name ? parent : path);
	if (r < 0)
		return r;
	dir = find_dir(watch, name ? parent : path);
	if (name)
		return add_name(dir, name);
	dir->has_names = true;
	dir->has_all |= kind == LOOK_ALL;
	return 0;
}

/* ---- marks */

/* Settings of the kernel are written and not closed by the same hand always; of files the close is
 * enough, and a log that is written all day wakes nobody. */
static bool is_kernels(const struct statfs *fs)
{
	return fs->f_type == PROC_SUPER_MAGIC || fs->f_type == SYSFS_MAGIC ||
	       fs->f_type == CGROUP2_SUPER_MAGIC || fs->f_type == CGROUP_SUPER_MAGIC;
}

static uint64_t key_of_handle(const struct fan_dir *dir)
{
	uint64_t key = hash_key(dir, fan_dir_size(dir));

	return key == NO_MARK ? NO_MARK + 1 : key;
}

/* As the kernel would name the folder @fd; 0, or negative errno where it has no handles. */
static int find_handle(int fd, const struct statfs *fs, struct fan_dir *ret_dir)
{
	struct fan_dir dir = {.fsid = fs->f_fsid};
	int mount;

	dir.handle.handle_bytes = sizeof(dir.bytes);
	if (name_to_handle_at(fd, "", &dir.handle, &mount, AT_EMPTY_PATH | AT_HANDLE_FID) < 0) {
		dir = (struct fan_dir){.fsid = fs->f_fsid};
		dir.handle.handle_bytes = sizeof(dir.bytes);
		if (name_to_handle_at(fd, "", &dir.handle, &mount, AT_EMPTY_PATH) < 0)
			return -errno;
	}
	memset(dir.bytes + dir.handle.handle_bytes, 0, sizeof(dir.bytes) - dir.handle.handle_bytes);
	*ret_dir = dir;
	return 0;
}

/* Where there are no handles: names the folder well enough to see that it is another one. */
static uint64_t key_of_inode(int fd)
{
	struct stat st;
	uint64_t parts[2];

	if (fstat(fd, &st) < 0)
		return NO_MARK + 1;
	parts[0] = st.st_dev;
	parts[1] = st.st_ino;
	return hash_key(parts, sizeof(parts)) | 1;
}

/* The names of @dir, and unless @has_content its files, by inotify. */
static int mark_by_inotify(struct look_watch *watch, struct look_dir *dir, bool has_content,
			   bool is_of_kernel)
{
	uint32_t mask = INOTIFY_NAMES | IN_ATTRIB | IN_ONLYDIR;

	if (!has_content)
		mask |= is_of_kernel ? IN_MODIFY : IN_CLOSE_WRITE;
	dir->wd = inotify_add_watch(watch->inotify, dir->path, mask);
	return dir->wd < 0 ? -errno : 0;
}

/* @fd is the folder, opened by its path. */
static int mark(struct look_watch *watch, struct look_dir *dir, int fd, const struct statfs *fs)
{
	bool is_of_kernel = is_kernels(fs);
	uint64_t content = (is_of_kernel ? FAN_MODIFY : FAN_CLOSE_WRITE) | FAN_EVENT_ON_CHILD;
	uint64_t names = NAME_EVENTS | FAN_ATTRIB | FAN_ONDIR;
	struct fan_dir handle;
	bool has_content;

	if (find_handle(fd, fs, &handle) == 0 && watch->by_name >= 0 &&
	    fanotify_mark(watch->by_name, FAN_MARK_ADD, content | names, fd, NULL) == 0) {
		dir->key = key_of_handle(&handle);
		return 0;
	}
	has_content = watch->by_file >= 0 &&
		      fanotify_mark(watch->by_file, FAN_MARK_ADD, content, fd, NULL) == 0;
	dir->key = key_of_inode(fd);
	return mark_by_inotify(watch, dir, has_content, is_of_kernel);
}

static uint64_t key_now(const struct look_dir *dir, int fd, const struct statfs *fs)
{
	struct fan_dir handle;

	return dir->wd < 0 && find_handle(fd, fs, &handle) == 0 ? key_of_handle(&handle)
								: key_of_inode(fd);
}

static void tell(struct look_watch *watch, const struct look_event *event)
{
	watch->fn(event, watch->userdata);
}

/* 1 when the folder is there and could not be marked. */
static size_t refresh_dir(struct look_watch *watch, struct look_dir *dir)
{
	cleanup_close int fd = open(dir->path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	bool was_marked = dir->key != NO_MARK;
	struct statfs fs;
	int r;

	if (fd < 0 || fstatfs(fd, &fs) < 0) {
		dir->key = NO_MARK;
		return fd >= 0 || (errno != ENOENT && errno != ENOTDIR);
	}
	if (was_marked && key_now(dir, fd, &fs) == dir->key)
		return 0;
	dir->key = NO_MARK;
	r = mark(watch, dir, fd, &fs);
	if (r < 0)
		dir->key = NO_MARK;
	/* Something else is mounted there. */
	if (was_marked)
		tell(watch,
		     &(struct look_event){.path = dir->path, .is_name = true, .is_below = true});
	return r < 0;
}

size_t look_watch_refresh(struct look_watch *watch, bool is_all)
{
	size_t failed = 0;

	for (size_t i = 0; i < watch->count; i++)
		if (is_all || watch->dirs[i].key == NO_MARK)
			failed += refresh_dir(watch, &watch->dirs[i]);
	return failed;
}

/* ---- events */

/* A folder of ours came, went or was replaced: those below it are to be marked anew. */
static void forget_marks(struct look_watch *watch, const char *path)
{
	for (size_t i = 0; i < watch->count; i++)
		if (path_is_below(watch->dirs[i].path, path))
			watch->dirs[i].key = NO_MARK;
	watch->is_stale = true;
}

static void on_name(struct look_watch *watch, const struct look_dir *dir, const char *name,
		    bool is_name, uint32_t pid)
{
	char path[PATH_MAX];
	struct look_event event = {.path = path, .is_name = is_name, .pid = pid};
	bool is_itself = str_equal(name, ".");

	if (is_itself && dir->path[1])
		return; /* its own folder tells that, too */
	if ((size_t)snprintf(path, sizeof(path), "%s%s%s", dir->path,
			     dir->path[1] && !is_itself ? "/" : "",
			     is_itself ? "" : name) >= sizeof(path))
		return;
	event.is_below = is_name && find_dir(watch, path);
	if (event.is_below)
		forget_marks(watch, path);
	if (event.is_below || dir->has_all || (dir->has_names && is_name) || has_name(dir, name))
		tell(watch, &event);
}

/* One inode may be several folders of ours, through links. */
static void on_news(const struct fan_news *news, void *userdata)
{
	struct look_watch *watch = userdata;
	uint64_t key = news->dir ? key_of_handle(news->dir) : NO_MARK;

	if (!news->dir)
		tell(watch, &(struct look_event){0});
	for (size_t i = 0; news->dir && i < watch->count; i++)
		if (watch->dirs[i].key == key && watch->dirs[i].wd < 0)
			on_name(watch, &watch->dirs[i], news->name, news->mask & NAME_EVENTS,
				news->pid);
}

static void on_file(struct look_watch *watch, const struct fanotify_event_metadata *event)
{
	cleanup_close int fd = event->fd;
	char path[PATH_MAX], parent[PATH_MAX];
	struct look_dir *dir;
	const char *name;

	if (event->mask & FAN_Q_OVERFLOW)
		tell(watch, &(struct look_event){0});
	if (fd < 0 || fd_get_path(fd, path, sizeof(path)) < 0 || path[0] != '/')
		return;
	split(path, parent, &name);
	dir = find_dir(watch, parent);
	if (dir)
		on_name(watch, dir, name, false, event->pid > 0 ? (uint32_t)event->pid : 0);
}

static int read_files(struct look_watch *watch)
{
	ssize_t len = read(watch->by_file, watch->buffer, sizeof(watch->buffer));
	size_t at = 0;

	/* A file that may not be opened costs its event: then all is looked at. */
	if (len < 0 && errno != EAGAIN && errno != EINTR && errno != EBADF) {
		tell(watch, &(struct look_event){0});
		return 1;
	}
	if (len < 0)
		return errno == EBADF ? -EBADF : 0;
	while ((size_t)len - at >= sizeof(struct fanotify_event_metadata)) {
		struct fanotify_event_metadata event;

		memcpy(&event, watch->buffer + at, sizeof(event));
		if (event.vers != FANOTIFY_METADATA_VERSION || event.metadata_len < sizeof(event) ||
		    event.event_len < event.metadata_len || event.event_len > (size_t)len - at)
			return -EPROTO;
		on_file(watch, &event);
		at += event.event_len;
	}
	return 1;
}

static void on_inotify(struct look_watch *watch, const struct inotify_event *event,
		       const char *name)
{
	if (event->mask & IN_Q_OVERFLOW)
		tell(watch, &(struct look_event){0});
	for (size_t i = 0; i < watch->count; i++) {
		struct look_dir *dir = &watch->dirs[i];

		if (dir->wd < 0 || dir->wd != event->wd)
			continue;
		if (event->mask & IN_IGNORED)
			dir->wd = -1;
		else
			on_name(watch, dir, event->len ? name : ".", event->mask & INOTIFY_NAMES,
				0);
	}
}

static int read_inotify(struct look_watch *watch)
{
	ssize_t len = read(watch->inotify, watch->buffer, sizeof(watch->buffer));
	size_t at = 0;

	if (len < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	while ((size_t)len - at >= sizeof(struct inotify_event)) {
		struct inotify_event event;

		memcpy(&event, watch->buffer + at, sizeof(event));
		if (event.len > (size_t)len - at - sizeof(event))
			return -EPROTO;
		on_inotify(watch, &event, watch->buffer + at + sizeof(event));
		at += sizeof(event) + event.len;
	}
	return 1;
}

static int read_names(struct look_watch *watch)
{
	return fan_read(watch->by_name, watch->buffer, on_news, watch);
}

int look_watch_fd(const struct look_watch *watch)
{
	return watch->epoll;
}

int look_watch_dispatch(struct look_watch *watch)
{
	const struct {
		int fd;
		int (*read)(struct look_watch *watch);
	} sources[] = {
		{watch->by_name, read_names},
		{watch->by_file, read_files},
		{watch->inotify, read_inotify},
	};
	int more = 0;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		int r = sources[i].fd >= 0;

		for (unsigned n = 0; n < DISPATCH_READS && r > 0; n++)
			r = sources[i].read(watch);
		if (r < 0)
			return r;
		more |= r;
	}
	if (watch->is_stale)
		(void)look_watch_refresh(watch, false);
	watch->is_stale = false;
	return more;
}
