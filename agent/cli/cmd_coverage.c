/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline coverage: when the machine was watched, and when not. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/control.h"
#include "cli/since.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "report/words.h"
#include "wire/codec.h"

struct listing {
	bool is_json;
	size_t count;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline coverage [--since TIME] [--json]\n\n"
	      "  --since TIME    2026-11-21T08:00:00Z, or 12h or 7d before now; default: all\n"
	      "  --json          one JSON array\n" CONTROL_OPTIONS_HELP,
	      out);
}

static void print_interval(const struct coverage *coverage)
{
	int64_t end_ns = coverage->end_ns ? coverage->end_ns : clock_real_ns();
	char duration[WORDS_SIZE];

	text_print_time(coverage->start_ns);
	fputs(" to ", stdout);
	if (coverage->end_ns)
		text_print_time(coverage->end_ns);
	else
		printf("%-23s", "now");
	printf("  %-9s  %-8s  %s", coverage_state_name(coverage->state),
	       coverage->rung ? coverage->rung : "-",
	       words_duration(end_ns - coverage->start_ns, duration));
	if (coverage->cause) {
		fputs("  ", stdout);
		text_print(coverage->cause);
	}
	if (coverage->missed) {
		fputs("; may have missed: ", stdout);
		text_print(coverage->missed);
	}
	putchar('\n');
}

static int on_line(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct listing *listing = userdata;
	int r;

	if (listing->is_json) {
		printf("%s\n%s", listing->count++ ? "," : "", json);
		return 0;
	}
	r = codec_decode(json, strlen(json), &record, NULL);
	if (r < 0)
		return r;
	if (record.type != WIRE_COVERAGE)
		return -EBADMSG;
	listing->count++;
	print_interval(&record.coverage);
	return 0;
}

static int list(const struct control_target *target, struct listing *listing, int64_t since_ns)
{
	char since[32];
	const char *const arguments[] = {since, NULL};
	const struct control_request request = {
		.verb = "coverage",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = listing,
	};

	snprintf(since, sizeof(since), "%" PRId64, since_ns);
	if (listing->is_json)
		putchar('[');
	if (control_run_loud(target, &request) < 0)
		return EXIT_ERROR;
	if (listing->is_json)
		puts("]");
	return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_ERROR;
}

int cmd_coverage(int argc, char **argv)
{
	static const struct option table[] = {
		{"since", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	struct listing listing = {0};
	int64_t since_ns = 0;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'j') {
			listing.is_json = true;
		} else if (option == 's') {
			if (since_parse(optarg, &since_ns) < 0) {
				fprintf(stderr,
					"plumbline: coverage: --since takes a time such as "
					"2026-11-21T08:00:00Z, or 12h or 7d, not '%s'\n",
					optarg);
				return EXIT_ERROR;
			}
		} else if (control_option(&target, option, optarg) < 0) {
			return EXIT_ERROR;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: coverage: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return list(&target, &listing, since_ns);
}
