/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/hash_key.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/names.h"
#include "checks/text.h"

#define MAX_DEPTH   96
#define MAX_ENTRIES 8000000
#define MAX_PATH    4096
/* Of a folder that is entered: what is in it has room for its name. */
#define MAX_FOLDER_PATH (MAX_PATH - NAME_MAX - 2)
#define MAX_WALK_S	300
/* Between two looks at the clock. */
#define ENTRIES_A_STEP 4096

#define XFS_MAGIC  0x58465342
#define VFAT_MAGIC 0x4d44

struct ids {
	uint32_t *list;
	size_t count, room;
};

/* A folder that is being read. */
struct frame {
	DIR *dir;
	dev_t device;
	size_t path_len;
};

struct inventory_walk {
	struct inventory inventory;
	struct ids users, groups;
	struct frame frames[MAX_DEPTH + 1];
	size_t depth; /* frames in use; 0: the walk is over */
	size_t path_len;
	char path[MAX_PATH];
};

struct inventory_walk *inventory_walk_free(struct inventory_walk *walk)
{
	if (!walk)
		return NULL;
	while (walk->depth > 0)
		closedir(walk->frames[--walk->depth].dir);
	free(walk->users.list);
	free(walk->groups.list);
	inventory_done(&walk->inventory);
	free(walk);
	return NULL;
}

void inventory_done(struct inventory *inventory)
{
	for (int fact = 0; fact < WALK_FACT_COUNT; fact++)
		strbuf_done(&inventory->facts[fact].paths);
}

static int ids_add(struct ids *ids, uint32_t id)
{
	if (array_grow(&ids->list, ids->count, &ids->room, sizeof(*ids->list)) < 0)
		return -ENOMEM;
	ids->list[ids->count++] = id;
	return 0;
}

static int compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Third field of each line of @file. */
static int read_ids(const struct root *root, const char *file, struct ids *ids)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *cursor, *line;
	int r = root_read_text(root, file, ROOT_MAX_CONFIG_BYTES, &text);

	cursor = text.data;
	while (r == 0 && (line = text_next_line(&cursor))) {
		uint64_t id;
		char *number;

		(void)strsep(&line, ":");
		(void)strsep(&line, ":");
		number = strsep(&line, ":");
		if (number && str_to_u64(number, 10, &id) == 0 && id <= UINT32_MAX)
			r = ids_add(ids, (uint32_t)id);
	}
	if (ids->count)
		qsort(ids->list, ids->count, sizeof(ids->list[0]), compare_ids);
	return r;
}

static bool has_id(const struct ids *ids, uint32_t id)
{
	return ids->count &&
	       bsearch(&id, ids->list, ids->count, sizeof(ids->list[0]), compare_ids) != NULL;
}

/* @size: with its NUL. What finds no room is counted only. */
static void list(struct inventory *inventory, int fact, const char *path, size_t size)
{
	struct strbuf *paths = &inventory->facts[fact].paths;

	if (inventory->facts[fact].count++ < INVENTORY_MAX_PATHS &&
	    paths->len + size <= INVENTORY_MAX_BYTES)
		strbuf_add(paths, path, size);
}

static void note(struct inventory_walk *walk, enum walk_fact fact)
{
	struct inventory *inventory = &walk->inventory;

	list(inventory, fact, walk->path, walk->path_len + 1);
}

static void judge(struct inventory_walk *walk, const struct stat *st)
{
	if (S_ISREG(st->st_mode) && st->st_mode & (S_ISUID | S_ISGID))
		note(walk, WALK_SETUID);
	if (S_ISREG(st->st_mode) && st->st_mode & S_IWOTH)
		note(walk, WALK_WRITABLE_FILE);
	if (S_ISDIR(st->st_mode) && st->st_mode & S_IWOTH && !(st->st_mode & S_ISVTX))
		note(walk, WALK_WRITABLE_FOLDER);
	if (!has_id(&walk->users, st->st_uid) || !has_id(&walk->groups, st->st_gid))
		note(walk, WALK_UNOWNED);
}

