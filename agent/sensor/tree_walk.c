/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/tree_walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/strbuf.h"

struct level {
	DIR *dir;
	dev_t dev;
	size_t path_len; /* of the directory itself */
	char *names[TREE_WALK_PORTION];
	size_t count, next;
	bool is_read; /* no more names come */
};

struct tree_walk {
	const struct watch_set *set;
	char *root;
	struct strbuf path;
	struct level *levels[TREE_WALK_MAX_DEPTH];
	size_t depth;
	bool has_begun;
	/* The last entry was a directory to go into before the next. */
	bool is_descent_due;
	uint64_t unread;
};

/* Not in <linux/magic.h> of Debian 12, or under another name. */
#define MAGIC_CIFS     0xff534d42
#define MAGIC_SMB2     0xfe534d42
#define MAGIC_CONFIGFS 0x62656570
#define MAGIC_FUSECTL  0x65735543
#define MAGIC_MQUEUE   0x19800202
#define MAGIC_RPC_PIPE 0x67596969
#define MAGIC_CEPH     0x00c36400

static const uint32_t left_out[] = {
	PROC_SUPER_MAGIC, SYSFS_MAGIC,	   DEVPTS_SUPER_MAGIC, CGROUP_SUPER_MAGIC,
	BPF_FS_MAGIC,	  TRACEFS_MAGIC,   DEBUGFS_MAGIC,      SECURITYFS_MAGIC,
	PSTOREFS_MAGIC,	  EFIVARFS_MAGIC,  HUGETLBFS_MAGIC,    BINFMTFS_MAGIC,
	NSFS_MAGIC,	  SELINUX_MAGIC,   AUTOFS_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
	NFS_SUPER_MAGIC,  AFS_SUPER_MAGIC, CODA_SUPER_MAGIC,   V9FS_MAGIC,
	MAGIC_CIFS,	  MAGIC_SMB2,	   MAGIC_CONFIGFS,     MAGIC_FUSECTL,
	MAGIC_MQUEUE,	  MAGIC_RPC_PIPE,  MAGIC_CEPH,	       SMB_SUPER_MAGIC,
};

static bool is_left_out(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(left_out); i++)
		if ((uint32_t)fs.f_type == left_out[i])
			return true;
	return false;
}

int tree_walk_new(const char *root, const struct watch_set *set, struct tree_walk **ret_walk)
{
	struct tree_walk *walk = calloc(1, sizeof(*walk));

	if (!walk)
		return -ENOMEM;
	walk->set = set;
	walk->root = strdup(root);
	strbuf_add_str(&walk->path, root);
	if (!walk->root || strbuf_check(&walk->path) < 0) {
		tree_walk_free(walk);
		return -ENOMEM;
	}
	*ret_walk = walk;
	return 0;
}

static struct level *level_free(struct level *level)
{
	if (!level)
		return NULL;
	for (size_t i = level->next; i < level->count; i++)
		free(level->names[i]);
	if (level->dir)
		closedir(level->dir);
	free(level);
	return NULL;
}
DEFINE_CLEANUP(struct level *, level_free)

struct tree_walk *tree_walk_free(struct tree_walk *walk)
{
	if (!walk)
		return NULL;
	while (walk->depth > 0)
		level_free(walk->levels[--walk->depth]);
	strbuf_done(&walk->path);
	free(walk->root);
	free(walk);
	return NULL;
}

/*
 * O_PATH first where the device changes: that neither triggers an automount nor waits for a server,
 * and tells the kind of file system. Returns a directory fd or negative errno; -EXDEV: left out.
 */
static int open_dir(int dirfd, const char *name, dev_t above, dev_t *ret_dev)
{
	cleanup_close int handle =
		openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int fd;

	if (handle < 0 || fstat(handle, &st) < 0)
		return -errno;
	if (st.st_dev != above && is_left_out(handle))
		return -EXDEV;
	fd = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_dev = st.st_dev;
	return fd;
}

