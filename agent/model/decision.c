/* SPDX-License-Identifier: Apache-2.0 */
#include "model/decision.h"

#include "model/name_table.h"

static const char *const answer_names[ANSWER_COUNT] = {
	[ANSWER_NONE] = "none",
	[ANSWER_APPROVED] = "approved",
	[ANSWER_MODIFIED] = "modified",
	[ANSWER_UNKNOWN] = "unknown",
	[ANSWER_UNVERIFIED] = "unverified",
	[ANSWER_REVOKED] = "revoked",
	[ANSWER_UNVERIFIABLE] = "unverifiable",
};

static const char *const outcome_names[OUTCOME_COUNT] = {
	[OUTCOME_ALLOWED] = "allowed",
	[OUTCOME_DENIED] = "denied",
	[OUTCOME_SPARED] = "spared",
	[OUTCOME_LATE] = "late",
};

const char *answer_name(enum answer answer)
{
	return name_of(answer_names, ANSWER_COUNT, answer);
}

const char *outcome_name(enum outcome outcome)
{
	return name_of(outcome_names, OUTCOME_COUNT, outcome);
}

bool decision_is_for(const struct file_fact *entry)
{
	if (entry->type != FILE_TYPE_REGULAR || !entry->has_digest)
		return false;
	if (entry->role != FILE_ROLE_DATA && entry->role != FILE_ROLE_CONFIG)
		return true;
	return !(entry->unstated & FILE_DIFF_MODE) && (entry->mode & 0111);
}
