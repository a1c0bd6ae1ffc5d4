/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline baseline diff: what an approver of a new revision has to look at.
 *
 * Totals come first, but they are known last: the files' lines wait in a spill.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/diff.h"
#include "cli/baseline_verbs.h"
#include "cli/diff_text.h"
#include "cli/spill.h"
#include "cli/verbs.h"
#include "report/html_diff.h"

static const char help[] = "usage: plumbline baseline diff OLD NEW [--files] [--json | --html]\n\n"
			   "Tells what NEW approves otherwise than OLD: totals, rules, and one "
			   "line for each package.\n"
			   "Exit status: 0 no difference, 1 differences, 2 error.\n\n"
			   "  --files  list the files of each package too\n"
			   "  --json   one JSON document, with all files\n"
			   "  --html   one HTML page\n";

enum {
	OPT_FILES = 256,
	OPT_JSON,
	OPT_HTML,
	OPT_HELP
};

static const struct option options[] = {
	{"files", no_argument, NULL, OPT_FILES},
	{"json", no_argument, NULL, OPT_JSON},
	{"html", no_argument, NULL, OPT_HTML},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct job {
	const char *paths[2];
	bool is_files, is_json, is_html;
	struct baseline *files[2];
	struct diff diff;
	struct spill *spill;
	struct strbuf text; /* of the file in work */
};

static void job_done(struct job *job)
{
	baseline_close(job->files[0]);
	baseline_close(job->files[1]);
	diff_done(&job->diff);
	spill_free(job->spill);
	strbuf_done(&job->text);
}

/* One file as a line and its fields, as JSON, or as a row of the page. */

static int add_text_field(const char *field, const char *old, const char *now, void *userdata)
{
	struct strbuf *out = userdata;

	strbuf_printf(out, "      %s: %s -> %s\n", field, old ? old : "none", now ? now : "none");
	return 0;
}

static int write_file_text(const struct diff_change *change, struct strbuf *out)
{
	const struct file_fact *fact = change->now ? change->now : change->old;

	strbuf_printf(out, "  %-10s %-10s ", diff_kind_name(change->kind),
		      file_role_name(fact->role));
	str_escape(out, fact->path, strlen(fact->path));
	strbuf_add_char(out, '\n');
	/* What is all new or all gone says it with its name. */
	if (change->reason) {
		strbuf_add_str(out, "      reason: ");
		strbuf_add_str(out, change->reason);
		strbuf_add_char(out, '\n');
	}
	if (change->kind == DIFF_ADDED || change->kind == DIFF_REMOVED)
		return 0;
	return diff_each_field(change, add_text_field, out);
}

static int add_json_field(const char *field, const char *old, const char *now, void *userdata)
{
	struct json *j = userdata;

	json_begin_object(j);
	json_put_string(j, "field", field);
	json_put_string(j, "old", old);
	json_put_string(j, "new", now);
	json_end_object(j);
	return 0;
}

static int write_file_json(const struct diff_change *change, struct strbuf *out)
{
	const struct file_fact *fact = change->now ? change->now : change->old;
	struct json j = JSON_INIT(out);
	int r;

	json_begin_object(&j);
	json_put_path(&j, "path", fact->path);
	json_put_string(&j, "change", diff_kind_name(change->kind));
	json_put_string(&j, "role", file_role_name(fact->role));
	json_put_path(&j, "package", fact->package);
	json_put_string(&j, "reason", change->reason);
	json_key(&j, "fields");
	json_begin_array(&j);
	r = diff_each_field(change, add_json_field, &j);
	json_end_array(&j);
	json_end_object(&j);
	return r;
}

static int write_file_html(const struct diff_change *change, struct strbuf *out)
{
	cleanup_free char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r;

	if (!stream)
		return -errno;
	r = html_diff_file(change, stream);
	if (fclose(stream) != 0 && r == 0)
		r = -ENOMEM;
	if (r == 0)
		strbuf_add(out, text, size);
	return r;
}

static int on_change(const struct diff_change *change, void *userdata)
{
	struct job *job = userdata;
	int r;

	if (!job->spill)
		return 0;
	strbuf_clear(&job->text);
	if (job->is_json)
		r = write_file_json(change, &job->text);
	else if (job->is_html)
		r = write_file_html(change, &job->text);
	else
		r = write_file_text(change, &job->text);
	if (r == 0)
		r = strbuf_check(&job->text);
	return r < 0 ? r : spill_add(job->spill, change->group, job->text.data, job->text.len);
}

/* The whole for people. */

static void print_side(const struct job *job, int side)
{
	const struct baseline_statement *s = baseline_get_statement(job->files[side]);
	char when[RFC3339_SIZE];

	printf("%s: %s: %s revision %" PRIu64 ", %" PRIu64 " entries, made %s by %s on %s\n",
	       side ? "new" : "old", job->paths[side], s->name, s->revision, s->entries,
	       clock_format(s->made_at_ns, when), s->made_by, s->made_on);
}

static bool is_successor(const struct job *job)
{
	return strcmp(baseline_get_statement(job->files[1])->previous,
		      baseline_get_digest(job->files[0])) == 0;
}

static void print_totals(const struct diff *d)
{
	printf("%" PRIu64 " added, %" PRIu64 " removed, %" PRIu64 " with other content",
	       d->totals[DIFF_ADDED], d->totals[DIFF_REMOVED], d->totals[DIFF_CONTENT]);
	if (d->both > 0)
		printf(" (%" PRIu64 " of them with other attributes too)", d->both);
	printf(", %" PRIu64 " with other attributes only, %" PRIu64
	       " with another package or version only; %" PRIu64 " unchanged\n",
	       d->totals[DIFF_ATTRIBUTES], d->totals[DIFF_ORIGIN], d->totals[DIFF_SAME]);
}

static int print_rules(const struct diff *d)
{
	for (size_t i = 0; i < d->rule_count; i++) {
		cleanup_strbuf struct strbuf value = STRBUF_INIT;

		str_escape(&value, d->rules[i].value, strlen(d->rules[i].value));
		if (strbuf_check(&value) < 0)
			return -ENOMEM;
		printf("rule %s: %s %s\n", d->rules[i].is_added ? "added" : "removed",
		       d->rules[i].list, value.data);
	}
	return 0;
}

/* What people gave as reasons, each once. */
static void print_reasons(const struct diff_group *g)
{
	for (size_t i = 0; i < g->reason_count; i++)
		printf("  accepted %" PRIu64 ": %s\n", g->reasons[i].count, g->reasons[i].text);
	if (g->other_reasons > 0)
		printf("  accepted %" PRIu64 " for other reasons\n", g->other_reasons);
	if (g->unreasoned > 0)
		printf("  %" PRIu64 " WITHOUT A REASON\n", g->unreasoned);
}

static int write_text(struct job *job)
{
	int r;

	print_side(job, 0);
	print_side(job, 1);
	printf("new %s old as the revision before it\n",
	       is_successor(job) ? "names" : "does not name");
	print_totals(&job->diff);
	r = print_rules(&job->diff);
	for (size_t i = 0; i < job->diff.group_count && r == 0; i++) {
		const struct diff_group *group = job->diff.groups[i];

		if (diff_group_is_same(group))
			continue;
		strbuf_clear(&job->text);
		diff_text_add_group(&job->text, group);
		r = strbuf_check(&job->text);
		if (r == 0)
			puts(job->text.data);
		print_reasons(group);
		if (r == 0 && job->spill)
			r = spill_write_number(job->spill, group->id, "", stdout);
	}
	return r;
}

/* The whole for programs. */

static void add_side(struct json *j, const struct job *job, int side)
{
	const struct baseline_statement *s = baseline_get_statement(job->files[side]);

	json_key(j, side ? "new" : "old");
	json_begin_object(j);
	json_put_string(j, "name", s->name);
	json_put_u64(j, "revision", s->revision);
	json_put_string(j, "statement_sha256", baseline_get_digest(job->files[side]));
	json_put_u64(j, "entries", s->entries);
	json_end_object(j);
}

static void add_group(struct json *j, const struct diff_group *g)
{
	json_begin_object(j);
	json_put_path(j, "package", g->package);
	json_put_path(j, "old_version", g->old_version);
	json_put_path(j, "new_version", g->now_version);
	json_put_bool(j, "content_without_new_version", diff_group_is_odd(g));
	json_key(j, "counts");
	json_begin_array(j);
	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++)
		for (int role = 0; role < FILE_ROLE_COUNT; role++) {
			if (g->counts[kind][role] == 0)
				continue;
			json_begin_object(j);
			json_put_string(j, "change", diff_kind_name((enum diff_kind)kind));
			json_put_string(j, "role", file_role_name((enum file_role)role));
			json_put_u64(j, "files", g->counts[kind][role]);
			json_end_object(j);
		}
	json_end_array(j);
	json_put_u64(j, "without_reason", g->unreasoned);
	json_end_object(j);
}

