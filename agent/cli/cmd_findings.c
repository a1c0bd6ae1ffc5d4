/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline findings: what differs from the approved state. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "base/str.h"
#include "baseline/packages.h"
#include "cli/change_packages.h"
#include "cli/control.h"
#include "cli/data_dir.h"
#include "cli/evidence.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "cli/waivers.h"
#include "privsep/query.h"
#include "report/asides.h"
#include "report/change_sets.h"
#include "wire/codec.h"

struct listing {
	bool is_json;
	bool is_each;		/* change-sets are not put together */
	const char *change_set; /* only the findings of this one; NULL: all */
	size_t count, open, waived;
	const struct waiver_list *waivers;
	struct evidence *checks; /* for people: what they show of SL 3 */
	const char *host;
	int64_t now_ns; /* at which waivers count */
	/* For people: all of them, to be sorted. */
	struct wire_record *records;
	size_t room;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline findings [--all] [--each] [--change-set ID] [--json]\n\n"
	      "What one run of a trusted updater did is one row, a change-set.\n\n"
	      "  --all           also those that are resolved\n"
	      "  --each          no change-sets: every finding by itself\n"
	      "  --change-set ID the findings of this change-set, each by itself\n"
	      "  --json          one JSON array of findings\n" CONTROL_OPTIONS_HELP
	      "\nExit status: 0 no finding is open or all are waived, 1 some are, 2 the agent "
	      "could not be\n"
	      "asked.\n",
	      out);
}

static int keep_record(struct listing *listing, struct wire_record *record)
{
	if (array_grow(&listing->records, listing->count, &listing->room,
		       sizeof(*listing->records)) < 0)
		return -ENOMEM;
	listing->records[listing->count] = *record;
	*record = (struct wire_record){0};
	return 0;
}

/* Nobody can bear what is an incident. */
static const struct waiver *waiver_of(const struct listing *listing, const struct finding *finding)
{
	if (finding->state == FINDING_STATE_RESOLVED || finding->state == FINDING_STATE_INCIDENT)
		return NULL;
	return waiver_for_finding(listing->waivers, listing->host, finding, listing->now_ns);
}

/* The agent's object, with the waiver as its last member. */
static int print_json(const struct listing *listing, const char *json, const struct waiver *waiver)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	struct json j = JSON_INIT(&out);

	printf("%s\n", listing->count ? "," : "[");
	if (!waiver) {
		fputs(json, stdout);
		return 0;
	}
	json_begin_object(&j);
	waivers_put(&j, waiver);
	json_end_object(&j);
	if (strbuf_check(&out) < 0)
		return -ENOMEM;
	printf("%.*s,%s", (int)strlen(json) - 1, json, out.data + 1);
	return 0;
}

static int on_line(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct listing *listing = userdata;
	const struct waiver *waiver;
	int r;

	r = codec_decode(json, strlen(json), &record, NULL);
	if (r < 0)
		return r;
	if (record.type != WIRE_FINDING)
		return -EBADMSG;
	if (listing->change_set && !str_equal(record.finding.change_set, listing->change_set))
		return 0;
	if (record.finding.state != FINDING_STATE_RESOLVED)
		listing->open++;
	waiver = waiver_of(listing, &record.finding);
	listing->waived += waiver != NULL;
	r = listing->is_json ? print_json(listing, json, waiver) : keep_record(listing, &record);
	if (r < 0)
		return r;
	listing->count++;
	return 0;
}

/* Open before resolved, worst first, then newest first. */
static int compare(const void *a, const void *b)
{
	const struct finding *left = &((const struct wire_record *)a)->finding;
	const struct finding *right = &((const struct wire_record *)b)->finding;
	bool left_open = left->state != FINDING_STATE_RESOLVED;
	bool right_open = right->state != FINDING_STATE_RESOLVED;

	if (left_open != right_open)
		return left_open ? -1 : 1;
	if (left->severity != right->severity)
		return left->severity > right->severity ? -1 : 1;
	if (left->last_seen_ns != right->last_seen_ns)
		return left->last_seen_ns > right->last_seen_ns ? -1 : 1;
	return 0;
}

/* What this machine's package database says of a change-set; nothing where it cannot be read. */
static int print_change_set(const struct change_set *set, struct packages *packages,
			    const struct finding *const *findings, size_t count)
{
	cleanup_change_packages struct change_packages look = {0};
	int r = 0;

	if (packages)
		r = change_packages_look(packages, set->id, findings, count, &look);
	if (r < 0)
		return r;
	text_print_change_set(set, packages ? &look : NULL);
	putchar('\n');
	return 0;
}

