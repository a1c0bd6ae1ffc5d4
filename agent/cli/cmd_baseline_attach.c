/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline request-approval and attach: approvals that are signed elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/approval.h"
#include "baseline/signature.h"
#include "baseline/writer.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"

#define SIGNATURE_MAX ((size_t)65536)

static const char request_help[] =
	"usage: plumbline baseline request-approval FILE --role ROLE --name NAME --meaning TEXT\n"
	"                               [--ticket TICKET] [--time TIME] [--cert CERT] -o JSON\n\n"
	"Writes what is to be signed elsewhere to the new file JSON: sign these bytes as CMS,\n"
	"then use plumbline baseline attach. CERT (PEM) names the one certificate that may sign.\n"
	"TIME is RFC 3339 (default: now); the certificate must be valid then.\n";

static const char attach_help[] =
	"usage: plumbline baseline attach FILE SIGNATURE [--content JSON]\n\n"
	"Adds an approval that was signed elsewhere: a CMS in DER or PEM over what\n"
	"plumbline baseline request-approval wrote. JSON is that file; it is needed where the\n"
	"signature is detached.\n";

enum {
	OPT_ROLE = 256,
	OPT_NAME,
	OPT_MEANING,
	OPT_TICKET,
	OPT_TIME,
	OPT_CERT,
	OPT_CONTENT,
	OPT_HELP,
};

static const struct option request_options[] = {
	{"role", required_argument, NULL, OPT_ROLE},
	{"name", required_argument, NULL, OPT_NAME},
	{"meaning", required_argument, NULL, OPT_MEANING},
	{"ticket", required_argument, NULL, OPT_TICKET},
	{"time", required_argument, NULL, OPT_TIME},
	{"cert", required_argument, NULL, OPT_CERT},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct request {
	const char *file, *output, *certificate;
	struct baseline_approval approval; /* its texts are borrowed from argv */
};

/* 0, 1 after --help, or -EINVAL with the text printed. */
static int parse_request(int argc, char **argv, struct request *q)
{
	const char *const verb = "baseline request-approval";
	struct baseline_approval *a = &q->approval;
	int option;

	a->time_ns = clock_real_ns() / NSEC_PER_MSEC * NSEC_PER_MSEC;
	optind = 0;
	while ((option = getopt_long(argc, argv, "o:", request_options, NULL)) != -1) {
		if (option == 'o')
			q->output = optarg;
		else if (option == OPT_CERT)
			q->certificate = optarg;
		else if (option == OPT_ROLE)
			a->role = optarg;
		else if (option == OPT_NAME)
			a->name = optarg;
		else if (option == OPT_MEANING)
			a->meaning = optarg;
		else if (option == OPT_TICKET)
			a->ticket = optarg;
		else if (option == OPT_HELP)
			return 1;
		else if (option != OPT_TIME)
			return -EINVAL;
		else if (clock_parse(optarg, &a->time_ns) < 0)
			return fail_usage(verb, "'%s' is no RFC 3339 time", optarg), -EINVAL;
	}
	if (optind + 1 != argc || !q->output)
		return fail_usage(verb, "one FILE and -o are needed"), -EINVAL;
	if (!a->role || !a->name || !a->meaning)
		return fail_usage(verb, "--role, --name and --meaning are needed"), -EINVAL;
	q->file = argv[optind];
	return 0;
}

static int write_new(const char *path, const struct strbuf *text, struct diag *diag)
{
	cleanup_close int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	int r;

	if (fd < 0)
		return diag_set(diag, path, 0, -errno, "cannot create: %s", strerror(errno));
	r = fd_write_all(fd, text->data, text->len);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(path);
		return diag_set(diag, path, 0, r, "cannot write: %s", strerror(-r));
	}
	return 0;
}

/* What is written must be what can be read back: an empty name would only be told at attach. */
static int check_text(const struct strbuf *text, struct diag *diag)
{
	cleanup_with(baseline_approval_done) struct baseline_approval back = {0};
	char statement[SHA256_HEX_SIZE];

	return approval_read(text->data, text->len, &back, statement, diag);
}

