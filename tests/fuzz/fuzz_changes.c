/* SPDX-License-Identifier: Apache-2.0 */
/* A line of changes.jsonl: what is taken is what the writer writes for it. */
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "baseline/changes.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct strbuf again = STRBUF_INIT;
	struct baseline_change change;

	if (change_read((const char *)data, size, &change) < 0)
		return 0;
	if (change_write(&change, &again) < 0 || again.len != size + 1 ||
	    memcmp(again.data, data, size) != 0)
		abort();
	if (change.path[0] != '/' || !change_is_reason(change.reason))
		abort();
	baseline_change_done(&change);
	strbuf_done(&again);
	return 0;
}
