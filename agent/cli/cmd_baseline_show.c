/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline show: the whole file for a person, or as one JSON document. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/changes.h"
#include "baseline/entries.h"
#include "cli/baseline_export.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"

static const char help[] =
	"usage: plumbline baseline show FILE [--json] [--ca CA] [--unpackaged] [--differs]\n\n"
	"Prints the statement, the rules, the approvals and every entry.\n\n"
	"  --json         one JSON document\n"
	"  --ca CA        judge the approvals against these certificates (PEM)\n"
	"  --unpackaged   of the entries, only files that no package owned\n"
	"  --differs      of the entries, only what was not as its package shipped it\n";

enum {
	OPT_JSON = 256,
	OPT_CA,
	OPT_UNPACKAGED,
	OPT_DIFFERS,
	OPT_HELP
};

static const struct option options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"ca", required_argument, NULL, OPT_CA},
	{"unpackaged", no_argument, NULL, OPT_UNPACKAGED},
	{"differs", no_argument, NULL, OPT_DIFFERS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct show {
	const char *file, *ca;
	bool is_json, is_unpackaged, is_differs;
	FILE *out; /* for JSON */
};

static void print_escaped(const char *raw)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	str_escape(&text, raw, strlen(raw));
	fputs(text.data ? text.data : "", stdout);
}

static void print_problems(const struct baseline_statement *s)
{
	for (size_t i = 0; i < s->problem_count; i++) {
		printf("not approved:   ");
		print_escaped(s->problems[i].path);
		printf(": %s\n", s->problems[i].text);
	}
	if (s->not_read > s->problem_count)
		printf("not approved:   %" PRIu64 " more\n", s->not_read - s->problem_count);
}

/* What an approver has to look at, in words; only what there is. */
static void print_review(const struct baseline_statement *s)
{
	for (unsigned i = 0; i < REVIEW_COUNT; i++) {
		char *const *path = s->listed[i].paths;
		uint64_t more = s->review[i];

		if (s->review[i] == 0)
			continue;
		printf("look at:        %" PRIu64 " %s: %s\n", s->review[i], review_kinds[i].label,
		       review_kinds[i].meaning);
		for (; path && *path; path++, more--) {
			printf("                  ");
			print_escaped(*path);
			printf("\n");
		}
		if (review_kinds[i].is_listed && more > 0)
			printf("                  and %" PRIu64 " more\n", more);
	}
}

static void print_statement(const struct baseline *baseline)
{
	const struct baseline_statement *s = baseline_get_statement(baseline);
	char when[RFC3339_SIZE];

	printf("name:           %s\n", s->name);
	printf("layer:          %s\n", s->layer);
	printf("revision:       %" PRIu64 "\n", s->revision);
	printf("previous:       %s\n", s->previous[0] ? s->previous : "none");
	printf("ticket:         %s\n", s->ticket ? s->ticket : "none");
	printf("made:           %s by %s on %s\n", clock_format(s->made_at_ns, when), s->made_by,
	       s->made_on);
	if (s->source_format) {
		printf("made of:        %s list ", s->source_format);
		print_escaped(s->source_name);
		printf(", sha256 %s\n", s->source_sha256);
	}
	for (char **tree = s->trees; *tree; tree++) {
		printf("tree:           ");
		print_escaped(*tree);
		printf("\n");
	}
	printf("entries:        %" PRIu64 ", of them %" PRIu64 " files", s->entries, s->files);
	if (!s->source_format)
		printf(" with %" PRIu64 " bytes", s->bytes_hashed);
	printf("\n");
	if (s->unstated > 0)
		printf("not stated:     %" PRIu64 " entries say nothing about some attributes\n",
		       s->unstated);
	printf("packages:       %" PRIu64 " files differ from theirs, %" PRIu64 " are of none ",
	       s->differs_from_package, s->not_packaged);
	if (s->source_format)
		printf("by what the list says; none was compared\n");
	else
		printf("(%" PRIu64 " compared by checksum, %" PRIu64 " unchanged since unpacked)\n",
		       s->package_checked, s->package_unchanged);
	print_review(s);
	printf("not read:       %" PRIu64 "\n", s->not_read);
	print_problems(s);
	printf("content digest: %s\n", s->content_digest);
	printf("full digest:    %s\n", s->full_digest);
	printf("statement:      %s\n", baseline_get_digest(baseline));
}

