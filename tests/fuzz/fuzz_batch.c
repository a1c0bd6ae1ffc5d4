/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Batch frames. The first byte chooses: the rest is a frame as it came, or the
 * text within one, which random bytes would never get to through zstd.
 */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "wire/batch.h"

static void parse(const void *frame, size_t len)
{
	cleanup_with(batch_freep) struct batch *batch = NULL;
	uint8_t chain[SHA256_SIZE];
	struct diag diag = {0};
	const char *json;
	size_t json_len, total = 0;

	(void)batch_frame_length(frame, len);
	if (batch_parse(frame, len, &batch, &diag) < 0)
		return;
	for (size_t i = 0; batch_get_record(batch, i, &json, &json_len) == 0; i++)
		for (size_t k = 0; k < json_len; k++)
			total += (unsigned char)json[k];
	if (total == 0 || batch_get_chain(batch, batch_get_header(batch)->last, chain) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 't') {
		size_t room = ZSTD_compressBound(size), n;
		void *frame = malloc(room);

		if (!frame)
			return 0;
		n = ZSTD_compress(frame, room, data + 1, size - 1, 1);
		if (!ZSTD_isError(n))
			parse(frame, n);
		free(frame);
	} else if (size > 0) {
		parse(data + 1, size - 1);
	}
	return 0;
}
