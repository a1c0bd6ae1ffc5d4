/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A framework beside the evidence of hosts: for each requirement what speaks
 * for it, what against, what was not assessed, and what no host can show.
 *
 * It judges evidence, never a host, a system or an organization. Writes nothing.
 */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_VIEW_H
#define PLUMBLINE_REPORT_FRAMEWORK_VIEW_H

#include "model/control.h"
#include "model/crosswalk.h"
#include "model/scope.h"
#include "model/waiver.h"
#include "report/report.h"

#define FOUNDATIONAL_REQUIREMENTS 7

/* What is asked. */
struct framework_question {
	const struct report *report;
	const struct crosswalk *crosswalk;
	const struct framework *framework;
	const struct control_map *map;		       /* kinds of finding */
	const struct waiver_list *waivers;	       /* NULL: none */
	const struct scope *scope;		       /* NULL: nothing was decided */
	unsigned target_sl[FOUNDATIONAL_REQUIREMENTS]; /* 62443-3-3: 1 to 4 for each FR */
	unsigned baseline; /* 800-53, 800-82: a BASELINE_ bit; 0: every control */
	bool has_clauses; /* ISO/IEC 27001: clauses 4 to 10 before the statement of applicability */
};

/* In the order of the view's evidence for one requirement. */
enum evidence_stand {
	EVIDENCE_AGAINST,
	EVIDENCE_WAIVED, /* it would be against */
	EVIDENCE_NOT_ASSESSED,
	EVIDENCE_FOR,
	EVIDENCE_STAND_COUNT,
};

/* What of an incident a paragraph asks for. */
enum incident_aspect {
	ASPECT_NONE,
	ASPECT_REPORT, /* that it is reported in time */
	ASPECT_HOLD,   /* that its evidence is kept */
};

/* One of check, finding and watched_ns is set. */
struct framework_evidence {
	size_t row;
	enum evidence_stand stand;
	enum touch touch;
	const struct report_host *host;
	const struct check_result *check;
	const struct finding *finding;
	enum incident_aspect aspect; /* the finding speaks by its incident, as of @now_ns */
	int64_t now_ns;
	int64_t watched_ns; /* so long the host was covered, and none of @kinds is open */
	unsigned kinds;
	const struct waiver *waiver;
};

enum row_state {
	ROW_AGAINST,	    /* at least one piece of evidence is against it */
	ROW_WAIVED,	    /* all that would be against is waived */
	ROW_FOR,	    /* there is evidence, and none against */
	ROW_NOT_ASSESSED,   /* a host could show it; nothing was assessed */
	ROW_NOT_ASSESSABLE, /* no host can show it, or nothing sourced leads to it */
	ROW_STATE_COUNT,
};

struct framework_row {
	const struct framework_item *item;
	enum row_state state, state_without_waivers;
	const char *why_not; /* without evidence: why, in words */
	size_t first, count; /* of the evidence */
	size_t stands[EVIDENCE_STAND_COUNT];
	bool is_decided; /* by the organization */
	struct scope_decision decision;
};

struct framework_view {
	const struct framework_question *question;
	struct framework_row *rows; /* those that the target selects, in the order of the file */
	size_t row_count;
	struct framework_evidence *evidence; /* by row, stand, then severity */
	size_t evidence_count;
	size_t states[ROW_STATE_COUNT], states_without_waivers[ROW_STATE_COUNT];
};

/* -ENOMEM. */
int framework_view_init(const struct framework_question *question, struct framework_view *ret_view);
void framework_view_done(struct framework_view *view);
#define cleanup_framework_view cleanup_with(framework_view_done)

/* What one result, or one finding, is by itself; false for a finding that is over, explained, or
 * told by the result of its check. */
enum evidence_stand framework_check_stand(const struct framework_question *question,
					  const struct report_host *host,
					  const struct check_result *check,
					  const struct waiver **ret_waiver);
bool framework_finding_stand(const struct framework_question *question,
			     const struct report_host *host, const struct finding *finding,
			     enum evidence_stand *ret_stand, const struct waiver **ret_waiver);

const char *row_state_name(enum row_state state);	    /* "evidence_against" */
const char *row_state_words(enum row_state state);	    /* "evidence against it" */
const char *evidence_stand_name(enum evidence_stand stand); /* "against" */
/* Index of the foundational requirement of an IEC 62443-3-3 id, 0 to 6. */
unsigned framework_fr_of(const char *id);

#endif
