/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline report: what the agent knows, as a page, a document or a table. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/control.h"
#include "cli/data_dir.h"
#include "cli/evidence.h"
#include "cli/output.h"
#include "cli/since.h"
#include "cli/verbs.h"
#include "cli/waivers.h"
#include "model/config.h"
#include "report/framework_source.h"
#include "report/report.h"
#include "wire/codec.h"

struct options {
	const struct report_ops *format; /* NULL: a report by framework */
	struct framework_wish wish;
	const char *waivers, *ca; /* instead of the folder in the settings; of its approver */
	const char *output;	  /* "-": standard output */
	const char *input;	  /* saved answers instead of the agent's; "-": standard input */
	int64_t since_ns;
	struct control_target target;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline report --format html|json|csv -o FILE [--waivers FILE [--ca "
	      "FILE]]\n"
	      "                        [--since TIME] [--input FILE]\n"
	      "       plumbline report --framework NAME [--format FORMAT] [-o FILE]\n"
	      "                        [--level LEVEL] [--scope FILE] [--waivers FILE [--ca "
	      "FILE]]\n"
	      "                        [--since TIME] [--input "
	      "FILE]\n\n"
	      "  --format FORMAT   html: a page to read and print; json: all of it; csv: a table;\n"
	      "                    by framework also text (for the terminal), oscal-ar,\n"
	      "                    oscal-ap, oscal-poam, hdf, navigator\n"
	      "  -o FILE           replaces FILE once the report is whole; - is standard output\n"
	      "  --framework NAME  for each requirement of 800-53, 800-82, 62443-3-3, csf-2.0,\n"
	      "                    iso-27001, iso-27002, 800-171, cmmc-2.0, dfars,\n"
	      "                    attack-enterprise or attack-ics what speaks for it, what\n"
	      "                    against, and what was or can not be assessed\n"
	      "  --level LEVEL     low, moderate or high (800-53, 800-82); 1 to 4, or seven of "
	      "them\n"
	      "                    by foundational requirement such as 3,3,3,2,2,2,3 (62443-3-3;\n"
	      "                    default: 3)\n"
	      "  --waivers FILE    a signed file of waivers (default: the folder in the settings); "
	      "see\n"
	      "                    plumbline waiver\n"
	      "  --ca FILE         the CA of its approver (default: that of baselines)\n"
	      "  --scope FILE      what the organization decided of requirements\n"
	      "  --since TIME      2026-11-21T08:00:00Z, or 12h or 7d before now; default: the\n"
	      "                    first coverage record\n"
	      "  --input FILE      answers of an agent saved before, one per line, instead of\n"
	      "                    asking the agent of this machine; - is standard "
	      "input\n" CONTROL_OPTIONS_HELP,
	      out);
}

static int take_option(struct options *options, int option, const char *value)
{
	switch (option) {
	case 'f':
		options->wish.format = value;
		return 0;
	case 'w':
		options->wish.framework = value;
		return 0;
	case 'l':
		options->wish.level = value;
		return 0;
	case 'v':
		options->waivers = value;
		return 0;
	case 'c':
		options->ca = value;
		return 0;
	case 'd':
		options->wish.scope = value;
		return 0;
	case 'o':
		options->output = value;
		return 0;
	case 'i':
		options->input = value;
		return 0;
	case 's':
		if (since_parse(value, &options->since_ns) == 0)
			return 0;
		fprintf(stderr,
			"plumbline: report: --since takes a time before now, such as "
			"2026-11-21T08:00:00Z, 12h or 7d, not '%s'\n",
			value);
		return -EINVAL;
	default:
		return control_option(&options->target, option, value);
	}
}

static int choose_format(struct options *options)
{
	const struct framework_wish *wish = &options->wish;

	if (framework_is_wished(wish)) {
		if (!options->output)
			options->output = "-";
		return 0;
	}
	if (!wish->format || !options->output) {
		fprintf(stderr, "plumbline: report: --format and -o are needed\n");
		usage(stderr);
		return -EINVAL;
	}
	if (wish->level || wish->scope) {
		fprintf(stderr, "plumbline: report: --level and --scope go with --framework\n");
		return -EINVAL;
	}
	options->format = report_find_format(wish->format);
	if (options->format)
		return 0;
	fprintf(stderr, "plumbline: report: --format is html, json or csv, not '%s'\n",
		wish->format);
	return -EINVAL;
}

/* 0, 1 when help was printed, or -EINVAL. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{"format", required_argument, NULL, 'f'},
		{"framework", required_argument, NULL, 'w'},
		{"level", required_argument, NULL, 'l'},
		{"scope", required_argument, NULL, 'd'},
		{"waivers", required_argument, NULL, 'v'},
		{"ca", required_argument, NULL, 'c'},
		{"output", required_argument, NULL, 'o'},
		{"since", required_argument, NULL, 's'},
		{"input", required_argument, NULL, 'i'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "o:h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return 1;
		}
		if (option == '?' || take_option(options, option, optarg) < 0)
			return -EINVAL;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: report: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return -EINVAL;
	}
	return choose_format(options);
}

/* What on_line() needs to add a line and to say which one was bad. */
struct taking {
	struct evidence *evidence;
	const char *source;
	unsigned line;
};

static int on_line(const char *json, void *userdata)
{
	struct taking *taking = userdata;
	struct diag diag = {0};
	int r;

	taking->line++;
	r = evidence_add(taking->evidence, json, strlen(json), &diag);
	if (r < 0)
		fprintf(stderr, "plumbline: report: %s:%u: %s\n", taking->source, taking->line,
			diag.text[0] ? diag.text : strerror(-r));
	return r;
}

static int ask_agent(const struct options *options, struct evidence *evidence)
{
	const char *const all[] = {"--all", NULL};
	char since[32];
	const char *const since_list[] = {since, NULL};
	const struct {
		const char *verb;
		const char *const *arguments;
	} questions[] = {
		{"status", NULL}, {"coverage", since_list}, {"findings", all}, {"checks", NULL}};

	snprintf(since, sizeof(since), "%" PRId64, options->since_ns);
	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		struct taking taking = {evidence, questions[i].verb, 0};
		const struct control_request request = {
			.verb = questions[i].verb,
			.arguments = questions[i].arguments,
			.fd = -1,
			.timeout_ms = CONTROL_TIMEOUT_MS,
			.on_line = on_line,
			.userdata = &taking,
		};
		int r = control_run_loud(&options->target, &request);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_input(const char *path, struct evidence *evidence)
{
	cleanup_fclose FILE *in =
		strcmp(path, "-") == 0 ? fdopen(dup(STDIN_FILENO), "re") : fopen(path, "re");
	struct taking taking = {evidence, path, 0};
	cleanup_free char *line = NULL;
	size_t room = 0;
	ssize_t len;
	int r;

	if (!in) {
		r = -errno;
		fprintf(stderr, "plumbline: report: %s: %s\n", path, strerror(-r));
		return r;
	}
	while ((len = getline(&line, &room, in)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (len == 0)
			continue;
		r = on_line(line, &taking);
		if (r < 0)
			return r;
	}
	if (ferror(in)) {
		fprintf(stderr, "plumbline: report: %s: cannot be read\n", path);
		return -EIO;
	}
	return 0;
}

struct writing {
	const struct report *report;
	const struct report_ops *format;
	struct framework_source *source; /* where there is no format */
};

static int write_format(FILE *out, void *userdata)
{
	const struct writing *writing = userdata;

	if (!writing->format)
		return framework_source_write(writing->source, writing->report, out);
	return writing->format->write(writing->report, out);
}

/* The data of a report by framework; says itself what is wrong. */
static int load_source(const struct options *options, const struct config *config,
		       struct framework_source *ret_source)
{
	struct framework_wish wish = options->wish;
	cleanup_free char *data_dir = NULL;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (options->format)
		return 0;
	r = data_dir_find(NULL, config, &data_dir);
	if (r < 0)
		return r;
	r = framework_source_load(&wish, data_dir, ret_source, &diag);
	if (r < 0)
		fprintf(stderr, "plumbline: report: %s\n",
			diag.text[0] ? diag_format(&diag, text, sizeof(text)) : strerror(-r));
	return r;
}

/* Those of the file that somebody named, or of the folder in the settings; says what is wrong. */
static int load_waivers(const struct options *options, const struct config *config,
			struct waiver_folder *folder)
{
	const char *ca = options->ca ? options->ca : config->approver_ca;
	struct diag diag = {0};
	char text[1024];
	int r;

	if (!options->waivers)
		return waivers_load(config, NULL, folder);
	r = waiver_folder_add(options->waivers, ca, folder, &diag);
	if (r == 0)
		waivers_tell_unknown(&folder->list, config, NULL);
	else
		fprintf(stderr, "plumbline: report: %s\n",
			diag.text[0] ? diag_format(&diag, text, sizeof(text)) : strerror(-r));
	return r;
}

/* What a report is made of, besides what the agent told. */
struct material {
	const struct config *config;
	struct framework_source source;
	struct waiver_folder waivers;
	struct check_families *families; /* NULL: not at hand, then checks stand in one list */
};

static void material_done(struct material *material)
{
	framework_source_done(&material->source);
	waiver_folder_done(&material->waivers);
	check_families_free(material->families);
}

static void load_families(const struct config *config, struct check_families **families)
{
	cleanup_free char *data_dir = NULL;

	if (data_dir_find(NULL, config, &data_dir) == 0)
		(void)check_families_load(data_dir, families, NULL);
}

static int write_report(const struct options *options, struct material *material,
			struct evidence *evidence)
{
	const struct config *config = material->config;
	cleanup_free char *title = NULL, *made_by = NULL;
	struct utsname system;
	struct report_host host;
	struct report report = {
		.since_ns = options->since_ns,
		.host_count = 1,
		.waivers = &material->waivers.list,
		.refused_waivers = material->waivers.refused,
		.refused_waiver_count = material->waivers.refused_count,
	};
	int r;

	/* Who approved the baseline stands in its files alone, which only root may read. */
	if (!options->input)
		(void)evidence_add_baseline(evidence, config, NULL);
	r = evidence_get_host(evidence, &host);
	if (r < 0)
		return r;
	report.hosts = &host;
	load_families(config, &material->families);
	report.families = material->families;
	evidence_count_requirements(config, &host, &report);
	if (!options->input)
		host.heard_ns = 0; /* it answered just now */
	if (asprintf(&title, "%s: the machine beside its approved state",
		     host.name ? host.name : "A machine") < 0)
		return -ENOMEM;
	if (uname(&system) < 0)
		return -errno;
	if (asprintf(&made_by, "plumbline %s on %s", PLUMBLINE_VERSION, system.nodename) < 0)
		return -ENOMEM;
	report.title = title;
	report.made_by = made_by;
	report.made_at_ns = clock_real_ns();
	return output_write(options->output, write_format,
			    &(struct writing){&report, options->format, &material->source});
}

int cmd_report(int argc, char **argv)
{
	cleanup_with(evidence_freep) struct evidence *evidence = NULL;
	cleanup_with(material_done) struct material material = {0};
	cleanup_with(config_freep) struct config *config = NULL;
	struct options options = {0};
	int r;

	r = parse_options(argc, argv, &options);
	if (r != 0)
		return r < 0 ? EXIT_ERROR : EXIT_GOOD;
	if (data_dir_load_config(options.target.config, &config) < 0 ||
	    load_source(&options, config, &material.source) < 0 ||
	    load_waivers(&options, config, &material.waivers) < 0)
		return EXIT_ERROR;
	material.config = config;

	r = evidence_new(&evidence);
	if (r == 0 && !options.input)
		r = evidence_add_local(evidence, NULL);
	if (r < 0) {
		fprintf(stderr, "plumbline: report: %s\n", strerror(-r));
		return EXIT_ERROR;
	}
	if (options.input ? read_input(options.input, evidence) < 0
			  : ask_agent(&options, evidence) < 0)
		return EXIT_ERROR;

	r = write_report(&options, &material, evidence);
	if (r < 0) {
		fprintf(stderr, "plumbline: report: %s: %s\n", options.output, strerror(-r));
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}
