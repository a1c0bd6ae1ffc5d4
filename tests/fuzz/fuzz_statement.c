/* SPDX-License-Identifier: Apache-2.0 */
/* statement.json: what is taken is what the writer writes for it; what is refused has a reason. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "baseline/statement.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baseline_statement statement = {0};
	struct strbuf again = STRBUF_INIT;
	struct diag diag = {0};
	int r;

	r = statement_read((const char *)data, size, &statement, &diag);
	if (r < 0) {
		if (r != -EBADMSG || !diag.text[0])
			abort();
		return 0;
	}
	if (statement_write(&statement, &again) < 0 || again.len != size ||
	    memcmp(again.data, data, size) != 0)
		abort();
	baseline_statement_done(&statement);
	strbuf_done(&again);
	return 0;
}
