/* SPDX-License-Identifier: Apache-2.0 */
/* Gathered differences as a delta: by package, with what changed in words above each decision. */
#include "cli/proposal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/ini.h"
#include "base/str.h"
#include "baseline/entries.h"
#include "baseline/propose.h"
#include "cli/diff_text.h"
#include "cli/spill.h"

struct sheet {
	struct proposal *proposal;
	struct diff diff;
	struct spill *spill; /* sections of paths, by group */
	struct strbuf text;
	size_t next_finding, count;
};

void proposal_done(struct proposal *p)
{
	for (size_t i = 0; i < p->count; i++)
		file_fact_done(&p->now[i]);
	for (size_t i = 0; i < p->finding_count; i++)
		finding_done(&p->findings[i]);
	free(p->now);
	free(p->findings);
	present_free(p->present);
}

int proposal_add(struct proposal *p, struct file_fact *fact)
{
	if (p->count == DELTA_PATHS_MAX)
		return -E2BIG;
	if (array_grow(&p->now, p->count, &p->room, sizeof(*p->now)) < 0)
		return -ENOMEM;
	p->now[p->count++] = *fact;
	*fact = (struct file_fact){0};
	return 0;
}

void proposal_leave_out(struct proposal *p, const char *path, const char *why)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	str_escape(&text, path, strlen(path));
	fprintf(stderr, "not proposed: %s: %s\n", text.data ? text.data : "", why);
	p->left_out++;
}

static int add_comment(const char *field, const char *old, const char *now, void *userdata)
{
	struct strbuf *out = userdata;

	strbuf_printf(out, "# %s: %s -> %s\n", field, old ? old : "none", now ? now : "none");
	return 0;
}

static void add_finding_comment(struct strbuf *out, const struct finding *f)
{
	strbuf_printf(out, "# %s, %s: ", finding_kind_name(f->kind),
		      finding_severity_name(f->severity));
	if (f->detail)
		str_escape(out, f->detail, strlen(f->detail));
	strbuf_add_char(out, '\n');
}

/* Of the findings about this path, those that still hold: in @path, and as comments. */
static int take_findings(struct sheet *s, const struct diff_change *change, const char *name,
			 struct delta_path *path, struct strbuf *comments)
{
	struct proposal *p = s->proposal;
	size_t count = 0;

	for (; s->next_finding < p->finding_count; s->next_finding++) {
		const struct finding *f = &p->findings[s->next_finding];
		int order = strcmp(f->path, name);
		const char *why = NULL;
		int r = 0;

		if (order > 0)
			break;
		if (order < 0)
			continue;
		r = proposal_check_finding(f, change->old, change->now, &why);
		if (r == 0 && why)
			proposal_leave_out(p, name, why);
		else if (r == 0 && count++ < 8)
			r = strv_append(&path->findings, f->id);
		if (r < 0)
			return r;
		if (!why)
			add_finding_comment(comments, f);
	}
	return 0;
}

/* What is all new or all gone says most with its name. */
static int add_change_comment(const struct diff_change *change, struct strbuf *out)
{
	const struct file_fact *fact = change->now ? change->now : change->old;

	if (change->old && change->now)
		return diff_each_field(change, add_comment, out);
	strbuf_printf(out, "# %s, mode %04o\n", file_role_name(fact->role), fact->mode);
	return 0;
}

static int write_section(struct sheet *s, const struct diff_change *change, struct delta_path *path,
			 struct strbuf *comments)
{
	cleanup_strbuf struct strbuf entry = STRBUF_INIT;
	struct diff_change counted;
	int r;

	r = diff_add(&s->diff, change->old, change->now, &counted);
	if (r == 0 && change->now) {
		r = entry_write(change->now, &entry);
		path->now = entry.data;
		path->now_len = entry.len - 1;
	}
	if (r == 0)
		r = add_change_comment(change, comments);
	if (r == 0)
		r = strbuf_check(comments);
	if (r < 0)
		return r;
	strbuf_clear(&s->text);
	delta_write_path(path, comments->data, &s->text);
	s->count++;
	if (strbuf_check(&s->text) < 0)
		return -ENOMEM;
	return spill_add(s->spill, counted.group, s->text.data, s->text.len);
}

static int on_change(const struct diff_change *change, size_t index, void *userdata)
{
	struct sheet *s = userdata;
	cleanup_strbuf struct strbuf comments = STRBUF_INIT;
	struct delta_path path = {.kind = change->kind};
	int r = 0;

	path.path = change->now			? change->now->path
		    : change->old		? change->old->path
		    : index == PROPOSE_NO_INDEX ? NULL
						: s->proposal->now[index].path;
	if (index != PROPOSE_NO_INDEX)
		r = take_findings(s, change, path.path, &path, &comments);
	/* A path that was asked for by findings is proposed when one of them still holds. */
	if (r == 0 && change->kind != DIFF_SAME &&
	    (path.findings || s->proposal->is_scan || index == PROPOSE_NO_INDEX))
		r = write_section(s, change, &path, &comments);
	strv_free(path.findings);
	return r;
}

static const char head[] =
	"# What the next revision would approve otherwise. Write accept or refuse behind each\n"
	"# decision, and why behind each reason. A path takes both from its package where its own\n"
	"# are empty. Then: plumbline baseline propose --from FILE --delta THIS-FILE -o NEXT\n";

static int copy_group(struct sheet *s, size_t group, struct strbuf *out)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -errno;
	r = spill_write_number(s->spill, group, "", stream);
	if (fclose(stream) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		strbuf_add(out, text, size);
	return r;
}

static int write_groups(struct sheet *s, struct strbuf *out)
{
	int r = 0;

	delta_write_head(baseline_get_digest(s->proposal->from), head, out);
	for (size_t i = 0; i < s->diff.group_count && r == 0; i++) {
		const struct diff_group *group = s->diff.groups[i];
		const struct delta_group section = {
			.package = group->package,
			.verdict.decision = s->proposal->reason ? DELTA_ACCEPT : DELTA_UNDECIDED,
			.verdict.reason = (char *)s->proposal->reason,
		};

		strbuf_clear(&s->text);
		strbuf_add_str(&s->text, "# ");
		diff_text_add_group(&s->text, group);
		strbuf_add_char(&s->text, '\n');
		if (strbuf_check(&s->text) < 0)
			return -ENOMEM;
		delta_write_group(&section, s->text.data, out);
		r = copy_group(s, group->id, out);
	}
	return r < 0 ? r : strbuf_check(out);
}

int proposal_write_delta(struct proposal *p, struct strbuf *out, size_t *ret_count,
			 struct diag *diag)
{
	struct sheet s = {.proposal = p};
	const struct propose_survey survey = {
		.from = p->from,
		.present = p->present,
		.now = p->now,
		.count = p->count,
		.is_all_packages = p->is_scan,
		.trees = p->trees,
		.on_change = on_change,
		.userdata = &s,
	};
	int r;

	r = spill_new(&s.spill);
	if (r == 0)
		r = propose_survey(&survey, diag);
	if (r == 0)
		r = write_groups(&s, out);
	if (r == 0 && out->len > DELTA_MAX)
		r = diag_set(diag, "", 0, -E2BIG,
			     "more differences than a delta holds; make a new baseline instead");
	if (r == 0)
		*ret_count = s.count;
	spill_free(s.spill);
	diff_done(&s.diff);
	strbuf_done(&s.text);
	return r;
}
