/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline create: options and progress; the work is in baseline/build. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/str.h"
#include "baseline/build.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"
#include "privsep/query.h"

static const char help[] =
	"usage: plumbline baseline create --name NAME [--tree DIR]... -o FILE\n\n"
	"Hashes files of this machine into a new baseline file. FILE must not exist.\n\n"
	"  --name NAME       of the baseline\n"
	"  --tree DIR        only this folder and all below it; repeat for more. Without it:\n"
	"                    the files of all packages, /usr, /opt, /etc, /boot and /srv\n"
	"  -o, --output FILE where to write\n"
	"  --layer LAYER     vendor, model, site or host (default: site)\n"
	"  --gone PATH       take back what a layer below states; PATH is not there; repeat for "
	"more\n"
	"  --host-program P  of a site layer: path or pattern where a host layer may state "
	"programs\n"
	"  --host-ignore DIR of a site layer: where a host layer may ignore files\n"
	"  --previous FILE   the revision before; this one gets the next number and names its "
	"digest\n"
	"  --revision N      another number than that (default: 1)\n"
	"  --ticket TEXT     change ticket, kept in the statement\n"
	"  --ignore PATTERN  leave out a path, a tree, or what the pattern fits; repeat for more\n"
	"  --check-packages  compare every file with its package's checksum, not only those that\n"
	"                    changed after the package was unpacked (slower)\n"
	"  --packages DIR    package database (dpkg or rpm; default: both of this machine)\n"
	"  --progress        show progress on standard error\n";

enum {
	OPT_NAME = 256,
	OPT_TREE,
	OPT_LAYER,
	OPT_PREVIOUS,
	OPT_REVISION,
	OPT_TICKET,
	OPT_IGNORE,
	OPT_GONE,
	OPT_HOST_PROGRAM,
	OPT_HOST_IGNORE,
	OPT_CHECK_PACKAGES,
	OPT_PACKAGES,
	OPT_PROGRESS,
	OPT_HELP,
};