static void add_totals(struct json *j, const struct diff *d)
{
	json_key(j, "totals");
	json_begin_object(j);
	for (int kind = DIFF_SAME; kind < DIFF_KIND_COUNT; kind++)
		json_put_u64(j, diff_kind_name((enum diff_kind)kind), d->totals[kind]);
	json_put_u64(j, "content_and_attributes", d->both);
	json_end_object(j);
	json_key(j, "rules");
	json_begin_array(j);
	for (size_t i = 0; i < d->rule_count; i++) {
		json_begin_object(j);
		json_put_string(j, "change", d->rules[i].is_added ? "added" : "removed");
		json_put_string(j, "rule", d->rules[i].list);
		json_put_path(j, "value", d->rules[i].value);
		json_end_object(j);
	}
	json_end_array(j);
}

static int write_json(struct job *job)
{
	struct json j = JSON_INIT(&job->text);
	int r;

	strbuf_clear(&job->text);
	json_begin_object(&j);
	add_side(&j, job, 0);
	add_side(&j, job, 1);
	json_put_bool(&j, "names_old", is_successor(job));
	add_totals(&j, &job->diff);
	json_key(&j, "packages");
	json_begin_array(&j);
	for (size_t i = 0; i < job->diff.group_count; i++)
		if (!diff_group_is_same(job->diff.groups[i]))
			add_group(&j, job->diff.groups[i]);
	json_end_array(&j);
	if (strbuf_check(&job->text) < 0)
		return -ENOMEM;
	printf("%s,\"files\":[", job->text.data);
	r = spill_write(job->spill, ",\n", stdout);
	printf("]}\n");
	return r;
}

