/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far what was found in a file may be believed later, by what its file
 * system lies on.
 */
#ifndef PLUMBLINE_SENSOR_STORAGE_H
#define PLUMBLINE_SENSOR_STORAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
	STORAGE_OURS = 1 << 0,	/* only this kernel changes it, and through its own inodes */
	STORAGE_FIXED = 1 << 1, /* besides, it is on a disk that stays in this machine */
};

#define STORAGE_CACHE 16

struct storage_cache {
	struct {
		uint64_t dev;
		bool is_fixed, is_used;
	} slots[STORAGE_CACHE];
	unsigned next;
};

/* STORAGE_* of the file @fd; what cannot be found out is neither. */
unsigned storage_look(struct storage_cache *cache, int fd, const struct stat *st);
void storage_forget(struct storage_cache *cache);

/*
 * Whether the block device @dev is a disk that stays: not removable, not on USB, no memory card, no
 * network, no file behind a loop; made of such disks alone (device mapper, RAID).
 */
bool storage_is_fixed(uint64_t dev);

#endif
