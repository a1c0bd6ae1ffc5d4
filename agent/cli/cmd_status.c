/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline status: five lines that tell whether this machine is watched and true. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "cli/control.h"
#include "cli/data_dir.h"
#include "cli/evidence.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/waivers.h"
#include "report/report.h"
#include "report/words.h"
#include "wire/status.h"

#define UNSEEN_MAX_BYTES 200 /* of one note on the line; --json has all */

struct answer {
	bool has_status;
	struct status status;
	char *json; /* as it came */
	struct evidence *evidence;
};

/* What checks and findings come to when waivers are counted, at the moment of the question. */
struct score {
	struct waiver_folder waivers;
	size_t in_force, failed_waived, open_waived;
	unsigned with_evidence, all; /* SL 3 requirements; 0 of 0: not known */
};

static void usage(FILE *out)
{
	fputs("usage: plumbline status [--json]\n\n"
	      "  --json          one JSON object\n" CONTROL_OPTIONS_HELP
	      "\nExit status: 0 covered and no finding open that is not waived, 1 not so, 2 the "
	      "agent\n"
	      "could not be asked.\n",
	      out);
}

/* Verdicts in the kernel are about all code; else it is said about what. */
static void print_denial(const struct status *status)
{
	if (!str_equal(status->enforcement, "enforce") || !status->enforcement_reason ||
	    !*status->enforcement_reason)
		return;
	fputs("Denial    ", stdout);
	text_print(status->enforcement_reason);
	putchar('\n');
}

static void print_baseline(const struct status *status)
{
	char duration[WORDS_SIZE];

	fputs("Baseline  ", stdout);
	if (!*status->baseline_digest) {
		puts("none: nothing can be called drift; load one with `plumbline baseline load "
		     "FILE`");
		return;
	}
	text_print(status->baseline_name);
	if (status->layer_count < 2)
		printf(", revision %" PRIu64, status->baseline_revision);
	printf(", %" PRIu64 " entries, approved, made ", status->baseline_entries);
	text_print_time(status->baseline_made_ns);
	if (status->baseline_made_ns)
		printf(" (%s ago)",
		       words_duration(clock_real_ns() - status->baseline_made_ns, duration));
	printf(", sha256 %.16s\n", status->baseline_digest);
}

static void print_findings(const struct status *status)
{
	printf("Findings  %" PRIu64 " open", status->open);
	if (status->open) {
		const char *separator = ": ";

		for (int i = SEVERITY_COUNT - 1; i >= 0; i--) {
			if (!status->open_by_severity[i])
				continue;
			printf("%s%" PRIu64 " %s", separator, status->open_by_severity[i],
			       finding_severity_name(i));
			separator = ", ";
		}
		fputs("; see `plumbline findings`", stdout);
	}
	putchar('\n');
}

static void print_incidents(const struct status *status)
{
	int64_t left_ns = status->incident_due_ns - clock_real_ns();
	char duration[WORDS_SIZE];

	if (!status->incidents_open && !status->incidents_held)
		return;
	printf("Incidents %" PRIu64 " open", status->incidents_open);
	if (status->incidents_unreported) {
		printf(", %" PRIu64 " not reported, the first report is due ",
		       status->incidents_unreported);
		text_print_time(status->incident_due_ns);
		if (left_ns < 0)
			printf(" (OVERDUE by %s)", words_duration(-left_ns, duration));
		else
			printf(" (%s left)", words_duration(left_ns, duration));
	}
	printf("; the evidence of %" PRIu64 " is held; see `plumbline incident list`\n",
	       status->incidents_held);
}

static void print_link(const struct status *status)
{
	if (!status->link_url) {
		fputs("; stand-alone: `plumbline export` takes them away", stdout);
		return;
	}
	fputs("; collector ", stdout);
	text_print(status->link_url);
	fputs(status->link_is_up ? " is up" : " is not reached", stdout);
	if (!status->link_is_up && status->link_reason) {
		fputs(" (", stdout);
		text_print(status->link_reason);
		putchar(')');
	}
}

