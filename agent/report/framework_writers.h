/* SPDX-License-Identifier: Apache-2.0 */
/* The writers by framework, for the table in framework_report.c. */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_WRITERS_H
#define PLUMBLINE_REPORT_FRAMEWORK_WRITERS_H

#include "report/framework_report.h"

extern const struct framework_ops framework_text, framework_html, framework_json, framework_csv;
extern const struct framework_ops framework_hdf, framework_navigator;
extern const struct framework_ops framework_oscal_ap, framework_oscal_ar, framework_oscal_poam;

#endif
