/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/fan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/fd.h"
#include "base/str.h"
#include "model/event.h"
#include "sensor/dir_cache.h"
#include "sensor/fan_read.h"
#include "sensor/mounts.h"

#define MAX_MOUNTS 256
#define MAX_DIRS   8192

/* Not FAN_MODIFY: a file that is written all day would report every write, and its close is enough.
 */
#define EVENTS                                                                                    \
	(FAN_CLOSE_WRITE | FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO | FAN_ATTRIB | \
	 FAN_ONDIR)

/* No descriptor is kept: it would keep the file system from being unmounted. */
struct fan_mount {
	char *path; /* a directory on it through which others are found by handle */
	fsid_t fsid;
	uint64_t dev, ino;
};

struct mount_list {
	struct fan_mount mounts[MAX_MOUNTS];
	size_t count;
};

struct fan {
	int fd;
	fan_fn fn;
	void *userdata;
	const struct watch_set *set;
	struct mount_list list;
	struct dir_cache *dirs;
	char buffer[FAN_READ_BYTES];
};

/*
 * A group can be had without CAP_SYS_ADMIN since Linux 5.13, but not a mark on a whole file system.
 * That this one cannot be marked for another reason says nothing of the trees'.
 */
static int check_right_to_mark(int fd)
{
	const unsigned flags = FAN_MARK_FILESYSTEM;

	if (fanotify_mark(fd, FAN_MARK_ADD | flags, FAN_DELETE, AT_FDCWD, "/") < 0)
		return errno == EPERM ? -EPERM : 0;
	(void)fanotify_mark(fd, FAN_MARK_REMOVE | flags, FAN_DELETE, AT_FDCWD, "/");
	return 0;
}

int fan_open(fan_fn fn, void *userdata, struct fan **ret_fan)
{
	cleanup_with(fan_closep) struct fan *fan = calloc(1, sizeof(*fan));
	int r;

	if (!fan)
		return -ENOMEM;
	fan->fn = fn;
	fan->userdata = userdata;
	/* The queue keeps the kernel's bound: an overflow is told and answered by a rescan, memory
	 * without bound is not. */
	fan->fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME | FAN_CLOEXEC | FAN_NONBLOCK,
				O_RDONLY | O_CLOEXEC);
	if (fan->fd < 0)
		return -errno;
	r = check_right_to_mark(fan->fd);
	if (r == 0)
		r = dir_cache_new(MAX_DIRS, &fan->dirs);
	if (r < 0)
		return r;
	*ret_fan = TAKE_PTR(fan);
	return 0;
}

static void mount_list_done(struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->mounts[i].path);
	list->count = 0;
}

struct fan *fan_close(struct fan *fan)
{
	if (!fan)
		return NULL;
	mount_list_done(&fan->list);
	if (fan->fd >= 0)
		close(fan->fd);
	dir_cache_free(fan->dirs);
	free(fan);
	return NULL;
}

int fan_fd(const struct fan *fan)
{
	return fan->fd;
}

static bool has_fsid(const struct mount_list *list, const fsid_t *fsid)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(&list->mounts[i].fsid, fsid, sizeof(*fsid)) == 0)
			return true;
	return false;
}

bool fan_covers(const struct fan *fan, uint64_t dev)
{
	for (size_t i = 0; i < fan->list.count; i++)
		if (fan->list.mounts[i].dev == dev)
			return true;
	return false;
}

/* A descriptor and what it is on. */
static int open_dir(const char *path, struct statfs *ret_fs)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 || fstatfs(fd, ret_fs) < 0)
		return -errno;
	return TAKE_FD(fd);
}

static int add_mount(struct fan *fan, struct mount_list *list, const char *path)
{
	struct fan_mount *mount = &list->mounts[list->count];
	cleanup_close int fd = -1;
	struct statfs fs;
	struct stat st;

	if (list->count == MAX_MOUNTS)
		return -EMFILE;
	fd = open_dir(path, &fs);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Through the descriptor: a path may lead elsewhere by now. A mark that is there already
	 * stays as it is. */
	if (fanotify_mark(fan->fd, FAN_MARK_ADD | FAN_MARK_FILESYSTEM, EVENTS, fd, NULL) < 0)
		return -errno;
	mount->path = strdup(path);
	if (!mount->path)
		return -ENOMEM;
	mount->fsid = fs.f_fsid;
	mount->dev = st.st_dev;
	mount->ino = st.st_ino;
	list->count++;
	return 0;
}

