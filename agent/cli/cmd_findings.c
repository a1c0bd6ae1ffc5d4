/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline findings: what differs from the approved state. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "wire/codec.h"

struct listing {
	bool is_json;
	size_t count, open;
	/* For people: all of them, to be sorted. */
	struct wire_record *records;
	size_t room;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline findings [--all] [--json]\n\n"
	      "  --all           also those that are resolved\n"
	      "  --json          one JSON array\n" CONTROL_OPTIONS_HELP
	      "\nExit status: 0 no finding is open, 1 some are, 2 the agent could not be asked.\n",
	      out);
}

static int keep_record(struct listing *listing, struct wire_record *record)
{
	if (listing->count == listing->room) {
		size_t room = listing->room ? listing->room * 2 : 64;
		struct wire_record *records =
			reallocarray(listing->records, room, sizeof(*records));

		if (!records)
			return -ENOMEM;
		listing->records = records;
		listing->room = room;
	}
	listing->records[listing->count] = *record;
	*record = (struct wire_record){0};
	return 0;
}

static int on_line(const char *json, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct listing *listing = userdata;
	int r;

	r = codec_decode(json, strlen(json), &record, NULL);
	if (r < 0)
		return r;
	if (record.type != WIRE_FINDING)
		return -EBADMSG;
	if (record.finding.state != FINDING_STATE_RESOLVED)
		listing->open++;
	if (listing->is_json) {
		printf("%s\n%s", listing->count ? "," : "", json);
	} else {
		r = keep_record(listing, &record);
		if (r < 0)
			return r;
	}
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

static void print_for_people(struct listing *listing)
{
	if (listing->count)
		qsort(listing->records, listing->count, sizeof(*listing->records), compare);
	for (size_t i = 0; i < listing->count; i++) {
		text_print_finding(&listing->records[i].finding);
		putchar('\n');
	}
	printf("%zu open finding%s", listing->open, listing->open == 1 ? "" : "s");
	if (listing->count > listing->open)
		printf(", %zu resolved", listing->count - listing->open);
	putchar('\n');
}

static void listing_done(struct listing *listing)
{
	if (listing->records)
		for (size_t i = 0; i < listing->count; i++)
			wire_record_done(&listing->records[i]);
	free(listing->records);
}

static int list(const struct control_target *target, bool is_json, bool all)
{
	cleanup_with(listing_done) struct listing listing = {.is_json = is_json};
	const char *const arguments[] = {all ? "--all" : NULL, NULL};
	const struct control_request request = {
		.verb = "findings",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = &listing,
	};

	if (is_json)
		putchar('[');
	if (control_run_loud(target, &request) < 0)
		return EXIT_ERROR;
	if (is_json)
		puts("]");
	else
		print_for_people(&listing);
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return listing.open ? EXIT_DRIFT : EXIT_GOOD;
}

int cmd_findings(int argc, char **argv)
{
	static const struct option table[] = {
		{"all", no_argument, NULL, 'a'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	struct control_target target = {0};
	bool all = false, is_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'a')
			all = true;
		else if (option == 'j')
			is_json = true;
		else if (control_option(&target, option, optarg) < 0)
			return EXIT_ERROR;
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: findings: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return list(&target, is_json, all);
}
