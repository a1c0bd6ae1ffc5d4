/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256, the only digest that Plumbline trusts. */
#ifndef PLUMBLINE_BASE_HASH_H
#define PLUMBLINE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"

#define SHA256_SIZE	32
#define SHA256_HEX_SIZE 65 /* with the NUL */

struct hash;

int hash_new(struct hash **ret_hash);
struct hash *hash_free(struct hash *hash);
void hash_reset(struct hash *hash);
void hash_update(struct hash *hash, const void *data, size_t len);
/* -EIO when any step since the last reset failed. The next use must be hash_reset(). */
int hash_final(struct hash *hash, uint8_t digest[static SHA256_SIZE]);

DEFINE_CLEANUP(struct hash *, hash_free)

int hash_buffer(const void *data, size_t len, uint8_t digest[static SHA256_SIZE]);

/*
 * Hashes @fd from offset 0 to its end with pread(), through @hash (reused by a caller that hashes
 * many files) and @buf. Returns the number of bytes hashed, or negative errno.
 */
int64_t hash_fd(struct hash *hash, int fd, void *buf, size_t buf_size,
		uint8_t digest[static SHA256_SIZE]);

#define MD5_SIZE 16

/*
 * MD5 of the whole file, for one use: to hold a file against the checksum list of its package. That
 * says whether the list is followed, never that a file is genuine. -EOPNOTSUPP where OpenSSL has no
 * MD5 (FIPS mode).
 */
int hash_fd_md5(int fd, void *buf, size_t buf_size, uint8_t md5[static MD5_SIZE]);

#endif
