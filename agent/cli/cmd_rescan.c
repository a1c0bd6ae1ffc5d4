/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline rescan: walk the monitored trees now instead of at the next interval. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "cli/control.h"
#include "cli/verbs.h"

static void usage(FILE *out)
{
	fputs("usage: plumbline rescan [TREE]\n\n"
	      "Asks the sensor to walk TREE, or all monitored trees, now. It does not wait for the "
	      "end.\nRoot only.\n\n" CONTROL_OPTIONS_HELP,
	      out);
}

int cmd_rescan(int argc, char **argv)
{
	static const struct option table[] = {
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	const char *arguments[] = {NULL, NULL};
	const struct control_request request = {
		.verb = "rescan",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "plumbline: rescan: one TREE at most\n");
		usage(stderr);
		return EXIT_ERROR;
	}
	arguments[0] = argv[optind];
	if (arguments[0] && arguments[0][0] != '/') {
		fprintf(stderr, "plumbline: rescan: '%s' does not begin with /\n", arguments[0]);
		return EXIT_ERROR;
	}
	return control_run_loud(&target, &request) < 0 ? EXIT_ERROR : EXIT_GOOD;
}
