/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline import: a collector's receipt for batches that went by file. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/strbuf.h"
#include "cli/control.h"
#include "cli/verbs.h"
#include "model/config.h"
#include "wire/reply.h"

static void usage(FILE *out)
{
	fputs("usage: plumbline import RECEIPT\n\n"
	      "Takes the receipt that `plumbline-collector import` wrote, checks its signature "
	      "against the\n"
	      "ca of [collector] in the settings, and frees the records that it covers. Root "
	      "only.\n"
	      "\n" CONTROL_OPTIONS_HELP,
	      out);
}

static int fail(const char *path, const struct diag *diag, int r)
{
	fprintf(stderr, "plumbline: import: %s: %s\n", path,
		diag && diag->text[0] ? diag->text : strerror(-r));
	return r;
}

static int verify(const struct control_target *target, const char *path,
		  struct wire_receipt *ret_receipt)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *config_path = target->config;
	struct diag diag = {0};
	char words[1024];
	int r;

	if (!config_path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		config_path = CONFIG_PATH_DEFAULT;
	r = config_load(config_path, &config, &diag);
	if (r < 0) {
		fprintf(stderr, "plumbline: import: %s\n",
			diag_format(&diag, words, sizeof(words)));
		return r;
	}
	if (!config->ca || !*config->ca) {
		fprintf(stderr,
			"plumbline: import: the settings name no ca in [collector], so nobody's "
			"receipt can be checked\n");
		return -ENOKEY;
	}
	r = fd_read_file(AT_FDCWD, path, REPLY_MAX_BYTES, &text);
	if (r < 0)
		return fail(path, NULL, r);
	r = receipt_verify(text.data ? text.data : "", text.len, config->ca, ret_receipt, &diag);
	return r < 0 ? fail(path, &diag, r) : 0;
}

static int import(const struct control_target *target, const char *path)
{
	cleanup_with(wire_receipt_done) struct wire_receipt receipt = {0};
	char acked[32];
	const char *const arguments[] = {receipt.agent, acked, receipt.chain, NULL};
	const struct control_request request = {
		.verb = "receipt",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
	};

	if (verify(target, path, &receipt) < 0)
		return EXIT_ERROR;
	snprintf(acked, sizeof(acked), "%" PRIu64, receipt.acked);
	if (control_run_loud(target, &request) < 0)
		return EXIT_ERROR;
	printf("The collector holds all records up to %" PRIu64 ".\n", receipt.acked);
	return EXIT_GOOD;
}

int cmd_import(int argc, char **argv)
{
	static const struct option table[] = {
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (argc - optind != 1) {
		fprintf(stderr, "plumbline: import: one RECEIPT is needed\n");
		usage(stderr);
		return EXIT_ERROR;
	}
	return import(&target, argv[optind]);
}
