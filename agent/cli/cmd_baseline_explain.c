/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline explain: what each layer says about one path, which one wins, and how the
 * machine stands to it. Works on files, without an agent; signatures are not judged. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/entries.h"
#include "baseline/host_rule.h"
#include "cli/baseline_verbs.h"
#include "cli/layer_files.h"
#include "cli/verbs.h"
#include "engine/engine.h"
#include "model/fact_collect.h"

#define EXIT_UNSTATED EXIT_DRIFT

static const char help[] =
	"usage: plumbline baseline explain PATH [FILE...] [--json]\n\n"
	"Says what each layer of a baseline states about PATH, which one wins and why, which\n"
	"rules apply, and whether this machine agrees. Without FILE: the layers that the agent\n"
	"has loaded, for root.\n\n"
	"  --json         one JSON document\n"
	"  --config FILE  the agent's settings (default: /etc/plumbline/plumbline.conf)\n\n"
	"Exit status: 0 approved by the baseline, 1 not stated or taken back, 2 error.\n";

enum {
	OPT_JSON = 256,
	OPT_CONFIG,
	OPT_HELP
};

static const struct option options[] = {
	{"json", no_argument, NULL, OPT_JSON},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct explain {
	const char *config_path;
	bool is_json, is_help;
	char *path;
	char *const *files;
	struct layers *layers;
	struct file_fact entries[LAYER_COUNT]; /* path NULL: the layer says nothing */
	enum layer winner;		       /* LAYER_NONE: nobody says anything */
	const struct file_fact *approved;      /* NULL: not approved */
	const char *objection;		       /* to what the host layer states; NULL */
	bool is_ignored;
	struct file_fact now;
	const char *unread; /* why @now could not be had; NULL */
	struct judgement judgement;
	struct finding finding; /* where they differ */
};

static void explain_done(struct explain *e)
{
	layers_free(e->layers);
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		file_fact_done(&e->entries[layer]);
	file_fact_done(&e->now);
	finding_done(&e->finding);
	free(e->path);
}

static int parse(int argc, char **argv, struct explain *e)
{
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == '?')
			return -EINVAL;
		if (option == OPT_CONFIG)
			e->config_path = optarg;
		e->is_json |= option == OPT_JSON;
		e->is_help |= option == OPT_HELP;
	}
	if (e->is_help)
		return 0;
	if (optind == argc)
		return fail_usage("baseline explain", "a PATH is needed"), -EINVAL;
	e->path = strdup(argv[optind]);
	if (!e->path)
		return -ENOMEM;
	if (path_normalize(e->path) < 0)
		return fail_usage("baseline explain", "PATH must begin with /"), -EINVAL;
	e->files = argv + optind + 1;
	return 0;
}

/* Entries are sorted, so the first path behind it ends the search. */
static int find_entry(struct explain *e, enum layer layer, struct diag *diag)
{
	struct baseline *baseline = layers_get(e->layers, layer);
	int order = -1, r = 1;

	while (r > 0 && order < 0) {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
		order = r > 0 ? strcmp(entry.path, e->path) : 1;
		if (order != 0)
			continue;
		e->entries[layer] = entry;
		e->entries[layer].layer = layer;
		entry = (struct file_fact){0};
	}
	return r < 0 ? r : 0;
}

static int resolve(struct explain *e, struct diag *diag)
{
	const struct file_fact *below = NULL;
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		if (!layers_get(e->layers, layer))
			continue;
		r = find_entry(e, layer, diag);
		if (r < 0 || !e->entries[layer].path)
			continue;
		e->winner = layer;
		if (layer == LAYER_HOST &&
		    !baseline_rules_host_may(layers_rules(e->layers), e->path))
			e->objection = host_rule_objection(&e->entries[layer], below);
		below = e->entries[layer].type == FILE_TYPE_NONE ? NULL : &e->entries[layer];
	}
	e->approved = below;
	e->is_ignored = baseline_rules_ignore(layers_rules(e->layers), e->path);
	return r;
}

/* Looks at the machine. What cannot be looked at is said, and is no error. */
static int look(struct explain *e)
{
	cleanup_with(fact_collector_freep) struct fact_collector *collector = NULL;
	cleanup_with(id_names_freep) struct id_names *names = NULL;
	struct event event = {.kind = EVENT_SCANNED, .time_ns = clock_real_ns()};
	int r;

	r = id_names_new("/etc/passwd", "/etc/group", &names);
	if (r == 0)
		r = fact_collector_new(names, &collector);
	if (r < 0)
		return r;
	r = fact_collect(collector, AT_FDCWD, e->path, &e->now);
	if (r == -ENOMEM)
		return r;
	if (r != 0) {
		e->unread = strerror(r > 0 ? fact_collector_error(collector) : -r);
		return 0;
	}
	e->judgement = engine_judge(&e->now, e->approved, NULL, false);
	if (e->judgement.finding == FINDING_NONE)
		return 0;
	return engine_make_finding(&e->judgement, &event, &e->now, e->approved,
				   layers_digest(e->layers), &e->finding);
}

