/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings as paths of a proposal. A finding is a claim about a path; it is
 * judged anew against the baseline and the machine before it is proposed.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/proposal.h"
#include "engine/engine.h"
#include "wire/codec.h"
#include "wire/record_list.h"

#define FINDINGS_FILE_MAX ((size_t)32 << 20)

struct intake {
	struct proposal *proposal;
	char *const *only;
	unsigned long long found; /* of the first 64 of @only, those that were met */
};

static int keep(struct proposal *p, struct finding *finding)
{
	if (p->finding_count == DELTA_PATHS_MAX)
		return -E2BIG;
	if (array_grow(&p->findings, p->finding_count, &p->finding_room, sizeof(*p->findings)) < 0)
		return -ENOMEM;
	p->findings[p->finding_count++] = *finding;
	*finding = (struct finding){0};
	return 0;
}

/* Whether it was asked for: by its id, or by its path as it is shown. */
static bool is_wanted(struct intake *in, const struct finding *f)
{
	cleanup_strbuf struct strbuf path = STRBUF_INIT;
	bool is_found = false;

	if (!in->only)
		return true;
	str_escape(&path, f->path, strlen(f->path));
	for (size_t i = 0; in->only[i]; i++)
		if (strcmp(in->only[i], f->id) == 0 || str_equal(in->only[i], path.data)) {
			in->found |= 1ULL << i;
			is_found = true;
		}
	return is_found;
}

static bool is_of_file(const struct finding *f)
{
	return (engine_state_kinds() | engine_exec_kinds()) >> f->kind & 1;
}

static int take(struct intake *in, struct finding *f)
{
	if (!f->path || f->state == FINDING_STATE_RESOLVED || !is_of_file(f) || !is_wanted(in, f))
		return 0;
	if (f->state == FINDING_STATE_WAIVED || f->state == FINDING_STATE_INCIDENT) {
		proposal_leave_out(in->proposal, f->path,
				   f->state == FINDING_STATE_WAIVED
					   ? "it is waived, which has an end"
					   : "it is an incident");
		return 0;
	}
	return keep(in->proposal, f);
}

static int on_record(struct wire_record *record, void *userdata)
{
	return record->type == WIRE_FINDING ? take(userdata, &record->finding) : -EBADMSG;
}

static int on_line(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	int r = codec_decode(json, strlen(json), &record, NULL);

	return r < 0 ? r : on_record(&record, userdata);
}

static int read_file(struct intake *in, const char *path, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r = fd_read_file(AT_FDCWD, path, FINDINGS_FILE_MAX, &text);

	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot read: %s", strerror(-r));
	r = record_list_read(path, text.data ? text.data : "", text.len, on_record, in, diag);
	if (r == -EBADMSG && diag && !diag->text[0])
		return diag_set(diag, path, 0, r, "it holds more than findings");
	return r;
}

static int ask_agent(struct intake *in, const struct control_target *target, struct diag *diag)
{
	const struct control_request request = {
		.verb = "findings",
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = in,
	};

	return control_run(target, &request, diag);
}

static int compare_findings(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	return order != 0 ? order : strcmp(x->id, y->id);
}

/* What is at the path of each finding, each path once. */
static int read_paths(struct proposal *p)
{
	for (size_t i = 0; i < p->finding_count; i++) {
		const char *path = p->findings[i].path, *why = NULL;
		cleanup_file_fact struct file_fact fact = {0};
		int r;

		if (i > 0 && strcmp(p->findings[i - 1].path, path) == 0)
			continue;
		if (path[0] != '/') {
			proposal_leave_out(p, path, "it is no path");
			continue;
		}
		r = present_read(p->present, path, &fact, &why);
		if (r > 0)
			proposal_leave_out(p, path, why);
		else if (r == 0)
			r = proposal_add(p, &fact);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_only(const struct intake *in, struct diag *diag)
{
	for (size_t i = 0; in->only && in->only[i]; i++)
		if (!(in->found >> i & 1))
			return diag_set(diag, "", 0, -ENOENT,
					"no open finding about a file has the id or path %s",
					in->only[i]);
	return 0;
}

int proposal_take_findings(struct proposal *p, const struct control_target *target,
			   const char *path, char *const *only, struct diag *diag)
{
	struct intake in = {.proposal = p, .only = only};
	size_t count = 0;
	int r;

	while (only && only[count])
		count++;
	if (count > 64)
		return diag_set(diag, "", 0, -E2BIG,
				"--accept is for 64 at most; decide more in the delta");
	r = path ? read_file(&in, path, diag) : ask_agent(&in, target, diag);
	if (r == 0)
		r = check_only(&in, diag);
	if (r < 0)
		return r;
	if (p->finding_count > 0)
		qsort(p->findings, p->finding_count, sizeof(*p->findings), compare_findings);
	return read_paths(p);
}

/* What ran and was not approved: only the content is known of it. */
static int check_ran(const struct finding *f, const struct file_fact *now, const char **ret_why)
{
	cleanup_free char *content = now ? engine_describe_content(now) : NULL;

	if (now && !content)
		return -ENOMEM;
	if (f->kind == FINDING_SOFTWARE_UNVERIFIABLE)
		*ret_why = "what ran could not be read, so nobody knows what to approve";
	else if (!str_equal(content, f->actual))
		*ret_why = "it has changed since it was found";
	return 0;
}

int proposal_check_finding(const struct finding *f, const struct file_fact *old,
			   const struct file_fact *now, const char **ret_why)
{
	cleanup_finding struct finding again = {0};
	const struct file_fact gone = {.path = f->path};
	const struct event event = {.kind = EVENT_SCANNED};
	struct judgement judgement = engine_judge(now ? now : &gone, old, NULL, false);
	int r;

	if (judgement.finding == FINDING_NONE) {
		*ret_why = "it is as the baseline approves it, or gone";
		return 0;
	}
	if (engine_exec_kinds() >> f->kind & 1)
		return check_ran(f, now, ret_why);
	r = engine_make_finding(&judgement, &event, now ? now : &gone, old, NULL, &again);
	if (r < 0)
		return r;
	if (!str_equal(f->expected, again.expected))
		*ret_why = "the finding was made against another baseline than this one";
	else if (f->kind != again.kind || !str_equal(f->actual, again.actual))
		*ret_why = "it has changed since it was found";
	return 0;
}
