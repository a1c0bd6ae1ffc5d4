/* SPDX-License-Identifier: Apache-2.0 */
/* The machine as it is now beside the baseline, as paths of a proposal. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "baseline/compare.h"
#include "cli/proposal.h"

static bool is_wanted(const struct proposal *p, const char *path)
{
	if (!p->trees)
		return true;
	for (char *const *tree = p->trees; *tree; tree++)
		if (path_is_below(path, *tree))
			return true;
	return false;
}

static int on_difference(const struct file_fact *approved, const struct file_fact *now,
			 const char *why, void *userdata)
{
	struct proposal *p = userdata;
	cleanup_file_fact struct file_fact fact = {0};
	int r;

	if (!is_wanted(p, now->path))
		return 0;
	if (why) {
		proposal_leave_out(p, now->path, why);
		return 0;
	}
	r = file_fact_copy(now, &fact);
	if (r == 0)
		r = present_fill_origin(p->present, &fact);
	return r < 0 ? r : proposal_add(p, &fact);
}

static int on_unread(const char *path, int error, void *userdata)
{
	struct proposal *p = userdata;

	/* Network and kernel file systems are no part of a baseline. */
	if (error != EXDEV && is_wanted(p, path))
		proposal_leave_out(p, path, strerror(error));
	return 0;
}

int proposal_scan(struct proposal *p, struct diag *diag)
{
	cleanup_with(layers_freep) struct layers *layers = NULL;
	const struct compare_options options = {
		.is_full = true,
		.on_difference = on_difference,
		.on_unread = on_unread,
		.userdata = p,
	};
	enum layer layer;
	struct compare_totals totals;
	int r;

	r = layer_parse(baseline_get_statement(p->from)->layer, &layer);
	if (r == 0)
		r = layers_new(&layers);
	if (r < 0)
		return r;
	layers_trust_host(layers);
	r = layers_add(layers, TAKE_PTR(p->from), diag);
	if (r == 0)
		r = layers_combine(layers, diag);
	if (r == 0)
		r = baseline_compare(layers, &options, &totals, diag);
	p->from = layers_release(layers, layer);
	if (r == -E2BIG)
		return diag_set(diag, "", 0, r,
				"more differences than a delta holds; make a new baseline instead");
	return r;
}
