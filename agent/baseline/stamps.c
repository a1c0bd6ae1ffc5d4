/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/boot_id.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/walk.h"

#define STAMPS_MAGIC	  "plumbline-stamp1"
#define SETTLED_NS	  (2 * NSEC_PER_SEC)
#define STEP_TOLERANCE_NS NSEC_PER_SEC /* a clock that is steered loses less */
#define MEDIA_MAX	  32

/* Layout of the cache: this machine alone reads it, in the boot that wrote it. */
struct header {
	char magic[16];
	char boot_id[BOOT_ID_SIZE];
	uint8_t baseline[SHA256_SIZE];
	int64_t clock_offset_ns; /* wall clock minus time since boot */
	uint64_t entries;
};

struct stamp {
	uint64_t mount, inode, size;
	int64_t changed_ns, modified_ns;
	uint32_t dev_major, dev_minor;
	uint32_t uid, gid;
	uint32_t mode;
	uint32_t is_set;
};

/* The file as it is. */
struct cache {
	struct header header;
	struct stamp list[]; /* by entry number */
};

/* What was found out about a device: whether stamps may rest on it. */
struct medium {
	uint32_t dev_major, dev_minor;
	bool is_fixed;
};

struct stamps {
	int dirfd;
	char *name;
	struct cache *cache;
	size_t list_bytes;
	struct medium media[MEDIA_MAX];
	unsigned media_count;
	bool has_changed;
};

static int fill_header(struct header *header, const char *baseline_digest, uint64_t entries)
{
	memcpy(header->magic, STAMPS_MAGIC, sizeof(header->magic));
	header->entries = entries;
	header->clock_offset_ns = clock_real_ns() - clock_boot_ns();
	if (hex_decode(baseline_digest, strlen(baseline_digest), header->baseline, SHA256_SIZE) < 0)
		return -EINVAL;
	return boot_id_read(header->boot_id);
}

/* Only what root alone could have written, and whole. */
static bool is_trusted(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
	       (st.st_mode & 022) == 0 && (uint64_t)st.st_size == size;
}

static bool is_same(const struct header *a, const struct header *b)
{
	return memcmp(a->magic, b->magic, sizeof(a->magic)) == 0 &&
	       memcmp(a->boot_id, b->boot_id, sizeof(a->boot_id)) == 0 &&
	       memcmp(a->baseline, b->baseline, sizeof(a->baseline)) == 0 &&
	       a->entries == b->entries;
}

