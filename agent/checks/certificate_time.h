/* SPDX-License-Identifier: Apache-2.0 */
/* When certificates in PEM text end. Pure: reads bytes, verifies nothing. */
#ifndef PLUMBLINE_CHECKS_CERTIFICATE_TIME_H
#define PLUMBLINE_CHECKS_CERTIFICATE_TIME_H

#include <stdint.h>

/*
 * The end of the next certificate at *@cursor (NULL: there is none), in seconds since 1970. 1, 0 at
 * the end of the text, -EBADMSG for what is no certificate between the lines that say so, or
 * -ENOMEM.
 */
int certificate_next_end(const char **cursor, int64_t *ret_end_s);

#endif
