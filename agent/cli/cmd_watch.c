/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline watch: findings as they come. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/control.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "wire/codec.h"

static void usage(FILE *out)
{
	fputs("usage: plumbline watch [--json]\n\n"
	      "Prints each finding when it opens, comes back, counts up or resolves, until "
	      "interrupted.\n\n"
	      "  --json          one JSON object per line\n" CONTROL_OPTIONS_HELP,
	      out);
}

static int end_line(void)
{
	return fflush(stdout) == 0 ? 0 : -errno;
}

static int print_json(const char *json, void *userdata)
{
	puts(json);
	return end_line();
}

static int print_finding(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};

	/* The one other line says that some were dropped. */
	if (codec_decode(json, strlen(json), &record, NULL) < 0 || record.type != WIRE_FINDING) {
		fprintf(stderr, "plumbline: watch: the terminal was too slow, some are left out\n");
		return 0;
	}
	text_print_finding(&record.finding);
	putchar('\n');
	return end_line();
}

int cmd_watch(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	struct control_request request = {
		.verb = "watch",
		.fd = -1,
		.timeout_ms = -1,
		.on_line = print_finding,
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'j')
			request.on_line = print_json;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: watch: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return control_run_loud(&target, &request) < 0 ? EXIT_ERROR : EXIT_GOOD;
}
