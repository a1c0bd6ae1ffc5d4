/* SPDX-License-Identifier: Apache-2.0 */
/* Records from agents that lie, and answers and receipts from collectors that do. */
#include "fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "wire/codec.h"
#include "wire/reply.h"

/* What was taken can be written, and taken again as the same. */
static void round_trip(const struct wire_record *record)
{
	cleanup_strbuf struct strbuf once = STRBUF_INIT, twice = STRBUF_INIT;
	cleanup_wire_record struct wire_record again = {0};

	if (codec_encode(record, NULL, &once) < 0)
		abort();
	if (codec_decode(once.data, once.len, &again, NULL) < 0)
		abort();
	if (codec_encode(&again, NULL, &twice) < 0 || strcmp(once.data, twice.data) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_wire_record struct wire_record record = {0};
	cleanup_wire_answer struct wire_answer answer = {0};
	cleanup_wire_receipt struct wire_receipt receipt = {0};
	const char *text = (const char *)data;
	struct diag diag = {0};

	if (codec_decode(text, size, &record, &diag) == 0)
		round_trip(&record);
	wire_answer_decode(text, size, &answer, &diag);
	/* No CA: parsing only, and never a good one. */
	if (receipt_verify(text, size, "/dev/null", &receipt, &diag) == 0)
		abort();
	return 0;
}
