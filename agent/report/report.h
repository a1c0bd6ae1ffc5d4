/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports: one writer per format behind one table, for agent and collector.
 *
 * A report begins with coverage: what was watched, what was not, and why. A
 * writer is pure: it reads the values below and writes to one stream; it asks
 * no clock, no file and no network.
 */
#ifndef PLUMBLINE_REPORT_REPORT_H
#define PLUMBLINE_REPORT_REPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "baseline/baseline.h"
#include "model/catalog.h"
#include "model/check_families.h"
#include "model/check_result.h"
#include "model/coverage.h"
#include "model/finding.h"
#include "model/waiver.h"

/* Something that is not seen now, beyond what the rung itself does not see (model/sight.h). */
struct report_blind_spot {
	const char *what; /* "file.mmap-write" */
	const char *note; /* why not, or what would change it; NULL */
};

/* The newest signed chain head: what ties this report to the records of the host. */
struct report_head {
	uint64_t sequence;     /* 0: nothing was recorded yet */
	const char *chain;     /* hex */
	const char *key_id;    /* hex SHA-256 of the public key; NULL: not signed */
	const char *signature; /* base64; NULL: not signed */
	/* Collector: last record under a signature of the host that it verified; 0: none. */
	uint64_t verified_sequence;
};

/* One machine's evidence, all in memory, oldest coverage first. Strings are borrowed; NULL: not
 * known. */
struct report_host {
	const char *name, *os, *kernel, *version;
	const char *rung, *rung_reason;
	const struct report_blind_spot *blind_spots;
	size_t blind_spot_count;
	const char *baseline_digest, *baseline_name;
	uint64_t baseline_revision, baseline_entries;
	const struct baseline_statement *statement; /* NULL: the baseline file was not at hand */
	const struct baseline_approval *approvals;
	size_t approval_count;
	const char *profile;
	/* SL 3 requirements for which this host gives evidence, and how many SL 3 has; 0 of 0: not
	 * known. */
	unsigned requirements_with_evidence, requirements_all;
	struct report_head head;
	int64_t heard_ns; /* when this was known; what lasted then is not said to last on. 0:
			     made_at */
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
	int64_t made_at_ns;
	int64_t since_ns; /* 0: from the first coverage record on */
	const struct report_host *hosts;
	size_t host_count;
	const struct waiver_list
		*waivers;	      /* NULL: none; those count that are in force at made_at */
	char *const *refused_waivers; /* files that do not count, and why */
	size_t refused_waiver_count;
	const struct check_families *families; /* NULL: not at hand */
	/* As of a host: what all of them give evidence for together. 0 of 0: not known. */
	unsigned requirements_with_evidence, requirements_all;
};

struct report_ops {
	const char *name; /* "html", "json", "csv" */
	const char *content_type;
	/* 0 or negative errno; checks ferror(), does not close @out. */
	int (*write)(const struct report *report, FILE *out);
};

extern const struct report_ops *const report_formats[]; /* NULL-ended */
const struct report_ops *report_find_format(const char *name);

/*
 * Fills the two requirement counts of @host: of the SL 3 requirements in @catalog, those for which
 * a check of
 * @host passed or failed. An error, or a check that does not apply, is no evidence.
 */
void report_count_requirements(const struct catalog *catalog, struct report_host *host);
/* The same for @report: a requirement counts once, whichever of the hosts gives evidence. */
void report_count_all_requirements(const struct catalog *catalog, struct report *report);
/* For who holds one result at a time: marks those of the catalog's requirements for which @check
 * gives evidence, in an array of catalog_count(@catalog, CATALOG_REQUIREMENT). */
void report_mark_requirements(const struct catalog *catalog, const struct check_result *check,
			      unsigned char *marks);
/* The two counts of @report by such marks. */
void report_sum_requirements(const struct catalog *catalog, const unsigned char *marks,
			     struct report *report);

#endif