/* Goes into the directory at walk->path. One that cannot be read is counted and passed over. */
static int descend(struct tree_walk *walk)
{
	cleanup_with(level_freep) struct level *level = NULL;
	struct level *above = walk->depth > 0 ? walk->levels[walk->depth - 1] : NULL;
	const char *name = walk->path.data;
	cleanup_close int fd = -1;

	if (walk->depth == TREE_WALK_MAX_DEPTH) {
		walk->unread++;
		return 0;
	}
	if (above)
		name += above->path_len + (walk->path.data[above->path_len] == '/');
	level = calloc(1, sizeof(*level));
	if (!level)
		return -ENOMEM;
	fd = open_dir(above ? dirfd(above->dir) : AT_FDCWD, name, above ? above->dev : 0,
		      &level->dev);
	if (fd < 0) {
		/* Gone, or no directory after all: nothing was missed. */
		walk->unread += fd != -EXDEV && fd != -ENOENT && fd != -ENOTDIR;
		return 0;
	}
	level->dir = fdopendir(fd);
	if (!level->dir)
		return -errno;
	(void)TAKE_FD(fd);
	level->path_len = walk->path.len;
	walk->levels[walk->depth++] = TAKE_PTR(level);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_portion(struct tree_walk *walk, struct level *level)
{
	level->count = level->next = 0;
	while (level->count < TREE_WALK_PORTION) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(level->dir);
		if (!entry) {
			walk->unread += errno != 0;
			level->is_read = true;
			break;
		}
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		level->names[level->count] = strdup(entry->d_name);
		if (!level->names[level->count])
			return -ENOMEM;
		level->count++;
	}
	if (level->count > 1)
		qsort(level->names, level->count, sizeof(*level->names), by_text);
	return 0;
}

static int set_path(struct tree_walk *walk, size_t dir_len, const char *name)
{
	walk->path.len = dir_len;
	walk->path.data[dir_len] = '\0';
	if (walk->path.data[dir_len - 1] != '/')
		strbuf_add_char(&walk->path, '/');
	strbuf_add_str(&walk->path, name);
	return strbuf_check(&walk->path);
}

static bool is_directory(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) == 0 &&
	       S_ISDIR(st.st_mode);
}

/* Takes the next name of @level: 1 it is at walk->path, 0 it is ignored. */
static int take_name(struct tree_walk *walk, struct level *level, int *ret_dirfd)
{
	cleanup_free char *name = level->names[level->next++];
	int r;

	r = set_path(walk, level->path_len, name);
	if (r < 0)
		return r;
	if (!watch_set_has(walk->set, walk->path.data))
		return 0;
	*ret_dirfd = dirfd(level->dir);
	walk->is_descent_due = is_directory(*ret_dirfd, name);
	return 1;
}

static int begin(struct tree_walk *walk, int *ret_dirfd, const char **ret_path)
{
	walk->has_begun = true;
	walk->is_descent_due = is_directory(AT_FDCWD, walk->root);
	*ret_dirfd = AT_FDCWD;
	*ret_path = walk->path.data;
	return 1;
}

int tree_walk_next(struct tree_walk *walk, int *ret_dirfd, const char **ret_path)
{
	int r;

	if (!walk->has_begun)
		return begin(walk, ret_dirfd, ret_path);
	if (walk->is_descent_due) {
		walk->is_descent_due = false;
		r = descend(walk);
		if (r < 0)
			return r;
	}
	while (walk->depth > 0) {
		struct level *level = walk->levels[walk->depth - 1];

		if (level->next == level->count && !level->is_read) {
			r = read_portion(walk, level);
			if (r < 0)
				return r;
		}
		if (level->next == level->count) {
			walk->levels[--walk->depth] = level_free(level);
			continue;
		}
		r = take_name(walk, level, ret_dirfd);
		if (r < 0)
			return r;
		if (r > 0) {
			*ret_path = walk->path.data;
			return 1;
		}
	}
	return 0;
}

const char *tree_walk_root(const struct tree_walk *walk)
{
	return walk->root;
}

uint64_t tree_walk_unread(const struct tree_walk *walk)
{
	return walk->unread;
}
