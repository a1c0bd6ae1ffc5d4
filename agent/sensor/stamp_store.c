/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/stamp_store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash_key.h"
#include "base/str.h"
#include "sensor/storage.h"

#define MAGIC "plumbline-hashed"
/* STATX_MNT_ID_UNIQUE, since 6.8; an older kernel leaves the bit clear. */
#define MNT_ID_UNIQUE 0x4000U
/* A clock that is steered loses less. */
#define STEP_TOLERANCE_NS NSEC_PER_SEC
#define HEADER_BYTES	  4096
/* A stamp is within so many slots of the place that its key names. */
#define WINDOW	    16
#define MAX_DEVICES 32

/* Layout of the file: this machine alone reads it, in the boot that wrote it. */
struct header {
	char magic[16];
	char boot_id[40];
	int64_t clock_offset_ns; /* wall clock less boot clock; the highest that was seen */
	uint64_t valid_from;	 /* runs before this one do not count */
};

struct slot {
	uint64_t dev, ino; /* ino 0: free */
	uint64_t mounted;  /* which mounted file system; unique in this boot */
	int64_t size, ctime_ns, mtime_ns;
	uint64_t run; /* of the sensor that hashed it: its start, boot clock */
	uint32_t role;
	uint32_t is_settled; /* ctime was old enough for the next run */
	uint8_t sha256[SHA256_SIZE];
};
_Static_assert(sizeof(struct slot) == 96, "the layout of the file");

struct device {
	uint64_t dev;
	uint64_t mounted; /* 0: the mount's own id is asked for, per file */
	bool is_fixed;
};

struct stamp_store {
	int fd;
	struct header header;
	uint64_t run;
	struct device devices[MAX_DEVICES];
	unsigned device_count;
};

static int write_header(struct stamp_store *store)
{
	const struct header header = store->header;
	ssize_t n = pwrite(store->fd, &header, sizeof(header), 0);

	return n == sizeof(header) ? 0 : n < 0 ? -errno : -EIO;
}

static bool is_usable(const struct stamp_store *store, const struct header *header)
{
	const struct header *now = &store->header;

	return memcmp(header->magic, now->magic, sizeof(now->magic)) == 0 &&
	       memcmp(header->boot_id, now->boot_id, sizeof(now->boot_id)) == 0 &&
	       header->valid_from <= store->run &&
	       now->clock_offset_ns >= header->clock_offset_ns - STEP_TOLERANCE_NS;
}

