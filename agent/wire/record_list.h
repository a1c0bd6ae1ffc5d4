/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON array of records, as the verbs print it with --json. */
#ifndef PLUMBLINE_WIRE_RECORD_LIST_H
#define PLUMBLINE_WIRE_RECORD_LIST_H

#include <stddef.h>

#include "base/diag.h"

struct wire_record;

/*
 * Calls @fn for each record of the array in @text, one in memory at a time; @fn may move out what
 * it keeps. The first error of @fn, -EBADMSG with the line in @diag, or -ENOMEM. @name stands for
 * the file in messages.
 */
int record_list_read(const char *name, const char *text, size_t len,
		     int (*fn)(struct wire_record *record, void *userdata), void *userdata,
		     struct diag *diag);

#endif
