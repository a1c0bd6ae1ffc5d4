/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/storage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"

#ifndef EXFAT_SUPER_MAGIC
#define EXFAT_SUPER_MAGIC 0x2011BAB0
#endif
#ifndef EROFS_SUPER_MAGIC_V1
#define EROFS_SUPER_MAGIC_V1 0xE0F5E1E2
#endif

/* Layers of device mapper and RAID over each other. */
#define MAX_LAYERS 4

/*
 * Whoever changes a file here opens it by the inode that others run it by. That is not so of
 * network and FUSE file systems, and of overlays, whose layers have inodes of their own.
 */
static unsigned kind_of(long type)
{
	switch ((unsigned long)type & 0xffffffffUL) {
	case EXT4_SUPER_MAGIC:
	case XFS_SUPER_MAGIC:
	case F2FS_SUPER_MAGIC:
		return STORAGE_OURS | STORAGE_FIXED;
	case BTRFS_SUPER_MAGIC: /* which disks it lies on is not to be had from a file */
	case TMPFS_MAGIC:
	case RAMFS_MAGIC:
	case SQUASHFS_MAGIC:
	case EROFS_SUPER_MAGIC_V1:
	case ISOFS_SUPER_MAGIC:
	case MSDOS_SUPER_MAGIC:
	case EXFAT_SUPER_MAGIC:
		return STORAGE_OURS;
	default:
		return 0;
	}
}

static bool is_set(const char *path)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	return fd_read_file(AT_FDCWD, path, 64, &text) == 0 && text.len > 0 && text.data[0] == '1';
}

static bool is_fixed_below(const char *folder, int layers);

/* A device that is made of others is as fixed as they are. */
static bool are_parts_fixed(const char *folder, int layers)
{
	char path[512];
	struct dirent *entry;
	bool is_fixed = true;
	int parts = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%s/slaves", folder);
	dir = opendir(path);
	if (!dir)
		return false;
	while (is_fixed && (entry = readdir(dir))) {
		char part[sizeof(path) + sizeof(entry->d_name)];

		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(part, sizeof(part), "%s/%s", path, entry->d_name);
		is_fixed = is_fixed_below(part, layers + 1);
		parts++;
	}
	closedir(dir);
	return is_fixed && parts > 0;
}

static bool is_fixed_below(const char *folder, int layers)
{
	char path[600], target[512];
	ssize_t n = readlink(folder, target, sizeof(target) - 1);

	if (n <= 0 || layers > MAX_LAYERS)
		return false;
	target[n] = '\0';
	if (strstr(target, "/virtual/block/dm-") || strstr(target, "/virtual/block/md"))
		return are_parts_fixed(folder, layers);
	if (strstr(target, "/virtual/") || strstr(target, "/usb") || strstr(target, "/mmc_host/") ||
	    strstr(target, "/session"))
		return false;
	(void)snprintf(path, sizeof(path), "%s/removable", folder);
	if (is_set(path))
		return false;
	/* Of a partition its disk says it. */
	(void)snprintf(path, sizeof(path), "%s/../removable", folder);
	return !is_set(path);
}

bool storage_is_fixed(uint64_t dev)
{
	char folder[64];

	(void)snprintf(folder, sizeof(folder), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	return is_fixed_below(folder, 0);
}

static bool is_fixed(struct storage_cache *cache, uint64_t dev)
{
	unsigned slot;

	for (unsigned i = 0; i < STORAGE_CACHE; i++)
		if (cache->slots[i].is_used && cache->slots[i].dev == dev)
			return cache->slots[i].is_fixed;
	slot = cache->next++ % STORAGE_CACHE;
	cache->slots[slot].dev = dev;
	cache->slots[slot].is_fixed = storage_is_fixed(dev);
	cache->slots[slot].is_used = true;
	return cache->slots[slot].is_fixed;
}

unsigned storage_look(struct storage_cache *cache, int fd, const struct stat *st)
{
	struct statfs fs;
	unsigned kind;

	if (fstatfs(fd, &fs) < 0)
		return 0;
	kind = kind_of(fs.f_type);
	if (kind & STORAGE_FIXED && !is_fixed(cache, st->st_dev))
		kind &= ~(unsigned)STORAGE_FIXED;
	return kind;
}

void storage_forget(struct storage_cache *cache)
{
	*cache = (struct storage_cache){0};
}