static int begin(struct stamp_store *store)
{
	off_t size = HEADER_BYTES + (off_t)STAMP_SLOTS * (off_t)sizeof(struct slot);
	struct header before = {0};
	struct stat st;

	if (fstat(store->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || st.st_mode & 022)
		return -EPERM;
	if (st.st_size == size && pread(store->fd, &before, sizeof(before), 0) == sizeof(before) &&
	    is_usable(store, &before)) {
		store->header.valid_from = before.valid_from;
		/* The highest stays, or many small steps back would pass. */
		if (before.clock_offset_ns > store->header.clock_offset_ns)
			store->header.clock_offset_ns = before.clock_offset_ns;
		return write_header(store);
	}
	if (ftruncate(store->fd, 0) < 0 || ftruncate(store->fd, size) < 0)
		return -errno;
	return write_header(store);
}

int stamp_store_open(int fd, const char *boot_id, struct stamp_store **ret_store)
{
	struct stamp_store *store = calloc(1, sizeof(*store));
	int r;

	if (!store)
		return -ENOMEM;
	store->fd = fd;
	store->run = (uint64_t)clock_boot_ns();
	store->header = (struct header){
		.clock_offset_ns = clock_real_ns() - clock_boot_ns(),
		.valid_from = store->run,
	};
	memcpy(store->header.magic, MAGIC, sizeof(store->header.magic));
	str_copy(store->header.boot_id, sizeof(store->header.boot_id), boot_id);
	r = begin(store);
	if (r < 0) {
		free(store);
		return r;
	}
	*ret_store = store;
	return 0;
}

struct stamp_store *stamp_store_close(struct stamp_store *store)
{
	if (store)
		close(store->fd);
	free(store);
	return NULL;
}

/*
 * A number that lasts as long as the file system on this device stays mounted anywhere, and that no
 * later mount in this boot has: the inode of the folder that ext4, xfs and f2fs have in /sys/fs for
 * each mounted file system, which kernfs counts up. 0 when there is none.
 */
static uint64_t mounted_on(dev_t dev)
{
	static const char *const kinds[] = {"ext4", "xfs", "f2fs"};
	char link[64], target[PATH_MAX];
	const char *name;
	ssize_t len;

	(void)snprintf(link, sizeof(link), "/sys/dev/block/%u:%u", major(dev), minor(dev));
	len = readlink(link, target, sizeof(target) - 1);
	if (len <= 0)
		return 0;
	target[len] = '\0';
	name = strrchr(target, '/');
	for (size_t i = 0; name && i < ARRAY_SIZE(kinds); i++) {
		char path[PATH_MAX];
		struct stat st;

		if (snprintf(path, sizeof(path), "/sys/fs/%s%s", kinds[i], name) <
			    (int)sizeof(path) &&
		    stat(path, &st) == 0)
			return st.st_ino;
	}
	return 0;
}

/* Memory cannot be taken out; of others without a device nobody knows what they lie on. */
static bool is_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static const struct device *find_device(struct stamp_store *store, dev_t dev, const char *path)
{
	struct device *device = store->devices;

	for (unsigned i = 0; i < store->device_count; i++, device++)
		if (device->dev == dev)
			return device;
	if (store->device_count == MAX_DEVICES)
		return NULL;
	*device = (struct device){
		.dev = dev,
		.mounted = major(dev) ? mounted_on(dev) : 0,
		.is_fixed = major(dev) ? storage_is_fixed(dev) : is_memory(path),
	};
	store->device_count++;
	return device;
}

/* Which mounted file system the file is on; 0: nobody can say for sure, or its medium can be taken
 * out. */
static uint64_t mounted_of(struct stamp_store *store, const struct stat *st, const char *path)
{
	const struct device *device = find_device(store, st->st_dev, path);
	struct statx stx;

	if (!device || !device->is_fixed)
		return 0;
	if (device->mounted)
		return device->mounted;
	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_INO | MNT_ID_UNIQUE,
		  &stx) < 0 ||
	    !(stx.stx_mask & MNT_ID_UNIQUE) || stx.stx_ino != st->st_ino)
		return 0;
	return stx.stx_mnt_id;
}

static int64_t time_ns(const struct timespec *t)
{
	return t->tv_sec * NSEC_PER_SEC + t->tv_nsec;
}

/* The slots in which a stamp of this file may be. */
struct window {
	off_t at;
	size_t count;
	struct slot slots[WINDOW];
};

static bool read_window(const struct stamp_store *store, const struct stat *st,
			struct window *window)
{
	uint64_t key[2] = {st->st_dev, st->st_ino};
	size_t first = hash_key(key, sizeof(key)) % STAMP_SLOTS;
	ssize_t n;

	window->count = STAMP_SLOTS - first < WINDOW ? STAMP_SLOTS - first : WINDOW;
	window->at = HEADER_BYTES + (off_t)(first * sizeof(struct slot));
	n = pread(store->fd, window->slots, window->count * sizeof(struct slot), window->at);
	return n == (ssize_t)(window->count * sizeof(struct slot));
}

static struct slot *find(struct window *window, const struct stat *st)
{
	for (size_t i = 0; i < window->count; i++)
		if (window->slots[i].ino == st->st_ino && window->slots[i].dev == st->st_dev)
			return &window->slots[i];
	return NULL;
}

/* What cannot be written is only read once more in the next run. */
static void write_slot(const struct stamp_store *store, const struct window *window,
		       const struct slot *slot)
{
	off_t at = window->at + (slot - window->slots) * (off_t)sizeof(*slot);
	ssize_t n = pwrite(store->fd, slot, sizeof(*slot), at);

	(void)n;
}

