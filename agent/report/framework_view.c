/* SPDX-License-Identifier: Apache-2.0 */
/* Joins evidence and requirements; see framework_view.h. */
#include "report/framework_view.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "report/framework_clauses.h"
#include "report/view.h"

/* While the view is filled. */
struct filling {
	const struct framework_question *question;
	struct framework_view *view;
	unsigned char *touches; /* one per item of the framework */
	unsigned char *kinds;	/* the same, by kind of finding */
	size_t *row_of;		/* row of an item; SIZE_MAX: not selected */
	size_t room;
};

const char *row_state_name(enum row_state state)
{
	static const char *const names[ROW_STATE_COUNT] = {
		[ROW_AGAINST] = "evidence_against",
		[ROW_WAIVED] = "waived",
		[ROW_FOR] = "evidence_for",
		[ROW_NOT_ASSESSED] = "not_assessed",
		[ROW_NOT_ASSESSABLE] = "not_assessable",
	};

	return names[state];
}

const char *row_state_words(enum row_state state)
{
	static const char *const words[ROW_STATE_COUNT] = {
		[ROW_AGAINST] = "evidence against it",
		[ROW_WAIVED] = "evidence against it is waived",
		[ROW_FOR] = "evidence for it",
		[ROW_NOT_ASSESSED] = "not assessed",
		[ROW_NOT_ASSESSABLE] = "not assessable from a host",
	};

	return words[state];
}

const char *evidence_stand_name(enum evidence_stand stand)
{
	static const char *const names[EVIDENCE_STAND_COUNT] = {
		[EVIDENCE_AGAINST] = "against",
		[EVIDENCE_WAIVED] = "waived",
		[EVIDENCE_NOT_ASSESSED] = "not_assessed",
		[EVIDENCE_FOR] = "for",
	};

	return names[stand];
}

unsigned framework_fr_of(const char *id)
{
	unsigned number = str_starts(id, "SR ") ? (unsigned)(id[3] - '1') : 0;

	return number < FOUNDATIONAL_REQUIREMENTS ? number : 0;
}

static bool is_selected(const struct framework_question *question,
			const struct framework_item *item)
{
	if (item->lowest_sl)
		return item->lowest_sl <= question->target_sl[framework_fr_of(item->id)];
	if (question->baseline)
		return (item->baselines & (question->baseline | BASELINE_ADDED)) != 0;
	return true;
}

static int add_evidence(struct filling *filling, const struct framework_evidence *evidence)
{
	struct framework_view *view = filling->view;

	if (array_grow(&view->evidence, view->evidence_count, &filling->room,
		       sizeof(*view->evidence)) < 0)
		return -ENOMEM;
	view->evidence[view->evidence_count++] = *evidence;
	return 0;
}

/* One piece of evidence to each row that @ids touch. */
static int add_to_rows(struct filling *filling, const struct control_ids *ids,
		       struct framework_evidence evidence)
{
	const struct framework *framework = filling->question->framework;
	int r = 0;

	crosswalk_touch(filling->question->crosswalk, framework, ids, filling->touches);
	for (size_t i = 0; i < framework->item_count && r == 0; i++) {
		if (filling->touches[i] == TOUCH_NONE || filling->row_of[i] == SIZE_MAX)
			continue;
		evidence.row = filling->row_of[i];
		evidence.touch = filling->touches[i];
		r = add_evidence(filling, &evidence);
	}
	return r;
}

enum evidence_stand framework_check_stand(const struct framework_question *question,
					  const struct report_host *host,
					  const struct check_result *check,
					  const struct waiver **ret_waiver)
{
	*ret_waiver = NULL;
	if (check->outcome == CHECK_PASS)
		return EVIDENCE_FOR;
	if (check->outcome != CHECK_FAIL)
		return EVIDENCE_NOT_ASSESSED;
	*ret_waiver = waiver_for_check(question->waivers, host->name, check->id,
				       question->report->made_at_ns);
	return *ret_waiver ? EVIDENCE_WAIVED : EVIDENCE_AGAINST;
}

