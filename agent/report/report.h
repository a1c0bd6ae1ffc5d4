/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: one writer per format behind one table, for agent and collector.
 *
 * A report begins with coverage: what was watched, what was not, and why.
 */
#ifndef PLUMBLINE_REPORT_REPORT_H
#define PLUMBLINE_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "model/check_result.h"
#include "model/coverage.h"
#include "model/finding.h"

/* One machine's evidence, all in memory, oldest coverage first. Strings are borrowed. */
struct report_host {
	const char *name, *os, *kernel, *version;
	const char *rung, *rung_reason;
	const char *baseline_digest, *baseline_name;
	uint64_t baseline_revision, baseline_entries;
	const char *profile;
	const struct coverage *coverage;
	size_t coverage_count;
	const struct finding *findings;
	size_t finding_count;
	const struct check_result *checks;
	size_t check_count;
};

struct report {
	const char *title;
	const char *made_by; /* "plumbline 0.1.0 on hmi-07" */
	int64_t made_at_ns, since_ns;
	const struct report_host *hosts;
	size_t host_count;
};

struct report_ops {
	const char *name; /* "html", "json", "csv" */
	const char *content_type;
	int (*write)(const struct report *report,
		     FILE *out); /* 0 or negative errno; checks ferror */
};

extern const struct report_ops *const report_formats[]; /* NULL-ended */
const struct report_ops *report_find_format(const char *name);

#endif
