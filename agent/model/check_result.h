/* SPDX-License-Identifier: Apache-2.0 */
/* Outcome of one hardening check: what was wanted beside what was found. */
#ifndef PLUMBLINE_MODEL_CHECK_RESULT_H
#define PLUMBLINE_MODEL_CHECK_RESULT_H

#include <stdint.h>

#include "base/cleanup.h"
#include "model/finding.h"

enum check_outcome {
	CHECK_PASS,
	CHECK_FAIL,
	CHECK_ERROR,	      /* could not be found out; never counts as pass */
	CHECK_NOT_APPLICABLE, /* @reason says why */
	CHECK_OUTCOME_COUNT,
};

struct check_result {
	char *id; /* "SYS-001" */
	char *title;
	enum check_outcome outcome;
	enum finding_severity severity;
	char *expected;
	char *actual; /* NULL when nothing could be read */
	char *reason; /* for error and not_applicable; NULL else */
	char *remediation;
	char *ot_caution;
	char *controls; /* as in struct finding */
	char *requirements;
	char *techniques;
	int64_t time_ns; /* when it ran */
	uint64_t duration_ns;
};

void check_result_done(struct check_result *result);
int check_result_copy(const struct check_result *from, struct check_result *to);
#define cleanup_check_result cleanup_with(check_result_done)

const char *check_outcome_name(enum check_outcome outcome);
int check_outcome_parse(const char *name, enum check_outcome *ret_outcome);

#endif
