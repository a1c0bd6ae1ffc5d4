/* SPDX-License-Identifier: Apache-2.0 */
/*
 * POSIX ustar as far as a baseline file needs it: regular files, plain names,
 * sizes below 8 GiB, one way to write each header.
 *
 * The reader takes a header only if the writer would have written the same 512
 * bytes. So links, devices, sparse files, pax records, absolute paths and all
 * other liberties of the format are refused without a rule for each.
 */
#ifndef PLUMBLINE_BASELINE_TAR_H
#define PLUMBLINE_BASELINE_TAR_H

#include <stdint.h>

#define TAR_BLOCK    512
#define TAR_NAME_MAX 100 /* with the NUL */
#define TAR_SIZE_MAX ((1ULL << 33) - 1)

struct tar_member {
	char name[TAR_NAME_MAX];
	uint64_t size;
	int64_t time_s; /* modification time, 0 to 2^33-1 */
};

/* -EINVAL when name, size or time do not fit. */
int tar_write_header(const struct tar_member *member, uint8_t block[static TAR_BLOCK]);

/* 1 with @ret_member filled, 0 for a block of zeros (the end), or -EBADMSG. */
int tar_read_header(const uint8_t block[static TAR_BLOCK], struct tar_member *ret_member);

/* Bytes of zeros that follow @size bytes of content. */
static inline uint64_t tar_padding(uint64_t size)
{
	return (TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK;
}

#endif