static void print_evidence(const struct status *status)
{
	printf("Evidence  %" PRIu64 " records, ", status->sequence);
	if (status->head.sequence)
		printf("chain signed up to %" PRIu64, status->head.sequence);
	else
		fputs("chain not signed yet", stdout);
	printf(", %" PRIu64 " not yet with a collector", status->outbox_records);
	if (status->folded)
		printf(", %" PRIu64 " folded", status->folded);
	print_link(status);
	putchar('\n');
}

/* One line, whatever the note holds. */
static void print_note(const char *note)
{
	char text[UNSEEN_MAX_BYTES];

	if (!note)
		return;
	if (!str_copy(text, sizeof(text), note))
		memcpy(text + sizeof(text) - 4, "...", 4);
	for (char *c = text; *c; c++)
		if (*c == '\n')
			*c = ' ';
	text_print(text);
}

static void print_unseen(const struct status *status)
{
	fputs("Not seen  ", stdout);
	if (!status->unseen_count) {
		puts("nothing that this rung could see; `plumbline doctor` tells its limits");
		return;
	}
	for (size_t i = 0; i < status->unseen_count && i < 2; i++) {
		if (i)
			fputs("; ", stdout);
		text_print(status->unseen[i].what);
		fputs(": ", stdout);
		print_note(status->unseen[i].note);
	}
	if (status->unseen_count > 2)
		printf("; and %zu more", status->unseen_count - 2);
	puts("; see `plumbline doctor`");
}

static int on_line(const char *json, void *userdata)
{
	struct answer *answer = userdata;
	struct diag diag = {0};
	int r;

	if (answer->has_status)
		return -EBADMSG;
	r = status_decode(json, strlen(json), &answer->status, &diag);
	if (r < 0) {
		fprintf(stderr, "plumbline: status: %s\n", diag.text);
		return r;
	}
	answer->has_status = true;
	answer->json = strdup(json);
	return answer->json ? 0 : -ENOMEM;
}

static int on_evidence(const char *json, void *userdata)
{
	struct answer *answer = userdata;

	return evidence_add(answer->evidence, json, strlen(json), NULL);
}

static int ask(const struct control_target *target, const char *verb,
	       int (*on_answer)(const char *json, void *userdata), struct answer *answer)
{
	const struct control_request request = {
		.verb = verb,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_answer,
		.userdata = answer,
	};

	return control_run_loud(target, &request);
}

static void count_waived(const struct report_host *host, struct score *score, int64_t now_ns)
{
	const struct waiver_list *list = &score->waivers.list;

	for (size_t i = 0; i < list->count; i++)
		score->in_force +=
			list->waivers[i].start_ns <= now_ns && now_ns < list->waivers[i].expires_ns;
	for (size_t i = 0; i < host->check_count; i++)
		score->failed_waived +=
			host->checks[i].outcome == CHECK_FAIL &&
			waiver_for_check(list, host->name, host->checks[i].id, now_ns);
	for (size_t i = 0; i < host->finding_count; i++)
		score->open_waived +=
			host->findings[i].state == FINDING_STATE_OPEN &&
			waiver_for_finding(list, host->name, &host->findings[i], now_ns);
}

/* Findings are asked for only where one may be waived: there may be many. */
static int fill_score(const struct control_target *target, const struct config *config,
		      struct answer *answer, struct score *score)
{
	struct report report = {0};
	struct report_host host;
	int r;

	r = waivers_load(config, NULL, &score->waivers);
	if (r == 0)
		r = ask(target, "checks", on_evidence, answer);
	if (r == 0 && score->waivers.list.count)
		r = ask(target, "findings", on_evidence, answer);
	if (r == 0)
		r = evidence_get_host(answer->evidence, &host);
	if (r < 0)
		return r;
	host.name = config->name;
	count_waived(&host, score, clock_real_ns());
	evidence_count_requirements(config, &host, &report);
	score->with_evidence = report.requirements_with_evidence;
	score->all = report.requirements_all;
	return 0;
}

