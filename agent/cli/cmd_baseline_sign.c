/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline sign and load. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/pkcs11_uri.h"
#include "baseline/signature.h"
#include "baseline/signature_key.h"
#include "baseline/writer.h"
#include "cli/baseline_verbs.h"
#include "cli/control.h"
#include "cli/terminal.h"
#include "cli/verbs.h"

static const char sign_help[] =
	"usage: plumbline baseline sign FILE --key KEY --cert CERT --role ROLE --name NAME\n"
	"                               --meaning TEXT [--ticket TICKET] [--time TIME]\n\n"
	"Adds an approval: a CMS signature over the statement's SHA-256, name, role, meaning,\n"
	"ticket and time. KEY and CERT are PEM files, or PKCS #11 URIs (RFC 7512) of objects in\n"
	"a token; a file CERT may hold the chain behind it. PIN or pass phrase are asked for on\n"
	"the terminal, where the URI has no pin-source.\n"
	"TIME is RFC 3339 (default: now).\n";

static const char load_help[] = "usage: plumbline baseline load FILE\n\n"
				"Gives FILE to the running agent, which checks it again and prints "
				"why it refuses.\n\n" CONTROL_OPTIONS_HELP;

enum {
	OPT_KEY = 256,
	OPT_CERT,
	OPT_ROLE,
	OPT_NAME,
	OPT_MEANING,
	OPT_TICKET,
	OPT_TIME,
	OPT_LAYER,
	OPT_HELP,
};

static const struct option sign_options[] = {
	{"key", required_argument, NULL, OPT_KEY},
	{"cert", required_argument, NULL, OPT_CERT},
	{"role", required_argument, NULL, OPT_ROLE},
	{"name", required_argument, NULL, OPT_NAME},
	{"meaning", required_argument, NULL, OPT_MEANING},
	{"ticket", required_argument, NULL, OPT_TICKET},
	{"time", required_argument, NULL, OPT_TIME},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct sign {
	const char *file, *key, *certificate;
	struct baseline_approval approval; /* its texts are borrowed from argv */
};

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse_sign(int argc, char **argv, struct sign *s)
{
	const char *const verb = "baseline sign";
	int option;

	s->approval.time_ns = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", sign_options, NULL)) != -1) {
		if (option == OPT_KEY)
			s->key = optarg;
		else if (option == OPT_CERT)
			s->certificate = optarg;
		else if (option == OPT_ROLE)
			s->approval.role = optarg;
		else if (option == OPT_NAME)
			s->approval.name = optarg;
		else if (option == OPT_MEANING)
			s->approval.meaning = optarg;
		else if (option == OPT_TICKET)
			s->approval.ticket = optarg;
		else if (option == OPT_HELP)
			return 1;
		else if (option != OPT_TIME)
			return -EINVAL;
		else if (clock_parse(optarg, &s->approval.time_ns) < 0)
			return fail_usage(verb, "'%s' is no RFC 3339 time", optarg), -EINVAL;
	}
	if (optind + 1 != argc)
		return fail_usage(verb, "one FILE is needed"), -EINVAL;
	if (!s->key || !s->certificate || !s->approval.role || !s->approval.name ||
	    !s->approval.meaning)
		return fail_usage(verb, "--key, --cert, --role, --name and --meaning are needed"),
		       -EINVAL;
	s->file = argv[optind];
	return 0;
}

int baseline_open_key(const char *where, struct signature_key **ret_key, struct diag *diag)
{
	cleanup_free char *text = NULL;
	int r;

	if (pkcs11_uri_is(where))
		return signature_key_open(where, terminal_ask_secret, ret_key, diag);
	r = read_small_file(where, &text, diag);
	if (r < 0)
		return r;
	r = signature_key_read(text, where, terminal_ask_secret, ret_key, diag);
	explicit_bzero(text, strlen(text));
	return r;
}

