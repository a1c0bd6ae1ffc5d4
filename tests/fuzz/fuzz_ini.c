/* SPDX-License-Identifier: Apache-2.0 */
/* Settings, check content and rules.ini: every key that is reported has a section, a line, and no
 * surprise. */
#include <stdlib.h>
#include <string.h>

#include "base/diag.h"
#include "base/ini.h"
#include "fuzz/fuzz.h"

struct seen {
	unsigned line;
};

static int on_key(const char *section, const char *key, const char *value, unsigned line,
		  void *userdata, struct diag *diag)
{
	struct seen *seen = userdata;

	/* Lines only go up: a section is announced, then its keys follow. */
	if (!section || line < seen->line || (key && !value))
		abort();
	seen->line = line;
	if (value && strcmp(value, "refuse") == 0)
		return diag_set(diag, "", 0, -1, "refused");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen seen = {0};
	struct diag diag = {0};
	int r;

	r = ini_visit_buffer("fuzz.ini", (const char *)data, size, on_key, &seen, &diag);
	if (r < 0 && (diag.line == 0 || !diag.text[0]))
		abort(); /* an error without a place or a reason */
	return 0;
}