/* Of a file system that was unmounted the mark went with it. */
static void remove_mark(struct fan *fan, const struct fan_mount *mount)
{
	struct statfs fs;
	cleanup_close int fd = open_dir(mount->path, &fs);

	if (fd >= 0 && memcmp(&fs.f_fsid, &mount->fsid, sizeof(fs.f_fsid)) == 0)
		(void)fanotify_mark(fan->fd, FAN_MARK_REMOVE | FAN_MARK_FILESYSTEM, EVENTS, fd,
				    NULL);
}

struct watching {
	struct fan *fan;
	struct mount_list *list;
	struct strbuf *reterr;
	int failed;
};

static void try_mount(struct watching *w, const char *path)
{
	int r = add_mount(w->fan, w->list, path);

	if (r == 0 || r == -ENOENT || r == -ENOTDIR)
		return;
	w->failed++;
	str_escape(w->reterr, path, strlen(path));
	strbuf_printf(w->reterr, ": %s\n", strerror(-r));
}

/* Their changes may happen on another machine, which tells nobody here. */
static bool is_remote(const char *type)
{
	static const char *const types[] = {"nfs", "nfs4", "cifs", "smb3"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_equal(type, types[i]))
			return true;
	return false;
}

static int visit_mount(const char *point, const char *type, void *userdata)
{
	struct watching *w = userdata;

	if (!mounts_type_has_files(type) || is_remote(type))
		return 0;
	for (size_t i = 0; i < watch_set_count(w->fan->set); i++) {
		const char *tree = watch_set_tree(w->fan->set, i);

		if (path_is_below(point, tree) && !str_equal(point, tree) &&
		    watch_set_has(w->fan->set, point))
			try_mount(w, point);
	}
	return 0;
}

/* Another directory of the same file system may have been mounted over it. */
static bool has_mount(const struct mount_list *list, const struct fan_mount *mount)
{
	for (size_t i = 0; i < list->count; i++)
		if (memcmp(&list->mounts[i].fsid, &mount->fsid, sizeof(mount->fsid)) == 0 &&
		    list->mounts[i].ino == mount->ino &&
		    str_equal(list->mounts[i].path, mount->path))
			return true;
	return false;
}

/* Of @list what @other has not. */
static void tell_mounts(struct fan *fan, const struct mount_list *list,
			const struct mount_list *other)
{
	for (size_t i = 0; i < list->count; i++) {
		struct fan_event event = {
			.path = list->mounts[i].path, .is_dir = true, .is_mount = true};

		if (!has_mount(other, &list->mounts[i]) && watch_set_has(fan->set, event.path))
			fan->fn(&event, fan->userdata);
	}
}

/* The new marks are there before the old ones go: what both cover is never without. */
int fan_watch(struct fan *fan, const struct watch_set *set, struct strbuf *reterr)
{
	cleanup_free struct mount_list *list = calloc(1, sizeof(*list));
	struct watching w = {.fan = fan, .list = list, .reterr = reterr};
	struct mount_list old = fan->list;
	int r;

	if (!list)
		return -ENOMEM;
	fan->set = set;
	dir_cache_clear(fan->dirs);
	for (size_t i = 0; i < watch_set_count(set); i++)
		try_mount(&w, watch_set_tree(set, i));
	r = mounts_visit(visit_mount, &w);
	for (size_t i = 0; i < old.count; i++)
		if (!has_fsid(list, &old.mounts[i].fsid))
			remove_mark(fan, &old.mounts[i]);
	fan->list = *list;
	tell_mounts(fan, &old, list);
	tell_mounts(fan, list, &old);
	mount_list_done(&old);
	return r < 0 ? r : w.failed;
}

