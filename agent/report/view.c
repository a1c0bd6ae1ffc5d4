/* SPDX-License-Identifier: Apache-2.0 */
/* Period, coverage, counts and order of a report; see view.h. */
#include "report/view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* How little a state sees: where records overlap, the higher number counts. */
static const unsigned char blindness[COVERAGE_STATE_COUNT] = {
	[COVERAGE_COVERED] = 0, [COVERAGE_WARMING] = 1, [COVERAGE_OBSERVING] = 2,
	[COVERAGE_GAP] = 3,	[COVERAGE_DOWN] = 4,
};

/* A coverage record begins or ends. */
struct edge {
	int64_t at_ns;
	unsigned state;
	int step; /* +1 begins, -1 ends */
};

static int compare_edges(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static unsigned blindest_active(const int active[static COVERAGE_STATE_COUNT])
{
	unsigned found = VIEW_NO_RECORD;

	for (unsigned state = 0; state < COVERAGE_STATE_COUNT; state++)
		if (active[state] > 0 &&
		    (found == VIEW_NO_RECORD || blindness[state] > blindness[found]))
			found = state;
	return found;
}

static void add_span(struct view_host *view, unsigned state, int64_t start_ns, int64_t end_ns)
{
	struct view_span *last = view->span_count > 0 ? &view->spans[view->span_count - 1] : NULL;

	if (start_ns >= end_ns)
		return;
	view->time_ns[state] += end_ns - start_ns;
	if (last && last->state == state)
		last->end_ns = end_ns;
	else
		view->spans[view->span_count++] = (struct view_span){state, start_ns, end_ns};
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* Sweeps over the beginnings and ends of all records in order of time. */
static int make_spans(const struct report_host *host, struct view_host *view)
{
	cleanup_free struct edge *edges = NULL;
	int active[COVERAGE_STATE_COUNT] = {0};
	int64_t reached_ns = view->from_ns;
	size_t count = 0;

	edges = calloc(2 * host->coverage_count + 1, sizeof(*edges));
	view->spans = calloc(2 * host->coverage_count + 1, sizeof(*view->spans));
	if (!edges || !view->spans)
		return -ENOMEM;

	for (size_t i = 0; i < host->coverage_count; i++) {
		const struct coverage *record = &host->coverage[i];
		int64_t end_ns = record->end_ns ? record->end_ns : view->heard_ns;
		int64_t from = clamp(record->start_ns, view->from_ns, view->until_ns);
		int64_t until = clamp(end_ns, view->from_ns, view->until_ns);

		if (from >= until || (unsigned)record->state >= COVERAGE_STATE_COUNT)
			continue;
		edges[count++] = (struct edge){from, record->state, +1};
		edges[count++] = (struct edge){until, record->state, -1};
	}
	qsort(edges, count, sizeof(*edges), compare_edges);

	for (size_t i = 0; i < count; i++) {
		add_span(view, blindest_active(active), reached_ns, edges[i].at_ns);
		reached_ns = edges[i].at_ns;
		active[edges[i].state] += edges[i].step;
	}
	add_span(view, VIEW_NO_RECORD, reached_ns, view->until_ns);
	return 0;
}

bool view_is_open(const struct finding *finding)
{
	return finding->state == FINDING_STATE_OPEN || finding->state == FINDING_STATE_INCIDENT;
}

bool view_is_hardening(const struct finding *finding)
{
	return finding->kind == FINDING_HARDENING_FAILED ||
	       finding->kind == FINDING_HARDENING_REGRESSED;
}

static void count_all(const struct report_host *host, struct view_counts *counts)
{
	for (size_t i = 0; i < host->finding_count; i++) {
		const struct finding *finding = &host->findings[i];

		counts->findings[finding->state]++;
		if (view_is_open(finding)) {
			counts->open[finding->severity]++;
			counts->open_all++;
			counts->open_hardening += view_is_hardening(finding);
		} else if (finding->state != FINDING_STATE_RESOLVED) {
			counts->accounted++;
		}
	}
	for (size_t i = 0; i < host->check_count; i++)
		counts->checks[host->checks[i].outcome]++;
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int compare_findings(const struct finding *x, const struct finding *y)
{
	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->last_seen_ns != y->last_seen_ns)
		return x->last_seen_ns > y->last_seen_ns ? -1 : 1;
	if (compare_text(x->path, y->path) != 0)
		return compare_text(x->path, y->path);
	return strcmp(x->fingerprint, y->fingerprint);
}

static int compare_finding_pointers(const void *a, const void *b)
{
	return compare_findings(*(const struct finding *const *)a,
				*(const struct finding *const *)b);
}

/* What needs a person comes first. */
static const unsigned char outcome_rank[CHECK_OUTCOME_COUNT] = {
	[CHECK_FAIL] = 0,
	[CHECK_ERROR] = 1,
	[CHECK_PASS] = 2,
	[CHECK_NOT_APPLICABLE] = 3,
};

static int compare_check_pointers(const void *a, const void *b)
{
	const struct check_result *x = *(const struct check_result *const *)a;
	const struct check_result *y = *(const struct check_result *const *)b;

	if (x->outcome != y->outcome)
		return outcome_rank[x->outcome] < outcome_rank[y->outcome] ? -1 : 1;
	if (x->outcome == CHECK_FAIL && x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return compare_text(x->id, y->id);
}

static void set_period(const struct report *report, const struct report_host *host,
		       struct view_host *view)
{
	view->until_ns = report->made_at_ns;
	view->from_ns = report->since_ns;
	if (view->from_ns == 0) {
		view->from_ns = view->until_ns;
		/* Not the first record's: a clock that was set back makes that a later time. */
		for (size_t i = 0; i < host->coverage_count; i++)
			if (host->coverage[i].start_ns < view->from_ns)
				view->from_ns = host->coverage[i].start_ns;
	}
	if (view->from_ns > view->until_ns)
		view->from_ns = view->until_ns;
	view->heard_ns = view->until_ns;
	if (host->heard_ns != 0 && host->heard_ns < view->until_ns)
		view->heard_ns = host->heard_ns;
}

/* What is an incident nobody can bear. */
static int find_waivers(const struct report *report, const struct report_host *host,
			struct view_host *view)
{
	view->finding_waivers = calloc(host->finding_count + 1, sizeof(*view->finding_waivers));
	view->check_waivers = calloc(host->check_count + 1, sizeof(*view->check_waivers));
	if (!view->finding_waivers || !view->check_waivers)
		return -ENOMEM;
	for (size_t i = 0; i < host->finding_count; i++) {
		if (view->findings[i]->state != FINDING_STATE_OPEN)
			continue;
		view->finding_waivers[i] = waiver_for_finding(
			report->waivers, host->name, view->findings[i], report->made_at_ns);
		view->counts.open_waived += view->finding_waivers[i] != NULL;
	}
	for (size_t i = 0; i < host->check_count; i++) {
		if (view->checks[i]->outcome != CHECK_FAIL)
			continue;
		view->check_waivers[i] = waiver_for_check(report->waivers, host->name,
							  view->checks[i]->id, report->made_at_ns);
		view->counts.failed_waived += view->check_waivers[i] != NULL;
	}
	return 0;
}

int view_host_init(const struct report *report, const struct report_host *host,
		   struct view_host *ret_view)
{
	cleanup_view_host struct view_host view = {0};
	int r;

	set_period(report, host, &view);
	r = make_spans(host, &view);
	if (r < 0)
		return r;
	count_all(host, &view.counts);

	view.findings = calloc(host->finding_count + 1, sizeof(*view.findings));
	view.checks = calloc(host->check_count + 1, sizeof(*view.checks));
	if (!view.findings || !view.checks)
		return -ENOMEM;
	for (size_t i = 0; i < host->finding_count; i++)
		view.findings[i] = &host->findings[i];
	for (size_t i = 0; i < host->check_count; i++)
		view.checks[i] = &host->checks[i];
	qsort(view.findings, host->finding_count, sizeof(*view.findings), compare_finding_pointers);
	qsort(view.checks, host->check_count, sizeof(*view.checks), compare_check_pointers);
	r = find_waivers(report, host, &view);
	if (r < 0)
		return r;

	*ret_view = view;
	view = (struct view_host){0};
	return 0;
}

void view_host_done(struct view_host *view)
{
	free(view->spans);
	free(view->findings);
	free(view->checks);
	free(view->finding_waivers);
	free(view->check_waivers);
	*view = (struct view_host){0};
}

/* One sighting of one difference on one host, while they are grouped. */
struct sighting {
	const struct finding *finding;
	const struct report_host *host;
};

/* By fingerprint; the newest of a group first. */
static int compare_sightings(const void *a, const void *b)
{
	const struct sighting *x = a, *y = b;
	int order = strcmp(x->finding->fingerprint, y->finding->fingerprint);

	if (order != 0)
		return order;
	if (x->finding->last_seen_ns != y->finding->last_seen_ns)
		return x->finding->last_seen_ns > y->finding->last_seen_ns ? -1 : 1;
	return compare_text(x->host->name, y->host->name);
}

static int compare_rows(const void *a, const void *b)
{
	const struct view_row *x = a, *y = b;

	if (x->finding->severity == y->finding->severity && x->host_count != y->host_count)
		return x->host_count > y->host_count ? -1 : 1;
	return compare_findings(x->finding, y->finding);
}

static size_t collect_sightings(const struct report *report, struct sighting *sightings)
{
	size_t count = 0;

	for (size_t h = 0; h < report->host_count; h++) {
		const struct report_host *host = &report->hosts[h];

		for (size_t i = 0; i < host->finding_count; i++)
			if (view_is_open(&host->findings[i]))
				sightings[count++] = (struct sighting){&host->findings[i], host};
	}
	return count;
}

int view_fleet_init(const struct report *report, struct view_fleet *ret_fleet)
{
	cleanup_view_fleet struct view_fleet fleet = {0};
	cleanup_free struct sighting *sightings = NULL;
	size_t count = 0;

	for (size_t h = 0; h < report->host_count; h++)
		count += report->hosts[h].finding_count;
	sightings = calloc(count + 1, sizeof(*sightings));
	fleet.rows = calloc(count + 1, sizeof(*fleet.rows));
	fleet.members = calloc(count + 1, sizeof(*fleet.members));
	if (!sightings || !fleet.rows || !fleet.members)
		return -ENOMEM;

	count = collect_sightings(report, sightings);
	qsort(sightings, count, sizeof(*sightings), compare_sightings);
	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = sightings[i].finding;
		struct view_row *row = fleet.row_count ? &fleet.rows[fleet.row_count - 1] : NULL;

		if (!row || strcmp(row->finding->fingerprint, finding->fingerprint) != 0) {
			row = &fleet.rows[fleet.row_count++];
			*row = (struct view_row){finding, i, 0};
		}
		fleet.members[i] = sightings[i].host;
		row->host_count++;
	}
	qsort(fleet.rows, fleet.row_count, sizeof(*fleet.rows), compare_rows);

	*ret_fleet = fleet;
	fleet = (struct view_fleet){0};
	return 0;
}

void view_fleet_done(struct view_fleet *fleet)
{
	free(fleet->rows);
	free(fleet->members);
	*fleet = (struct view_fleet){0};
}

int64_t view_period_ns(const struct view_host *view)
{
	return view->until_ns - view->from_ns;
}

unsigned view_covered_permille(const struct view_host *view)
{
	int64_t period_ns = view_period_ns(view);

	if (period_ns <= 0)
		return 0;
	return (unsigned)((double)view->time_ns[COVERAGE_COVERED] * 1000.0 / (double)period_ns);
}

const char *view_state_name(unsigned state)
{
	return state == VIEW_NO_RECORD ? "no record" : coverage_state_name(state);
}

bool view_is_signed(const struct report_host *host, const struct coverage *interval)
{
	const struct report_head *head = &host->head;
	uint64_t until = head->verified_sequence;

	if (!until && head->signature)
		until = head->sequence;
	return interval->sequence > 0 && interval->sequence <= until;
}
