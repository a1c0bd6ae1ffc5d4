/* SPDX-License-Identifier: Apache-2.0 */
#include "model/coverage.h"

#include "model/name_table.h"

static const char *const state_names[COVERAGE_STATE_COUNT] = {
	[COVERAGE_DOWN] = "down",	[COVERAGE_OBSERVING] = "observing",
	[COVERAGE_WARMING] = "warming", [COVERAGE_COVERED] = "covered",
	[COVERAGE_GAP] = "gap",
};

void coverage_done(struct coverage *coverage)
{
	free(coverage->rung);
	free(coverage->cause);
	free(coverage->missed);
	free(coverage->basis);
	*coverage = (struct coverage){0};
}

const char *coverage_state_name(enum coverage_state state)
{
	return name_of(state_names, COVERAGE_STATE_COUNT, state);
}

int coverage_state_parse(const char *name, enum coverage_state *ret_state)
{
	int value = value_of(state_names, COVERAGE_STATE_COUNT, name);

	if (value < 0)
		return value;
	*ret_state = (enum coverage_state)value;
	return 0;
}