static uint32_t changes_of(uint64_t mask)
{
	static const struct {
		uint64_t mask;
		uint32_t change;
	} table[] = {
		{FAN_CLOSE_WRITE, EVENT_CHANGE_WRITE},	{FAN_CREATE, EVENT_CHANGE_CREATE},
		{FAN_DELETE, EVENT_CHANGE_DELETE},	{FAN_MOVED_FROM, EVENT_CHANGE_RENAME_FROM},
		{FAN_MOVED_TO, EVENT_CHANGE_RENAME_TO}, {FAN_ATTRIB, EVENT_CHANGE_ATTRIBUTE},
	};
	uint32_t changes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		if (mask & table[i].mask)
			changes |= table[i].change;
	return changes;
}

/* A directory on the file system of @mount: the tree's own may have moved away, so else the nearest
 * one above it that is there. */
static int open_base(const struct fan_mount *mount)
{
	char path[PATH_MAX];
	char *slash;

	str_copy(path, sizeof(path), mount->path);
	do {
		struct statfs fs;
		int fd = open_dir(path[0] ? path : "/", &fs);

		if (fd >= 0 && memcmp(&fs.f_fsid, &mount->fsid, sizeof(fs.f_fsid)) == 0)
			return fd;
		if (fd >= 0)
			close(fd);
		slash = strrchr(path, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return -ENOENT;
}

/* The directory's path, through a mount from which a monitored tree can be reached if there is one;
 * "" when it is gone. */
static void resolve(struct fan *fan, const struct fan_dir *dir, char *path, size_t size)
{
	path[0] = '\0';
	for (size_t i = 0; i < fan->list.count; i++) {
		const struct fan_mount *mount = &fan->list.mounts[i];
		cleanup_close int fd = -1, base = -1;
		char found[PATH_MAX];
		struct stat st;

		if (memcmp(&mount->fsid, &dir->fsid, sizeof(dir->fsid)) != 0)
			continue;
		base = open_base(mount);
		if (base < 0)
			continue;
		fd = open_by_handle_at(base, (struct file_handle *)&dir->handle,
				       O_PATH | O_CLOEXEC);
		/* One that was removed while somebody holds it has no path any more. */
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_nlink == 0 ||
		    fd_get_path(fd, found, sizeof(found)) < 0)
			continue;
		if (watch_set_meets(fan->set, found)) {
			str_copy(path, size, found);
			return;
		}
		if (!path[0])
			str_copy(path, size, found);
	}
}

/* NULL when the directory is gone. */
static const char *dir_path(struct fan *fan, const struct fan_dir *dir)
{
	struct dir_key key = {
		.data = dir,
		.len = fan_dir_size(dir),
	};
	const char *path = dir_cache_get(fan->dirs, &key);
	char found[PATH_MAX];

	if (!path) {
		resolve(fan, dir, found, sizeof(found));
		path = dir_cache_put(fan->dirs, &key, found);
	}
	return path && path[0] ? path : NULL;
}

static void report(const struct fan_news *news, void *userdata)
{
	struct fan *fan = userdata;
	const char *parent = news->dir ? dir_path(fan, news->dir) : NULL;
	char path[2 * PATH_MAX];
	struct fan_event out = {
		.path = path,
		.changes = changes_of(news->mask),
		.is_dir = news->mask & FAN_ONDIR,
		.pid = news->pid,
	};

	if (!news->dir) {
		fan->fn(&(struct fan_event){.path = NULL}, fan->userdata);
		return;
	}
	if (parent && str_equal(news->name, "."))
		snprintf(path, sizeof(path), "%s", parent);
	else if (parent)
		snprintf(path, sizeof(path), "%s/%s", str_equal(parent, "/") ? "" : parent,
			 news->name);
	/* A directory that moved takes with it the paths of all below it. */
	if (out.is_dir && news->mask & (FAN_MOVED_FROM | FAN_MOVED_TO | FAN_DELETE))
		dir_cache_clear(fan->dirs);
	out.is_outside = parent && !watch_set_meets(fan->set, path);
	if (parent && (!out.is_outside || out.changes & FAN_CHANGES_OF_RIGHTS))
		fan->fn(&out, fan->userdata);
}

int fan_dispatch(struct fan *fan, unsigned max_reads)
{
	int r = 1;

	for (unsigned i = 0; i < max_reads && r > 0; i++)
		r = fan_read(fan->fd, fan->buffer, report, fan);
	return r;
}
