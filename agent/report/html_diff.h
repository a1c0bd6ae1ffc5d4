/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies between two baselines, as one page for the people who approve the
 * later one: totals, rules, a row for each package, and files where wanted.
 */
#ifndef PLUMBLINE_REPORT_HTML_DIFF_H
#define PLUMBLINE_REPORT_HTML_DIFF_H

#include <stdio.h>

#include "baseline/diff.h"

struct html_diff {
	const char *made_by;
	int64_t made_at_ns;
	/* [0] the old file, [1] the new one */
	const struct baseline_statement *statements[2];
	const char *digests[2];
	const struct diff *diff;
	/* Writes the rows of html_diff_file() of this group; NULL: no files are listed. */
	int (*write_files)(size_t group, FILE *out, void *userdata);
	void *userdata;
};

int html_diff_write(const struct html_diff *page, FILE *out);

/* One file as a row of its package's table. -ENOMEM. */
int html_diff_file(const struct diff_change *change, FILE *out);

#endif
