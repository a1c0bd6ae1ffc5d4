/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline import: options and what to tell; the work is in baseline/import. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ini.h"
#include "base/str.h"
#include "baseline/import.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"

static const char help[] =
	"usage: plumbline baseline import --format cyclonedx|mtree|sha256sum --name NAME\n"
	"           [--prefix DIR] -o FILE LIST\n\n"
	"Makes a baseline file, not signed yet, of a list that a vendor delivers. FILE must not\n"
	"exist. What the list does not say of a file is not stated in the baseline either.\n\n"
	"  --format FORMAT   cyclonedx (1.4 to 1.6, JSON), mtree or sha256sum\n"
	"  --name NAME       of the baseline\n"
	"  --prefix DIR      where relative paths of the list begin; also what is monitored, "
	"unless\n"
	"                    it is / or --tree says otherwise\n"
	"  -o, --output FILE where to write\n"
	"  --tree DIR        monitor this folder for files that the list does not name; repeat\n"
	"  --ignore PATTERN  leave out a path, a tree, or what the pattern fits; repeat for more\n"
	"  --layer LAYER     vendor, model, site or host (default: vendor)\n"
	"  --previous FILE   the revision before; this one gets the next number and names its "
	"digest\n"
	"  --revision N      another number than that (default: 1)\n"
	"  --ticket TEXT     change ticket, kept in the statement\n";

enum {
	OPT_FORMAT = 256,
	OPT_NAME,
	OPT_PREFIX,
	OPT_TREE,
	OPT_IGNORE,
	OPT_LAYER,
	OPT_PREVIOUS,
	OPT_REVISION,
	OPT_TICKET,
	OPT_HELP,
};

static const struct option options[] = {
	{"format", required_argument, NULL, OPT_FORMAT},
	{"name", required_argument, NULL, OPT_NAME},
	{"prefix", required_argument, NULL, OPT_PREFIX},
	{"output", required_argument, NULL, 'o'},
	{"tree", required_argument, NULL, OPT_TREE},
	{"ignore", required_argument, NULL, OPT_IGNORE},
	{"layer", required_argument, NULL, OPT_LAYER},
	{"previous", required_argument, NULL, OPT_PREVIOUS},
	{"revision", required_argument, NULL, OPT_REVISION},
	{"ticket", required_argument, NULL, OPT_TICKET},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	list_read_fn read;
} formats[] = {
	{"cyclonedx", list_read_cyclonedx},
	{"mtree", list_read_mtree},
	{"sha256sum", list_read_sha256sum},
};

struct job {
	struct baseline_statement statement;
	struct baseline_rules rules;
	struct import_options import;
	char *prefix;
	const char *output, *previous, *list;
	bool is_help;
};

static void job_done(struct job *job)
{
	baseline_statement_done(&job->statement);
	baseline_rules_done(&job->rules);
	free(job->prefix);
}

static int set_format(struct job *job, const char *name, struct diag *diag)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i].name) == 0) {
			job->import.read = formats[i].read;
			return baseline_set_text(&job->statement.source_format, name);
		}
	return diag_set(diag, "", 0, -EINVAL, "'%s' is no format", name);
}

/* A folder of the machines that the baseline is for; it need not be here. */
static int normalize(const char *option, const char *path, char **ret_path, struct diag *diag)
{
	cleanup_free char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	if (path_normalize(copy) < 0 || strstr(path, ".."))
		return diag_set(diag, "", 0, -EINVAL, "%s must be a whole path without ..: %s",
				option, path);
	free(*ret_path);
	*ret_path = TAKE_PTR(copy);
	return 0;
}

static int add_tree(struct job *job, const char *path, struct diag *diag)
{
	cleanup_free char *tree = NULL;
	int r = normalize("--tree", path, &tree, diag);

	return r < 0 ? r : strv_append(&job->rules.trees, tree);
}

static int take_option(struct job *job, int option, const char *value, struct diag *diag)
{
	switch (option) {
	case OPT_FORMAT:
		return set_format(job, value, diag);
	case OPT_NAME:
		return baseline_set_text(&job->statement.name, value);
	case OPT_PREFIX:
		return normalize("--prefix", value, &job->prefix, diag);
	case 'o':
		job->output = value;
		return 0;
	case OPT_TREE:
		return add_tree(job, value, diag);
	case OPT_IGNORE:
		if (value[0] != '/')
			return diag_set(diag, "", 0, -EINVAL, "--ignore must begin with /: %s",
					value);
		return strv_append(&job->rules.ignores, value);
	case OPT_LAYER:
		return baseline_set_text(&job->statement.layer, value);
	case OPT_PREVIOUS:
		job->previous = value;
		return 0;
	case OPT_REVISION:
		if (str_to_u64(value, 10, &job->statement.revision) == 0 &&
		    job->statement.revision > 0)
			return 0;
		return diag_set(diag, "", 0, -EINVAL, "--revision must be a number from 1");
	case OPT_TICKET:
		return baseline_set_text(&job->statement.ticket, value);
	default:
		return -EINVAL;
	}
}

