/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline baseline verify: judges a file and its approvals as the agent would at load. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/policy.h"
#include "cli/baseline_verbs.h"
#include "cli/verbs.h"

static const char verify_help[] =
	"usage: plumbline baseline verify FILE [--ca CA] [--policy POLICY] [--json]\n\n"
	"Checks every digest of FILE and its approvals against the certificates in CA (PEM).\n"
	"POLICY (see plumbline-baseline(5)) says how many people must approve it, in which\n"
	"roles; without it one approval is enough. --ca may be left out only where POLICY names\n"
	"a ca for each of its roles.\n"
	"Exit status: 0 good, 1 refused, 2 error.\n";

enum {
	OPT_CA = 256,
	OPT_POLICY,
	OPT_JSON,
	OPT_HELP,
};

static const struct option verify_options[] = {
	{"ca", required_argument, NULL, OPT_CA},
	{"policy", required_argument, NULL, OPT_POLICY},
	{"json", no_argument, NULL, OPT_JSON},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

struct verdict {
	bool is_json;
	struct strbuf json, text;
	struct json j;
};

/* A signer's words may not look like lines of this program. */
static void add_escaped(struct strbuf *text, const char *raw)
{
	str_escape(text, raw, strlen(raw));
}

static void add_line(struct strbuf *text, unsigned number, const char *what, const char *words)
{
	strbuf_printf(text, "approval %u: %s: ", number, what);
	add_escaped(text, words ? words : "");
	strbuf_add_str(text, "\n");
}

static void add_good(const struct baseline_approval *a, unsigned number, struct strbuf *text)
{
	char when[RFC3339_SIZE];

	strbuf_printf(text, "approval %u: good: ", number);
	add_escaped(text, a->name);
	strbuf_add_str(text, " (");
	add_escaped(text, a->role);
	strbuf_printf(text, ") at %s: ", clock_format(a->time_ns, when));
	add_escaped(text, a->meaning);
	strbuf_add_str(text, "; certificate of ");
	add_escaped(text, a->certificate);
	strbuf_add_str(text, "\n");
}

static void add_approval(const struct baseline_approval *a, unsigned number, void *userdata)
{
	struct verdict *v = userdata;

	json_begin_object(&v->j);
	json_put_string(&v->j, "name", a->name);
	json_put_string(&v->j, "role", a->role);
	json_put_string(&v->j, "meaning", a->meaning);
	json_put_time(&v->j, "time", a->time_ns);
	json_put_string(&v->j, "certificate", a->certificate);
	json_put_bool(&v->j, "verified", a->is_verified);
	json_put_string(&v->j, "refusal", a->refusal);
	json_put_string(&v->j, "warning", a->warning);
	json_end_object(&v->j);

	if (a->is_verified)
		add_good(a, number, &v->text);
	else
		add_line(&v->text, number, "refused", a->refusal);
	if (a->warning)
		add_line(&v->text, number, "warning", a->warning);
}

/* All entries and all approvals. 0, or negative errno with @diag. */
static int judge(struct baseline *baseline, const struct policy *policy, struct verdict *v,
		 struct diag *diag)
{
	int r;

	do {
		cleanup_file_fact struct file_fact entry = {0};

		r = baseline_next(baseline, &entry, diag);
	} while (r > 0);
	if (r < 0)
		return r;
	r = policy_judge(policy, baseline, add_approval, v, diag);
	return r == -ENOKEY || r == -EKEYREJECTED ? -EBADMSG : r;
}

static int verify(const char *path, const struct policy *policy, struct verdict *v,
		  struct diag *diag)
{
	cleanup_with(baseline_closep) struct baseline *baseline = NULL;
	int r;

	json_begin_object(&v->j);
	r = baseline_open_path(path, &baseline, diag);
	json_put_string(&v->j, "statement_sha256", baseline ? baseline_get_digest(baseline) : NULL);
	json_key(&v->j, "approvals");
	json_begin_array(&v->j);
	if (r == 0)
		r = judge(baseline, policy, v, diag);
	json_end_array(&v->j);
	json_put_bool(&v->j, "good", r == 0);
	json_put_string(&v->j, "reason", r == 0 ? NULL : diag->text);
	json_end_object(&v->j);
	if (r == 0)
		strbuf_printf(&v->text, "%s: good: statement %s\n", path,
			      baseline_get_digest(baseline));
	return r;
}

static int read_policy(const char *ca_path, const char *policy_path, struct policy **ret_policy,
		       struct diag *diag)
{
	cleanup_free char *ca = NULL;
	int r = 0;

	if (ca_path)
		r = read_small_file(ca_path, &ca, diag);
	return r < 0 ? r : policy_new(policy_path, ca, ret_policy, diag);
}

int baseline_verify(int argc, char **argv)
{
	struct verdict v = {0};
	cleanup_with(policy_freep) struct policy *policy = NULL;
	const char *ca = NULL, *policy_path = NULL;
	struct diag diag = {0};
	char text[1024];
	int option, r;

	optind = 0;
	while ((option = getopt_long(argc, argv, "", verify_options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(verify_help, stdout);
			return EXIT_GOOD;
		}
		if (option == '?')
			return EXIT_ERROR;
		if (option == OPT_CA)
			ca = optarg;
		if (option == OPT_POLICY)
			policy_path = optarg;
		v.is_json |= option == OPT_JSON;
	}
	if (optind + 1 != argc || (!ca && !policy_path))
		return fail_usage("baseline verify", "FILE and --ca or --policy are needed");
	r = read_policy(ca, policy_path, &policy, &diag);
	if (r < 0)
		return fail_with(r, &diag);

	v.j = JSON_INIT(&v.json);
	r = verify(argv[optind], policy, &v, &diag);
	if (v.is_json && (r == 0 || r == -EBADMSG))
		printf("%s\n", v.json.data);
	else
		fputs(v.text.data ? v.text.data : "", stdout);
	if (r == -EBADMSG && !v.is_json)
		printf("refused: %s\n", diag_format(&diag, text, sizeof(text)));
	strbuf_done(&v.json);
	strbuf_done(&v.text);
	if (r == -EBADMSG)
		return EXIT_DRIFT;
	return r < 0 ? fail_with(r, &diag) : EXIT_GOOD;
}
