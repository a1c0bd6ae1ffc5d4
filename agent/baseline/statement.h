/* SPDX-License-Identifier: Apache-2.0 */
/*
 * statement.json: what a person signs. One line of JSON, keys in one order.
 *
 * The reader takes the text only if the writer would have written it, so
 * nothing can stand in it that Plumbline does not show.
 */
#ifndef PLUMBLINE_BASELINE_STATEMENT_H
#define PLUMBLINE_BASELINE_STATEMENT_H

#include <stddef.h>

#include "baseline/baseline.h"

struct strbuf;

#define STATEMENT_FORMAT     "plumbline-baseline-1"
#define STATEMENT_MAX	     57344 /* it travels in one message between processes */
#define STATEMENT_LIST_MAX   24576 /* bytes of listed problems; the counts go on */
#define STATEMENT_REVIEW_MAX 6144  /* bytes of each list of paths to look at; likewise */

/* -EMSGSIZE when it would be longer than STATEMENT_MAX, -EINVAL when a field is missing or is not
 * UTF-8, -ENOMEM. */
int statement_write(const struct baseline_statement *statement, struct strbuf *out);

/* -EBADMSG with @diag filled, or -ENOMEM. */
int statement_read(const char *text, size_t len, struct baseline_statement *ret_statement,
		   struct diag *diag);

/*
 * Adds to the listed problems unless they are full; always counts (not_read).
 */
int statement_add_problem(struct baseline_statement *statement, const char *path,
			  const char *problem);

/* Counts what @entry is to a reviewer, and lists its path while there is room. */
int statement_add_review(struct baseline_statement *statement, unsigned kinds, const char *path);
/* Forgets all of it. */
void statement_clear_review(struct baseline_statement *statement);

/* The full digest: SHA-256 over "ENTRIES_SHA256\nRULES_SHA256\n". */
int statement_seal(struct baseline_statement *statement);

#endif
