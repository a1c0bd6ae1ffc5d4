/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks in nanoseconds and RFC 3339 text. */
#ifndef PLUMBLINE_BASE_CLOCK_H
#define PLUMBLINE_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NSEC_PER_SEC  1000000000LL
#define NSEC_PER_MSEC 1000000LL
#define RFC3339_SIZE  32

int64_t clock_real_ns(void);
int64_t clock_boot_ns(void);
int64_t clock_mono_ns(void);
/* What the calling thread has run for; stands still while others have its CPU. */
int64_t clock_thread_cpu_ns(void);

/* "2026-11-21T19:34:52.123Z". */
const char *clock_format(int64_t unix_ns, char buf[static RFC3339_SIZE]);
/* Accepts what clock_format() writes, also without fraction or with up to 9 digits, and +HH:MM. */
int clock_parse(const char *text, int64_t *ret_unix_ns);

#endif
