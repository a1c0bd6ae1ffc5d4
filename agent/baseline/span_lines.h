/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of one part of a file, from a place on and for a length, hashed as they go by: what is used
 * is what the digest at the end is about. Knows nothing of what the lines say.
 */
#ifndef PLUMBLINE_BASELINE_SPAN_LINES_H
#define PLUMBLINE_BASELINE_SPAN_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/hash.h"

struct span_lines;

struct span {
	uint64_t offset, size; /* bytes */
};

/* @fd is duplicated. A line has at most @line_max bytes with its newline. */
int span_lines_new(int fd, struct span span, size_t line_max, struct span_lines **ret_lines);
struct span_lines *span_lines_free(struct span_lines *lines);
DEFINE_CLEANUP(struct span_lines *, span_lines_free)

/*
 * 1 with the line, newline excluded, valid until the next call; 0 at the end; -EBADMSG for a line
 * that is too long or has no newline, and for a file that ends too early.
 */
int span_lines_next(struct span_lines *lines, const char **ret_line, size_t *ret_len);
/* SHA-256 of all that was read; of the whole part after the end. Once; then only rewind. */
int span_lines_digest(struct span_lines *lines, char ret_hex[static SHA256_HEX_SIZE]);
/* To the first line again. */
void span_lines_rewind(struct span_lines *lines);
/* Digest of the whole part, lines or not; rewinds before and after. */
int span_lines_hash_all(struct span_lines *lines, char ret_hex[static SHA256_HEX_SIZE]);

#endif