static int add_check(struct filling *filling, const struct report_host *host,
		     const struct check_result *check)
{
	const struct control_ids ids = {check->controls, check->requirements, check->techniques,
					check->severity};
	struct framework_evidence evidence = {.host = host, .check = check};

	evidence.stand = framework_check_stand(filling->question, host, check, &evidence.waiver);
	return add_to_rows(filling, &ids, evidence);
}

static const struct check_result *find_check(const struct report_host *host, const char *id)
{
	for (size_t i = 0; i < host->check_count; i++)
		if (str_equal(host->checks[i].id, id))
			return &host->checks[i];
	return NULL;
}

/* What is explained or over is no evidence against; what somebody has seen still is. */
static bool is_open(const struct finding *finding)
{
	return view_is_open(finding) || finding->state == FINDING_STATE_ACKNOWLEDGED ||
	       finding->state == FINDING_STATE_WAIVED;
}

bool framework_finding_stand(const struct framework_question *question,
			     const struct report_host *host, const struct finding *finding,
			     enum evidence_stand *ret_stand, const struct waiver **ret_waiver)
{
	/* A failed check is told once, by its result. */
	if (!is_open(finding) || (view_is_hardening(finding) && find_check(host, finding->path)))
		return false;
	/* Nobody can bear what was declared an incident. */
	*ret_waiver = finding->state == FINDING_STATE_INCIDENT
			      ? NULL
			      : waiver_for_finding(question->waivers, host->name, finding,
						   question->report->made_at_ns);
	*ret_stand = *ret_waiver || finding->state == FINDING_STATE_WAIVED ? EVIDENCE_WAIVED
									   : EVIDENCE_AGAINST;
	return true;
}

/* It asks to look for signs of a compromise and to keep them: a finding shows that this is done. */
static bool is_clause_of_incidents(const struct framework *framework)
{
	return str_equal(framework->name, "dfars");
}

static int add_finding(struct filling *filling, const struct report_host *host,
		       const struct finding *finding)
{
	const struct control_ids ids = {finding->controls, finding->requirements,
					finding->techniques, finding->severity};
	struct framework_evidence evidence = {.host = host, .finding = finding};

	if (!framework_finding_stand(filling->question, host, finding, &evidence.stand,
				     &evidence.waiver))
		return 0;
	if (is_clause_of_incidents(filling->question->framework))
		evidence.stand = EVIDENCE_FOR;
	return add_to_rows(filling, &ids, evidence);
}

/* Each incident, also one whose finding is gone, to the paragraphs about incidents. */
static int add_incident(struct filling *filling, const struct report_host *host,
			const struct finding *finding)
{
	struct framework_evidence evidence = {
		.host = host,
		.finding = finding,
		.touch = TOUCH_DIRECT,
		.now_ns = filling->question->report->made_at_ns,
	};
	int r = 0;

	for (size_t i = 0; i < filling->view->row_count && r == 0; i++) {
		const struct framework_clause *clause =
			framework_find_clause(filling->view->rows[i].item);

		if (!clause)
			continue;
		evidence.row = i;
		evidence.aspect = clause->aspect;
		evidence.stand =
			framework_aspect_stand(clause->aspect, &finding->incident, evidence.now_ns);
		r = add_evidence(filling, &evidence);
	}
	return r;
}

/* Kinds that a watch of approved files and starts would have told. */
static bool is_watched_kind(enum finding_kind kind)
{
	return kind > FINDING_NONE && kind < FINDING_HARDENING_FAILED;
}

static bool has_open_of(const struct report_host *host, enum finding_kind kind)
{
	for (size_t i = 0; i < host->finding_count; i++)
		if (host->findings[i].kind == kind && is_open(&host->findings[i]))
			return true;
	return false;
}

