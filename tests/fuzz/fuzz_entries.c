/* SPDX-License-Identifier: Apache-2.0 */
/* A line of entries.jsonl: what is taken is what the writer writes for it, and its path is a plain
 * one. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/entries.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *line = (const char *)data;
	struct strbuf again = STRBUF_INIT;
	struct file_fact entry = {0};
	char *path;

	if (entry_content_length(line, size) > size)
		abort();
	if (entry_read(line, size, &entry) < 0)
		return 0;
	if (entry_write(&entry, &again) < 0 || again.len != size + 1 ||
	    memcmp(again.data, line, size) != 0)
		abort();
	path = strdup(entry.path);
	if (path_normalize(path) < 0 || strcmp(path, entry.path) != 0)
		abort();
	free(path);
	file_fact_done(&entry);
	strbuf_done(&again);
	return 0;
}