/* ---- rules */

struct rule_use {
	const char *name; /* of the rule */
	const char *value;
	enum layer layer;
};

typedef void (*rule_fn)(const struct explain *e, const struct rule_use *use, void *userdata);

static bool is_tree_of(const char *path, const char *tree)
{
	return path_is_below(path, tree);
}

static bool is_ignored_by(const char *path, const char *ignore)
{
	char *list[] = {(char *)ignore, NULL};
	const struct baseline_rules rules = {.ignores = list};

	return baseline_rules_ignore(&rules, path);
}

static bool is_named(const char *path, const char *name)
{
	return strcmp(path, name) == 0;
}

/* Each rule that applies to the path, once for each layer that has it. */
static int each_rule(const struct explain *e, rule_fn fn, void *userdata)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		cleanup_with(baseline_rules_done) struct baseline_rules rules = {0};
		const struct baseline *baseline = layers_get(e->layers, layer);
		const char *text;
		size_t len;
		int r;

		if (!baseline)
			continue;
		text = baseline_get_rules(baseline, &len);
		r = baseline_rules_parse(text, len, &rules, NULL);
		if (r < 0)
			return r;
		const struct {
			const char *name;
			char **list;
			bool (*applies)(const char *path, const char *value);
		} kinds[] = {
			{"monitored", rules.trees, is_tree_of},
			{"ignored", rules.ignores, is_ignored_by},
			{"trusted updater", rules.updaters, is_named},
			{"never blocked", rules.never_block, is_named},
			{"host layer may state programs", rules.host_programs, is_ignored_by},
			{"host layer may ignore", rules.host_ignores, is_tree_of},
		};

		for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
			for (char **item = kinds[i].list; item && *item; item++)
				if (kinds[i].applies(e->path, *item))
					fn(e, &(struct rule_use){kinds[i].name, *item, layer},
					   userdata);
	}
	return 0;
}

/* ---- text */

static void print_raw(const char *raw)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	str_escape(&text, raw, strlen(raw));
	fputs(text.data ? text.data : "", stdout);
}

static void print_entry(const struct file_fact *entry)
{
	cleanup_free char *content = engine_describe_content(entry);

	if (entry->type == FILE_TYPE_NONE) {
		printf("takes it back: nothing is to be here\n");
		return;
	}
	printf("%s, %s", file_role_name(entry->role), content ? content : "?");
	if (!(entry->unstated & FILE_DIFF_MODE) && entry->type != FILE_TYPE_SYMLINK)
		printf(", mode %04" PRIo32, entry->mode);
	if (!(entry->unstated & FILE_DIFF_OWNER))
		printf(", owner %" PRIu32 ":%" PRIu32, entry->uid, entry->gid);
	if (entry->package) {
		printf(", package ");
		print_raw(entry->package);
		printf(" ");
		print_raw(entry->version ? entry->version : "");
	}
	printf("%s\n", entry->differs ? ", not as its package shipped it" : "");
}

static void print_layers(const struct explain *e)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		const struct baseline *baseline = layers_get(e->layers, layer);
		const struct baseline_statement *s;

		if (!baseline)
			continue;
		s = baseline_get_statement(baseline);
		printf("  %-6s %s, revision %" PRIu64 ": ", layer_name(layer), s->name,
		       s->revision);
		if (e->entries[layer].path)
			print_entry(&e->entries[layer]);
		else
			printf("says nothing\n");
	}
}

static void print_rule(const struct explain *e, const struct rule_use *use, void *userdata)
{
	printf("  %s: ", use->name);
	print_raw(use->value);
	printf(" (%s layer)\n", layer_name(use->layer));
}

static void print_outcome(const struct explain *e)
{
	if (!e->winner)
		printf("not stated: no layer says anything about it\n");
	else if (!e->approved)
		printf("not approved: the %s layer takes it back\n", layer_name(e->winner));
	else
		printf("approved: by the %s layer, the highest that states it\n",
		       layer_name(e->winner));
	if (e->is_ignored)
		printf("not looked at: it is ignored\n");
	if (e->objection)
		printf("an agent refuses these layers: the host layer %s, and no site layer lets "
		       "it\n",
		       e->objection);
}

