/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/inventory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"
#include "checks/names.h"
#include "checks/text.h"

#define MAX_DEPTH   96
#define MAX_ENTRIES 8000000
#define MAX_PATH    4096
#define MAX_WALK_S  300

#define XFS_MAGIC  0x58465342
#define VFAT_MAGIC 0x4d44

struct ids {
	uint32_t *list;
	size_t count, room;
};

struct walk {
	struct inventory *inventory;
	struct ids users, groups;
	int64_t until_ns;
	size_t path_len;
	char path[MAX_PATH];
};

static void walk_done(struct walk *walk)
{
	free(walk->users.list);
	free(walk->groups.list);
}

void inventory_done(struct inventory *inventory)
{
	for (int fact = 0; fact < WALK_FACT_COUNT; fact++)
		strbuf_done(&inventory->facts[fact].paths);
}

static int ids_add(struct ids *ids, uint32_t id)
{
	if (ids->count == ids->room) {
		size_t room = ids->room ? 2 * ids->room : 128;
		uint32_t *list = reallocarray(ids->list, room, sizeof(*list));

		if (!list)
			return -ENOMEM;
		ids->list = list;
		ids->room = room;
	}
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

static void note(struct walk *walk, enum walk_fact fact)
{
	struct inventory *inventory = walk->inventory;

	if (inventory->facts[fact].count++ < INVENTORY_MAX_PATHS)
		strbuf_add(&inventory->facts[fact].paths, walk->path, walk->path_len + 1);
}

static void judge(struct walk *walk, const struct stat *st)
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

static int walk_folder(struct walk *walk, int at, const char *name, dev_t device, unsigned depth);

static int take_entry(struct walk *walk, int fd, const struct dirent *entry, dev_t device,
		      unsigned depth)
{
	size_t before = walk->path_len, len = strlen(entry->d_name);
	struct stat st;
	int r = 0;

	if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return errno == ENOENT ? 0 : -errno; /* gone meanwhile */
	if (++walk->inventory->entries > MAX_ENTRIES || clock_mono_ns() > walk->until_ns)
		return -ETIMEDOUT;
	if (before + 1 + len >= sizeof(walk->path))
		return -ENAMETOOLONG;
	walk->path[before] = '/';
	memcpy(walk->path + before + 1, entry->d_name, len + 1);
	walk->path_len = before + 1 + len;
	if (!is_passed_over(walk->path)) {
		judge(walk, &st);
		if (S_ISDIR(st.st_mode))
			r = walk_folder(walk, fd, entry->d_name, device, depth + 1);
	}
	walk->path_len = before;
	walk->path[before] = '\0';
	return r;
}

/* Owns @fd. */
static int walk_open(struct walk *walk, int fd, unsigned depth)
{
	cleanup_closedir DIR *dir = fdopendir(fd);
	struct dirent *entry;
	struct stat st;
	int r = 0;

	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	if (fstat(fd, &st) < 0)
		return -errno;
	while (r == 0 && (entry = readdir(dir)))
		if (!str_equal(entry->d_name, ".") && !str_equal(entry->d_name, ".."))
			r = take_entry(walk, fd, entry, st.st_dev, depth);
	return r;
}

static int walk_folder(struct walk *walk, int at, const char *name, dev_t device, unsigned depth)
{
	struct stat st;
	int fd;

	if (depth > MAX_DEPTH)
		return -ELOOP;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0 || (st.st_dev != device && !is_local(fd))) {
		close(fd);
		return 0;
	}
	return walk_open(walk, fd, depth);
}

void inventory_walk(const struct root *root, struct inventory *ret_inventory)
{
	cleanup_with(walk_done) struct walk walk = {
		.inventory = ret_inventory,
		.until_ns = clock_mono_ns() + MAX_WALK_S * NSEC_PER_SEC,
	};
	int fd, r;

	*ret_inventory = (struct inventory){0};
	r = read_ids(root, NAMES_USERS, &walk.users);
	if (r == 0)
		r = read_ids(root, NAMES_GROUPS, &walk.groups);
	fd = r == 0 ? root_open_path(root, "/", O_RDONLY | O_DIRECTORY) : r;
	r = fd < 0 ? fd : walk_open(&walk, fd, 0);
	for (int fact = 0; fact < WALK_FACT_COUNT && r == 0; fact++)
		r = strbuf_check(&ret_inventory->facts[fact].paths);
	ret_inventory->result = r;
}
