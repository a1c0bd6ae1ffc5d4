/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may say what to whom, and the names of it all. The one table below is
 * what child.c and the supervisor build their handler tables from.
 */
#include "privsep/protocol.h"

#include <stddef.h>

#include "base/cleanup.h"

#define BIT(role) (1u << (role))
#define CHILDREN                                                                         \
	(BIT(ROLE_VERIFIER) | BIT(ROLE_SENSOR) | BIT(ROLE_ASSESSOR) | BIT(ROLE_DUMPER) | \
	 BIT(ROLE_RECORDER) | BIT(ROLE_REPORTER))

struct flow {
	const char *name;
	unsigned from, to; /* bits of enum process_role */
};

static const struct flow flows[MSG_COUNT] = {
	[MSG_NONE] = {"none", 0, 0},
	[MSG_PEER] = {"peer", BIT(ROLE_SUPERVISOR), CHILDREN},
	[MSG_GO] = {"go", BIT(ROLE_SUPERVISOR), CHILDREN},
	[MSG_STOP] = {"stop", BIT(ROLE_SUPERVISOR), CHILDREN},
	[MSG_READY] = {"ready", CHILDREN, BIT(ROLE_SUPERVISOR)},
	[MSG_HEARTBEAT] = {"heartbeat", CHILDREN, BIT(ROLE_SUPERVISOR)},
	[MSG_DEGRADED] = {"degraded", CHILDREN, BIT(ROLE_SUPERVISOR)},
	[MSG_REFUSED_CALL] = {"refused-call", CHILDREN, BIT(ROLE_SUPERVISOR)},
	[MSG_LINK_CLOSED] = {"link-closed", CHILDREN, BIT(ROLE_SUPERVISOR)},
	[MSG_PINS] = {"pins", BIT(ROLE_SENSOR), BIT(ROLE_SUPERVISOR)},
	[MSG_LAYER] = {"layer", BIT(ROLE_SUPERVISOR), BIT(ROLE_VERIFIER)},
	[MSG_LOAD] = {"load", BIT(ROLE_SUPERVISOR), BIT(ROLE_VERIFIER)},
	[MSG_LOAD_RESULT] = {"load-result", BIT(ROLE_VERIFIER), BIT(ROLE_SUPERVISOR)},
	[MSG_BASELINE_BEGIN] = {"baseline-begin", BIT(ROLE_VERIFIER), BIT(ROLE_RECORDER)},
	[MSG_BASELINE_LAYER] = {"baseline-layer", BIT(ROLE_VERIFIER), BIT(ROLE_RECORDER)},
	[MSG_BASELINE_RULES] = {"baseline-rules", BIT(ROLE_VERIFIER),
				BIT(ROLE_RECORDER) | BIT(ROLE_SENSOR)},
	[MSG_BASELINE_ENTRY] = {"baseline-entry", BIT(ROLE_VERIFIER), BIT(ROLE_RECORDER)},
	[MSG_BASELINE_END] = {"baseline-end", BIT(ROLE_VERIFIER), BIT(ROLE_RECORDER)},
	[MSG_BASELINE_RESULT] = {"baseline-result", BIT(ROLE_RECORDER), BIT(ROLE_VERIFIER)},
	[MSG_DECISIONS_BEGIN] = {"decisions-begin", BIT(ROLE_VERIFIER), BIT(ROLE_SENSOR)},
	[MSG_DECISIONS] = {"decisions", BIT(ROLE_VERIFIER), BIT(ROLE_SENSOR)},
	[MSG_DECISIONS_END] = {"decisions-end", BIT(ROLE_VERIFIER), BIT(ROLE_SENSOR)},
	[MSG_EVENT] = {"event", BIT(ROLE_SENSOR), BIT(ROLE_RECORDER)},
	[MSG_STANDING] = {"standing", BIT(ROLE_SENSOR), BIT(ROLE_RECORDER)},
	[MSG_RECHECK] = {"recheck", BIT(ROLE_RECORDER), BIT(ROLE_SENSOR)},
	[MSG_RESCAN] = {"rescan", BIT(ROLE_RECORDER), BIT(ROLE_SENSOR)},
	[MSG_CHECK_BEGIN] = {"check-begin", BIT(ROLE_ASSESSOR), BIT(ROLE_RECORDER)},
	[MSG_CHECK_RESULT] = {"check-result", BIT(ROLE_ASSESSOR), BIT(ROLE_RECORDER)},
	[MSG_CHECK_END] = {"check-end", BIT(ROLE_ASSESSOR), BIT(ROLE_RECORDER)},
	[MSG_CHECK_RUN] = {"check-run", BIT(ROLE_RECORDER), BIT(ROLE_ASSESSOR)},
	[MSG_LOOKS] = {"looks", BIT(ROLE_ASSESSOR), BIT(ROLE_SENSOR)},
	[MSG_TOUCHED] = {"touched", BIT(ROLE_SENSOR), BIT(ROLE_ASSESSOR)},
	[MSG_DUMP_WANT] = {"dump-want", BIT(ROLE_ASSESSOR), BIT(ROLE_SUPERVISOR)},
	[MSG_DUMP_PART] = {"dump-part", BIT(ROLE_DUMPER), BIT(ROLE_ASSESSOR)},
	[MSG_DUMP_END] = {"dump-end", BIT(ROLE_DUMPER), BIT(ROLE_ASSESSOR)},
	[MSG_BATCH_PART] = {"batch-part", BIT(ROLE_RECORDER), BIT(ROLE_REPORTER)},
	[MSG_ACK] = {"ack", BIT(ROLE_REPORTER), BIT(ROLE_RECORDER)},
	[MSG_REJECT] = {"reject", BIT(ROLE_REPORTER), BIT(ROLE_RECORDER)},
	[MSG_LINK] = {"link", BIT(ROLE_REPORTER), BIT(ROLE_RECORDER)},
	[MSG_WANT] = {"want", BIT(ROLE_REPORTER), BIT(ROLE_RECORDER)},
	[MSG_HEAD] = {"head", BIT(ROLE_RECORDER), BIT(ROLE_SUPERVISOR)},
	[MSG_REPORT_WANT] = {"report-want", BIT(ROLE_RECORDER), BIT(ROLE_SUPERVISOR)},
	[MSG_HEAD_SIGNED] = {"head-signed", BIT(ROLE_SUPERVISOR), BIT(ROLE_RECORDER)},
	[MSG_CHILD] = {"child", BIT(ROLE_SUPERVISOR), BIT(ROLE_RECORDER)},
	[MSG_CTL_REQUEST] = {"ctl-request", BIT(ROLE_CONTROL), BIT(ROLE_RECORDER)},
	[MSG_CTL_LOAD] = {"ctl-load", BIT(ROLE_RECORDER), BIT(ROLE_SUPERVISOR)},
	[MSG_CTL_UNLOAD] = {"ctl-unload", BIT(ROLE_RECORDER), BIT(ROLE_SUPERVISOR)},
	[MSG_CTL_LOAD_RESULT] = {"ctl-load-result", BIT(ROLE_SUPERVISOR), BIT(ROLE_RECORDER)},
	[MSG_CTL_LINE] = {"ctl-line", BIT(ROLE_RECORDER), BIT(ROLE_CONTROL)},
	[MSG_CTL_DATA] = {"ctl-data", BIT(ROLE_RECORDER), BIT(ROLE_CONTROL)},
	[MSG_CTL_END] = {"ctl-end", BIT(ROLE_RECORDER), BIT(ROLE_CONTROL)},
};

bool msg_may_flow(enum msg_type type, enum process_role from, enum process_role to)
{
	if ((unsigned)type >= MSG_COUNT)
		return false;
	return (flows[type].from & BIT(from)) && (flows[type].to & BIT(to));
}

const char *msg_type_name(enum msg_type type)
{
	return (unsigned)type < MSG_COUNT ? flows[type].name : "unknown";
}

const char *role_name(enum process_role role)
{
	static const char *const names[ROLE_COUNT] = {
		[ROLE_SUPERVISOR] = "supervisor", [ROLE_VERIFIER] = "verifier",
		[ROLE_SENSOR] = "sensor",	  [ROLE_ASSESSOR] = "assessor",
		[ROLE_DUMPER] = "dumper",	  [ROLE_RECORDER] = "recorder",
		[ROLE_REPORTER] = "reporter",	  [ROLE_CONTROL] = "control",
	};

	return (unsigned)role < ROLE_COUNT ? names[role] : "unknown";
}
