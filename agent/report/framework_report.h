/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reports by framework: one writer per format behind one table, as in
 * report.h, and the sentences that they share.
 */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_REPORT_H
#define PLUMBLINE_REPORT_FRAMEWORK_REPORT_H

#include <stdio.h>

#include "base/strbuf.h"
#include "report/framework_view.h"

struct framework_ops {
	const char *name;
	const char
		*needs; /* the framework that the format is for, all of ATT&CK for one; NULL: any */
	/* 0 or negative errno; checks ferror(), does not close @out. */
	int (*write)(const struct framework_view *view, FILE *out);
};

extern const struct framework_ops *const framework_formats[]; /* NULL-ended */
const struct framework_ops *framework_find_format(const char *name);

/*
 * Fills the framework, clauses and target of @question. @name is a framework, or iso-27001, which
 * is iso-27002 with clauses; @level a baseline, one security level for all, or seven by comma;
 * NULL: every control, SL 3. -EINVAL with
 * @diag.
 */
int framework_choose(struct framework_question *question, const char *name, const char *level,
		     struct diag *diag);

/* "Of 90 requirements: 12 have evidence against them, ..." */
void framework_put_summary(const struct framework_view *view, struct strbuf *out);
/* What is counted beside each other when waivers are looked through. */
void framework_put_score(const struct framework_view *view, struct strbuf *out);
/* "at SL 3", "at the moderate baseline", or nothing. */
void framework_put_target(const struct framework_question *question, struct strbuf *out);
/* What one piece of evidence says: "SYS-002 Kernel pointers hidden: wanted 1 or 2, found 0". */
void framework_put_evidence(const struct framework_evidence *evidence, struct strbuf *out);
/* What a decision of the organization is called in this framework. */
const char *framework_decision_label(const struct framework *framework);
/* Whether the report is one of decisions: a statement of applicability, or a profile. */
bool framework_asks_decisions(const struct framework_question *question);
/* "yes", "no" or "not decided". */
const char *framework_decision_words(const struct framework_row *row);

/* The title of what was asked: a standard, or the statement of applicability of one. */
const char *framework_title(const struct framework_question *question);

/* "target SL 3: 2 with evidence against, 0 waived, ..." of the @count rows from @first on. */
void framework_put_group(const struct framework_view *view, size_t first, size_t count,
			 struct strbuf *out);

/* Rows of one group: from @first on, as many as are returned. */
size_t framework_group_rows(const struct framework_view *view, size_t first);

#endif
