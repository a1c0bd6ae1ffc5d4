/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cells of a CSV table (RFC 4180).
 *
 * Spreadsheets run cells that begin with = + - @, tab or carriage return as
 * formulas, and a file name can be chosen by anybody: such a cell gets a
 * leading apostrophe.
 */
#ifndef PLUMBLINE_REPORT_CSV_H
#define PLUMBLINE_REPORT_CSV_H

#include <stdio.h>

/* With its quotes; nothing for NULL. Bytes outside UTF-8 and control characters other than a line
 * break become U+FFFD. */
void csv_cell(FILE *out, const char *text);

#endif
