/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts that come in one order and are wanted in another, by a number: they
 * wait in an unlinked file of $TMPDIR, and memory holds 16 bytes for each.
 */
#ifndef PLUMBLINE_CLI_SPILL_H
#define PLUMBLINE_CLI_SPILL_H

#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"

struct spill;

int spill_new(struct spill **ret_spill);
struct spill *spill_free(struct spill *spill);
DEFINE_CLEANUP(struct spill *, spill_free)

int spill_add(struct spill *spill, size_t number, const char *text, size_t len);

/* Writes all texts in the order in which they came, with @separator between two. */
int spill_write(struct spill *spill, const char *separator, FILE *out);
/* The same for those of @number. */
int spill_write_number(struct spill *spill, size_t number, const char *separator, FILE *out);

#endif
