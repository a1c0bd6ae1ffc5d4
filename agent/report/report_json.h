/* SPDX-License-Identifier: Apache-2.0 */
/* The json writer, for the table in report.c, and what the writer by framework says the same way.
 */
#ifndef PLUMBLINE_REPORT_REPORT_JSON_H
#define PLUMBLINE_REPORT_REPORT_JSON_H

#include "report/report.h"

struct json;
struct waiver;

extern const struct report_ops report_json;

/* The member "waiver"; nothing when @waiver is NULL. */
void report_json_waiver(struct json *j, const struct waiver *waiver);

#endif
