/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writers of `plumbline baseline export`: a baseline in the forms that other
 * tools read. Each reads @baseline to its end, so a file that is not good is
 * found out; what came before that must then not be used.
 */
#ifndef PLUMBLINE_CLI_BASELINE_EXPORT_H
#define PLUMBLINE_CLI_BASELINE_EXPORT_H

#include <stdio.h>

#include "base/diag.h"
#include "baseline/baseline.h"

/* 0, or negative errno with @diag where it helps. */
typedef int (*baseline_export_fn)(struct baseline *baseline, FILE *out, struct diag *diag);

/* One row for each entry. */
int baseline_export_csv(struct baseline *baseline, FILE *out, struct diag *diag);
/* BSD mtree(5), paths from /, names in vis(3) octal. */
int baseline_export_mtree(struct baseline *baseline, FILE *out, struct diag *diag);
/* CycloneDX 1.6: packages with their files, approvals as affirmations. */
int baseline_export_cyclonedx(struct baseline *baseline, FILE *out, struct diag *diag);
/* The document of `baseline show --json`. */
int baseline_export_json(struct baseline *baseline, FILE *out, struct diag *diag);

#endif
