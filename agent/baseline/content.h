/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what is at a path with its digest, and hashes an inode once however many names it has.
 *
 * A file that changes while it is read is tried again a few times, then told as such.
 */
#ifndef PLUMBLINE_BASELINE_CONTENT_H
#define PLUMBLINE_BASELINE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "model/fact_collect.h"

/* The inode that was hashed last among names of one inode. Zero-initialise. */
struct content {
	bool is_known;
	struct stat st;
	uint8_t sha256[SHA256_SIZE];
};

/*
 * 0 with @ret_fact filled (nothing there: FILE_TYPE_NONE). 1 when the content of a regular file
 * could not be had: @ret_fact is filled without a digest and @ret_why (static text) says why.
 * -EAGAIN when even that cannot be told because it keeps changing, -ENOMEM, or another negative
 * errno of the look itself.
 *
 * @content: the digest is taken from there when this is the same inode and it has not changed, else
 * it is put there.
 */
int content_read(struct fact_collector *collector, const char *path, struct content *content,
		 struct file_fact *ret_fact, const char **ret_why);

/* To sort names by inode; equal ones are then neighbours. */
struct inode_key {
	uint64_t device, inode;
	size_t index; /* in the caller's list */
};

struct inode_key inode_key_of(const struct statx *stx, size_t index);
int inode_key_compare(const void *a, const void *b);
bool inode_key_equal(const struct inode_key *a, const struct inode_key *b);

#endif