static void print_rule(const char *label, char *const *values)
{
	for (; values && *values; values++) {
		printf("%-15s ", label);
		print_escaped(*values);
		printf("\n");
	}
}

/* What is ignored is approved as well: whoever signs has to see it. */
static int print_rules(const struct baseline *baseline, struct diag *diag)
{
	struct baseline_rules rules = {0};
	size_t len;
	const char *text = baseline_get_rules(baseline, &len);
	int r = baseline_rules_parse(text, len, &rules, diag);

	if (r < 0)
		return r;
	print_rule("monitored:", rules.trees);
	print_rule("ignored:", rules.ignores);
	print_rule("updater:", rules.updaters);
	print_rule("never block:", rules.never_block);
	print_rule("host programs:", rules.host_programs);
	print_rule("host ignores:", rules.host_ignores);
	baseline_rules_done(&rules);
	return 0;
}

static void print_approval(const struct baseline_approval *a, unsigned number, bool has_ca)
{
	char when[RFC3339_SIZE];

	printf("approval %u:     ", number);
	if (a->refusal) {
		printf("refused: ");
		print_escaped(a->refusal);
		printf("\n");
		return;
	}
	print_escaped(a->name);
	printf(" (");
	print_escaped(a->role);
	printf(") at %s: ", clock_format(a->time_ns, when));
	print_escaped(a->meaning);
	printf("; ");
	print_escaped(a->certificate);
	printf("; %s%s%s\n", has_ca ? "verified" : "not judged without --ca",
	       a->warning ? "; " : "", a->warning ? a->warning : "");
}

static void write_approval(struct json *j, const struct baseline_approval *a)
{
	json_begin_object(j);
	json_put_string(j, "name", a->name);
	json_put_string(j, "role", a->role);
	json_put_string(j, "meaning", a->meaning);
	json_put_string(j, "ticket", a->ticket);
	json_put_time(j, "time", a->time_ns);
	json_put_string(j, "certificate", a->certificate);
	json_put_string(j, "certificate_sha256",
			a->certificate_sha256[0] ? a->certificate_sha256 : NULL);
	json_put_bool(j, "verified", a->is_verified);
	json_put_string(j, "refusal", a->refusal);
	json_put_string(j, "warning", a->warning);
	json_end_object(j);
}

static int show_approvals(const struct show *show, struct baseline *baseline, struct diag *diag)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	cleanup_free char *ca = NULL;
	struct json j = JSON_INIT(&text);
	int r = 0;

	if (show->ca)
		r = read_small_file(show->ca, &ca, diag);
	json_begin_array(&j);
	for (unsigned i = 0; r == 0; i++) {
		cleanup_with(baseline_approval_done) struct baseline_approval approval = {0};

		r = baseline_read_approval(baseline, i, ca, &approval, diag);
		if (r < 0)
			break;
		if (show->is_json)
			write_approval(&j, &approval);
		else
			print_approval(&approval, i + 1, ca != NULL);
	}
	json_end_array(&j);
	if (show->is_json && strbuf_check(&text) == 0)
		fputs(text.data, show->out);
	return r == -ENOENT ? 0 : r;
}

/* "-" where the baseline does not say. */
static void print_attributes(const struct file_fact *entry)
{
	if (entry->unstated & FILE_DIFF_MODE)
		printf("   - ");
	else
		printf("%04o ", entry->mode);
	if (entry->unstated & FILE_DIFF_OWNER) {
		printf("- ");
	} else {
		print_escaped(entry->user ? entry->user : "?");
		printf(":");
		print_escaped(entry->group ? entry->group : "?");
		printf(" ");
	}
}

static void print_package(const struct file_fact *entry)
{
	printf(" (");
	print_escaped(entry->package);
	printf(" ");
	print_escaped(entry->version ? entry->version : "");
	printf("%s)", entry->differs		 ? ", differs"
		      : entry->attributes_differ ? ", attributes differ"
						 : "");
}

static void print_entry(const struct file_fact *entry)
{
	char hex[SHA256_HEX_SIZE] = "-";

	if (entry->has_digest)
		hex_encode(entry->sha256, SHA256_SIZE, hex);
	printf("%-64s %-10s %-10s ", hex, file_type_name(entry->type), file_role_name(entry->role));
	print_attributes(entry);
	print_escaped(entry->path);
	if (entry->link_target) {
		printf(" -> ");
		print_escaped(entry->link_target);
	}
	if (entry->capabilities) {
		printf(" [");
		print_escaped(entry->capabilities);
		printf("]");
	}
	if (entry->package)
		print_package(entry);
	printf("\n");
}