/* A change-set stands before the findings that are as severe as its worst one. */
static int print_sorted(const struct listing *listing, const struct finding *const *findings,
			const struct change_sets *sets)
{
	cleanup_with(packages_closep) struct packages *packages = NULL;
	struct packages_source source = {.root = "", .run_query = query_run};
	struct diag diag = {0};
	size_t next = 0;
	int r = 0;

	if (sets->count)
		(void)packages_open(&source, &packages, &diag);
	for (size_t i = 0; i <= listing->count && r == 0; i++) {
		const struct finding *f = i < listing->count ? findings[i] : NULL;

		while (r == 0 && next < sets->count &&
		       (!f || f->state == FINDING_STATE_RESOLVED ||
			f->severity <= sets->sets[next].worst))
			r = print_change_set(&sets->sets[next++], packages, findings,
					     listing->count);
		if (!f || (sets->count && change_sets_take(f)))
			continue;
		text_print_finding(f);
		if (waiver_of(listing, f))
			waivers_print(waiver_of(listing, f), "  waived       ");
		putchar('\n');
	}
	return r;
}

static int on_check(const char *json, void *userdata)
{
	struct listing *listing = userdata;

	return evidence_add(listing->checks, json, strlen(json), NULL);
}

static int ask_checks(const struct control_target *target, struct listing *listing)
{
	const struct control_request request = {
		.verb = "checks",
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_check,
		.userdata = listing,
	};
	int r = evidence_new(&listing->checks);

	return r < 0 ? r : control_run_loud(target, &request);
}

static int print_requirements(const struct listing *listing, const struct config *config)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct report report = {0};
	struct report_host host;
	int r = evidence_get_host(listing->checks, &host);

	if (r < 0)
		return r;
	evidence_count_requirements(config, &host, &report);
	aside_put_requirements(&report, &text);
	if (text.len)
		puts(text.data);
	return strbuf_check(&text);
}

static int print_for_people(struct listing *listing)
{
	cleanup_free const struct finding **findings =
		calloc(listing->count + 1, sizeof(*findings));
	cleanup_change_sets struct change_sets sets = {0};
	int r = 0;

	if (!findings)
		return -ENOMEM;
	if (listing->count)
		qsort(listing->records, listing->count, sizeof(*listing->records), compare);
	for (size_t i = 0; i < listing->count; i++)
		findings[i] = &listing->records[i].finding;
	if (!listing->is_each && !listing->change_set)
		r = change_sets_collect(findings, listing->count, &sets);
	if (r == 0)
		r = print_sorted(listing, findings, &sets);
	if (r < 0)
		return r;
	printf("%zu open finding%s", listing->open, listing->open == 1 ? "" : "s");
	if (listing->waived)
		printf(", %zu with waivers", listing->open - listing->waived);
	if (sets.count)
		printf(", %zu of them in %zu change-set%s", sets.finding_count, sets.count,
		       sets.count == 1 ? "" : "s");
	if (listing->count > listing->open)
		printf(", %zu resolved", listing->count - listing->open);
	putchar('\n');
	return 0;
}

static void listing_done(struct listing *listing)
{
	if (listing->records)
		for (size_t i = 0; i < listing->count; i++)
			wire_record_done(&listing->records[i]);
	free(listing->records);
	evidence_free(listing->checks);
}

static int list(const struct control_target *target, const struct listing *wanted, bool all)
{
	cleanup_waiver_folder struct waiver_folder waivers = {0};
	cleanup_with(config_freep) struct config *config = NULL;
	cleanup_with(listing_done) struct listing listing = *wanted;
	const char *const arguments[] = {all ? "--all" : NULL, NULL};
	const struct control_request request = {
		.verb = "findings",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &listing,
	};

	if (data_dir_load_config(target->config, &config) < 0 ||
	    waivers_load(config, NULL, &waivers) < 0)
		return EXIT_ERROR;
	listing.waivers = &waivers.list;
	listing.host = config->name;
	listing.now_ns = clock_real_ns();
	if (control_run_loud(target, &request) < 0 ||
	    (!listing.is_json && ask_checks(target, &listing) < 0))
		return EXIT_ERROR;
	if (listing.is_json)
		puts(listing.count ? "]" : "[]");
	else if (print_for_people(&listing) < 0 || print_requirements(&listing, config) < 0)
		return EXIT_ERROR;
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return listing.open > listing.waived ? EXIT_DRIFT : EXIT_GOOD;
}

int cmd_findings(int argc, char **argv)
{
	static const struct option table[] = {
		{"all", no_argument, NULL, 'a'},
		{"each", no_argument, NULL, 'e'},
		{"change-set", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	struct listing wanted = {0};
	bool all = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'a')
			all = true;
		else if (option == 'j')
			wanted.is_json = true;
		else if (option == 'e')
			wanted.is_each = true;
		else if (option == 'c')
			wanted.change_set = optarg;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: findings: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return list(&target, &wanted, all);
}
