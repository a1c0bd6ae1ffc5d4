/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the pages share: one file, no script, nothing loaded, and a content
 * security policy that allows nothing but its two style sheets by digest.
 */
#ifndef PLUMBLINE_REPORT_HTML_PAGE_H
#define PLUMBLINE_REPORT_HTML_PAGE_H

#include <stdio.h>

/* Up to and with </head>; printed sheets carry @title and @made_by. -ENOMEM, or an error of the
 * digest. */
int html_page_head(FILE *out, const char *title, const char *made_by);

#endif
