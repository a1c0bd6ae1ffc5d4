/* SPDX-License-Identifier: Apache-2.0 */
/* plumbline coverage: when the machine was watched, when not, and who signed that. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/strbuf.h"
#include "cli/control.h"
#include "cli/since.h"
#include "cli/text.h"
#include "cli/verbs.h"
#include "model/sight.h"
#include "report/view.h"
#include "report/words.h"
#include "wire/codec.h"
#include "wire/status.h"

#define MAX_ROWS 20000

/* A line of the answer: an interval or a head, as it came and as it reads. */
struct line {
	char *json;
	struct wire_record record;
};

struct lines {
	struct line *list;
	size_t count, room;
};

struct listing {
	bool is_json;
	int64_t since_ns;
	struct status status;
	struct lines heads; /* rising */
	struct lines intervals;
};

static void usage(FILE *out)
{
	fputs("usage: plumbline coverage [--since TIME] [--json]\n\n"
	      "  --since TIME    2026-11-21, 2026-11-21T08:00:00Z, or 12h or 7d before now; "
	      "default: all\n"
	      "  --json          one JSON array\n" CONTROL_OPTIONS_HELP,
	      out);
}

static void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++) {
		free(lines->list[i].json);
		wire_record_done(&lines->list[i].record);
	}
	free(lines->list);
}

static void listing_done(struct listing *listing)
{
	status_done(&listing->status);
	lines_done(&listing->heads);
	lines_done(&listing->intervals);
}

/* Takes @record on success. */
static int keep(struct lines *lines, const char *json, struct wire_record *record)
{
	if (lines->count == MAX_ROWS)
		return -E2BIG;
	if (array_grow(&lines->list, lines->count, &lines->room, sizeof(*lines->list)) < 0)
		return -ENOMEM;
	lines->list[lines->count] = (struct line){.json = strdup(json), .record = *record};
	if (!lines->list[lines->count].json)
		return -ENOMEM;
	lines->count++;
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
	if (record.type == WIRE_HEAD)
		return keep(&listing->heads, json, &record);
	if (record.type != WIRE_COVERAGE)
		return -EBADMSG;
	record.coverage.sequence = record.sequence;
	return keep(&listing->intervals, json, &record);
}

static int on_status(const char *json, void *userdata)
{
	struct listing *listing = userdata;

	return status_decode(json, strlen(json), &listing->status, NULL);
}

static int ask(const struct control_target *target, struct listing *listing)
{
	char since[32];
	const char *const arguments[] = {since, NULL};
	struct control_request request = {
		.verb = "coverage",
		.arguments = arguments,
		.fd = -1,
		.timeout_ms = CONTROL_TIMEOUT_MS,
		.on_line = on_line,
		.userdata = listing,
	};
	int r;

	snprintf(since, sizeof(since), "%" PRId64, listing->since_ns);
	r = control_run_loud(target, &request);
	if (r < 0 || listing->is_json)
		return r;
	request.verb = "status";
	request.arguments = NULL;
	request.on_line = on_status;
	return control_run_loud(target, &request);
}

/* The first head that was signed over the interval's record; NULL: none yet. */
static const struct line *head_of(const struct listing *listing, const struct coverage *coverage)
{
	for (size_t i = 0; i < listing->heads.count && coverage->sequence; i++)
		if (listing->heads.list[i].record.head.sequence >= coverage->sequence)
			return &listing->heads.list[i];
	return NULL;
}

static void print_json(const struct listing *listing)
{
	putchar('[');
	for (size_t i = 0; i < listing->intervals.count; i++) {
		const struct line *line = &listing->intervals.list[i];
		const struct line *head = head_of(listing, &line->record.coverage);

		/* The object as it came, and the head as one member more. */
		printf("%s\n%.*s,\"head\":%s}", i ? "," : "", (int)strlen(line->json) - 1,
		       line->json, head ? head->json : "null");
	}
	puts("]");
}

static void print_more(const char *what, const char *text)
{
	if (!text)
		return;
	printf("    %s: ", what);
	text_print(text);
	putchar('\n');
}

static void print_interval(const struct listing *listing, const struct coverage *coverage)
{
	int64_t end_ns = coverage->end_ns ? coverage->end_ns : clock_real_ns();
	const struct line *head = head_of(listing, coverage);
	char duration[WORDS_SIZE];

	text_print_time(coverage->start_ns);
	fputs(" to ", stdout);
	if (coverage->end_ns)
		text_print_time(coverage->end_ns);
	else
		printf("%-23s", "now");
	printf("  %-9s  %-8s  %-12s", coverage_state_name(coverage->state),
	       coverage->rung ? coverage->rung : "-",
	       words_duration(end_ns - coverage->start_ns, duration));
	if (!coverage->sequence)
		puts("  not in the chain yet");
	else if (!head)
		printf("  record %" PRIu64 ", not yet signed\n", coverage->sequence);
	else
		printf("  record %" PRIu64 ", signed by head %" PRIu64 "\n", coverage->sequence,
		       head->record.head.sequence);
	print_more("cause", coverage->cause);
	print_more("may have missed", coverage->missed);
	if (coverage->lost)
		printf("    lost: %" PRIu64 " record%s\n", coverage->lost,
		       coverage->lost == 1 ? "" : "s");
	if (coverage->basis)
		print_more("files known by", coverage->basis);
}

