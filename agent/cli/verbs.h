/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verbs of `plumbline`, one per cmd_*.c. Each gets its own argv (argv[0] is
 * the verb) and returns the exit status; all share: 0 good, 1 drift or a
 * failed check, 2 error.
 */
#ifndef PLUMBLINE_CLI_VERBS_H
#define PLUMBLINE_CLI_VERBS_H

enum exit_status {
	EXIT_GOOD = 0,
	EXIT_DRIFT = 1,
	EXIT_ERROR = 2,
};

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help; /* one line */
};

/* Ended by a NULL name. */
extern const struct verb verbs[];

/* cmd_*.c */
int cmd_baseline(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_controls(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_data_dictionary(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_findings(int argc, char **argv);
int cmd_import(int argc, char **argv);
int cmd_incident(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_rescan(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_version(int argc, char **argv);
int cmd_waiver(int argc, char **argv);
int cmd_watch(int argc, char **argv);

#endif
