/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline: the command line. Chooses the verb; all else is in cmd_*.c. */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/verbs.h"
#if PLUMBLINE_HAS_SENSOR
#include "sensor/self_test.h"
#endif

const struct verb verbs[] = {
	{"baseline", cmd_baseline, "make, approve, show and load baseline files"},
	{"check", cmd_check, "run hardening checks, or lint them"},
	{"controls", cmd_controls, "walk the map of controls, requirements and techniques"},
	{"coverage", cmd_coverage, "when this machine was watched, and when not"},
	{"data-dictionary", cmd_data_dictionary, "list every field that may leave this machine"},
#if PLUMBLINE_HAS_SENSOR
	{"doctor", cmd_doctor, "tell what this machine lets the sensor see, and why not more"},
#endif
	{"export", cmd_export, "write what waits for the collector to a file"},
	{"findings", cmd_findings, "list what differs from the approved state"},
	{"import", cmd_import, "take a receipt for batches that went by file"},
	{"incident", cmd_incident, "declare a finding an incident, with its report clock"},
	{"report", cmd_report, "write a report as HTML, JSON or CSV"},
	{"rescan", cmd_rescan, "walk the monitored trees now"},
	{"status", cmd_status, "tell whether this machine is watched and true"},
	{"verify", cmd_verify, "compare this machine with a baseline file"},
	{"version", cmd_version, "print the version"},
	{"waiver", cmd_waiver, "sign and show waivers"},
	{"watch", cmd_watch, "print findings as they come"},
	{NULL, NULL, NULL},
};

int cmd_version(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--help") != 0) {
		fprintf(stderr, "plumbline: version: what is '%s'?\n", argv[1]);
		return EXIT_ERROR;
	}
	printf("plumbline %s\n", PLUMBLINE_VERSION);
	return EXIT_GOOD;
}

static void usage(FILE *out)
{
	fprintf(out, "usage: plumbline VERB [ARGUMENT...]\n\n");
	for (const struct verb *verb = verbs; verb->name; verb++)
		fprintf(out, "  %-18s %s\n", verb->name, verb->help);
	fprintf(out, "\nplumbline VERB --help describes one verb; plumbline(1) describes all.\n");
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_ERROR;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EXIT_GOOD;
	}
	if (strcmp(argv[1], "--version") == 0)
		return cmd_version(argc - 1, argv + 1);
#if PLUMBLINE_HAS_SENSOR
	/* The program whose start doctor's self-test wants to see. */
	if (strcmp(argv[1], SELF_TEST_ARGUMENT) == 0)
		return EXIT_GOOD;
#endif

	for (const struct verb *verb = verbs; verb->name; verb++)
		if (strcmp(argv[1], verb->name) == 0)
			return verb->run(argc - 1, argv + 1);

	fprintf(stderr, "plumbline: unknown verb '%s'\n", argv[1]);
	usage(stderr);
	return EXIT_ERROR;
}

/* An answer that did not arrive whole, as on a full disk, is none. */
int main(int argc, char **argv)
{
	int status;

	log_init("plumbline", LOG_LEVEL_INFO);
	status = run(argc, argv);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	log_error(0, "standard output could not be written whole");
	return EXIT_ERROR;
}
