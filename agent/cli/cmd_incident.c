/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plumbline incident: declares a finding of this machine an incident, notes its
 * report and its end, and tells the clock. The agent keeps all of it.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/control.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "wire/codec.h"

static const char help[] =
	"usage: plumbline incident declare FINDING --by NAME --reason TEXT [--at TIME]\n"
	"       plumbline incident report FINDING --by NAME [--reference TEXT] [--at TIME]\n"
	"       plumbline incident close FINDING --by NAME --reason TEXT\n"
	"       plumbline incident list [--all] [--json]\n\n"
	"  declare  the finding is an incident: a report is due 72 hours after its discovery,\n"
	"           and what belongs to it is kept\n"
	"  report   the report went out: evidence is kept for 90 days from there on\n"
	"  close    work on it has ended; the evidence stays as long as it has to\n"
	"  list     what is open or still holds evidence, and how much time is left\n\n"
	"  FINDING           its id, or the first eight or more digits of it\n"
	"  --by NAME         who says so\n"
	"  --reason TEXT     why, or what it came to\n"
	"  --reference TEXT  under which the report is found again\n"
	"  --at TIME         in UTC, such as 2026-11-21T08:00:00Z: when it was discovered, or\n"
	"                    reported (default: now)\n"
	"  --all             also those whose evidence need not be kept any more\n"
	"  --json            one JSON array of findings\n" CONTROL_OPTIONS_HELP
	"\nOnly root may declare, report and close. Exit status: 0 good, 1 (list) a report is\n"
	"overdue, 2 it was refused or the agent could not be asked.\n";

struct options {
	const char *by, *reason, *reference;
	int64_t at_ns; /* 0: now */
	bool all, is_json;
	struct control_target target;
};

struct listing {
	bool all, is_json, is_overdue;
	size_t count;
};

/* What each step takes besides FINDING and --by. */
static const struct step {
	const char *name, *verb;
	bool has_time, has_reason, has_reference;
} steps[] = {
	{"declare", "incident-declare", true, true, false},
	{"report", "incident-report", true, false, true},
	{"close", "incident-close", false, true, false},
	{NULL, NULL, false, false, false},
};

static int refuse(const char *text, const char *word)
{
	fprintf(stderr, "plumbline: incident: %s%s\n", text, word);
	return -EINVAL;
}

static int print_one(struct listing *listing, const struct finding *finding, const char *json)
{
	const struct incident *incident = &finding->incident;
	int64_t now_ns = clock_real_ns();

	if (!listing->all && incident_hold_until_ns(incident) <= now_ns)
		return 0;
	listing->is_overdue |= incident_is_open(incident) && !incident->reported_ns &&
			       incident_is_late(incident, now_ns);
	if (listing->is_json) {
		printf("%s\n%s", listing->count++ ? "," : "[", json);
		return 0;
	}
	printf("%s%.16s %s: %s ", listing->count++ ? "\n" : "", finding->id,
	       incident_is_open(incident) ? "open" : "closed", finding_kind_name(finding->kind));
	text_print(finding->path);
	printf(" [%s, %s]\n", finding_severity_name(finding->severity),
	       finding->state == FINDING_STATE_RESOLVED ? "the difference is gone"
							: "the difference is there");
	text_print_incident(incident, now_ns);
	return 0;
}

static int on_line(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	int r = codec_decode(json, strlen(json), &record, NULL);

	if (r < 0)
		return r;
	if (record.type != WIRE_FINDING)
		return -EBADMSG;
	return print_one(userdata, &record.finding, json);
}

static int list(const struct options *options)
{
	struct listing listing = {.all = options->all, .is_json = options->is_json};
	const struct control_request request = {
		.verb = "incidents",
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &listing,
	};

	if (options->by || options->reason || options->reference || options->at_ns)
		return refuse("list takes --all and --json", ""), EXIT_ERROR;
	if (control_run_loud(&options->target, &request) < 0)
		return EXIT_ERROR;
	if (listing.is_json)
		puts(listing.count ? "]" : "[]");
	else if (listing.count)
		puts("\nThe 72 hours were seen in secondary texts only: the clause of the "
		     "contract counts.");
	else
		puts("No incident is open, and none holds evidence.");
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return listing.is_overdue ? EXIT_DRIFT : EXIT_GOOD;
}