static const struct option options[] = {
	{"name", required_argument, NULL, OPT_NAME},
	{"tree", required_argument, NULL, OPT_TREE},
	{"output", required_argument, NULL, 'o'},
	{"layer", required_argument, NULL, OPT_LAYER},
	{"previous", required_argument, NULL, OPT_PREVIOUS},
	{"revision", required_argument, NULL, OPT_REVISION},
	{"ticket", required_argument, NULL, OPT_TICKET},
	{"ignore", required_argument, NULL, OPT_IGNORE},
	{"gone", required_argument, NULL, OPT_GONE},
	{"host-program", required_argument, NULL, OPT_HOST_PROGRAM},
	{"host-ignore", required_argument, NULL, OPT_HOST_IGNORE},
	{"check-packages", no_argument, NULL, OPT_CHECK_PACKAGES},
	{"packages", required_argument, NULL, OPT_PACKAGES},
	{"progress", no_argument, NULL, OPT_PROGRESS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct create {
	struct baseline_statement statement;
	struct baseline_rules rules;
	struct build_options build;
	const char *output, *previous;
	char **gone;
	size_t gone_count;
	bool is_help;
};

static void create_done(struct create *c)
{
	baseline_statement_done(&c->statement);
	baseline_rules_done(&c->rules);
	strv_free(c->gone);
}

/* The folder's own path, without links: a tree is walked and watched there. */
static int add_tree(struct create *c, const char *path, struct diag *diag)
{
	cleanup_free char *resolved = realpath(path, NULL);

	if (!resolved)
		return diag_set(diag, path, 0, -errno, "cannot walk this tree: %s",
				strerror(errno));
	for (char **tree = c->rules.trees; tree && *tree; tree++)
		if (strcmp(*tree, resolved) == 0)
			return 0;
	return strv_append(&c->rules.trees, resolved);
}

static int add_gone(struct create *c, const char *path, struct diag *diag)
{
	cleanup_free char *normal = strdup(path);
	struct stat st;

	if (!normal)
		return -ENOMEM;
	if (path_normalize(normal) < 0)
		return diag_set(diag, "", 0, -EINVAL, "--gone must begin with /: %s", path);
	if (lstat(normal, &st) == 0)
		return diag_set(diag, normal, 0, -EEXIST, "it is there; --gone is for what is not");
	c->gone_count++;
	return strv_append(&c->gone, normal);
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int take_option(struct create *c, int option, const char *value, struct diag *diag)
{
	switch (option) {
	case OPT_NAME:
		return baseline_set_text(&c->statement.name, value);
	case OPT_TREE:
		return add_tree(c, value, diag);
	case 'o':
		c->output = value;
		return 0;
	case OPT_LAYER:
		return baseline_set_text(&c->statement.layer, value);
	case OPT_PREVIOUS:
		c->previous = value;
		return 0;
	case OPT_REVISION:
		if (str_to_u64(value, 10, &c->statement.revision) == 0 && c->statement.revision > 0)
			return 0;
		return diag_set(diag, "", 0, -EINVAL, "--revision must be a number from 1");
	case OPT_TICKET:
		return baseline_set_text(&c->statement.ticket, value);
	case OPT_IGNORE:
		if (value[0] != '/')
			return diag_set(diag, "", 0, -EINVAL, "--ignore must begin with /: %s",
					value);
		return strv_append(&c->rules.ignores, value);
	case OPT_GONE:
		return add_gone(c, value, diag);
	case OPT_HOST_PROGRAM:
		return strv_append(&c->rules.host_programs, value);
	case OPT_HOST_IGNORE:
		return strv_append(&c->rules.host_ignores, value);
	case OPT_CHECK_PACKAGES:
		c->build.has_all_checksums = true;
		return 0;
	case OPT_PACKAGES:
		c->build.packages_dir = value;
		return 0;
	default:
		return -EINVAL;
	}
}

static void show_progress(const struct build_progress *p, void *userdata)
{
	fprintf(stderr, "\rhashing: %" PRIu64 " files, %" PRIu64 " MB ", p->files, p->bytes >> 20);
}

/* 0, or negative errno with @diag; an empty @diag: usage was printed by getopt. */
static int parse(int argc, char **argv, struct create *c, struct diag *diag)
{
	int option, r;

	optind = 0; /* getopt starts anew: the verb is argv[0] */
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			c->is_help = true;
			return 0;
		}
		if (option == '?')
			return -EINVAL;
		if (option == OPT_PROGRESS) {
			c->build.on_progress = show_progress;
			continue;
		}
		r = take_option(c, option, optarg, diag);
		if (r < 0)
			return r;
	}
	if (optind < argc)
		return diag_set(diag, "", 0, -EINVAL, "what is '%s'?", argv[optind]);
	if ((c->rules.host_programs || c->rules.host_ignores) && c->statement.layer &&
	    !str_equal(c->statement.layer, "site"))
		return diag_set(diag, "", 0, -EINVAL,
				"--host-program and --host-ignore are for a site layer");
	if (!c->statement.name || !c->output)
		return diag_set(diag, "", 0, -EINVAL, "--name and -o are needed");
	return 0;
}

static int append_all(char ***list, const char *const *items, bool must_exist)
{
	for (; *items; items++) {
		int r = must_exist && access(*items, F_OK) < 0 ? 0 : strv_append(list, *items);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A host layer gets no ignores, updaters and never-block paths by itself: the layers below have
 * them, and it may not add to them. */
static int set_defaults(struct create *c)
{
	bool is_host = str_equal(c->statement.layer, "host");
	int r = 0;

	if (!c->rules.trees) {
		c->build.has_packaged_files = true;
		r = append_all(&c->rules.trees, build_default_trees, true);
	}
	if (r == 0 && !is_host)
		r = append_all(&c->rules.ignores, build_default_ignores, false);
	if (r == 0 && !is_host)
		r = append_all(&c->rules.updaters, build_default_updaters, true);
	if (r == 0 && !is_host)
		r = append_all(&c->rules.never_block, build_default_never_block, true);
	if (r == 0 && !c->statement.layer)
		r = baseline_set_text(&c->statement.layer, "site");
	return r;
}

static void print_result(const struct create *c)
{
	const struct baseline_statement *s = &c->statement;

	if (c->build.on_progress)
		fprintf(stderr, "\n");
	printf("%s: %s revision %" PRIu64 ": %" PRIu64 " entries, %" PRIu64 " files, %" PRIu64
	       " MB hashed\n",
	       c->output, s->name, s->revision, s->entries, s->files, s->bytes_hashed >> 20);
	printf("%" PRIu64 " differ from their package, %" PRIu64 " of no package, %" PRIu64
	       " not read\n",
	       s->differs_from_package, s->not_packaged, s->not_read);
	for (unsigned i = 0; i < REVIEW_COUNT; i++)
		if (review_kinds[i].is_listed && s->review[i] > 0)
			printf("look at %" PRIu64 " %s\n", s->review[i], review_kinds[i].label);
	if (s->not_read > 0)
		printf("what was not read is not approved: plumbline baseline show lists it\n");
	printf("content digest %s\n", s->content_digest);
}

int baseline_create(int argc, char **argv)
{
	cleanup_with(create_done) struct create c = {0};
	struct diag diag = {0};
	int r;

	r = parse(argc, argv, &c, &diag);
	if (c.is_help) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0 && diag.text[0] && !diag.file[0])
		return fail_usage("baseline create", "%s", diag.text);
	if (r < 0)
		return diag.text[0] ? fail_with(r, &diag) : EXIT_ERROR;
	r = set_defaults(&c);
	if (r == 0)
		r = baseline_set_maker(&c.statement);
	if (r == 0)
		r = baseline_follow_previous(&c.statement, c.previous, &diag);
	if (r < 0)
		return fail_with(r, &diag);

	c.build.statement = &c.statement;
	c.build.rules = &c.rules;
	if (c.gone)
		qsort(c.gone, c.gone_count, sizeof(*c.gone), compare_texts);
	c.build.gone = c.gone;
	c.build.run_query = query_run;
	r = baseline_build(&c.build, c.output, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	print_result(&c);
	return EXIT_GOOD;
}
