/* SPDX-License-Identifier: Apache-2.0 */
/* Verbs of `plumbline-collector`, one per file; each gets its settings and what follows the verb.
 */
#ifndef PLUMBLINE_COLLECTORS_VERBS_H
#define PLUMBLINE_COLLECTORS_VERBS_H

#include <stdbool.h>
#include <stdio.h>

#include "baseline/waiver_folder.h"
#include "settings.h"
#include "store.h"

enum exit_status {
	EXIT_GOOD = 0,
	EXIT_REFUSED = 1, /* import: a batch was refused; incident list: a report is overdue */
	EXIT_ERROR = 2,
};

/* What the command line may give; each verb refuses what it does not know. */
struct options {
	const char *config;	/* --config FILE */
	const char *agent;	/* --agent NAME */
	const char *format;	/* --format html|json|csv */
	const char *framework;	/* --framework NAME */
	const char *level;	/* --level LEVEL */
	const char *scope;	/* --scope FILE */
	const char *waivers;	/* --waivers FILE */
	const char *ca;		/* --ca FILE */
	const char *output;	/* -o FILE */
	const char *change_set; /* --change-set ID */
	const char *by;		/* --by NAME */
	const char *reason;	/* --reason TEXT */
	const char *reference;	/* --reference TEXT */
	const char *at;		/* --at TIME */
	const char *argument;	/* the first word that is no option */
	const char *second;	/* and the second */
	bool all;		/* --all */
	bool as_json;		/* --json */
	bool follow;		/* --follow */
	bool each;		/* --each */
};

struct verb {
	const char *name;
	const char *forms[5]; /* options and arguments, one line each way; NULL ends */
	const char *help;     /* one line */
	const char *allowed;  /* letters of the options: a f o j w e s k l d v p b r t u n, '1' for
				 an argument and '2' for a second one that may follow */
	int (*run)(const struct settings *settings, const struct options *options);
};

int verb_serve(const struct settings *settings, const struct options *options);
int verb_agents(const struct settings *settings, const struct options *options);
int verb_findings(const struct settings *settings, const struct options *options);
int verb_incident(const struct settings *settings, const struct options *options);
int verb_report(const struct settings *settings, const struct options *options);
int verb_import(const struct settings *settings, const struct options *options);
int verb_retire(const struct settings *settings, const struct options *options);
int verb_receipt(const struct settings *settings, const struct options *options);

/* Lines of a person's list: the steps of an incident, its clock and its hold. */
void verb_add_incident(struct strbuf *out, const struct incident *incident, int64_t now_ns);

/*
 * The waivers of the file in @options, or of the folder in the settings, before root is given up.
 * Logs what does not count; an error where a named file does not hold, or -ENOMEM.
 */
int verb_load_waivers(const struct settings *settings, const struct options *options,
		      struct waiver_folder *ret_folder);

/*
 * For verbs besides serve: root becomes the owner of the state directory first, so that no file of
 * the store ends up as root's. Logs its own errors.
 */
int verb_open_store(const struct settings *settings, struct store **ret_store);

/*
 * The caller's file, opened before root is given up; what it held stays until verb_finish_output(),
 * so that a failure costs nobody the last good one. NULL @path gives NULL. Logs its own errors.
 */
int verb_open_output(const char *path, FILE **ret_file);
/* Flushes and cuts off what the old content was longer. */
int verb_finish_output(FILE *file);

#endif
