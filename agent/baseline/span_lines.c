/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/span_lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

struct span_lines {
	int fd;
	struct span span;
	struct hash *hash;
	uint64_t done;	   /* bytes that were read into the buffer */
	size_t begin, end; /* of what is not used yet, in the buffer */
	size_t line_max, room;
	char buffer[];
};

int span_lines_new(int fd, struct span span, size_t line_max, struct span_lines **ret_lines)
{
	cleanup_with(span_lines_freep) struct span_lines *lines = NULL;
	int r;

	lines = calloc(1, sizeof(*lines) + 2 * line_max);
	if (!lines)
		return -ENOMEM;
	lines->span = span;
	lines->line_max = line_max;
	lines->room = 2 * line_max;
	lines->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (lines->fd < 0)
		return -errno;
	r = hash_new(&lines->hash);
	if (r < 0)
		return r;
	*ret_lines = TAKE_PTR(lines);
	return 0;
}

struct span_lines *span_lines_free(struct span_lines *lines)
{
	if (!lines)
		return NULL;
	cleanup_closep(&lines->fd);
	hash_free(lines->hash);
	free(lines);
	return NULL;
}

void span_lines_rewind(struct span_lines *lines)
{
	lines->done = lines->begin = lines->end = 0;
	hash_reset(lines->hash);
}

/* Moves what is left to the front of the buffer and fills the rest. */
static int fill_buffer(struct span_lines *lines)
{
	memmove(lines->buffer, lines->buffer + lines->begin, lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	while (lines->end < lines->room && lines->done < lines->span.size) {
		uint64_t left = lines->span.size - lines->done;
		size_t room = lines->room - lines->end;
		ssize_t n = pread(lines->fd, lines->buffer + lines->end,
				  room < left ? room : (size_t)left,
				  (off_t)(lines->span.offset + lines->done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		hash_update(lines->hash, lines->buffer + lines->end, (size_t)n);
		lines->end += (size_t)n;
		lines->done += (uint64_t)n;
	}
	return 0;
}

int span_lines_next(struct span_lines *lines, const char **ret_line, size_t *ret_len)
{
	for (;;) {
		const char *line = lines->buffer + lines->begin;
		size_t have = lines->end - lines->begin;
		const char *newline = memchr(line, '\n', have);
		int r;

		if (newline && newline - line < (ptrdiff_t)lines->line_max) {
			*ret_line = line;
			*ret_len = (size_t)(newline - line);
			lines->begin += *ret_len + 1;
			return 1;
		}
		if (have >= lines->line_max)
			return -EBADMSG;
		if (lines->done == lines->span.size)
			return have == 0 ? 0 : -EBADMSG;
		r = fill_buffer(lines);
		if (r < 0)
			return r;
	}
}

int span_lines_digest(struct span_lines *lines, char ret_hex[static SHA256_HEX_SIZE])
{
	uint8_t digest[SHA256_SIZE];
	int r;

	r = hash_final(lines->hash, digest);
	if (r == 0)
		hex_encode(digest, SHA256_SIZE, ret_hex);
	return r;
}

int span_lines_hash_all(struct span_lines *lines, char ret_hex[static SHA256_HEX_SIZE])
{
	int r = 0;

	span_lines_rewind(lines);
	while (r == 0 && lines->done < lines->span.size) {
		lines->begin = lines->end;
		r = fill_buffer(lines);
	}
	if (r == 0)
		r = span_lines_digest(lines, ret_hex);
	span_lines_rewind(lines);
	return r;
}