static void print_coverage(const struct status *status, const struct score *score)
{
	char duration[WORDS_SIZE];

	printf("Coverage  %s", status->phase ? status->phase : "nothing is known");
	if (status->coverage_since_ns) {
		fputs(" since ", stdout);
		text_print_time(status->coverage_since_ns);
		printf(" (%s)",
		       words_duration(clock_real_ns() - status->coverage_since_ns, duration));
	}
	if (status->coverage_basis) {
		fputs(", files known by ", stdout);
		text_print(status->coverage_basis);
	}
	fputs(", rung ", stdout);
	text_print(status->rung ? status->rung : "not known yet");
	if (str_equal(status->enforcement, "enforce"))
		printf(", denies what generation %" PRIu64 " does not approve", status->generation);
	else
		fputs(", denies nothing", stdout);
	if (status->profile) {
		printf("; checks of %s: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64 " error",
		       status->profile, status->checks[CHECK_PASS], status->checks[CHECK_FAIL],
		       status->checks[CHECK_ERROR]);
	}
	if (status->profile && score->all)
		printf(", %u of %u SL 3 requirements have host evidence here", score->with_evidence,
		       score->all);
	putchar('\n');
}

/* The answers are of different moments: a check may have been mended between them. */
static uint64_t without(uint64_t count, size_t waived)
{
	return count > waived ? count - waived : 0;
}

static void print_score(const struct status *status, const struct score *score)
{
	if (!score->waivers.list.count && !score->waivers.refused_count)
		return;
	printf("Waivers   %zu in force; %" PRIu64 " checks fail without them, %" PRIu64
	       " with; %" PRIu64 " findings are open without them, %" PRIu64 " with",
	       score->in_force, status->checks[CHECK_FAIL],
	       without(status->checks[CHECK_FAIL], score->failed_waived), status->open,
	       without(status->open, score->open_waived));
	if (score->waivers.refused_count)
		printf("; %zu files refused", score->waivers.refused_count);
	putchar('\n');
}

/* The agent's object with two more members. */
static int print_json(const char *json, const struct score *score)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);

	json_begin_object(&j);
	json_key(&j, "sl3_requirements");
	json_begin_object(&j);
	json_put_u64(&j, "with_host_evidence", score->with_evidence);
	json_put_u64(&j, "all", score->all);
	json_end_object(&j);
	json_key(&j, "waivers");
	json_begin_object(&j);
	json_put_u64(&j, "in_force", score->in_force);
	json_put_u64(&j, "fail_waived", score->failed_waived);
	json_put_u64(&j, "open_waived", score->open_waived);
	waivers_put_refused(&j, &score->waivers);
	json_end_object(&j);
	json_end_object(&j);
	if (strbuf_check(&out) < 0)
		return -ENOMEM;
	printf("%.*s,%s\n", (int)strlen(json) - 1, json, out.data + 1);
	return 0;
}

static void answer_done(struct answer *answer)
{
	status_done(&answer->status);
	evidence_free(answer->evidence);
	free(answer->json);
}

static void score_done(struct score *score)
{
	waiver_folder_done(&score->waivers);
}

static int show(const struct control_target *target, bool is_json)
{
	cleanup_with(answer_done) struct answer answer = {0};
	cleanup_with(score_done) struct score score = {0};
	cleanup_with(config_freep) struct config *config = NULL;
	const struct status *status = &answer.status;

	if (data_dir_load_config(target->config, &config) < 0 ||
	    evidence_new(&answer.evidence) < 0 || ask(target, "status", on_line, &answer) < 0 ||
	    !answer.has_status || fill_score(target, config, &answer, &score) < 0)
		return EXIT_ERROR;
	if (is_json) {
		if (print_json(answer.json, &score) < 0)
			return EXIT_ERROR;
	} else {
		print_coverage(status, &score);
		print_denial(status);
		print_baseline(status);
		print_score(status, &score);
		print_findings(status);
		print_incidents(status);
		print_evidence(status);
		print_unseen(status);
	}
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return status->open <= score.open_waived && str_equal(status->phase, "covered")
		       ? EXIT_GOOD
		       : EXIT_DRIFT;
}

int cmd_status(int argc, char **argv)
{
	static const struct option table[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	bool is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'j')
			is_json = true;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: status: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return show(&target, is_json);
}
