/* SPDX-License-Identifier: Apache-2.0 */
/* Where the data of a report comes from and how far it carries; every format shows these. */
#ifndef PLUMBLINE_REPORT_NOTES_H
#define PLUMBLINE_REPORT_NOTES_H

/* Plain sentences, NULL-ended. */
extern const char *const report_notes[];

#endif
