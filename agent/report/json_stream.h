/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents written piece by piece, so that memory does not grow with them. */
#ifndef PLUMBLINE_REPORT_JSON_STREAM_H
#define PLUMBLINE_REPORT_JSON_STREAM_H

#include <stdio.h>

#include "base/json.h"

/* Hands what was built so far to @out. 0, -ENOMEM or -EIO. */
int json_stream(struct json *j, FILE *out);

#endif
