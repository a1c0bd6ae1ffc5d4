/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/gunzip.h"

#include <errno.h>
#include <stdint.h>
#include <zlib.h>

#include "base/cleanup.h"

#define GZIP_ONLY (MAX_WBITS + 16)

static void stream_done(z_stream *stream)
{
	(void)inflateEnd(stream);
}

int gunzip(const struct strbuf *packed, size_t max, struct strbuf *sb)
{
	cleanup_with(stream_done) z_stream stream = {0};
	unsigned char chunk[16384];
	int r = Z_OK;

	if (!packed->len || packed->len > UINT32_MAX)
		return -EBADMSG;
	if (inflateInit2(&stream, GZIP_ONLY) != Z_OK)
		return -ENOMEM;
	stream.next_in = (unsigned char *)packed->data;
	stream.avail_in = (unsigned)packed->len;
	while (r == Z_OK) {
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		/* Out of input before the end is Z_BUF_ERROR, not a wait for more. */
		r = inflate(&stream, Z_NO_FLUSH);
		if (r == Z_MEM_ERROR)
			return -ENOMEM;
		if (r != Z_OK && r != Z_STREAM_END)
			return -EBADMSG;
		if (stream.total_out > max)
			return -EFBIG;
		strbuf_add(sb, chunk, sizeof(chunk) - stream.avail_out);
	}
	return strbuf_check(sb);
}
