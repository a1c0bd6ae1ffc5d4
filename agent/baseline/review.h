/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an approver of a new baseline has to look at, since the machine may have been tampered with
 * before: entries that are not as their package shipped them, and those of no package. All of it is
 * told from an entry alone, so that counts can be held against the file.
 */
#ifndef PLUMBLINE_BASELINE_REVIEW_H
#define PLUMBLINE_BASELINE_REVIEW_H

#include <stdbool.h>

#include "model/file_fact.h"

enum review {
	REVIEW_DIFFERS,	     /* content is not the package's, and it is no settings file */
	REVIEW_CONFIG,	     /* content is not the package's; settings are there to be changed */
	REVIEW_ATTRIBUTES,   /* mode, owner, capabilities or link target are not the package's */
	REVIEW_PROGRAM,	     /* of no package, and it can run */
	REVIEW_PYTHON_CACHE, /* of no package: compiled by Python, by its name */
	REVIEW_FILE,	     /* of no package, anything else */
	REVIEW_ALTERNATIVE,  /* a link of no package through /etc/alternatives */
	REVIEW_LINK,	     /* a link of no package, any other */
	REVIEW_COUNT,
};

struct review_kind {
	const char *key;     /* in the statement */
	const char *label;   /* for people, in a few words */
	const char *meaning; /* one sentence */
	bool is_listed;	     /* the first paths stand in the statement too */
};

extern const struct review_kind review_kinds[REVIEW_COUNT];

/* Bits (1 << REVIEW_*) of the kinds that @entry is of; 0: nothing to look at. */
unsigned review_of(const struct file_fact *entry);

#endif