/* File systems on disks of this machine, and overlays of them. */
static bool is_local(int fd)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	switch ((uint32_t)fs.f_type) {
	case EXT4_SUPER_MAGIC:
	case BTRFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
	case OVERLAYFS_SUPER_MAGIC:
	case TMPFS_MAGIC:
	case XFS_MAGIC:
	case VFAT_MAGIC:
		return true;
	default:
		return false;
	}
}

/* What runs or is made anew at each start, and trees that are other systems. */
static bool is_passed_over(const char *path)
{
	return words_contain("/proc /sys /dev /run /snap /var/lib/docker /var/lib/containers "
			     "/var/lib/containerd /var/lib/lxc /var/lib/lxd",
			     WORDS_SPACE, path);
}

/* Owns @fd. */
static int push(struct inventory_walk *walk, int fd, dev_t device)
{
	struct frame *frame = &walk->frames[walk->depth];

	frame->dir = fdopendir(fd);
	if (!frame->dir) {
		int r = -errno;

		close(fd);
		return r;
	}
	frame->device = device;
	frame->path_len = walk->path_len;
	walk->depth++;
	return 0;
}

/* By its path alone, so that who looks at it again sees the same. */
static bool is_too_deep(const char *path, size_t len)
{
	size_t depth = 0;

	for (size_t i = 0; i < len; i++)
		depth += path[i] == '/';
	return depth > MAX_DEPTH || len > MAX_FOLDER_PATH;
}

static int enter(struct inventory_walk *walk, const struct frame *above, const char *name)
{
	cleanup_close int fd = -1;
	struct stat st;

	if (is_too_deep(walk->path, walk->path_len)) {
		note(walk, WALK_TOO_DEEP);
		return 0;
	}
	fd = openat(dirfd(above->dir), name,
		    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0 || (st.st_dev != above->device && !is_local(fd)))
		return 0;
	return push(walk, TAKE_FD(fd), st.st_dev);
}

