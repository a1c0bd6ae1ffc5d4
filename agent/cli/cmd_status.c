/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline status: five lines that tell whether this machine is watched and true. */
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
#include "report/words.h"
#include "wire/status.h"

#define UNSEEN_MAX_BYTES 200 /* of one note on the line; --json has all */

struct answer {
	bool is_json;
	bool has_status;
	struct status status;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline status [--json]\n\n"
	      "  --json          one JSON object\n" CONTROL_OPTIONS_HELP
	      "\nExit status: 0 covered and no finding open, 1 not so, 2 the agent could not be "
	      "asked.\n",
	      out);
}

/* Verdicts in the kernel are about all code; else it is said about what. */
static void print_denial(const struct status *status)
{
	if (!str_equal(status->enforcement, "enforce") || !status->enforcement_reason ||
	    !*status->enforcement_reason)
		return;
	fputs("Denial    ", stdout);
	text_print(status->enforcement_reason);
	putchar('\n');
}

static void print_coverage(const struct status *status)
{
	char duration[WORDS_SIZE];

	printf("Coverage  %s", status->phase ? status->phase : "nothing is known");
	if (status->coverage_since_ns) {
		fputs(" since ", stdout);
		text_print_time(status->coverage_since_ns);
		printf(" (%s)",
		       words_duration(clock_real_ns() - status->coverage_since_ns, duration));
	}
	if (status->coverage_basis) {
		fputs(", files known by ", stdout);
		text_print(status->coverage_basis);
	}
	fputs(", rung ", stdout);
	text_print(status->rung ? status->rung : "not known yet");
	if (str_equal(status->enforcement, "enforce"))
		printf(", denies what generation %" PRIu64 " does not approve", status->generation);
	else
		fputs(", denies nothing", stdout);
	if (status->profile) {
		printf("; checks of %s: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64 " error",
		       status->profile, status->checks[CHECK_PASS], status->checks[CHECK_FAIL],
		       status->checks[CHECK_ERROR]);
	}
	putchar('\n');
}

static void print_baseline(const struct status *status)
{
	char duration[WORDS_SIZE];

	fputs("Baseline  ", stdout);
	if (!*status->baseline_digest) {
		puts("none: nothing can be called drift; load one with `plumbline baseline load "
		     "FILE`");
		return;
	}
	text_print(status->baseline_name);
	if (status->layer_count < 2)
		printf(", revision %" PRIu64, status->baseline_revision);
	printf(", %" PRIu64 " entries, approved, made ", status->baseline_entries);
	text_print_time(status->baseline_made_ns);
	if (status->baseline_made_ns)
		printf(" (%s ago)",
		       words_duration(clock_real_ns() - status->baseline_made_ns, duration));
	printf(", sha256 %.16s\n", status->baseline_digest);
}

static void print_findings(const struct status *status)
{
	printf("Findings  %" PRIu64 " open", status->open);
	if (status->open) {
		const char *separator = ": ";

		for (int i = SEVERITY_COUNT - 1; i >= 0; i--) {
			if (!status->open_by_severity[i])
				continue;
			printf("%s%" PRIu64 " %s", separator, status->open_by_severity[i],
			       finding_severity_name(i));
			separator = ", ";
		}
		fputs("; see `plumbline findings`", stdout);
	}
	putchar('\n');
}

static void print_incidents(const struct status *status)
{
	int64_t left_ns = status->incident_due_ns - clock_real_ns();
	char duration[WORDS_SIZE];

	if (!status->incidents_open && !status->incidents_held)
		return;
	printf("Incidents %" PRIu64 " open", status->incidents_open);
	if (status->incidents_unreported) {
		printf(", %" PRIu64 " not reported, the first report is due ",
		       status->incidents_unreported);
		text_print_time(status->incident_due_ns);
		if (left_ns < 0)
			printf(" (OVERDUE by %s)", words_duration(-left_ns, duration));
		else
			printf(" (%s left)", words_duration(left_ns, duration));
	}
	printf("; the evidence of %" PRIu64 " is held; see `plumbline incident list`\n",
	       status->incidents_held);
}

static void print_link(const struct status *status)
{
	if (!status->link_url) {
		fputs("; stand-alone: `plumbline export` takes them away", stdout);
		return;
	}
	fputs("; collector ", stdout);
	text_print(status->link_url);
	fputs(status->link_is_up ? " is up" : " is not reached", stdout);
	if (!status->link_is_up && status->link_reason) {
		fputs(" (", stdout);
		text_print(status->link_reason);
		putchar(')');
	}
}

static void print_evidence(const struct status *status)
{
	printf("Evidence  %" PRIu64 " records, ", status->sequence);
	if (status->head.sequence)
		printf("chain signed up to %" PRIu64, status->head.sequence);
	else
		fputs("chain not signed yet", stdout);
	printf(", %" PRIu64 " not yet with a collector", status->outbox_records);
	if (status->folded)
		printf(", %" PRIu64 " folded", status->folded);
	print_link(status);
	putchar('\n');
}

/* One line, whatever the note holds. */
static void print_note(const char *note)
{
	char text[UNSEEN_MAX_BYTES];

	if (!note)
		return;
	if (!str_copy(text, sizeof(text), note))
		memcpy(text + sizeof(text) - 4, "...", 4);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	text_print(text);
}

static void print_unseen(const struct status *status)
{
	fputs("Not seen  ", stdout);
	if (!status->unseen_count) {
		puts("nothing that this rung could see; `plumbline doctor` tells its limits");
		return;
	}
	for (size_t i = 0; i < status->unseen_count && i < 2; i++) {
		if (i)
			fputs("; ", stdout);
		text_print(status->unseen[i].what);
		fputs(": ", stdout);
		print_note(status->unseen[i].note);
	}
	if (status->unseen_count > 2)
		printf("; and %zu more", status->unseen_count - 2);
	puts("; see `plumbline doctor`");
}

static int on_line(const char *json, void *userdata)
{
	struct answer *answer = userdata;
	struct diag diag = {0};
	int r;

	if (answer->has_status)
		return -EBADMSG;
	r = status_decode(json, strlen(json), &answer->status, &diag);
	if (r < 0) {
		fprintf(stderr, "plumbline: status: %s\n", diag.text);
		return r;
	}
	answer->has_status = true;
	if (answer->is_json)
		puts(json);
	return 0;
}

static int show(const struct control_target *target, bool is_json)
{
	struct answer answer = {.is_json = is_json};
	const struct control_request request = {
		.verb = "status",
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &answer,
	};
	bool is_fine;

	if (control_run_loud(target, &request) < 0 || !answer.has_status) {
		status_done(&answer.status);
		return EXIT_ERROR;
	}
	if (!is_json) {
		print_coverage(&answer.status);
		print_denial(&answer.status);
		print_baseline(&answer.status);
		print_findings(&answer.status);
		print_incidents(&answer.status);
		print_evidence(&answer.status);
		print_unseen(&answer.status);
	}
	is_fine = !answer.status.open && str_equal(answer.status.phase, "covered");
	status_done(&answer.status);
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return is_fine ? EXIT_GOOD : EXIT_DRIFT;
}

int cmd_status(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'j')
			is_json = true;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: status: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return show(&target, is_json);
}
