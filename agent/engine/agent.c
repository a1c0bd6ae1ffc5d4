/* SPDX-License-Identifier: Apache-2.0 */
/* Findings that are not about a file: failed checks and what the agent says about itself. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "engine/engine.h"

static int copy_text(const char *text, char **ret_copy)
{
	char *copy = NULL;

	if (text) {
		copy = strdup(text);
		if (!copy)
			return -ENOMEM;
	}
	*ret_copy = copy;
	return 0;
}

static int copy_check_texts(const struct check_result *result, struct finding *finding)
{
	const struct {
		const char *from;
		char **to;
	} texts[] = {
		{result->id, &finding->path},
		{result->expected, &finding->expected},
		{result->actual, &finding->actual},
		{result->controls, &finding->controls},
		{result->requirements, &finding->requirements},
		{result->techniques, &finding->techniques},
	};
	int r;

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		r = copy_text(texts[i].from, texts[i].to);
		if (r < 0)
			return r;
	}
	return 0;
}

/* "SSH-004 (Root may not log in) passed before and now fails: found yes, wanted no, was no before;
 * /etc/ssh/sshd_config was touched." */
static char *describe_check(const struct check_result *result,
			    const struct engine_check_history *history)
{
	cleanup_strbuf struct strbuf sb = STRBUF_INIT;

	strbuf_printf(&sb, "%s (%s) %s: found %s, wanted %s", result->id,
		      result->title ? result->title : "no title",
		      history->was_pass ? "passed before and now fails" : "fails",
		      result->actual ? result->actual : "nothing",
		      result->expected ? result->expected : "something else");
	if (history->was_pass && history->before)
		strbuf_printf(&sb, ", was %s before", history->before);
	if (history->touched) {
		strbuf_add_str(&sb, "; ");
		str_escape(&sb, history->touched, strlen(history->touched));
		strbuf_add_str(&sb, " was touched");
	}
	strbuf_add_char(&sb, '.');
	return strbuf_take(&sb);
}

int engine_make_check_finding(const struct check_result *result,
			      const struct engine_check_history *history,
			      struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {0};
	int r;

	if (result->outcome != CHECK_FAIL || !result->id)
		return -EINVAL;
	finding.kind = history->was_pass ? FINDING_HARDENING_REGRESSED : FINDING_HARDENING_FAILED;
	finding.severity = result->severity;
	finding.state = FINDING_STATE_OPEN;
	finding.first_seen_ns = finding.last_seen_ns = result->time_ns;
	finding.count = 1;
	r = copy_check_texts(result, &finding);
	if (r < 0)
		return r;

	if (history->who)
		r = subject_copy(history->who, &finding.subject);
	if (r < 0)
		return r;
	finding.detail = describe_check(result, history);
	if (!finding.detail)
		return -ENOMEM;

	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}

int engine_make_agent_finding(enum finding_kind kind, int64_t time_ns, const char *what,
			      const char *expected, const char *actual, const char *detail,
			      struct finding *ret_finding)
{
	cleanup_finding struct finding finding = {
		.kind = kind,
		.state = FINDING_STATE_OPEN,
		.first_seen_ns = time_ns,
		.last_seen_ns = time_ns,
		.count = 1,
	};

	if (copy_text(what, &finding.path) < 0 || copy_text(expected, &finding.expected) < 0 ||
	    copy_text(actual, &finding.actual) < 0 || copy_text(detail, &finding.detail) < 0)
		return -ENOMEM;

	*ret_finding = finding;
	finding = (struct finding){0};
	return 0;
}
