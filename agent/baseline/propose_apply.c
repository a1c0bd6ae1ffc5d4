/* SPDX-License-Identifier: Apache-2.0 */
/* A decided delta makes the next revision; see propose.h. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/entries.h"
#include "baseline/present.h"
#include "baseline/propose.h"
#include "baseline/statement.h"
#include "baseline/writer.h"

struct job {
	const struct propose_apply *apply;
	struct writer *writer;
	struct baseline_statement statement;
	uint64_t refused;
	struct strbuf line;
};

static void job_done(struct job *job)
{
	writer_free(job->writer);
	baseline_statement_done(&job->statement);
	strbuf_done(&job->line);
}

static int set_text(char **field, const char *text)
{
	free(*field);
	*field = text ? strdup(text) : NULL;
	return text && !*field ? -ENOMEM : 0;
}

/* As the revision before it, but for what is its own and what is counted below. */
static int begin_statement(struct job *job, struct diag *diag)
{
	const struct propose_apply *a = job->apply;
	const char *json = baseline_get_statement_json(a->from);
	struct baseline_statement *s = &job->statement;
	int r = statement_read(json, strlen(json), s, diag);

	if (r < 0)
		return r;
	s->revision++;
	str_copy(s->previous, sizeof(s->previous), baseline_get_digest(a->from));
	s->made_at_ns = a->made_at_ns;
	s->entries = s->files = s->bytes_hashed = s->unstated = 0;
	s->package_checked = s->package_unchanged = 0;
	s->differs_from_package = s->not_packaged = 0;
	statement_clear_review(s);
	r = set_text(&s->ticket, a->ticket);
	if (r == 0)
		r = set_text(&s->made_by, a->made_by);
	return r < 0 ? r : set_text(&s->made_on, a->made_on);
}

static int refuse(struct job *job, const struct delta_path *path, const char *why)
{
	job->refused++;
	job->apply->on_refused(path->path, path->line, why, job->apply->userdata);
	return 0;
}

static int put_entry(struct job *job, const struct file_fact *entry)
{
	struct baseline_statement *s = &job->statement;
	int r;

	strbuf_clear(&job->line);
	r = entry_write(entry, &job->line);
	if (r < 0)
		return r;
	s->entries++;
	s->unstated += entry->unstated != 0;
	if (entry->type == FILE_TYPE_REGULAR) {
		s->files++;
		s->bytes_hashed += entry->size;
		s->differs_from_package += entry->differs;
		s->not_packaged += !entry->package && !(entry->unstated & FILE_DIFF_PACKAGE);
	}
	r = statement_add_review(s, review_of(entry), entry->path);
	return r < 0 ? r : writer_add(job->writer, job->line.data, job->line.len);
}

/* What stood among the problems of the revision before is read and approved now. */
static void drop_problem(struct baseline_statement *s, const char *path)
{
	for (size_t i = 0; i < s->problem_count; i++) {
		if (strcmp(s->problems[i].path, path) != 0)
			continue;
		free(s->problems[i].path);
		free(s->problems[i].text);
		memmove(&s->problems[i], &s->problems[i + 1],
			(s->problem_count - i - 1) * sizeof(s->problems[0]));
		s->problem_count--;
		s->not_read--;
		return;
	}
}

static int put_change(struct job *job, const struct delta_path *path, const struct file_fact *now)
{
	const struct baseline_change change = {
		.path = path->path,
		.kind = path->kind,
		.reason = (char *)delta_reason_of(job->apply->delta, path),
		.findings = path->findings,
	};
	int r = writer_add_change(job->writer, &change);

	if (r < 0 || !now)
		return r;
	drop_problem(&job->statement, path->path);
	return put_entry(job, now);
}

