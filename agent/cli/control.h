/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Client of the recorder's control socket: one request, its lines, its end.
 *
 * It prints nothing; each verb decides what a line looks like to a person.
 */
#ifndef PLUMBLINE_CLI_CONTROL_H
#define PLUMBLINE_CLI_CONTROL_H

#include <stddef.h>

#include "base/diag.h"

/* Rows for getopt_long() tables of verbs that ask the agent; pass their values to control_option().
 */
enum {
	CONTROL_OPTION_SOCKET = 0x5000,
	CONTROL_OPTION_CONFIG,
};
#define CONTROL_OPTIONS                                                  \
	{"socket", required_argument, NULL, CONTROL_OPTION_SOCKET},      \
	{                                                                \
		"config", required_argument, NULL, CONTROL_OPTION_CONFIG \
	}
#define CONTROL_OPTIONS_HELP                                                                \
	"  --socket PATH   the agent's control socket (default: control.sock in run_dir)\n" \
	"  --config FILE   the agent's settings (default: /etc/plumbline/plumbline.conf)\n"

/* Where the agent is; the strings are borrowed from argv. Zero-initialise. */
struct control_target {
	const char *socket;
	const char *config;
};

/* Takes one option of CONTROL_OPTIONS; 0, or -EINVAL when @option is none of them. */
int control_option(struct control_target *target, int option, const char *value);

struct control_request {
	const char *verb;
	const char *const *arguments; /* NULL-ended; NULL when there are none */
	int fd;			      /* travels along, stays the caller's; -1 when none */
	int timeout_ms; /* of silence between two answers; -1 waits for ever (watch) */

	/* Either may be NULL when the verb has no such answers; a non-zero return ends the request
	 * with it. */
	int (*on_line)(const char *json, void *userdata);
	int (*on_data)(const void *data, size_t len, void *userdata);
	void *userdata;
};

#define CONTROL_TIMEOUT_MS 10000

/*
 * Sends @request and hands out the answers until the end. Returns what the agent answered: 0 or a
 * negative errno with its text in @diag; -ECONNREFUSED or -ENOENT when no agent answers at all.
 */
int control_run(const struct control_target *target, const struct control_request *request,
		struct diag *diag);

/* The same, and prints what went wrong to stderr for a person. */
int control_run_loud(const struct control_target *target, const struct control_request *request);

#endif