int baseline_open_certificate(const char *where, char **ret_pem, struct diag *diag)
{
	cleanup_strbuf struct strbuf pem = STRBUF_INIT;
	int r;

	if (!pkcs11_uri_is(where))
		return read_small_file(where, ret_pem, diag);
	r = signature_certificate_open(where, terminal_ask_secret, &pem, diag);
	if (r < 0)
		return r;
	*ret_pem = strbuf_take(&pem);
	return *ret_pem ? 0 : -ENOMEM;
}

static int sign(const struct sign *s, struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	cleanup_with(signature_key_freep) struct signature_key *key = NULL;
	cleanup_free char *certificate = NULL;
	cleanup_strbuf struct strbuf cms = STRBUF_INIT;
	int r;

	r = baseline_open_path(s->file, &baseline, diag);
	if (r == 0)
		r = baseline_open_certificate(s->certificate, &certificate, diag);
	if (r == 0)
		r = baseline_open_key(s->key, &key, diag);
	if (r == 0)
		r = signature_sign(&s->approval, baseline_get_digest(baseline), key, certificate,
				   &cms, diag);
	if (r == 0)
		r = writer_add_approval(s->file, cms.data, cms.len, s->approval.time_ns, diag);
	if (r == 0)
		printf("%s: approval %u by %s (%s) of statement %s\n", s->file,
		       baseline_count_approvals(baseline) + 1, s->approval.name, s->approval.role,
		       baseline_get_digest(baseline));
	return r;
}

int baseline_sign(int argc, char **argv)
{
	struct sign s = {0};
	struct diag diag = {0};
	int r;

	r = parse_sign(argc, argv, &s);
	if (r > 0) {
		fputs(sign_help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0)
		return EXIT_ERROR;
	r = sign(&s, &diag);
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}

#define LOAD_TIMEOUT_MS 180000

static const struct option load_options[] = {
	CONTROL_OPTIONS,
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int print_line(const char *json, void *userdata)
{
	puts(json);
	return 0;
}

int baseline_load(int argc, char **argv)
{
	struct control_target target = {0};
	const char *arguments[2] = {NULL, NULL};
	struct control_request request = {
		.verb = "load",
		.arguments = arguments,
		.timeout_ms = LOAD_TIMEOUT_MS,
		.on_line = print_line,
	};
	cleanup_close int fd = -1;
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", load_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(load_help, stdout);
			return EXIT_GOOD;
		}
		if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind + 1 != argc)
		return fail_usage("baseline load", "one FILE is needed");

	arguments[0] = argv[optind];
	fd = open(argv[optind], O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return log_error(-errno, "cannot open %s", argv[optind]), EXIT_ERROR;
	request.fd = fd;
	if (control_run_loud(&target, &request) < 0)
		return EXIT_ERROR;
	printf("%s: loaded\n", argv[optind]);
	return EXIT_GOOD;
}

static const char unload_help[] =
	"usage: plumbline baseline unload --layer LAYER\n\n"
	"Takes a layer out of the baseline in force: vendor, model, site or host. The last one\n"
	"stays. Root only; the agent's record tells of it.\n\n" CONTROL_OPTIONS_HELP;

static const struct option unload_options[] = {
	CONTROL_OPTIONS,
	{"layer", required_argument, NULL, OPT_LAYER},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

int baseline_unload(int argc, char **argv)
{
	struct control_target target = {0};
	const char *arguments[2] = {NULL, NULL};
	const struct control_request request = {
		.verb = "unload",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = LOAD_TIMEOUT_MS,
		.on_line = print_line,
	};
	int option;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", unload_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(unload_help, stdout);
			return EXIT_GOOD;
		}
		if (option == OPT_LAYER)
			arguments[0] = optarg;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc || !arguments[0])
		return fail_usage("baseline unload", "--layer is needed, and nothing else");
	if (control_run_loud(&target, &request) < 0)
		return EXIT_ERROR;
	printf("%s layer: taken out\n", arguments[0]);
	return EXIT_GOOD;
}
