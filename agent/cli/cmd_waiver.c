/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline waiver: signs files of waivers and shows which are in force. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/signature_key.h"
#include "baseline/waiver_file.h"
#include "cli/baseline_verbs.h"
#include "cli/data_dir.h"
#include "cli/verbs.h"
#include "cli/waivers.h"

static const char help[] = "usage: plumbline waiver VERB FILE [OPTION...]\n\n"
			   "  sign  approve all waivers of a file\n"
			   "  show  tell which waivers of a signed file are in force\n\n"
			   "plumbline waiver VERB --help describes one verb. A report takes the "
			   "file with --waivers.\n";

static const char sign_help[] =
	"usage: plumbline waiver sign FILE --key KEY --cert CERT --name NAME [--role ROLE]\n"
	"                             [--meaning TEXT] [--time TIME]\n\n"
	"Approves all waivers of FILE by a CMS signature over its SHA-256, FILE.p7m. NAME is the\n"
	"approver that each of them names. KEY and CERT are PEM files or PKCS #11 URIs.\n";

static const char show_help[] =
	"usage: plumbline waiver show FILE [--ca CA] [--json] [--config CONF]\n\n"
	"Holds the signature against CA (default: the CA of approvers) and tells of each waiver\n"
	"whether it is in force.\n";

enum {
	OPT_KEY = 256,
	OPT_CERT,
	OPT_NAME,
	OPT_ROLE,
	OPT_MEANING,
	OPT_TIME,
	OPT_CA,
	OPT_JSON,
	OPT_CONFIG,
	OPT_HELP,
};

struct options {
	const char *file, *key, *certificate, *ca, *config;
	struct baseline_approval approval; /* its texts are borrowed from argv */
	bool json;
};

static int take_option(struct options *o, int option)
{
	switch (option) {
	case OPT_KEY:
		o->key = optarg;
		return 0;
	case OPT_CERT:
		o->certificate = optarg;
		return 0;
	case OPT_NAME:
		o->approval.name = optarg;
		return 0;
	case OPT_ROLE:
		o->approval.role = optarg;
		return 0;
	case OPT_MEANING:
		o->approval.meaning = optarg;
		return 0;
	case OPT_TIME:
		if (clock_parse(optarg, &o->approval.time_ns) == 0)
			return 0;
		return fail_usage("waiver", "'%s' is no RFC 3339 time", optarg), -EINVAL;
	case OPT_CA:
		o->ca = optarg;
		return 0;
	case OPT_JSON:
		o->json = true;
		return 0;
	case OPT_CONFIG:
		o->config = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"key", required_argument, NULL, OPT_KEY},
		{"cert", required_argument, NULL, OPT_CERT},
		{"name", required_argument, NULL, OPT_NAME},
		{"role", required_argument, NULL, OPT_ROLE},
		{"meaning", required_argument, NULL, OPT_MEANING},
		{"time", required_argument, NULL, OPT_TIME},
		{"ca", required_argument, NULL, OPT_CA},
		{"json", no_argument, NULL, OPT_JSON},
		{"config", required_argument, NULL, OPT_CONFIG},
		{"help", no_argument, NULL, OPT_HELP},
		{NULL, 0, NULL, 0},
	};
	int option;

	o->approval.time_ns = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		if (option == OPT_HELP)
			return 1;
		if (take_option(o, option) < 0)
			return -EINVAL;
	}
	if (optind + 1 != argc)
		return fail_usage("waiver", "one FILE is needed"), -EINVAL;
	o->file = argv[optind];
	return 0;
}

/* Who signs learns of a slip before the file is spread. */
static void tell_unknown(const struct options *o)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_waiver_list struct waiver_list list = {0};
	cleanup_free char *text = NULL;
	struct diag diag = {0};

	if (data_dir_load_config(o->config, &config) == 0 &&
	    read_small_file(o->file, &text, &diag) == 0 &&
	    waiver_list_read(&list, o->file, text, strlen(text), &diag) == 0)
		waivers_tell_unknown(&list, config, NULL);
}