static void print_change(const struct baseline_change *change)
{
	printf("accepted:       %s ", diff_kind_name(change->kind));
	print_escaped(change->path);
	printf(": %s\n", change->reason);
}

/* What this revision approves otherwise than the one before, and why. */
static int show_changes(const struct show *show, const struct baseline *baseline, struct diag *diag)
{
	cleanup_with(changes_closep) struct changes *changes = NULL;
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	const char *separator = "";
	int r = baseline_open_changes(baseline, &changes);

	while (r >= 0) {
		cleanup_with(baseline_change_done) struct baseline_change change = {0};

		r = changes_next(changes, &change, diag);
		if (r <= 0)
			break;
		if (!show->is_json) {
			print_change(&change);
			continue;
		}
		strbuf_clear(&line);
		r = change_write(&change, &line);
		if (r < 0)
			break;
		fprintf(show->out, "%s\n%.*s", separator, (int)line.len - 1, line.data);
		separator = ",";
	}
	return r == -ENOENT ? 0 : r;
}

static bool is_wanted(const struct show *show, const struct file_fact *entry)
{
	if (!show->is_unpackaged && !show->is_differs)
		return true;
	return (show->is_differs && (entry->differs || entry->attributes_differ)) ||
	       (show->is_unpackaged && entry->type == FILE_TYPE_REGULAR && !entry->package &&
		!(entry->unstated & FILE_DIFF_PACKAGE));
}

static int show_entries(const struct show *show, struct baseline *baseline, struct diag *diag)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	bool is_first = true;
	int r;

	for (;;) {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
		if (r <= 0)
			return r;
		if (!is_wanted(show, &entry))
			continue;
		if (!show->is_json) {
			print_entry(&entry);
			continue;
		}
		strbuf_clear(&line);
		r = entry_write(&entry, &line);
		if (r < 0)
			return r;
		fprintf(show->out, "%s\n%.*s", is_first ? "" : ",", (int)line.len - 1, line.data);
		is_first = false;
	}
}

static int show_text(const struct show *show, struct baseline *baseline, struct diag *diag)
{
	int r;

	print_statement(baseline);
	r = print_rules(baseline, diag);
	if (r == 0)
		r = show_approvals(show, baseline, diag);
	if (r == 0)
		r = show_changes(show, baseline, diag);
	return r < 0 ? r : show_entries(show, baseline, diag);
}

static int show_json(const struct show *show, struct baseline *baseline, struct diag *diag)
{
	const char *statement = baseline_get_statement_json(baseline);
	int r;

	fprintf(show->out, "{\"statement\":%.*s,\"statement_sha256\":\"%s\",\"approvals\":",
		(int)strcspn(statement, "\n"), statement, baseline_get_digest(baseline));
	r = show_approvals(show, baseline, diag);
	if (r < 0)
		return r;
	fprintf(show->out, ",\"changes\":[");
	r = show_changes(show, baseline, diag);
	if (r < 0)
		return r;
	fprintf(show->out, "],\"entries\":[");
	r = show_entries(show, baseline, diag);
	fprintf(show->out, "]}\n");
	return r;
}

int baseline_export_json(struct baseline *baseline, FILE *out, struct diag *diag)
{
	const struct show show = {.is_json = true, .out = out};

	return show_json(&show, baseline, diag);
}

int baseline_show(int argc, char **argv)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	struct show show = {.out = stdout};
	struct diag diag = {0};
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return EXIT_GOOD;
		}
		if (option == '?')
			return EXIT_ERROR;
		if (option == OPT_CA)
			show.ca = optarg;
		show.is_json |= option == OPT_JSON;
		show.is_unpackaged |= option == OPT_UNPACKAGED;
		show.is_differs |= option == OPT_DIFFERS;
	}
	if (optind + 1 != argc)
		return fail_usage("baseline show", "one FILE is needed");
	show.file = argv[optind];

	r = baseline_open_path(show.file, &baseline, &diag);
	if (r == 0)
		r = show.is_json ? show_json(&show, baseline, &diag)
				 : show_text(&show, baseline, &diag);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = diag_set(&diag, "", 0, -EIO, "cannot write to standard output");
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}
