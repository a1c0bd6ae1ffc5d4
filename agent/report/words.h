/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers and names as a person says them. */
#ifndef PLUMBLINE_REPORT_WORDS_H
#define PLUMBLINE_REPORT_WORDS_H

#include <stddef.h>
#include <stdint.h>

#include "model/finding.h"

#define WORDS_SIZE 64

/* "23 h 51 min", "4 d 2 h", "under 1 s": the two largest units, rounded down. */
const char *words_duration(int64_t ns, char buf[static WORDS_SIZE]);

/* "1 finding is", "3 findings are": picks by @count and puts the number in front. */
const char *words_count(size_t count, const char *one, const char *many,
			char buf[static WORDS_SIZE]);

/* "99.9 %" from thousandths. */
const char *words_permille(unsigned permille, char buf[static WORDS_SIZE]);

/* One plain line for a kind: "An approved program has other content". */
const char *words_finding_kind(enum finding_kind kind);
/* What ends a difference from the approved state. */
const char *words_finding_remedy(void);

#endif