static void print_machine(const struct explain *e)
{
	if (e->unread)
		printf("this machine: cannot be looked at: %s\n", e->unread);
	else if (e->judgement.finding == FINDING_NONE)
		printf("this machine: %s\n", e->approved   ? "as approved"
					     : e->now.type ? "something is here"
							   : "nothing is here");
	else
		printf("this machine: %s: expected %s, actual %s\n",
		       verdict_name(e->judgement.verdict),
		       e->finding.expected ? e->finding.expected : "nothing",
		       e->finding.actual ? e->finding.actual : "nothing");
}

static int print_text(const struct explain *e)
{
	int r;

	print_raw(e->path);
	printf("\n");
	print_outcome(e);
	print_layers(e);
	r = each_rule(e, print_rule, NULL);
	print_machine(e);
	return r;
}

/* ---- JSON */

static int write_entry(struct json *j, const struct file_fact *entry)
{
	cleanup_strbuf struct strbuf line = STRBUF_INIT;
	int r;

	json_key(j, "entry");
	if (!entry->path) {
		json_null(j);
		return 0;
	}
	r = entry_write(entry, &line);
	if (r < 0)
		return r;
	strbuf_add(j->out, line.data, line.len - 1); /* it is JSON as it stands in the file */
	j->need_comma[j->depth] = true;
	return 0;
}

static int write_layers(const struct explain *e, struct json *j)
{
	int r = 0;

	json_key(j, "layers");
	json_begin_array(j);
	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		const struct baseline *baseline = layers_get(e->layers, layer);

		if (!baseline)
			continue;
		json_begin_object(j);
		json_put_string(j, "layer", layer_name(layer));
		json_put_string(j, "name", baseline_get_statement(baseline)->name);
		json_put_u64(j, "revision", baseline_get_statement(baseline)->revision);
		json_put_string(j, "statement_sha256", baseline_get_digest(baseline));
		r = write_entry(j, &e->entries[layer]);
		json_end_object(j);
	}
	json_end_array(j);
	return r;
}

static void write_rule(const struct explain *e, const struct rule_use *use, void *userdata)
{
	struct json *j = userdata;

	json_begin_object(j);
	json_put_string(j, "rule", use->name);
	json_put_path(j, "value", use->value);
	json_put_string(j, "layer", layer_name(use->layer));
	json_end_object(j);
}

static int print_json(const struct explain *e)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);
	const char *verdict = e->unread ? NULL : verdict_name(e->judgement.verdict);
	int r;

	json_begin_object(&j);
	json_put_path(&j, "path", e->path);
	json_put_bool(&j, "approved", e->approved != NULL);
	json_put_string(&j, "by", e->winner ? layer_name(e->winner) : NULL);
	json_put_bool(&j, "ignored", e->is_ignored);
	json_put_string(&j, "objection", e->objection);
	json_put_string(&j, "baseline_sha256", layers_digest(e->layers));
	r = write_layers(e, &j);
	json_key(&j, "rules");
	json_begin_array(&j);
	if (r == 0)
		r = each_rule(e, write_rule, &j);
	json_end_array(&j);
	json_put_string(&j, "verdict", verdict);
	json_put_string(&j, "expected", e->finding.expected);
	json_put_string(&j, "actual", e->finding.actual);
	json_put_string(&j, "unread", e->unread);
	json_end_object(&j);
	if (r == 0)
		r = strbuf_check(&out);
	if (r == 0)
		puts(out.data);
	return r;
}

int baseline_explain(int argc, char **argv)
{
	cleanup_with(explain_done) struct explain e = {0};
	cleanup_with(config_freep) struct config *config = NULL;
	struct diag diag = {0};
	int r;

	r = parse(argc, argv, &e);
	if (r < 0)
		return EXIT_ERROR;
	if (e.is_help) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	r = layer_files_load_config(e.config_path, &config, &diag);
	if (r == 0)
		r = layer_files_open(config, e.files, &e.layers, &diag);
	if (r == 0)
		r = resolve(&e, &diag);
	if (r == 0)
		r = look(&e);
	if (r == 0)
		r = e.is_json ? print_json(&e) : print_text(&e);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = diag_set(&diag, "", 0, -EIO, "cannot write to standard output");
	if (r < 0)
		return fail_with(r, &diag);
	return e.approved ? EXIT_GOOD : EXIT_UNSTATED;
}