static int request(struct request *q, struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	cleanup_free char *certificate = NULL;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	int r;

	r = baseline_open_path(q->file, &baseline, diag);
	if (r == 0 && q->certificate)
		r = read_small_file(q->certificate, &certificate, diag);
	if (r == 0 && certificate)
		r = signature_fingerprint(certificate, q->approval.certificate_sha256, diag);
	if (r == 0)
		r = approval_write(&q->approval, baseline_get_digest(baseline), &text);
	if (r == 0)
		r = check_text(&text, diag);
	if (r == 0)
		r = write_new(q->output, &text, diag);
	if (r == 0)
		printf("%s: to be signed by %s (%s), for statement %s\n", q->output,
		       q->approval.name, q->approval.role, baseline_get_digest(baseline));
	return r;
}

int baseline_request_approval(int argc, char **argv)
{
	struct request q = {0};
	struct diag diag = {0};
	int r;

	r = parse_request(argc, argv, &q);
	if (r > 0) {
		fputs(request_help, stdout);
		return EXIT_GOOD;
	}
	if (r < 0)
		return EXIT_ERROR;
	r = request(&q, &diag);
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}

static const struct option attach_options[] = {
	{"content", required_argument, NULL, OPT_CONTENT},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int read_bytes(const char *path, struct strbuf *out, struct diag *diag)
{
	int r = fd_read_file(AT_FDCWD, path, SIGNATURE_MAX, out);

	if (r < 0)
		return diag_set(diag, path, 0, r, "cannot read: %s", strerror(-r));
	return 0;
}

/* What the file would refuse later is refused here, all but the CA, which is not known. */
static int judge(const struct baseline *baseline, const struct strbuf *cms,
		 struct baseline_approval *ret_approval, struct diag *diag)
{
	int r;

	r = signature_verify(cms->data, cms->len, baseline_get_digest(baseline),
			     baseline_get_statement(baseline)->made_at_ns, NULL, ret_approval);
	if (r == 0 && ret_approval->refusal)
		return diag_set(diag, "", 0, -EBADMSG, "%s", ret_approval->refusal);
	return r;
}

static int attach(const char *file, const char *signature, const char *content, struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	cleanup_with(baseline_approval_done) struct baseline_approval approval = {0};
	cleanup_strbuf struct strbuf in = STRBUF_INIT, text = STRBUF_INIT, cms = STRBUF_INIT;
	cleanup_strbuf struct strbuf who = STRBUF_INIT;
	struct signature_source source;
	int r;

	r = baseline_open_path(file, &baseline, diag);
	if (r == 0)
		r = read_bytes(signature, &in, diag);
	if (r == 0 && content)
		r = read_bytes(content, &text, diag);
	if (r < 0)
		return r;
	source = (struct signature_source){in.data ?: "", in.len, content ? text.data ?: "" : NULL,
					   text.len};
	r = signature_normalize(&source, &cms, diag);
	if (r == 0)
		r = judge(baseline, &cms, &approval, diag);
	if (r == 0)
		r = writer_add_approval(file, cms.data, cms.len, approval.time_ns, diag);
	if (r < 0)
		return r;
	/* The words are the signer's, not ours. */
	str_escape(&who, approval.name, strlen(approval.name));
	strbuf_add_str(&who, " (");
	str_escape(&who, approval.role, strlen(approval.role));
	printf("%s: approval %u by %s) of statement %s\n", file,
	       baseline_count_approvals(baseline) + 1, strbuf_check(&who) < 0 ? "?" : who.data,
	       baseline_get_digest(baseline));
	return 0;
}

int baseline_attach(int argc, char **argv)
{
	const char *content = NULL;
	struct diag diag = {0};
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", attach_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(attach_help, stdout);
			return EXIT_GOOD;
		}
		if (option == '?')
			return EXIT_ERROR;
		content = optarg;
	}
	if (optind + 2 != argc)
		return fail_usage("baseline attach", "FILE and SIGNATURE are needed");
	r = attach(argv[optind], argv[optind + 1], content, &diag);
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}
