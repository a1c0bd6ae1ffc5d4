/* SPDX-License-Identifier: Apache-2.0 */
/* What changed in a package, in one line for people. */
#ifndef PLUMBLINE_CLI_DIFF_TEXT_H
#define PLUMBLINE_CLI_DIFF_TEXT_H

#include "baseline/diff.h"

struct strbuf;

/* "openssl 3.0.11 -> 3.0.14: content 3 library" and the like, without newline. */
void diff_text_add_group(struct strbuf *out, const struct diff_group *group);

#endif
