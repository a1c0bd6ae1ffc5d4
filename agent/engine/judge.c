/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts: what a fact is beside the approved one, and which finding kind that makes. */
#include "engine/engine.h"

/* Families of finding kinds, one column per verdict; FINDING_NONE where the family has no such
 * kind. */
struct family {
	enum finding_kind unknown, modified, added, removed, attributes;
};

static const struct family software = {FINDING_SOFTWARE_UNKNOWN, FINDING_SOFTWARE_MODIFIED,
				       FINDING_SOFTWARE_ADDED, FINDING_SOFTWARE_REMOVED,
				       FINDING_SOFTWARE_ATTRIBUTES};
static const struct family library = {FINDING_LIBRARY_UNKNOWN, FINDING_LIBRARY_MODIFIED,
				      FINDING_LIBRARY_ADDED, FINDING_LIBRARY_REMOVED,
				      FINDING_LIBRARY_ATTRIBUTES};
static const struct family script = {FINDING_SCRIPT_UNKNOWN, FINDING_SCRIPT_MODIFIED,
				     FINDING_SCRIPT_ADDED, FINDING_SCRIPT_REMOVED,
				     FINDING_SCRIPT_ATTRIBUTES};
static const struct family module = {FINDING_MODULE_UNKNOWN, FINDING_MODULE_MODIFIED,
				     FINDING_MODULE_ADDED, FINDING_MODULE_REMOVED,
				     FINDING_MODULE_ATTRIBUTES};
static const struct family config = {FINDING_SOFTWARE_UNKNOWN, FINDING_CONFIG_MODIFIED,
				     FINDING_CONFIG_ADDED, FINDING_CONFIG_REMOVED,
				     FINDING_CONFIG_ATTRIBUTES};
static const struct family data = {FINDING_SOFTWARE_UNKNOWN, FINDING_DATA_MODIFIED,
				   FINDING_DATA_ADDED, FINDING_DATA_REMOVED,
				   FINDING_DATA_ATTRIBUTES};

static const struct family *family_of(enum file_role role)
{
	switch (role) {
	case FILE_ROLE_EXECUTABLE:
	case FILE_ROLE_IMAGE:
		return &software;
	case FILE_ROLE_LIBRARY:
		return &library;
	case FILE_ROLE_SCRIPT:
		return &script;
	case FILE_ROLE_MODULE:
		return &module;
	case FILE_ROLE_CONFIG:
		return &config;
	case FILE_ROLE_DATA:
	case FILE_ROLE_COUNT:
		break;
	}
	return &data;
}

static enum finding_kind kind_of(enum verdict verdict, const struct family *family)
{
	switch (verdict) {
	case VERDICT_MODIFIED:
		return family->modified;
	case VERDICT_MOVED:
		return FINDING_SOFTWARE_MOVED;
	case VERDICT_UNKNOWN:
		return family->unknown;
	case VERDICT_ADDED:
		return family->added;
	case VERDICT_REMOVED:
		return family->removed;
	case VERDICT_ATTRIBUTES:
		return family->attributes;
	case VERDICT_UNVERIFIABLE:
		return FINDING_SOFTWARE_UNVERIFIABLE;
	case VERDICT_APPROVED:
	case VERDICT_COUNT:
		break;
	}
	return FINDING_NONE;
}

/*
 * Another type or content outweighs attributes: the entry is no longer the approved thing at all.
 * Unreadable comes between: nothing is known about the content, so "same content, other mode" must
 * not be claimed.
 */
static enum verdict weigh(unsigned diff)
{
	if (diff & (FILE_DIFF_TYPE | FILE_DIFF_CONTENT))
		return VERDICT_MODIFIED;
	if (diff & FILE_DIFF_UNREADABLE)
		return VERDICT_UNVERIFIABLE;
	if (diff & FILE_DIFF_ATTRIBUTES)
		return VERDICT_ATTRIBUTES;
	return VERDICT_APPROVED;
}

/* The path is in no baseline. */
static enum verdict judge_stranger(const struct file_fact *now,
				   const struct file_fact *same_content, bool is_exec)
{
	if (!is_exec)
		return now->type == FILE_TYPE_NONE ? VERDICT_APPROVED : VERDICT_ADDED;
	if (!now->has_digest)
		return VERDICT_UNVERIFIABLE;
	return same_content ? VERDICT_MOVED : VERDICT_UNKNOWN;
}

struct judgement engine_judge(const struct file_fact *now, const struct file_fact *approved,
			      const struct file_fact *same_content, bool is_exec)
{
	struct judgement judgement = {.verdict = VERDICT_APPROVED, .finding = FINDING_NONE};

	if (!approved) {
		judgement.verdict = judge_stranger(now, same_content, is_exec);
	} else if (is_exec && !now->has_digest) {
		/* It ran, so something was there, whatever the path shows by now. */
		judgement.verdict = VERDICT_UNVERIFIABLE;
		judgement.diff = FILE_DIFF_UNREADABLE;
	} else if (now->type == FILE_TYPE_NONE && approved->type != FILE_TYPE_NONE) {
		judgement.verdict = VERDICT_REMOVED;
		judgement.diff = FILE_DIFF_TYPE;
	} else {
		judgement.diff = file_fact_diff(approved, now);
		judgement.verdict = weigh(judgement.diff);
	}
	judgement.finding =
		kind_of(judgement.verdict, family_of(approved ? approved->role : now->role));
	return judgement;
}

uint64_t engine_exec_kinds(void)
{
	return 1ULL << FINDING_SOFTWARE_UNKNOWN | 1ULL << FINDING_SCRIPT_UNKNOWN |
	       1ULL << FINDING_LIBRARY_UNKNOWN | 1ULL << FINDING_MODULE_UNKNOWN |
	       1ULL << FINDING_SOFTWARE_MOVED | 1ULL << FINDING_SOFTWARE_UNVERIFIABLE;
}

uint64_t engine_state_kinds(void)
{
	static const struct family *const all[] = {&software, &library, &script,
						   &module,   &config,	&data};
	uint64_t kinds = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		kinds |= 1ULL << all[i]->modified | 1ULL << all[i]->added |
			 1ULL << all[i]->removed | 1ULL << all[i]->attributes;
	return kinds;
}

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[VERDICT_COUNT] = {
		[VERDICT_APPROVED] = "approved",     [VERDICT_MODIFIED] = "modified",
		[VERDICT_MOVED] = "moved",	     [VERDICT_UNKNOWN] = "unknown",
		[VERDICT_ADDED] = "added",	     [VERDICT_REMOVED] = "removed",
		[VERDICT_ATTRIBUTES] = "attributes", [VERDICT_UNVERIFIABLE] = "unverifiable",
	};

	return verdict < VERDICT_COUNT ? names[verdict] : "?";
}