static int take_entry(struct inventory_walk *walk, const struct frame *frame, const char *name)
{
	size_t len = strlen(name);
	struct stat st;

	if (fstatat(dirfd(frame->dir), name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? 0 : -errno; /* gone meanwhile */
	if (++walk->inventory.entries > MAX_ENTRIES)
		return -ETIMEDOUT;
	if (frame->path_len + 1 + len >= sizeof(walk->path))
		return -ENAMETOOLONG;
	walk->path[frame->path_len] = '/';
	memcpy(walk->path + frame->path_len + 1, name, len + 1);
	walk->path_len = frame->path_len + 1 + len;
	if (is_passed_over(walk->path))
		return 0;
	judge(walk, &st);
	return S_ISDIR(st.st_mode) ? enter(walk, frame, name) : 0;
}

/* A walk that is not begun: it knows who has a name. */
static int new_walk(const struct root *root, struct inventory_walk **ret_walk)
{
	cleanup_with(inventory_walk_freep) struct inventory_walk *walk = calloc(1, sizeof(*walk));
	int r;

	if (!walk)
		return -ENOMEM;
	walk->inventory.time_ns = clock_real_ns();
	r = read_ids(root, NAMES_USERS, &walk->users);
	if (r == 0)
		r = read_ids(root, NAMES_GROUPS, &walk->groups);
	if (r < 0)
		return r;
	*ret_walk = TAKE_PTR(walk);
	return 0;
}

int inventory_begin(const struct root *root, struct inventory_walk **ret_walk)
{
	cleanup_with(inventory_walk_freep) struct inventory_walk *walk = NULL;
	cleanup_close int fd = -1;
	struct stat st;
	int r = new_walk(root, &walk);

	if (r < 0)
		return r;
	fd = root_open_path(root, "/", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	r = push(walk, TAKE_FD(fd), st.st_dev);
	if (r < 0)
		return r;
	*ret_walk = TAKE_PTR(walk);
	return 0;
}

bool inventory_step(struct inventory_walk *walk, size_t max_entries)
{
	while (walk->depth > 0 && walk->inventory.result == 0 && max_entries-- > 0) {
		struct frame *frame = &walk->frames[walk->depth - 1];
		struct dirent *entry = readdir(frame->dir);

		if (!entry) {
			closedir(frame->dir);
			walk->depth--;
		} else if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..")) {
			walk->inventory.result = take_entry(walk, frame, entry->d_name);
		}
	}
	return walk->depth > 0 && walk->inventory.result == 0;
}

struct inventory_walk *inventory_end(struct inventory_walk *walk, struct inventory *ret_inventory)
{
	for (int fact = 0; fact < WALK_FACT_COUNT && walk->inventory.result == 0; fact++)
		walk->inventory.result = strbuf_check(&walk->inventory.facts[fact].paths);
	*ret_inventory = walk->inventory;
	walk->inventory = (struct inventory){0};
	return inventory_walk_free(walk);
}

void inventory_walk(const struct root *root, struct inventory *ret_inventory)
{
	int64_t until_ns = clock_mono_ns() + MAX_WALK_S * NSEC_PER_SEC;
	struct inventory_walk *walk = NULL;
	int r = inventory_begin(root, &walk);

	if (r < 0) {
		*ret_inventory = (struct inventory){.result = r};
		return;
	}
	while (inventory_step(walk, ENTRIES_A_STEP))
		if (clock_mono_ns() > until_ns)
			walk->inventory.result = -ETIMEDOUT;
	inventory_end(walk, ret_inventory);
}

/* ---- what is looked at anew */

static bool is_at(const char *listed, const char *path, bool has_below)
{
	return str_equal(listed, path) || (has_below && path_is_below(listed, path));
}

/* Whatever the order in which they are listed. */
static uint64_t key_of_lists(const struct inventory *inventory)
{
	uint64_t key = 0;

	for (int fact = 0; fact < WALK_FACT_COUNT; fact++) {
		const struct strbuf *paths = &inventory->facts[fact].paths;

		key += inventory->facts[fact].count * (fact + 1);
		for (size_t at = 0, len; at < paths->len; at += len + 1) {
			len = strlen(paths->data + at);
			key += hash_key(paths->data + at, len) * (2 * fact + 1);
		}
	}
	return key;
}

/* Whether a walk would have come to @path. */
static bool is_walked(const char *path)
{
	char above[MAX_PATH];

	if (!str_copy(above, sizeof(above), path))
		return false;
	for (char *slash; above[0]; *slash = '\0') {
		if (is_passed_over(above))
			return false;
		slash = strrchr(above, '/');
	}
	return true;
}

/* As if @walk came by. What is gone is none. */
static int look_at(struct inventory_walk *walk, const struct root *root, const char *path,
		   bool has_below)
{
	const char *slash = strrchr(path, '/');
	cleanup_close int fd = -1;
	struct frame frame = {.path_len = (size_t)(slash - path)};
	struct stat top, st;
	int r;

	if (!slash[1] || !is_walked(path))
		return 0;
	memcpy(walk->path, path, frame.path_len);
	walk->path[frame.path_len] = '\0';
	fd = root_open_path(root, frame.path_len ? walk->path : "/", O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
	if (root_stat(root, "/", &top) < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_dev != top.st_dev && !is_local(fd))
		return 0;
	frame.device = st.st_dev;
	frame.dir = fdopendir(fd);
	if (!frame.dir)
		return -errno;
	(void)TAKE_FD(fd);
	r = take_entry(walk, &frame, slash + 1);
	closedir(frame.dir);
	if (has_below && inventory_step(walk, INVENTORY_MAX_BELOW))
		r = -E2BIG;
	while (walk->depth > 0)
		closedir(walk->frames[--walk->depth].dir);
	return r;
}

static bool has_path(const struct inventory *inventory, int fact, const char *path)
{
	const struct strbuf *paths = &inventory->facts[fact].paths;

	for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1)
		if (str_equal(paths->data + at, path))
			return true;
	return false;
}

/* Each once, as one path may be listed for several reasons. */
static int look_at_listed(struct inventory_walk *walk, const struct inventory *inventory,
			  const struct root *root, const char *path, bool has_below)
{
	int r = 0;

	for (int fact = 0; fact < WALK_FACT_COUNT; fact++) {
		const struct strbuf *paths = &inventory->facts[fact].paths;

		for (size_t at = 0; r == 0 && at < paths->len; at += strlen(paths->data + at) + 1) {
			const char *listed = paths->data + at;
			bool is_known = !is_at(listed, path, has_below);

			for (int other = 0; other < fact && !is_known; other++)
				is_known = has_path(inventory, other, listed);
			if (!is_known)
				r = look_at(walk, root, listed, false);
		}
	}
	return r;
}

static bool lists_any(const struct inventory *inventory, const char *path, bool has_below)
{
	for (int fact = 0; fact < WALK_FACT_COUNT; fact++) {
		const struct strbuf *paths = &inventory->facts[fact].paths;

		for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1)
			if (is_at(paths->data + at, path, has_below))
				return true;
	}
	return false;
}

/* Adds to @next what @from lists, but not at @except (NULL: all). Returns how many it counts only.
 */
static size_t list_all(const struct inventory *from, int fact, const char *except, bool has_below,
		       struct inventory *next)
{
	const struct strbuf *paths = &from->facts[fact].paths;
	size_t listed = 0;

	for (size_t at = 0, size; at < paths->len; at += size, listed++) {
		size = strlen(paths->data + at) + 1;
		if (!except || !is_at(paths->data + at, except, has_below))
			list(next, fact, paths->data + at, size);
	}
	return from->facts[fact].count - listed;
}

/* What @inventory lists elsewhere, and all that @found lists. */
static int merge(const struct inventory *inventory, const struct inventory *found, const char *path,
		 bool has_below, struct inventory *next)
{
	int r = 0;

	for (int fact = 0; fact < WALK_FACT_COUNT && r == 0; fact++) {
		size_t unlisted = list_all(inventory, fact, path, has_below, next);

		unlisted += list_all(found, fact, NULL, false, next);
		next->facts[fact].count += unlisted;
		r = strbuf_check(&next->facts[fact].paths);
	}
	return r;
}

int inventory_look_again(struct inventory *inventory, const struct root *root, const char *path,
			 enum inventory_look look)
{
	cleanup_with(inventory_walk_freep) struct inventory_walk *walk = NULL;
	bool has_below = look == INVENTORY_BELOW || look == INVENTORY_LISTED_BELOW;
	bool is_of_listed = look == INVENTORY_LISTED || look == INVENTORY_LISTED_BELOW;
	struct inventory next = {0};
	int r;

	if (inventory->result < 0 || (is_of_listed && !lists_any(inventory, path, has_below)))
		return 0;
	r = new_walk(root, &walk);
	if (r == 0)
		r = is_of_listed ? look_at_listed(walk, inventory, root, path, has_below)
				 : look_at(walk, root, path, has_below);
	if (r == 0)
		r = walk->inventory.result;
	if (r == 0)
		r = merge(inventory, &walk->inventory, path, has_below, &next);
	if (r == 0 && key_of_lists(&next) != key_of_lists(inventory)) {
		for (int fact = 0; fact < WALK_FACT_COUNT; fact++) {
			strbuf_done(&inventory->facts[fact].paths);
			inventory->facts[fact] = next.facts[fact];
		}
		return 1;
	}
	inventory_done(&next);
	return r;
}