static int write_group_files(size_t group, FILE *out, void *userdata)
{
	struct job *job = userdata;

	return spill_write_number(job->spill, group, "", out);
}

static int write_html(struct job *job)
{
	cleanup_free char *made_by = NULL;
	struct utsname system;
	struct html_diff page = {
		.made_at_ns = clock_real_ns(),
		.diff = &job->diff,
		.write_files = job->spill ? write_group_files : NULL,
		.userdata = job,
	};

	if (uname(&system) < 0)
		return -errno;
	if (asprintf(&made_by, "plumbline %s on %s", PLUMBLINE_VERSION, system.nodename) < 0) {
		made_by = NULL;
		return -ENOMEM;
	}
	page.made_by = made_by;
	for (int side = 0; side < 2; side++) {
		page.statements[side] = baseline_get_statement(job->files[side]);
		page.digests[side] = baseline_get_digest(job->files[side]);
	}
	return html_diff_write(&page, stdout);
}

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse(int argc, char **argv, struct job *job)
{
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP)
			return 1;
		if (option == '?')
			return -EINVAL;
		job->is_files |= option == OPT_FILES;
		job->is_json |= option == OPT_JSON;
		job->is_html |= option == OPT_HTML;
	}
	if (optind + 2 != argc)
		return fail_usage("baseline diff", "OLD and NEW are needed"), -EINVAL;
	if (job->is_json && job->is_html)
		return fail_usage("baseline diff", "--json or --html, not both"), -EINVAL;
	job->paths[0] = argv[optind];
	job->paths[1] = argv[optind + 1];
	return 0;
}

static int run(struct job *job, struct diag *diag)
{
	int r = 0;

	for (int side = 0; side < 2 && r == 0; side++)
		r = baseline_open_path(job->paths[side], &job->files[side], diag);
	if (r == 0 && (job->is_files || job->is_json))
		r = spill_new(&job->spill);
	if (r == 0)
		r = baseline_diff(job->files[0], job->files[1], on_change, job, &job->diff, diag);
	if (r < 0)
		return r;
	r = job->is_json ? write_json(job) : job->is_html ? write_html(job) : write_text(job);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = diag_set(diag, "", 0, -EIO, "cannot write to standard output");
	return r;
}

int baseline_diff_verb(int argc, char **argv)
{
	cleanup_with(job_done) struct job job = {0};
	struct diag diag = {0};
	int r;

	r = parse(argc, argv, &job);
	if (r > 0) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0)
		return EXIT_ERROR;
	r = run(&job, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	return diff_is_same(&job.diff) ? EXIT_GOOD : EXIT_DRIFT;
}
