/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine: one fact beside what was approved gives a verdict and, when they
 * differ, a finding. Pure: no I/O, no clock, no logging, no memory of its own.
 */
#ifndef PLUMBLINE_ENGINE_ENGINE_H
#define PLUMBLINE_ENGINE_ENGINE_H

#include "model/check_result.h"
#include "model/event.h"
#include "model/finding.h"

enum verdict {
	VERDICT_APPROVED,
	VERDICT_MODIFIED,     /* path approved, other content */
	VERDICT_MOVED,	      /* approved content at another path */
	VERDICT_UNKNOWN,      /* neither path nor content approved */
	VERDICT_ADDED,	      /* not in the baseline, found in a monitored tree */
	VERDICT_REMOVED,      /* approved, not there */
	VERDICT_ATTRIBUTES,   /* approved content, other mode, owner, capabilities or xattrs */
	VERDICT_UNVERIFIABLE, /* content could not be hashed */
	VERDICT_COUNT,
};

struct judgement {
	enum verdict verdict;
	enum finding_kind finding; /* FINDING_NONE when approved */
	unsigned diff;		   /* FILE_DIFF_* */
};

/*
 * Judges a file that ran (@is_exec) or was found. @approved is the entry of that path,
 * @same_content any entry with that digest; either may be NULL. The role for the finding kind is
 * the approved one, else the one found.
 */
struct judgement engine_judge(const struct file_fact *now, const struct file_fact *approved,
			      const struct file_fact *same_content, bool is_exec);

/*
 * Fills a finding (the caller's to seal, map and free) from a judgement that is not approved;
 * -EINVAL when it is. @event gives subject and time; @approved is the entry of the path or, for
 * VERDICT_MOVED, the entry with the same content. Expected and actual are digests where content
 * differs ("sha256:..."), else "mode 0755", "owner root:root" and so on.
 */
int engine_make_finding(const struct judgement *judgement, const struct event *event,
			const struct file_fact *now, const struct file_fact *approved,
			const char *baseline_digest, struct finding *ret_finding);

/*
 * At @point stands @actual in place of @expected, both as MOUNT_LIST_NOTHING or words of a
 * mount. @event gives subject, time and count.
 */
int engine_make_mount_finding(const char *point, const char *expected, const char *actual,
			      const struct event *event, struct finding *ret_finding);

/* How a check came to fail. */
struct engine_check_history {
	bool was_pass;		   /* before: makes it hardening.regressed */
	const char *before;	   /* what was found then; NULL: not known */
	const char *touched;	   /* path that was touched; NULL: a run that nothing called for */
	const struct subject *who; /* touched it; NULL: not known */
};

/* A failed check as a finding. */
int engine_make_check_finding(const struct check_result *result,
			      const struct engine_check_history *history,
			      struct finding *ret_finding);

/* What the agent has to say about itself. @what stands as the finding's path: a short, stable name
 * of the matter. */
int engine_make_agent_finding(enum finding_kind kind, int64_t time_ns, const char *what,
			      const char *expected, const char *actual, const char *detail,
			      struct finding *ret_finding);

/* Kinds that speak of the state of a path, and kinds that speak of a program that ran, as a bit per
 * enum finding_kind. */
uint64_t engine_state_kinds(void);
uint64_t engine_exec_kinds(void);

/* "sha256:HEX", "link to TARGET", "directory", ... ; what findings call expected and actual. NULL
 * when out of memory. */
char *engine_describe_content(const struct file_fact *fact);

const char *verdict_name(enum verdict verdict);

#endif