/* 0, or negative errno with @diag; an empty @diag: usage was printed by getopt. */
static int parse(int argc, char **argv, struct job *job, struct diag *diag)
{
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			job->is_help = true;
			return 0;
		}
		if (option == '?')
			return -EINVAL;
		r = take_option(job, option, optarg, diag);
		if (r < 0)
			return r;
	}
	if (optind + 1 != argc || !job->import.read || !job->statement.name || !job->output)
		return diag_set(diag, "", 0, -EINVAL, "LIST, --format, --name and -o are needed");
	job->list = argv[optind];
	return 0;
}

static int set_defaults(struct job *job)
{
	const char *slash = strrchr(job->list, '/');
	int r;

	r = baseline_set_text(&job->statement.source_name, slash ? slash + 1 : job->list);
	if (r == 0 && !job->statement.layer)
		r = baseline_set_text(&job->statement.layer, "vendor");
	if (r == 0 && !job->rules.trees && job->prefix && strcmp(job->prefix, "/") != 0)
		r = strv_append(&job->rules.trees, job->prefix);
	job->import.statement = &job->statement;
	job->import.rules = &job->rules;
	job->import.prefix = job->prefix;
	job->import.name = job->list;
	return r;
}

static int open_list(const char *path, struct diag *diag)
{
	/* O_NONBLOCK: a fifo in its place must not hold the program. */
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return diag_set(diag, path, 0, -errno, "cannot open: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return diag_set(diag, path, 0, -EINVAL, "it is no regular file");
	return TAKE_FD(fd);
}

static void print_result(const struct job *job, const struct import_result *result)
{
	const struct baseline_statement *s = &job->statement;

	printf("%s: %s revision %" PRIu64 ": %" PRIu64 " entries, %" PRIu64 " files\n", job->output,
	       s->name, s->revision, s->entries, s->files);
	printf("%" PRIu64 " entries leave something unstated, %" PRIu64
	       " named in the list are left "
	       "out, %" PRIu64 " are in it twice\n",
	       s->unstated, s->not_read, result->twice);
	if (result->implied > 0)
		printf("%" PRIu64 " folders that the list does not name are approved for what it "
		       "names in them\n",
		       result->implied);
	for (size_t i = 0; i < s->problem_count; i++) {
		cleanup_strbuf struct strbuf path = STRBUF_INIT;

		str_escape(&path, s->problems[i].path, strlen(s->problems[i].path));
		printf("left out: %s: %s\n", path.data ? path.data : "", s->problems[i].text);
	}
	if (s->not_read > s->problem_count)
		printf("left out: %" PRIu64 " more\n", s->not_read - s->problem_count);
	for (size_t i = 0; i < result->ignored_count; i++) {
		cleanup_strbuf struct strbuf keyword = STRBUF_INIT;

		str_escape(&keyword, result->ignored[i], strlen(result->ignored[i]));
		printf("ignored: %s\n", keyword.data ? keyword.data : "");
	}
	if (!job->rules.trees)
		printf("no folder is monitored for files that the list does not name: see "
		       "--tree\n");
	printf("list sha256 %s\ncontent digest %s\n", s->source_sha256, s->content_digest);
}

int baseline_import_verb(int argc, char **argv)
{
	cleanup_with(job_done) struct job job = {0};
	cleanup_with(import_result_done) struct import_result result = {0};
	cleanup_close int fd = -1;
	struct diag diag = {0};
	int r;

	r = parse(argc, argv, &job, &diag);
	if (job.is_help) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0 && diag.text[0])
		return fail_usage("baseline import", "%s", diag.text);
	if (r < 0)
		return EXIT_ERROR;
	r = set_defaults(&job);
	if (r == 0)
		r = baseline_set_maker(&job.statement);
	if (r == 0)
		r = baseline_follow_previous(&job.statement, job.previous, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	fd = open_list(job.list, &diag);
	if (fd < 0)
		return fail_with(fd, &diag);
	job.import.fd = fd;
	r = baseline_import(&job.import, job.output, &result, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	print_result(&job, &result);
	return EXIT_GOOD;
}
