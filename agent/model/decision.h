/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decisions about content, as the kernel is given them, and what it answered
 * with them. Plain values; the baseline and the engine know paths, these do not.
 */
#ifndef PLUMBLINE_MODEL_DECISION_H
#define PLUMBLINE_MODEL_DECISION_H

#include <stdint.h>

#include "base/hash.h"
#include "model/file_fact.h"

/* Of a whole baseline at most. */
#define DECISIONS_MAX 1000000

enum decision_kind {
	DECISION_NONE,
	DECISION_APPROVED,
	DECISION_REVOKED,
	DECISION_KIND_COUNT,
};

struct decision {
	uint8_t sha256[SHA256_SIZE];
	uint8_t kind; /* enum decision_kind */
};

/* What the kernel knew of a file when it became code. */
enum answer {
	ANSWER_NONE, /* it was not asked, or had no decisions */
	ANSWER_APPROVED,
	ANSWER_MODIFIED,     /* the file held approved content before */
	ANSWER_UNKNOWN,	     /* its content is known and not approved */
	ANSWER_UNVERIFIED,   /* its content is not known yet, or not any more */
	ANSWER_REVOKED,	     /* its content is known and was taken back */
	ANSWER_UNVERIFIABLE, /* no name leads to it */
	ANSWER_COUNT,
};

/* What came of it. */
enum outcome {
	OUTCOME_ALLOWED,
	OUTCOME_DENIED,
	OUTCOME_SPARED, /* would have been denied, but it is never blocked */
	OUTCOME_LATE,	/* would have been denied, but the agent said nothing in time */
	OUTCOME_COUNT,
};

struct kernel_answer {
	enum answer answer;
	enum outcome outcome;
	uint32_t generation; /* of the one set of decisions that was asked; 0: none */
};

const char *answer_name(enum answer answer);
const char *outcome_name(enum outcome outcome);

/* Whether a baseline entry may become code, so that the kernel needs a decision about it. */
bool decision_is_for(const struct file_fact *entry);

#endif