static bool is_same(const struct slot *slot, const struct stat *st, uint64_t mounted)
{
	return slot->mounted == mounted && slot->size == st->st_size &&
	       slot->ctime_ns == time_ns(&st->st_ctim) && slot->mtime_ns == time_ns(&st->st_mtim);
}

enum stamp_origin stamp_store_get(struct stamp_store *store, const struct stat *st,
				  bool takes_earlier, struct file_fact *fact)
{
	struct window window;
	const struct slot *slot;
	uint64_t mounted;

	if (!store || !read_window(store, st, &window))
		return STAMP_NONE;
	slot = find(&window, st);
	if (!slot || slot->run < store->header.valid_from || slot->role >= FILE_ROLE_COUNT)
		return STAMP_NONE;
	if (slot->run != store->run && (!takes_earlier || !slot->is_settled))
		return STAMP_NONE;
	mounted = mounted_of(store, st, fact->path);
	if (!mounted || !is_same(slot, st, mounted))
		return STAMP_NONE;
	memcpy(fact->sha256, slot->sha256, SHA256_SIZE);
	fact->has_digest = true;
	fact->role = (enum file_role)slot->role;
	return slot->run == store->run ? STAMP_OF_THIS_RUN : STAMP_OF_EARLIER_RUN;
}

/* Its own, a free one, or that of the oldest run. */
static struct slot *slot_for(struct window *window, const struct stat *st)
{
	struct slot *slot = find(window, st);

	if (slot)
		return slot;
	slot = window->slots;
	for (size_t i = 0; i < window->count; i++) {
		if (window->slots[i].ino == 0)
			return &window->slots[i];
		if (window->slots[i].run < slot->run)
			slot = &window->slots[i];
	}
	return slot;
}

void stamp_store_put(struct stamp_store *store, const struct stat *st, const struct file_fact *fact,
		     int64_t hashed_ns, bool is_reported)
{
	int64_t age_ns = hashed_ns - time_ns(&st->st_ctim);
	struct window window;
	struct slot *slot;
	uint64_t mounted;

	if (!store || !fact->has_digest || st->st_ino == 0)
		return;
	mounted = mounted_of(store, st, fact->path);
	if (!mounted || age_ns < (is_reported ? STAMP_AGE_NS : STAMP_FAR_AGE_NS)) {
		stamp_store_remove(store, st);
		return;
	}
	if (!read_window(store, st, &window))
		return;
	slot = slot_for(&window, st);
	*slot = (struct slot){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mounted = mounted,
		.size = st->st_size,
		.ctime_ns = time_ns(&st->st_ctim),
		.mtime_ns = time_ns(&st->st_mtim),
		.run = store->run,
		.role = fact->role,
		.is_settled = age_ns >= STAMP_FAR_AGE_NS,
	};
	memcpy(slot->sha256, fact->sha256, SHA256_SIZE);
	write_slot(store, &window, slot);
}

void stamp_store_remove(struct stamp_store *store, const struct stat *st)
{
	struct window window;
	struct slot *slot;

	if (!store || !read_window(store, st, &window))
		return;
	slot = find(&window, st);
	if (!slot)
		return;
	*slot = (struct slot){0};
	write_slot(store, &window, slot);
}

void stamp_store_clock_set(struct stamp_store *store, bool is_back)
{
	int64_t offset_ns = clock_real_ns() - clock_boot_ns();

	if (!store)
		return;
	if (is_back) {
		store->run = store->header.valid_from = (uint64_t)clock_boot_ns();
		store->header.clock_offset_ns = offset_ns;
	} else if (offset_ns > store->header.clock_offset_ns) {
		store->header.clock_offset_ns = offset_ns;
	}
	/* If it cannot be written, the next run still sees that the clock is behind. */
	(void)write_header(store);
}

void stamp_store_mounts_changed(struct stamp_store *store)
{
	if (store)
		store->device_count = 0;
}