static void read_cache(struct stamps *stamps)
{
	struct header *now = &stamps->cache->header;
	cleanup_close int fd =
		openat(stamps->dirfd, stamps->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct header header;

	if (fd < 0 || !is_trusted(fd, sizeof(header) + stamps->list_bytes) ||
	    fd_read_full(fd, &header, sizeof(header)) != sizeof(header) || !is_same(&header, now))
		return;
	/* The clock went back: change times may be used again, so none of them says anything. */
	if (now->clock_offset_ns < header.clock_offset_ns - STEP_TOLERANCE_NS)
		return;
	if (fd_read_full(fd, stamps->cache->list, stamps->list_bytes) !=
	    (ssize_t)stamps->list_bytes) {
		memset(stamps->cache->list, 0, stamps->list_bytes);
		return;
	}
	/* The highest offset stays, or many small steps back would pass. */
	if (header.clock_offset_ns > now->clock_offset_ns)
		now->clock_offset_ns = header.clock_offset_ns;
}

int stamps_open(int dirfd, const char *name, const char *baseline_digest, uint64_t entries,
		struct stamps **ret_stamps)
{
	cleanup_with(stamps_closep) struct stamps *stamps = calloc(1, sizeof(*stamps));
	int r;

	if (!stamps)
		return -ENOMEM;
	stamps->dirfd = dirfd;
	stamps->name = strdup(name);
	if (entries > (SIZE_MAX - sizeof(struct cache)) / sizeof(struct stamp))
		return -EOVERFLOW;
	stamps->list_bytes = (size_t)entries * sizeof(struct stamp);
	stamps->cache = calloc(1, sizeof(*stamps->cache) + stamps->list_bytes);
	if (!stamps->name || !stamps->cache)
		return -ENOMEM;
	r = fill_header(&stamps->cache->header, baseline_digest, entries);
	if (r < 0)
		return r;
	read_cache(stamps);
	*ret_stamps = TAKE_PTR(stamps);
	return 0;
}

struct stamps *stamps_close(struct stamps *stamps)
{
	if (stamps) {
		free(stamps->name);
		free(stamps->cache);
		free(stamps);
	}
	return NULL;
}

static int64_t time_ns(struct statx_timestamp t)
{
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static struct stamp make_stamp(const struct statx *stx)
{
	return (struct stamp){
		.mount = stx->stx_mnt_id,
		.inode = stx->stx_ino,
		.size = stx->stx_size,
		.changed_ns = time_ns(stx->stx_ctime),
		.modified_ns = time_ns(stx->stx_mtime),
		.dev_major = stx->stx_dev_major,
		.dev_minor = stx->stx_dev_minor,
		.uid = stx->stx_uid,
		.gid = stx->stx_gid,
		.mode = stx->stx_mode,
		.is_set = 1,
	};
}

bool stamps_match(const struct stamps *stamps, uint64_t number, const struct statx *stx)
{
	struct stamp now = make_stamp(stx);

	return number < stamps->cache->header.entries &&
	       memcmp(&stamps->cache->list[number], &now, sizeof(now)) == 0;
}

/* /sys says "1" for media that a person can change. A partition has its disk's word in the folder
 * above. */
static bool is_device_fixed(uint32_t dev_major, uint32_t dev_minor)
{
	static const char *const places[] = {"removable", "../removable"};

	if (dev_major == 0) /* no block device: tmpfs, overlay, btrfs */
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		cleanup_strbuf struct strbuf text = STRBUF_INIT;
		char path[64];

		(void)snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s", dev_major, dev_minor,
			       places[i]);
		if (fd_read_file(AT_FDCWD, path, 16, &text) == 0 && text.len > 0)
			return text.data[0] == '0';
	}
	return false;
}

static bool is_fixed(struct stamps *stamps, const struct statx *stx)
{
	struct medium *medium = stamps->media;

	for (unsigned i = 0; i < stamps->media_count; i++, medium++)
		if (medium->dev_major == stx->stx_dev_major &&
		    medium->dev_minor == stx->stx_dev_minor)
			return medium->is_fixed;
	if (stamps->media_count == MEDIA_MAX)
		return false;
	*medium = (struct medium){.dev_major = stx->stx_dev_major, .dev_minor = stx->stx_dev_minor};
	medium->is_fixed = is_device_fixed(medium->dev_major, medium->dev_minor);
	stamps->media_count++;
	return medium->is_fixed;
}

void stamps_note(struct stamps *stamps, uint64_t number, const struct statx *stx, int64_t hashed_ns)
{
	struct stamp stamp = make_stamp(stx);

	if (number >= stamps->cache->header.entries)
		return;
	/* A write in the tick of the hash would leave the same times. */
	if (!(stx->stx_mask & (STATX_MNT_ID | WALK_MNT_ID_UNIQUE)) ||
	    stamp.changed_ns + SETTLED_NS > hashed_ns || !is_fixed(stamps, stx)) {
		stamps_drop(stamps, number);
		return;
	}
	if (memcmp(&stamps->cache->list[number], &stamp, sizeof(stamp)) == 0)
		return;
	stamps->cache->list[number] = stamp;
	stamps->has_changed = true;
}

void stamps_drop(struct stamps *stamps, uint64_t number)
{
	if (number >= stamps->cache->header.entries || !stamps->cache->list[number].is_set)
		return;
	memset(&stamps->cache->list[number], 0, sizeof(struct stamp));
	stamps->has_changed = true;
}

int stamps_save(struct stamps *stamps)
{
	if (!stamps->has_changed)
		return 0;
	return fd_replace_file(stamps->dirfd, stamps->name, stamps->cache,
			       sizeof(*stamps->cache) + stamps->list_bytes, 0600);
}