/* How long the host was covered, where it was when it was last heard, beside a baseline; else 0. */
static int covered_time(const struct filling *filling, const struct report_host *host,
			int64_t *ret_ns)
{
	cleanup_view_host struct view_host view = {0};
	int r;

	*ret_ns = 0;
	if (!host->baseline_digest || !*host->baseline_digest)
		return 0;
	r = view_host_init(filling->question->report, host, &view);
	if (r < 0)
		return r;
	for (size_t i = 0; i < view.span_count; i++)
		if (view.spans[i].start_ns < view.heard_ns &&
		    view.heard_ns <= view.spans[i].end_ns &&
		    view.spans[i].state == COVERAGE_COVERED)
			*ret_ns = view.time_ns[COVERAGE_COVERED];
	return 0;
}

static int add_watch(struct filling *filling, const struct report_host *host)
{
	const struct framework *framework = filling->question->framework;
	cleanup_free unsigned *kinds = calloc(framework->item_count + 1, sizeof(*kinds));
	cleanup_free unsigned *open = calloc(framework->item_count + 1, sizeof(*open));
	struct framework_evidence evidence = {.host = host, .stand = EVIDENCE_FOR};
	int r;

	if (!kinds || !open)
		return -ENOMEM;
	r = covered_time(filling, host, &evidence.watched_ns);
	if (r < 0 || !evidence.watched_ns)
		return r;
	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		if (!is_watched_kind(kind))
			continue;
		crosswalk_touch(filling->question->crosswalk, framework,
				control_map_lookup(filling->question->map, kind), filling->touches);
		for (size_t i = 0; i < framework->item_count; i++) {
			kinds[i] += filling->touches[i] != TOUCH_NONE;
			open[i] += filling->touches[i] != TOUCH_NONE && has_open_of(host, kind);
		}
	}
	for (size_t i = 0; i < framework->item_count && r == 0; i++) {
		if (!kinds[i] || open[i] || filling->row_of[i] == SIZE_MAX)
			continue;
		evidence.row = filling->row_of[i];
		evidence.kinds = kinds[i];
		evidence.touch = TOUCH_PAIRED;
		r = add_evidence(filling, &evidence);
	}
	return r;
}

static int add_host(struct filling *filling, const struct report_host *host)
{
	int r = 0;

	for (size_t i = 0; i < host->check_count && r == 0; i++)
		r = add_check(filling, host, &host->checks[i]);
	for (size_t i = 0; i < host->finding_count && r == 0; i++)
		r = add_finding(filling, host, &host->findings[i]);
	for (size_t i = 0; i < host->finding_count && r == 0; i++)
		if (host->findings[i].incident.is_there)
			r = add_incident(filling, host, &host->findings[i]);
	return r < 0 ? r : add_watch(filling, host);
}

static enum finding_severity severity_of(const struct framework_evidence *evidence)
{
	if (evidence->check)
		return evidence->check->severity;
	return evidence->finding ? evidence->finding->severity : SEVERITY_INFO;
}

static const char *name_of(const struct framework_evidence *evidence)
{
	if (evidence->check)
		return evidence->check->id;
	return evidence->finding ? evidence->finding->id : "";
}

static int compare_evidence(const void *a, const void *b)
{
	const struct framework_evidence *x = a, *y = b;
	int order;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->stand != y->stand)
		return x->stand < y->stand ? -1 : 1;
	if (severity_of(x) != severity_of(y))
		return severity_of(x) > severity_of(y) ? -1 : 1;
	order = strcmp(name_of(x), name_of(y));
	return order ? order : (x->host > y->host) - (x->host < y->host);
}

static enum row_state state_of(const struct framework_row *row, bool with_waivers)
{
	if (row->stands[EVIDENCE_AGAINST] || (!with_waivers && row->stands[EVIDENCE_WAIVED]))
		return ROW_AGAINST;
	if (row->stands[EVIDENCE_WAIVED])
		return ROW_WAIVED;
	return row->stands[EVIDENCE_FOR] ? ROW_FOR : ROW_NOT_ASSESSED;
}

/* Kinds of finding are evidence that may come, on every host. */
static void mark_kinds(struct filling *filling)
{
	const struct framework *framework = filling->question->framework;

	for (int kind = FINDING_NONE + 1; kind < FINDING_KIND_COUNT; kind++) {
		crosswalk_touch(filling->question->crosswalk, framework,
				control_map_lookup(filling->question->map, kind), filling->touches);
		for (size_t i = 0; i < framework->item_count; i++)
			filling->kinds[i] |= filling->touches[i] != TOUCH_NONE;
	}
}

