/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel answered when code was used, and whether it denies. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "daemon/recorder.h"

/* The path of the finding about denials of what is approved. */
#define UNVERIFIED "approved code was denied"

int recorder_on_enforcement(struct recorder *recorder, struct event *event)
{
	bool is_known = str_equal(event->text, "enforce") || str_equal(event->text, "observe");
	int r;

	if (!is_known)
		return -EBADMSG;
	if (!str_equal(recorder->enforcement, event->text))
		log_info("Enforcement: %s", event->text);
	recorder->decisions = event->count;
	recorder->generation = event->kernel.generation;
	r = recorder_set_text(&recorder->enforcement, event->text);
	if (r == 0)
		r = recorder_set_text(&recorder->enforcement_reason, event->detail);
	return r;
}

/*
 * The kernel denies what it has not verified, and what it has never seen read may turn out to be
 * approved: then somebody was kept from approved work, and must not learn it from a user.
 */
int recorder_on_answer(struct recorder *recorder, const struct event *event, const char *verdict)
{
	cleanup_strbuf struct strbuf detail = STRBUF_INIT;

	if (event->kernel.outcome != OUTCOME_DENIED || !str_equal(verdict, "approved"))
		return 0;
	str_escape(&detail, event->object.path, strlen(event->object.path));
	strbuf_printf(
		&detail,
		" is approved, but was denied: the kernel had not verified it (%s, generation "
		"%u of its decisions). It is verified from now on.",
		answer_name(event->kernel.answer), event->kernel.generation);
	if (strbuf_check(&detail) < 0)
		return -ENOMEM;
	return recorder_put_agent(recorder, FINDING_AGENT_DEGRADED, UNVERIFIED,
				  answer_name(event->kernel.answer), detail.data);
}
