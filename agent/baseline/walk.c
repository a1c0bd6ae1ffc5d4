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

/*
 * The names of a folder in the order of whole paths. A folder stands there twice: as itself, and
 * with a slash at its end for what lies in it, since "a-b" comes between "a" and "a/b".
 */
enum kind {
	KIND_FILE = 'f',
	KIND_FOLDER = 'd',
	KIND_CONTENT = 'c',
};

struct names {
	struct strbuf text; /* of each its kind, the name, and a NUL */
	const char **list;  /* points to the names; the kind stands before each */
	size_t count;
};

static void names_done(struct names *names)
{
	strbuf_done(&names->text);
	free(names->list);
}

static enum kind kind_of(const char *name)
{
	return (enum kind)name[-1];
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void names_add(struct names *names, enum kind kind, const char *name)
{
	strbuf_add_char(&names->text, (char)kind);
	strbuf_add_str(&names->text, name);
	strbuf_add(&names->text, "/", kind == KIND_CONTENT);
	strbuf_add(&names->text, "", 1);
	names->count++;
}

/* Sorts what was added. */
static int names_sort(struct names *names)
{
	const char *at = names->text.data;

	if (strbuf_check(&names->text) < 0)
		return -ENOMEM;
	names->list = calloc(names->count + 1, sizeof(*names->list));
	if (!names->list)
		return -ENOMEM;
	for (size_t i = 0; i < names->count; i++, at += strlen(at) + 1)
		names->list[i] = at + 1;
	if (names->count > 0)
		qsort(names->list, names->count, sizeof(*names->list), compare_names);
	return 0;
}

/* Not every file system says what type a name has. */
static bool is_folder(int fd, const struct dirent *item)
{
	struct statx stx;

	if (item->d_type != DT_UNKNOWN)
		return item->d_type == DT_DIR;
	return walk_stat(fd, item->d_name, &stx) == 0 && S_ISDIR(stx.stx_mode);
}

static int names_read(int fd, struct names *names)
{
	cleanup_closedir DIR *dir = NULL;
	cleanup_close int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	const struct dirent *item;

	if (copy < 0)
		return -errno;
	dir = fdopendir(copy);
	if (!dir)
		return -errno;
	(void)TAKE_FD(copy); /* the DIR closes it */
	for (errno = 0; (item = readdir(dir)); errno = 0) {
		bool has_content = !is_dots(item->d_name) && is_folder(fd, item);

		if (!is_dots(item->d_name))
			names_add(names, has_content ? KIND_FOLDER : KIND_FILE, item->d_name);
		if (has_content)
			names_add(names, KIND_CONTENT, item->d_name);
	}
	return errno ? -errno : names_sort(names);
}

/* A folder on the way down. */
struct place {
	const struct place *above; /* NULL: a tree itself */
	int fd;
	struct statx stx;
	unsigned depth;
};

static int walk_folder(const struct walk *walk, const struct place *above, const char *name,
		       struct strbuf *path);

static int tell_name(const struct walk *walk, const struct place *place, const char *name,
		     const char *path)
{
	struct statx stx;
	int r;

	r = walk_stat(place->fd, name, &stx);
	if (r < 0)
		return r == -ENOENT ? 0 : tell(walk, path, -r);
	r = walk->on_path(path, &stx, walk->userdata);
	/* It became a folder after the names were read: its turn may be over. */
	if (r == 0 && S_ISDIR(stx.stx_mode) && kind_of(name) == KIND_FILE)
		r = tell(walk, path, ESTALE);
	return r;
}

/* @path is the folder's, and is put back. */
static int walk_name(const struct walk *walk, const struct place *place, const char *name,
		     struct strbuf *path)
{
	bool is_content = kind_of(name) == KIND_CONTENT;
	size_t len = path->len, start;
	int r = 0;

	if (path->data[len - 1] != '/')
		strbuf_add_char(path, '/');
	start = path->len;
	strbuf_add(path, name, strlen(name) - is_content);
	if (strbuf_check(path) < 0)
		return -ENOMEM;
	if (!baseline_rules_ignore(walk->rules, path->data)) {
		/* Without the slash, behind which a link would be followed. */
		r = is_content ? walk_folder(walk, place, path->data + start, path)
			       : tell_name(walk, place, name, path->data);
	}
	path->len = len;
	path->data[len] = '\0';
	return r;
}

/* Descriptors are held down to the depth at hand; a tree that is deeper than this is a trap. */
#define DEPTH_MAX 200

/* Opens the folder @name in @place->above, or where @name is a path. -ENOENT when it is gone, or
 * another negative errno. */
static int open_folder(struct place *place, const char *name)
{
	int parent = place->above ? place->above->fd : AT_FDCWD;

	if (place->depth > DEPTH_MAX)
		return -ELOOP;
	place->fd =
		openat(parent, name,
		       O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOATIME);
	if (place->fd < 0 && errno == EPERM)
		place->fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place->fd < 0 ||
	    statx(place->fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &place->stx) < 0)
		return -errno;
	if ((!place->above || place->above->stx.stx_dev_major != place->stx.stx_dev_major ||
	     place->above->stx.stx_dev_minor != place->stx.stx_dev_minor) &&
	    is_foreign(place->fd))
		return -EXDEV;
	return 0;
}

static int walk_folder(const struct walk *walk, const struct place *above, const char *name,
		       struct strbuf *path)
{
	struct place place = {.above = above, .fd = -1, .depth = above ? above->depth + 1 : 0};
	cleanup_with(names_done) struct names names = {0};
	int r;

	r = open_folder(&place, name);
	if (r == 0)
		r = names_read(place.fd, &names);
	if (r == -ENOENT)
		r = 0;
	else if (r < 0 && r != -ENOMEM)
		r = tell(walk, path->data, -r);
	for (size_t i = 0; r == 0 && names.list && i < names.count; i++)
		r = walk_name(walk, &place, names.list[i], path);
	cleanup_closep(&place.fd);
	return r;
}

/* As a folder's names: each tree as itself and once more for what lies in it. */
static int sort_trees(char *const *trees, struct names *names)
{
	for (char *const *tree = trees; tree && *tree; tree++) {
		bool is_covered = false;

		/* It lies in another, or is one that came before. */
		for (char *const *other = trees; *other && !is_covered; other++)
			is_covered = strcmp(*tree, *other) == 0 ? other < tree
								: path_is_below(*tree, *other);
		if (is_covered)
			continue;
		names_add(names, KIND_FOLDER, *tree);
		names_add(names, KIND_CONTENT, *tree);
	}
	return names_sort(names);
}

static int walk_tree(const struct walk *walk, const char *tree, bool is_content)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	struct statx stx;
	int r;

	strbuf_add(&path, tree, strlen(tree) - is_content);
	if (strbuf_check(&path) < 0)
		return -ENOMEM;
	r = walk_stat(AT_FDCWD, path.data, &stx);
	if (r < 0 && is_content)
		return 0;
	if (r < 0)
		return tell(walk, path.data, r == -ENOTDIR ? ENOENT : -r);
	if (!is_content)
		return walk->on_path(path.data, &stx, walk->userdata);
	return S_ISDIR(stx.stx_mode) ? walk_folder(walk, NULL, path.data, &path) : 0;
}

int walk_trees(const struct walk *walk, char *const *trees)
{
	cleanup_with(names_done) struct names names = {0};
	int r;

	r = sort_trees(trees, &names);
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = walk_tree(walk, names.list[i], kind_of(names.list[i]) == KIND_CONTENT);
	return r;
}
