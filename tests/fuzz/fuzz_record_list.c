/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON array of records: each that is told was whole, and what is refused has a line. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "wire/codec.h"
#include "wire/record_list.h"

static int on_record(struct wire_record *record, void *userdata)
{
	if (record->type == WIRE_NONE)
		abort();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag diag = {0};

	if (record_list_read("f", (const char *)data, size, on_record, NULL, &diag) < 0 &&
	    (!diag.text[0] || diag.line == 0))
		abort();
	return 0;
}
