/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strbuf.h"

/* linux/magic.h has not all of them everywhere. */
#define MAGIC_CIFS 0xff534d42U
#define MAGIC_SMB2 0xfe534d42U
#define MAGIC_CEPH 0x00c36400U
#define MAGIC_9P   0x01021997U
#define MAGIC_FUSE 0x65735546U

int walk_stat(int dirfd, const char *name, struct statx *stx)
{
	unsigned mask = STATX_BASIC_STATS | STATX_MNT_ID | WALK_MNT_ID_UNIQUE;

	if (statx(dirfd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, mask, stx) < 0)
		return -errno;
	return 0;
}

static bool is_foreign(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	switch ((unsigned)fs.f_type) {
	case NFS_SUPER_MAGIC:
	case MAGIC_CIFS:
	case MAGIC_SMB2:
	case MAGIC_CEPH:
	case MAGIC_9P:
	case MAGIC_FUSE:
	case PROC_SUPER_MAGIC:
	case SYSFS_MAGIC:
	case DEBUGFS_MAGIC:
	case TRACEFS_MAGIC:
	case CGROUP_SUPER_MAGIC:
	case CGROUP2_SUPER_MAGIC:
	case BPF_FS_MAGIC:
	case DEVPTS_SUPER_MAGIC:
	case SECURITYFS_MAGIC:
		return true;
	default:
		return false;
	}
}

static int tell(const struct walk *walk, const char *path, int error)
{
	return walk->on_problem ? walk->on_problem(path, error, walk->userdata) : 0;
}

static bool is_dots(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

static int walk_folder(const struct walk *walk, int parent, const char *name,
		       const struct statx *parent_stx, struct strbuf *path, unsigned depth);

/* One name in the folder behind @fd; @path is the folder's, and is put back. */
static int walk_name(const struct walk *walk, int fd, const struct statx *folder, const char *name,
		     struct strbuf *path, unsigned depth)
{
	size_t len = path->len;
	struct statx stx;
	int r;

	if (path->data[len - 1] != '/')
		strbuf_add_char(path, '/');
	strbuf_add_str(path, name);
	if (strbuf_check(path) < 0)
		return -ENOMEM;

	r = 0;
	if (!baseline_rules_ignore(walk->rules, path->data)) {
		r = walk_stat(fd, name, &stx);
		if (r < 0)
			r = r == -ENOENT ? 0 : tell(walk, path->data, -r);
		else
			r = walk->on_path(path->data, &stx, walk->userdata);
		if (r == 0 && S_ISDIR(stx.stx_mode))
			r = walk_folder(walk, fd, name, folder, path, depth + 1);
	}
	path->len = len;
	path->data[len] = '\0';
	return r;
}

/* Descriptors are held down to the depth at hand; a tree that is deeper than this is a trap. */
#define DEPTH_MAX 200

static int walk_folder(const struct walk *walk, int parent, const char *name,
		       const struct statx *parent_stx, struct strbuf *path, unsigned depth)
{
	cleanup_close int fd = -1;
	cleanup_closedir DIR *dir = NULL;
	struct statx stx = {0};
	struct dirent *item;
	int folder, r;

	if (depth > DEPTH_MAX)
		return tell(walk, path->data, ELOOP);
	fd = openat(parent, name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOATIME);
	if (fd < 0 && errno == EPERM)
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : tell(walk, path->data, errno);
	r = statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx);
	if (r < 0)
		return tell(walk, path->data, errno);
	if ((!parent_stx || parent_stx->stx_dev_major != stx.stx_dev_major ||
	     parent_stx->stx_dev_minor != stx.stx_dev_minor) &&
	    is_foreign(fd))
		return tell(walk, path->data, EXDEV);

	dir = fdopendir(fd);
	if (!dir)
		return -errno;
	folder = TAKE_FD(fd); /* the DIR closes it */
	r = 0;
	for (errno = 0; r == 0 && (item = readdir(dir)); errno = 0)
		if (!is_dots(item->d_name))
			r = walk_name(walk, folder, &stx, item->d_name, path, depth);
	if (r == 0 && errno != 0)
		r = tell(walk, path->data, errno);
	return r;
}

int walk_tree(const struct walk *walk, const char *tree)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	struct statx stx;
	int r;

	strbuf_add_str(&path, tree);
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	r = walk_stat(AT_FDCWD, tree, &stx);
	if (r < 0)
		return r == -ENOENT || r == -ENOTDIR ? -ENOENT : tell(walk, tree, -r);
	r = walk->on_path(tree, &stx, walk->userdata);
	if (r == 0 && S_ISDIR(stx.stx_mode))
		r = walk_folder(walk, AT_FDCWD, tree, NULL, &path, 0);
	return r;
}
