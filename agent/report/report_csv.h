/* SPDX-License-Identifier: Apache-2.0 */
/* The csv writer, for the table in report.c. */
#ifndef PLUMBLINE_REPORT_REPORT_CSV_H
#define PLUMBLINE_REPORT_REPORT_CSV_H

#include "report/report.h"

extern const struct report_ops report_csv;

#endif