static int check_options(const struct step *step, const struct options *options)
{
	if (!options->by)
		return refuse(step->name, " needs --by NAME");
	if (step->has_reason && !options->reason)
		return refuse(step->name, " needs --reason TEXT");
	if (!step->has_reason && options->reason)
		return refuse(step->name, " takes no --reason");
	if (!step->has_reference && options->reference)
		return refuse(step->name, " takes no --reference");
	if (!step->has_time && options->at_ns)
		return refuse(step->name, " takes no --at");
	if (options->all || options->is_json)
		return refuse(step->name, " takes no --all or --json");
	return 0;
}

static int take_step(const struct step *step, const struct options *options, const char *finding)
{
	struct listing listing = {.all = true};
	char when[32];
	const char *arguments[5] = {finding};
	struct control_request request = {
		.verb = step->verb,
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &listing,
	};
	size_t count = 1;

	if (check_options(step, options) < 0)
		return EXIT_ERROR;
	snprintf(when, sizeof(when), "%" PRId64, options->at_ns);
	if (step->has_time)
		arguments[count++] = when;
	arguments[count++] = options->by;
	arguments[count++] = step->has_reason	  ? options->reason
			     : options->reference ? options->reference
						  : "";
	if (control_run_loud(&options->target, &request) < 0)
		return EXIT_ERROR;
	return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_ERROR;
}

static int take_option(struct options *options, int option)
{
	switch (option) {
	case 'b':
		options->by = optarg;
		return 0;
	case 'r':
		options->reason = optarg;
		return 0;
	case 'f':
		options->reference = optarg;
		return 0;
	case 'j':
		options->is_json = true;
		return 0;
	case 'l':
		options->all = true;
		return 0;
	case 'a':
		/* In UTC and said so: the host's zone may not be the reader's. */
		if (str_ends(optarg, "Z") && clock_parse(optarg, &options->at_ns) == 0 &&
		    options->at_ns > 0)
			return 0;
		return refuse("--at takes a time in UTC such as 2026-11-21T08:00:00Z, not ",
			      optarg);
	default:
		return control_option(&options->target, option, optarg);
	}
}

/* 0, 1 after --help, or -EINVAL. */
static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option table[] = {
		{"by", required_argument, NULL, 'b'},
		{"reason", required_argument, NULL, 'r'},
		{"reference", required_argument, NULL, 'f'},
		{"at", required_argument, NULL, 'a'},
		{"all", no_argument, NULL, 'l'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", table, NULL)) >= 0) {
		if (option == 'h')
			return 1;
		if (option == '?' || take_option(options, option) < 0)
			return -EINVAL;
	}
	return 0;
}

int cmd_incident(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	const struct step *step = steps;
	struct options options = {0};
	bool is_list = strcmp(verb, "list") == 0;
	int r;

	while (step->name && strcmp(step->name, verb) != 0)
		step++;
	if (!is_list && !step->name) {
		bool is_help = strcmp(verb, "--help") == 0;

		if (*verb && !is_help)
			(void)refuse("declare, report, close or list, not ", verb);
		fputs(help, is_help ? stdout : stderr);
		return is_help ? EXIT_GOOD : EXIT_ERROR;
	}
	r = parse_options(argc - 1, argv + 1, &options);
	if (r > 0)
		fputs(help, stdout);
	if (r != 0)
		return r < 0 ? EXIT_ERROR : EXIT_GOOD;
	if (argc - 1 - optind != !is_list)
		return refuse(verb, is_list ? " takes no FINDING" : " takes one FINDING"),
		       EXIT_ERROR;
	return is_list ? list(&options) : take_step(step, &options, argv[optind + 1]);
}
