/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline baseline propose: from drift to the next revision, in two steps
 * with a person between them. The first writes a delta, the second makes the
 * file of what was accepted in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/ini.h"
#include "base/str.h"
#include "baseline/changes.h"
#include "baseline/packages.h"
#include "baseline/propose.h"
#include "cli/baseline_verbs.h"
#include "cli/control.h"
#include "cli/output.h"
#include "cli/proposal.h"
#include "cli/verbs.h"
#include "privsep/query.h"

static const char help[] =
	"usage: plumbline baseline propose --from FILE --delta DELTA\n"
	"           --findings | --findings-file JSON | --scan [--tree DIR]...\n"
	"       plumbline baseline propose --from FILE --delta DELTA -o NEXT [--ticket TEXT]\n\n"
	"Writes what differs from FILE into DELTA, where people write decisions and reasons;\n"
	"then makes NEXT, the revision after FILE, of what they accepted. Each accepted path is\n"
	"hashed once more and must be as DELTA says. NEXT is not signed yet. Neither DELTA in\n"
	"the first form nor NEXT may exist.\n\n"
	"  --from FILE           the revision before\n"
	"  --findings            open findings of the agent\n"
	"  --findings-file JSON  the same, printed as JSON by plumbline findings\n"
	"  --scan                all files of this machine\n"
	"  --tree DIR            of the scan, only what lies in this folder; repeat for more\n"
	"  --accept ID           only this finding, by its id or path, and accept it; repeat for\n"
	"                        more; needs --reason\n"
	"  --accept-all          accept all; needs --reason\n"
	"  --reason TEXT         why all that is accepted this way is accepted\n"
	"  --delta DELTA         the delta. Where all is accepted already, -o may stand with or\n"
	"                        without it, and NEXT is made at once\n"
	"  -o, --output NEXT     where to write\n"
	"  --ticket TEXT         change ticket, kept in the statement\n"
	"  --packages DIR        package database (dpkg or rpm; default: both of this "
	"machine)\n" CONTROL_OPTIONS_HELP
	"\nExit status: 0 done, 1 something was left out or nothing differs, 2 error.\n";

enum {
	OPT_FROM = 256,
	OPT_FINDINGS,
	OPT_FINDINGS_FILE,
	OPT_SCAN,
	OPT_TREE,
	OPT_ACCEPT,
	OPT_ACCEPT_ALL,
	OPT_REASON,
	OPT_DELTA,
	OPT_TICKET,
	OPT_PACKAGES,
	OPT_HELP,
};

static const struct option options[] = {
	{"from", required_argument, NULL, OPT_FROM},
	{"findings", no_argument, NULL, OPT_FINDINGS},
	{"findings-file", required_argument, NULL, OPT_FINDINGS_FILE},
	{"scan", no_argument, NULL, OPT_SCAN},
	{"tree", required_argument, NULL, OPT_TREE},
	{"accept", required_argument, NULL, OPT_ACCEPT},
	{"accept-all", no_argument, NULL, OPT_ACCEPT_ALL},
	{"reason", required_argument, NULL, OPT_REASON},
	{"delta", required_argument, NULL, OPT_DELTA},
	{"output", required_argument, NULL, 'o'},
	{"ticket", required_argument, NULL, OPT_TICKET},
	{"packages", required_argument, NULL, OPT_PACKAGES},
	{"help", no_argument, NULL, OPT_HELP},
	CONTROL_OPTIONS,
	{NULL, 0, NULL, 0},
};

struct job {
	const char *from, *findings_file, *reason, *delta, *output, *ticket, *packages;
	bool is_findings, is_scan, is_accept_all;
	char **accepted, **trees;
	struct control_target target;
	struct baseline *baseline;
	struct proposal proposal;
	struct strbuf text; /* of the delta */
};