/* Why nothing speaks of the item, and whether something of a host could. */
static const char *why_not(const struct filling *filling, size_t item, enum row_state *ret_state)
{
	const struct framework *framework = filling->question->framework;
	const struct framework_clause *clause = framework_find_clause(&framework->items[item]);
	bool has_pair = false;

	*ret_state = ROW_NOT_ASSESSABLE;
	if (framework->items[item].not_on_host)
		return framework->items[item].not_on_host;
	if (clause) {
		*ret_state = ROW_NOT_ASSESSED;
		return clause->why_not;
	}
	if (filling->kinds[item] || crosswalk_host_evidence(filling->question->crosswalk, framework,
							    item) != HOST_EVIDENCE_NONE) {
		*ret_state = ROW_NOT_ASSESSED;
		return "nothing that ran or was watched here speaks of it";
	}
	for (size_t i = 0; i < framework->pair_count; i++)
		has_pair |= framework->pairs[i].item == item;
	return has_pair ? "what it asks for cannot be shown by a host"
			: "no check, kind of finding or sourced pair leads to it";
}

static void finish_row(struct filling *filling, struct framework_row *row, size_t item)
{
	struct framework_view *view = filling->view;

	row->state = state_of(row, true);
	row->state_without_waivers = state_of(row, false);
	if (!row->count) {
		row->why_not = why_not(filling, item, &row->state);
		row->state_without_waivers = row->state;
	}
	row->is_decided = scope_find(filling->question->scope, filling->question->framework,
				     row->item->id, &row->decision);
	view->states[row->state]++;
	view->states_without_waivers[row->state_without_waivers]++;
}

static void finish(struct filling *filling)
{
	const struct framework *framework = filling->question->framework;
	struct framework_view *view = filling->view;

	if (view->evidence_count)
		qsort(view->evidence, view->evidence_count, sizeof(view->evidence[0]),
		      compare_evidence);
	for (size_t i = view->evidence_count; i-- > 0;) {
		struct framework_row *row = &view->rows[view->evidence[i].row];

		row->first = i;
		row->count++;
		row->stands[view->evidence[i].stand]++;
	}
	for (size_t i = 0; i < framework->item_count; i++)
		if (filling->row_of[i] != SIZE_MAX)
			finish_row(filling, &view->rows[filling->row_of[i]], i);
}

static int fill(struct filling *filling)
{
	const struct framework *framework = filling->question->framework;
	struct framework_view *view = filling->view;
	int r = 0;

	for (size_t i = 0; i < framework->item_count; i++) {
		filling->row_of[i] = SIZE_MAX;
		if (!is_selected(filling->question, &framework->items[i]))
			continue;
		filling->row_of[i] = view->row_count;
		view->rows[view->row_count++].item = &framework->items[i];
	}
	mark_kinds(filling);
	for (size_t i = 0; i < filling->question->report->host_count && r == 0; i++)
		r = add_host(filling, &filling->question->report->hosts[i]);
	if (r == 0)
		finish(filling);
	return r;
}

int framework_view_init(const struct framework_question *question, struct framework_view *ret_view)
{
	size_t items = question->framework->item_count;
	cleanup_free unsigned char *touches = calloc(items, 1), *kinds = calloc(items, 1);
	cleanup_free size_t *row_of = calloc(items, sizeof(*row_of));
	struct framework_view view = {
		.question = question,
		.rows = calloc(items, sizeof(*view.rows)),
	};
	struct filling filling = {question, &view, touches, kinds, row_of, 0};
	int r = -ENOMEM;

	if (view.rows && touches && kinds && row_of)
		r = fill(&filling);
	if (r < 0) {
		framework_view_done(&view);
		return r;
	}
	*ret_view = view;
	return 0;
}

void framework_view_done(struct framework_view *view)
{
	free(view->rows);
	free(view->evidence);
	*view = (struct framework_view){0};
}
