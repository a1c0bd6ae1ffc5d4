/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clauses 4 to 10 of a management system standard in the Harmonized Structure,
 * as ISO/IEC 27001 has them: what the evidence of hosts adds to each, and what
 * it leaves to the organization. Annex A follows as the statement of
 * applicability. In our own words; clause numbers and headings are facts.
 */
#ifndef PLUMBLINE_REPORT_CLAUSES_H
#define PLUMBLINE_REPORT_CLAUSES_H

#include <stdio.h>

#include "base/json.h"
#include "report/framework_view.h"

/* Each 0 or -ENOMEM. */
int clauses_write_text(const struct framework_view *view, FILE *out);
int clauses_write_html(const struct framework_view *view, FILE *out);
int clauses_put_json(const struct framework_view *view, struct json *j);

#endif