static void job_done(struct job *job)
{
	strv_free(job->accepted);
	strv_free(job->trees);
	proposal_done(&job->proposal);
	baseline_close(job->baseline);
	strbuf_done(&job->text);
}

/* The folder's own path, without links, as it stands in a baseline. */
static int add_tree(struct job *job, const char *path)
{
	cleanup_free char *resolved = realpath(path, NULL);

	if (resolved)
		return strv_append(&job->trees, resolved);
	return fail_usage("baseline propose", "%s: %s", path, strerror(errno)), -EINVAL;
}

static int take_option(struct job *job, int option, const char *value)
{
	const struct {
		int option;
		const char **field;
	} texts[] = {
		{OPT_FROM, &job->from},
		{OPT_FINDINGS_FILE, &job->findings_file},
		{OPT_REASON, &job->reason},
		{OPT_DELTA, &job->delta},
		{'o', &job->output},
		{OPT_TICKET, &job->ticket},
		{OPT_PACKAGES, &job->packages},
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].option == option) {
			*texts[i].field = value;
			return 0;
		}
	job->is_findings |= option == OPT_FINDINGS;
	job->is_scan |= option == OPT_SCAN;
	job->is_accept_all |= option == OPT_ACCEPT_ALL;
	if (option == OPT_TREE)
		return add_tree(job, value);
	if (option == OPT_ACCEPT)
		return strv_append(&job->accepted, value);
	if (option == OPT_FINDINGS || option == OPT_SCAN || option == OPT_ACCEPT_ALL)
		return 0;
	return control_option(&job->target, option, value);
}

static int count_sources(const struct job *job)
{
	return job->is_findings + (job->findings_file != NULL) + job->is_scan;
}

static bool is_decided(const struct job *job)
{
	return job->is_accept_all || job->accepted;
}

/* What is wrong with the options together; NULL: nothing. */
static const char *find_fault(const struct job *job)
{
	int sources = count_sources(job);

	if (!job->from)
		return "--from is needed";
	if (sources > 1)
		return "only one of --findings, --findings-file and --scan";
	if (sources == 0 && (!job->delta || !job->output))
		return "--findings, --findings-file or --scan is needed, or --delta and -o";
	if (sources == 0 && (is_decided(job) || job->reason))
		return "a delta that is there is decided in the file";
	if (job->trees && !job->is_scan)
		return "--tree is for --scan";
	if (job->accepted && (job->is_scan || job->is_accept_all))
		return "--accept is for findings, without --accept-all";
	if (is_decided(job) != (job->reason != NULL))
		return "--accept and --accept-all need --reason, and it needs one of them";
	if (job->reason && !change_is_reason(job->reason))
		return "a reason is one line of plain text";
	if (sources > 0 && job->output && !is_decided(job))
		return "-o belongs to the second step, when DELTA is decided";
	if (!job->delta && !job->output)
		return "--delta is needed";
	return job->ticket && !job->output ? "--ticket belongs to -o" : NULL;
}

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse(int argc, char **argv, struct job *job)
{
	const char *fault;
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (option == OPT_HELP)
			return 1;
		if (option == '?' || take_option(job, option, optarg) < 0)
			return -EINVAL;
	}
	if (optind < argc)
		return fail_usage("baseline propose", "what is '%s'?", argv[optind]), -EINVAL;
	fault = find_fault(job);
	return fault ? (fail_usage("baseline propose", "%s", fault), -EINVAL) : 0;
}

static int write_text(FILE *out, void *userdata)
{
	const struct job *job = userdata;

	return fwrite(job->text.data, 1, job->text.len, out) == job->text.len ? 0 : -EIO;
}

static int save_delta(struct job *job, struct diag *diag)
{
	int r;

	if (!job->delta)
		return 0;
	/* It may hold what a person wrote. */
	r = access(job->delta, F_OK) == 0 ? -EEXIST : output_write(job->delta, write_text, job);
	if (r < 0)
		return diag_set(diag, job->delta, 0, r, "cannot write: %s", strerror(-r));
	return 0;
}