static int sign(struct options *o)
{
	cleanup_with(signature_key_freep) struct signature_key *key = NULL;
	cleanup_free char *certificate = NULL;
	struct diag diag = {0};
	int r;

	if (!o->key || !o->certificate || !o->approval.name)
		return fail_usage("waiver", "sign needs --key, --cert and --name");
	if (!o->approval.role)
		o->approval.role = "waiver approver";
	if (!o->approval.meaning)
		o->approval.meaning = "accepts the risks of these waivers until they expire";
	r = baseline_open_certificate(o->certificate, &certificate, &diag);
	if (r == 0)
		r = baseline_open_key(o->key, &key, &diag);
	if (r == 0)
		r = waiver_file_sign(o->file, &o->approval, key, certificate, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	tell_unknown(o);
	printf("%s.p7m: signed by %s\n", o->file, o->approval.name);
	return EXIT_GOOD;
}

static const char *state_at(const struct waiver *waiver, int64_t now_ns)
{
	if (now_ns < waiver->start_ns)
		return "not yet";
	return now_ns < waiver->expires_ns ? "in force" : "expired";
}

static void print_waiver(const struct waiver *waiver, const char *state)
{
	char start[RFC3339_SIZE], end[RFC3339_SIZE];

	printf("%s: %s, %s to %s\n  owner %s, approved by %s, risk %s%s%s\n  %s\n", waiver->subject,
	       state, clock_format(waiver->start_ns, start), clock_format(waiver->expires_ns, end),
	       waiver->owner, waiver->approver, finding_severity_name(waiver->risk),
	       waiver->hosts ? ", on " : "", waiver->hosts ? waiver->hosts : "", waiver->reason);
}

static void json_waiver(const struct waiver *waiver, const char *state)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);

	json_begin_object(&j);
	json_put_string(&j, "waiver", waiver->subject);
	json_put_string(&j, "state", state);
	json_put_time(&j, "start", waiver->start_ns);
	json_put_time(&j, "expires", waiver->expires_ns);
	json_put_string(&j, "owner", waiver->owner);
	json_put_string(&j, "approver", waiver->approver);
	json_put_string(&j, "risk", finding_severity_name(waiver->risk));
	json_put_string(&j, "reason", waiver->reason);
	if (waiver->hosts)
		json_put_string(&j, "hosts", waiver->hosts);
	if (waiver->ticket)
		json_put_string(&j, "ticket", waiver->ticket);
	json_end_object(&j);
	puts(text.data ? text.data : "");
}

static int show(const struct options *o)
{
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_waiver_list struct waiver_list list = {0};
	cleanup_free char *ca = NULL;
	int64_t now_ns = clock_real_ns();
	struct diag diag = {0};
	bool has_expired = false;
	int r;

	if (data_dir_load_config(o->config, &config) < 0)
		return EXIT_ERROR;
	r = read_small_file(o->ca ? o->ca : config->approver_ca, &ca, &diag);
	if (r == 0)
		r = waiver_file_read(o->file, ca, &list, &diag);
	if (r < 0)
		return fail_with(r, &diag);
	waivers_tell_unknown(&list, config, NULL);
	for (size_t i = 0; i < list.count; i++) {
		const char *state = state_at(&list.waivers[i], now_ns);

		has_expired |= str_equal(state, "expired");
		if (o->json)
			json_waiver(&list.waivers[i], state);
		else
			print_waiver(&list.waivers[i], state);
	}
	return has_expired ? EXIT_DRIFT : EXIT_GOOD;
}

int cmd_waiver(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	struct options o = {0};
	bool is_sign = strcmp(verb, "sign") == 0;
	int r;

	if (!is_sign && strcmp(verb, "show") != 0) {
		bool is_help = strcmp(verb, "--help") == 0;

		fputs(help, is_help ? stdout : stderr);
		return is_help ? EXIT_GOOD : EXIT_ERROR;
	}
	r = parse_options(argc - 1, argv + 1, &o);
	if (r > 0) {
		fputs(is_sign ? sign_help : show_help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0)
		return EXIT_ERROR;
	return is_sign ? sign(&o) : show(&o);
}