/* Whether @now is what the delta showed to the person who accepted it. */
static int compare_now(struct job *job, const struct delta_path *path, const struct file_fact *now,
		       bool *ret_is_same)
{
	int r;

	*ret_is_same = (now == NULL) == (path->now == NULL);
	if (!now || !path->now)
		return 0;
	strbuf_clear(&job->line);
	r = entry_write(now, &job->line);
	if (r == 0)
		*ret_is_same = job->line.len == path->now_len + 1 &&
			       memcmp(job->line.data, path->now, path->now_len) == 0;
	return r;
}

static int accept(struct job *job, const struct delta_path *path, const struct file_fact *old)
{
	cleanup_file_fact struct file_fact fact = {0};
	const struct file_fact *now = &fact;
	const char *why = NULL;
	bool is_both, is_same;
	int r;

	r = present_read(job->apply->present, path->path, &fact, &why);
	if (r < 0)
		return r;
	if (r > 0)
		return refuse(job, path, why);
	if (fact.type == FILE_TYPE_NONE)
		now = NULL;
	r = compare_now(job, path, now, &is_same);
	if (r < 0)
		return r;
	if (!is_same)
		return refuse(job, path, "it has changed since, it is not as the delta says");
	if ((!old && !now) || diff_judge(old, now, &is_both) != path->kind)
		return refuse(job, path, "beside the revision before it is another kind of change");
	return put_change(job, path, now);
}

/* One path of the delta; @old is NULL when the revision before has none. */
static int take_path(struct job *job, const struct delta_path *path, const struct file_fact *old)
{
	if (delta_decision_of(job->apply->delta, path) == DELTA_ACCEPT)
		return accept(job, path, old);
	return old ? put_entry(job, old) : 0;
}

static int merge(struct job *job, struct diag *diag)
{
	const struct delta *d = job->apply->delta;
	size_t i = 0;
	int r;

	for (;;) {
		cleanup_file_fact struct file_fact entry = {0};
		int has_entry = baseline_next(job->apply->from, &entry, diag);

		if (has_entry < 0)
			return has_entry;
		for (;
		     i < d->path_count && (!has_entry || strcmp(d->paths[i].path, entry.path) < 0);
		     i++) {
			r = take_path(job, &d->paths[i], NULL);
			if (r < 0)
				return r;
		}
		if (!has_entry)
			return 0;
		if (i < d->path_count && strcmp(d->paths[i].path, entry.path) == 0)
			r = take_path(job, &d->paths[i++], &entry);
		else
			r = put_entry(job, &entry);
		if (r < 0)
			return r;
	}
}

static int check_from(const struct propose_apply *a, struct diag *diag)
{
	if (strcmp(a->delta->from, baseline_get_digest(a->from)) != 0)
		return diag_set(diag, a->delta_name, 0, -ESTALE,
				"it is about baseline %s, and the given one is %s", a->delta->from,
				baseline_get_digest(a->from));
	return delta_check_decided(a->delta_name, a->delta, diag);
}

static int finish(struct job *job, struct diag *diag)
{
	const struct propose_apply *a = job->apply;
	const char *rules;
	size_t rules_len;

	if (job->refused > 0)
		return diag_set(diag, a->delta_name, 0, -ESTALE,
				"%" PRIu64 " of its paths cannot be accepted; nothing was written",
				job->refused);
	job->statement.package_checked = present_count_compared(a->present);
	rules = baseline_get_rules(a->from, &rules_len);
	return writer_finish(job->writer, &job->statement, rules, rules_len, diag);
}

int propose_apply(const struct propose_apply *apply, const char *path,
		  struct baseline_statement *ret_statement, struct diag *diag)
{
	cleanup_with(job_done) struct job job = {.apply = apply};
	int r;

	r = check_from(apply, diag);
	if (r == 0)
		r = baseline_rewind(apply->from);
	if (r == 0)
		r = begin_statement(&job, diag);
	if (r == 0)
		r = writer_new(path, &job.writer, diag);
	if (r == 0)
		r = merge(&job, diag);
	if (r == 0)
		r = finish(&job, diag);
	if (r < 0)
		return r;
	*ret_statement = job.statement;
	job.statement = (struct baseline_statement){0};
	return 0;
}
