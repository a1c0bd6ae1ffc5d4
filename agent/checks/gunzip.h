/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks a small gzip file, as the kernel keeps its configuration in one. */
#ifndef PLUMBLINE_CHECKS_GUNZIP_H
#define PLUMBLINE_CHECKS_GUNZIP_H

#include "base/strbuf.h"

/*
 * Appends what @packed holds to @sb. 0, -EBADMSG when it is damaged, cut off or no gzip, -EFBIG
 * when it unpacks to more than @max bytes, or -ENOMEM.
 */
int gunzip(const struct strbuf *packed, size_t max, struct strbuf *sb);

#endif
