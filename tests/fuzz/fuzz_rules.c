/* SPDX-License-Identifier: Apache-2.0 */
/* rules.ini: what is taken can be written and reads as the same; what is refused has a line and a
 * reason. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "baseline/baseline.h"
#include "fuzz/fuzz.h"

static void same_lists(char *const *a, char *const *b)
{
	for (; a && *a; a++, b++)
		if (!b || !*b || strcmp(*a, *b) != 0)
			abort();
	if (b && *b)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct baseline_rules rules = {0}, again = {0};
	struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};
	int r;

	r = baseline_rules_parse((const char *)data, size, &rules, &diag);
	if (r < 0) {
		if (!diag.text[0])
			abort();
		return 0;
	}
	r = baseline_rules_write(&rules, &text);
	/* A continued value, or a text that only just fitted before it was written anew. */
	if (r < 0 && r != -EINVAL && r != -EMSGSIZE)
		abort();
	if (r == 0) {
		if (baseline_rules_parse(text.data ? text.data : "", text.len, &again, NULL) < 0)
			abort();
		same_lists(rules.trees, again.trees);
		same_lists(rules.ignores, again.ignores);
		same_lists(rules.updaters, again.updaters);
		same_lists(rules.never_block, again.never_block);
	}
	(void)baseline_rules_ignore(&rules, "/usr/lib/x/y.so");
	baseline_rules_done(&rules);
	baseline_rules_done(&again);
	strbuf_done(&text);
	return 0;
}
