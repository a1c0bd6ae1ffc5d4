/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline export: chooses the writer, and lets nothing half-written stand. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/baseline_export.h"
#include "cli/baseline_verbs.h"
#include "cli/output.h"
#include "cli/verbs.h"

static const char help[] =
	"usage: plumbline baseline export FILE --format cyclonedx|csv|json|mtree -o OUT\n\n"
	"Writes a baseline in a form that other tools read. OUT is replaced once it is whole;\n"
	"'-' is standard output. The approvals are not judged: see plumbline baseline verify.\n\n"
	"  --format FORMAT    cyclonedx (1.6, JSON), csv, json or mtree\n"
	"  -o, --output OUT   where to write\n";

enum {
	OPT_FORMAT = 256,
	OPT_HELP
};

static const struct option options[] = {
	{"format", required_argument, NULL, OPT_FORMAT},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static const struct {
	const char *name;
	baseline_export_fn write;
} formats[] = {
	{"cyclonedx", baseline_export_cyclonedx},
	{"csv", baseline_export_csv},
	{"json", baseline_export_json},
	{"mtree", baseline_export_mtree},
};

struct job {
	const char *file, *output;
	baseline_export_fn write;
	struct baseline *baseline;
	struct diag *diag;
};

static int set_format(struct job *job, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (strcmp(name, formats[i].name) == 0) {
			job->write = formats[i].write;
			return 0;
		}
	fail_usage("baseline export", "'%s' is no format", name);
	return -EINVAL;
}

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse(int argc, char **argv, struct job *job)
{
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == OPT_HELP)
			return 1;
		if (option == 'o')
			job->output = optarg;
		else if (option != OPT_FORMAT || set_format(job, optarg) < 0)
			return -EINVAL;
	}
	if (optind + 1 != argc || !job->write || !job->output)
		return fail_usage("baseline export", "FILE, --format and -o are needed"), -EINVAL;
	job->file = argv[optind];
	return 0;
}

static int write_job(FILE *out, void *userdata)
{
	struct job *job = userdata;

	return job->write(job->baseline, out, job->diag);
}

int baseline_export_verb(int argc, char **argv)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	struct diag diag = {0};
	struct job job = {.diag = &diag};
	int r;

	r = parse(argc, argv, &job);
	if (r > 0) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0)
		return EXIT_ERROR;
	r = baseline_open_path(job.file, &baseline, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	job.baseline = baseline;
	r = output_write(job.output, write_job, &job);
	if (r < 0 && !diag.text[0])
		diag_set(&diag, job.output, 0, r, "cannot write: %s", strerror(-r));
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}
