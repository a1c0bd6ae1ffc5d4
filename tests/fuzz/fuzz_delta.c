/* SPDX-License-Identifier: Apache-2.0 */
/* A delta: what is taken can be written and reads as the same; what is refused has a reason. */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/delta.h"
#include "fuzz/fuzz.h"

static void same_verdict(const struct delta_verdict *a, const struct delta_verdict *b)
{
	if (a->decision != b->decision || !str_equal(a->reason, b->reason))
		abort();
}

static void same_path(const struct delta_path *a, const struct delta_path *b)
{
	if (strcmp(a->path, b->path) != 0 || a->kind != b->kind || a->now_len != b->now_len ||
	    (a->now && memcmp(a->now, b->now, a->now_len) != 0) || !a->findings != !b->findings)
		abort();
	for (size_t i = 0; a->findings && (a->findings[i] || b->findings[i]); i++)
		if (!str_equal(a->findings[i], b->findings[i]))
			abort();
	same_verdict(&a->verdict, &b->verdict);
}

static void write_all(const struct delta *delta, struct strbuf *out)
{
	delta_write_head(delta->from, "# comment\n", out);
	for (size_t group = 0; group < delta->group_count; group++) {
		delta_write_group(&delta->groups[group], "", out);
		for (size_t i = 0; i < delta->path_count; i++)
			if (delta->paths[i].group == group)
				delta_write_path(&delta->paths[i], "# comment\n", out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct delta delta = {0}, again = {0};
	struct strbuf text = STRBUF_INIT;
	struct diag diag = {0};

	if (delta_parse("d", (const char *)data, size, &delta, &diag) < 0) {
		if (!diag.text[0])
			abort();
		return 0;
	}
	write_all(&delta, &text);
	if (delta_parse("d", text.data, text.len, &again, NULL) < 0 ||
	    strcmp(delta.from, again.from) != 0 || delta.group_count != again.group_count ||
	    delta.path_count != again.path_count)
		abort();
	for (size_t i = 0; i < delta.group_count; i++) {
		if (!str_equal(delta.groups[i].package, again.groups[i].package))
			abort();
		same_verdict(&delta.groups[i].verdict, &again.groups[i].verdict);
	}
	for (size_t i = 0; i < delta.path_count; i++)
		same_path(&delta.paths[i], &again.paths[i]);
	if (delta_check_decided("d", &delta, &diag) < 0 && !diag.text[0])
		abort();
	delta_done(&delta);
	delta_done(&again);
	strbuf_done(&text);
	return 0;
}