/* The first step. @ret_count: paths in the delta. */
static int gather(struct job *job, size_t *ret_count, struct diag *diag)
{
	struct proposal *p = &job->proposal;
	int r;

	p->from = job->baseline;
	p->reason = job->reason;
	p->is_scan = job->is_scan;
	p->trees = job->trees;
	r = job->is_scan ? proposal_scan(p, diag)
			 : proposal_take_findings(p, &job->target, job->findings_file,
						  job->accepted, diag);
	if (r == 0)
		r = proposal_write_delta(p, &job->text, ret_count, diag);
	if (r < 0 || *ret_count == 0)
		return r;
	r = save_delta(job, diag);
	if (r == 0 && job->delta)
		printf("%s: %zu paths%s\n", job->delta, *ret_count,
		       is_decided(job) ? ", all accepted" : ", to be decided");
	return r;
}

static void print_refused(const char *path, unsigned line, const char *why, void *userdata)
{
	const struct job *job = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	str_escape(&text, path, strlen(path));
	fprintf(stderr, "%s:%u: not accepted: %s: %s\n", job->delta ? job->delta : "delta", line,
		text.data ? text.data : "", why);
}

static void print_result(const struct job *job, const struct delta *delta,
			 const struct baseline_statement *s)
{
	printf("%s: %s revision %" PRIu64 ": %" PRIu64 " entries; of %zu differences %" PRIu64
	       " accepted, the others stay drift\n",
	       job->output, s->name, s->revision, s->entries, delta->path_count, s->changes);
	printf("not signed yet: see plumbline baseline diff %s %s, then plumbline baseline sign\n",
	       job->from, job->output);
}

/* The second step. */
static int apply(struct job *job, struct diag *diag)
{
	cleanup_with(baseline_statement_done) struct baseline_statement maker = {0}, made = {0};
	cleanup_with(delta_done) struct delta delta = {0};
	struct propose_apply apply = {
		.from = job->baseline,
		.present = job->proposal.present,
		.delta = &delta,
		.delta_name = job->delta ? job->delta : "delta",
		.ticket = job->ticket,
		.on_refused = print_refused,
		.userdata = job,
	};
	int r = baseline_set_maker(&maker);

	if (r == 0)
		r = delta_parse(apply.delta_name, job->text.data ? job->text.data : "",
				job->text.len, &delta, diag);
	if (r < 0)
		return r;
	apply.made_by = maker.made_by;
	apply.made_on = maker.made_on;
	apply.made_at_ns = maker.made_at_ns;
	r = propose_apply(&apply, job->output, &made, diag);
	if (r == 0)
		print_result(job, &delta, &made);
	return r;
}

static int read_delta(struct job *job, struct diag *diag)
{
	int r = fd_read_file(AT_FDCWD, job->delta, DELTA_MAX, &job->text);

	if (r < 0)
		return diag_set(diag, job->delta, 0, r, "cannot read: %s", strerror(-r));
	return 0;
}

static int run(struct job *job, struct diag *diag)
{
	const struct packages_source packages = {
		.dir = job->packages, .root = "", .run_query = query_run};
	size_t count = 1;
	int r;

	r = baseline_open_path(job->from, &job->baseline, diag);
	if (r == 0)
		r = present_new(&packages, &job->proposal.present, diag);
	if (r < 0)
		return r;
	r = count_sources(job) > 0 ? gather(job, &count, diag) : read_delta(job, diag);
	if (r < 0)
		return r;
	if (count == 0) {
		printf("nothing to propose\n");
		return 1;
	}
	r = job->output ? apply(job, diag) : 0;
	return r < 0 ? r : job->proposal.left_out > 0;
}

int baseline_propose(int argc, char **argv)
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
	return r < 0 ? fail_with(r, &diag) : r > 0 ? EXIT_DRIFT : EXIT_GOOD;
}
