/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/diff_text.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"

static void add_version(struct strbuf *out, const char *version, bool has_others)
{
	str_escape(out, version, strlen(version));
	if (has_others)
		strbuf_add_str(out, " and others");
}

/* "openssl 3.0.11 -> 3.0.14" and the like. */
static void add_package(struct strbuf *out, const struct diff_group *g)
{
	if (!g->package) {
		strbuf_add_str(out, "of no package");
		return;
	}
	str_escape(out, g->package, strlen(g->package));
	strbuf_add_char(out, ' ');
	if (!g->old_version)
		strbuf_add_str(out, "new: ");
	else
		add_version(out, g->old_version, g->has_old_others);
	if (g->old_version && g->now_version && str_equal(g->old_version, g->now_version) &&
	    !g->has_old_others && !g->has_now_others)
		return;
	if (g->old_version)
		strbuf_add_str(out, " -> ");
	if (!g->now_version)
		strbuf_add_str(out, "gone");
	else
		add_version(out, g->now_version, g->has_now_others);
}

static void add_counts(struct strbuf *out, const struct diff_group *g)
{
	const char *kind_separator = ": ";

	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++) {
		const char *separator = " ";

		if (g->totals[kind] == 0)
			continue;
		strbuf_printf(out, "%s%s", kind_separator, diff_kind_name((enum diff_kind)kind));
		kind_separator = "; ";
		for (int role = FILE_ROLE_COUNT - 1; role >= 0; role--) {
			if (g->counts[kind][role] == 0)
				continue;
			strbuf_printf(out, "%s%" PRIu64 " %s", separator, g->counts[kind][role],
				      file_role_name((enum file_role)role));
			separator = ", ";
		}
	}
	if (diff_group_is_odd(g))
		strbuf_add_str(out, " (OTHER CONTENT WITHOUT A NEW VERSION)");
}

void diff_text_add_group(struct strbuf *out, const struct diff_group *group)
{
	add_package(out, group);
	add_counts(out, group);
}
