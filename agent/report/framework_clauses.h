/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paragraphs of DFARS 252.204-7012 that a declared incident answers: which of
 * its times speaks for or against them, and why nothing does without one.
 */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_CLAUSES_H
#define PLUMBLINE_REPORT_FRAMEWORK_CLAUSES_H

#include "report/framework_view.h"

struct framework_clause {
	const char *id;
	enum incident_aspect aspect;
	const char *why_not; /* where there is no incident, in words */
};

/* NULL when @item is no such paragraph. */
const struct framework_clause *framework_find_clause(const struct framework_item *item);

/* What an incident says by that aspect at @now_ns, and the same in words. */
enum evidence_stand framework_aspect_stand(enum incident_aspect aspect,
					   const struct incident *incident, int64_t now_ns);
void framework_put_aspect(enum incident_aspect aspect, const struct incident *incident,
			  int64_t now_ns, struct strbuf *out);

#endif
