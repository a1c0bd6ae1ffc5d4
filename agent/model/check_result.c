/* SPDX-License-Identifier: Apache-2.0 */
#include "model/check_result.h"

#include "model/name_table.h"

static const char *const outcome_names[CHECK_OUTCOME_COUNT] = {
	[CHECK_PASS] = "pass",
	[CHECK_FAIL] = "fail",
	[CHECK_ERROR] = "error",
	[CHECK_NOT_APPLICABLE] = "not_applicable",
};

void check_result_done(struct check_result *result)
{
	free(result->id);
	free(result->title);
	free(result->expected);
	free(result->actual);
	free(result->reason);
	free(result->remediation);
	free(result->ot_caution);
	free(result->controls);
	free(result->requirements);
	free(result->techniques);
	*result = (struct check_result){0};
}

int check_result_copy(const struct check_result *from, struct check_result *to)
{
	struct check_result copy = *from;
	int r = 0;

	r |= copy_string(from->id, &copy.id);
	r |= copy_string(from->title, &copy.title);
	r |= copy_string(from->expected, &copy.expected);
	r |= copy_string(from->actual, &copy.actual);
	r |= copy_string(from->reason, &copy.reason);
	r |= copy_string(from->remediation, &copy.remediation);
	r |= copy_string(from->ot_caution, &copy.ot_caution);
	r |= copy_string(from->controls, &copy.controls);
	r |= copy_string(from->requirements, &copy.requirements);
	r |= copy_string(from->techniques, &copy.techniques);
	if (r < 0) {
		check_result_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

const char *check_outcome_name(enum check_outcome outcome)
{
	return name_of(outcome_names, CHECK_OUTCOME_COUNT, outcome);
}

int check_outcome_parse(const char *name, enum check_outcome *ret_outcome)
{
	int value = value_of(outcome_names, CHECK_OUTCOME_COUNT, name);

	if (value < 0)
		return value;
	*ret_outcome = (enum check_outcome)value;
	return 0;
}