static int by_start(const void *a, const void *b)
{
	const struct coverage *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

/* The longest stretch of the period that was not covered. */
static const struct view_span *longest_blind(const struct view_host *view, size_t *ret_count)
{
	const struct view_span *longest = NULL;
	size_t count = 0;

	for (size_t i = 0; i < view->span_count; i++) {
		const struct view_span *span = &view->spans[i];

		if (span->state == COVERAGE_COVERED || span->end_ns == span->start_ns)
			continue;
		count++;
		if (!longest || span->end_ns - span->start_ns > longest->end_ns - longest->start_ns)
			longest = span;
	}
	*ret_count = count;
	return longest;
}

static void print_totals(const struct view_host *view)
{
	const struct view_span *longest;
	const char *separator = "Not covered: ";
	char text[WORDS_SIZE];
	size_t count;

	printf("\nCovered %s of ", words_permille(view_covered_permille(view), text));
	fputs(words_duration(view_period_ns(view), text), stdout);
	longest = longest_blind(view, &count);
	if (!longest) {
		puts(", without a gap.");
		return;
	}
	printf("; %s not, the longest ", words_count(count, "stretch was", "stretches were", text));
	printf("%s (%s, from ", words_duration(longest->end_ns - longest->start_ns, text),
	       view_state_name(longest->state));
	text_print_time(longest->start_ns);
	puts(").");
	for (unsigned state = 0; state < VIEW_SPAN_COUNT; state++) {
		if (state == COVERAGE_COVERED || !view->time_ns[state])
			continue;
		printf("%s%s %s", separator, view_state_name(state),
		       words_duration(view->time_ns[state], text));
		separator = ", ";
	}
	puts(".");
}

static void print_signed(const struct listing *listing)
{
	size_t count = 0;

	for (size_t i = 0; i < listing->intervals.count; i++)
		count += head_of(listing, &listing->intervals.list[i].record.coverage) != NULL;
	printf("Signed: %zu of %zu intervals, with the evidence key %.16s.\n", count,
	       listing->intervals.count,
	       listing->heads.count ? listing->heads.list[0].record.head.key_id : "(none yet)");
}

static void print_not_seen(const struct status *status)
{
	const struct sensor_sight *sights = sight_of_rung(status->rung);
	const char *separator = "";

	printf("Not seen, also while covered, on rung %s: ", status->rung ? status->rung : "-");
	for (; sights && sights->what; sights++) {
		if (sights->is_seen)
			continue;
		printf("%s%s", separator, sights->what);
		separator = ", ";
	}
	puts("; why: `plumbline doctor`.");
}

static int print_people(const struct listing *listing)
{
	size_t count = listing->intervals.count;
	cleanup_free struct coverage *sorted = calloc(count + 1, sizeof(*sorted));
	struct report_host host = {.coverage = sorted, .coverage_count = count};
	struct report report = {
		.made_at_ns = clock_real_ns(),
		.since_ns = listing->since_ns,
		.hosts = &host,
		.host_count = 1,
	};
	cleanup_view_host struct view_host view = {0};
	int r;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		sorted[i] = listing->intervals.list[i].record.coverage;
		print_interval(listing, &sorted[i]);
	}
	if (count == 0) {
		puts("No coverage is recorded for this time.");
		return 0;
	}
	qsort(sorted, count, sizeof(*sorted), by_start);
	r = view_host_init(&report, &host, &view);
	if (r < 0)
		return r;
	print_totals(&view);
	print_signed(listing);
	print_not_seen(&listing->status);
	return 0;
}

static int list(const struct control_target *target, struct listing *listing)
{
	int r = ask(target, listing);

	if (r == 0 && listing->is_json)
		print_json(listing);
	else if (r == 0)
		r = print_people(listing);
	return r == 0 && fflush(stdout) == 0 ? EXIT_GOOD : EXIT_ERROR;
}

int cmd_coverage(int argc, char **argv)
{
	static const struct option table[] = {
		{"since", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		CONTROL_OPTIONS,
		{NULL, 0, NULL, 0},
	};
	cleanup_with(listing_done) struct listing listing = {0};
	struct control_target target = {0};
	int option;

	while ((option = getopt_long(argc, argv, "h", table, NULL)) >= 0) {
		if (option == 'h') {
			usage(stdout);
			return EXIT_GOOD;
		}
		if (option == 'j') {
			listing.is_json = true;
		} else if (option == 's') {
			if (since_parse(optarg, &listing.since_ns) < 0) {
				fprintf(stderr,
					"plumbline: coverage: --since takes a time before now, "
					"such as 2026-11-21, 2026-11-21T08:00:00Z, 12h or 7d, not "
					"'%s'\n",
					optarg);
				return EXIT_ERROR;
			}
		} else if (control_option(&target, option, optarg) < 0) {
			return EXIT_ERROR;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "plumbline: coverage: what is '%s'?\n", argv[optind]);
		usage(stderr);
		return EXIT_ERROR;
	}
	return list(&target, &listing);
}
