/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `findings`: the differences that are stored, for a person or as JSON.
 *
 * For a person, what one run of a trusted updater did on one machine is one row, which stands where
 * the newest of its findings would. Only the sums of these rows are held in memory, never all
 * findings.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "incidents.h"
#include "report/asides.h"
#include "report/change_sets.h"
#include "report/report_json.h"
#include "requirements.h"
#include "verbs.h"

#define FOLLOW_MS 250

/* One change-set of one agent. */
struct set_row {
	char *agent, *id;
	struct change_set sums; /* borrows @id and @example */
	struct finding example;
	uint64_t last_change; /* where the row stands */
};

struct listing {
	struct store *store;
	const struct options *options;
	struct waiver_folder waivers;
	struct requirements requirements;
	struct strbuf out;     /* of one row */
	struct set_row **sets; /* by agent and id; none: each finding is told by itself */
	size_t set_count;
	uint64_t last_change;
	bool is_first;
};

static void set_row_free(struct set_row *row)
{
	if (!row)
		return;
	free(row->agent);
	free(row->id);
	finding_done(&row->example);
	change_set_done(&row->sums);
	free(row);
}

static inline void set_row_freep(struct set_row **row)
{
	set_row_free(*row);
}

static void listing_done(struct listing *listing)
{
	for (size_t i = 0; i < listing->set_count; i++)
		set_row_free(listing->sets[i]);
	free(listing->sets);
	strbuf_done(&listing->out);
	waiver_folder_done(&listing->waivers);
	requirements_close(&listing->requirements);
}

/* True when @agent has the set @id; @ret_at is where it is, or belongs. */
static bool find_set(const struct listing *listing, const char *agent, const char *id,
		     size_t *ret_at)
{
	size_t low = 0, high = listing->set_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct set_row *row = listing->sets[middle];
		int order = strcmp(row->agent, agent) ?: strcmp(row->id, id);

		if (order == 0) {
			*ret_at = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_at = low;
	return false;
}

static int add_set(struct listing *listing, const char *agent, const char *id, size_t at)
{
	cleanup_with(set_row_freep) struct set_row *row = calloc(1, sizeof(*row));
	struct set_row **sets;

	if (!row)
		return -ENOMEM;
	row->agent = strdup(agent);
	row->id = strdup(id);
	sets = reallocarray(listing->sets, listing->set_count + 1, sizeof(*sets));
	if (sets)
		listing->sets = sets;
	if (!sets || !row->agent || !row->id)
		return -ENOMEM;
	row->sums.id = row->id;
	memmove(&sets[at + 1], &sets[at], (listing->set_count++ - at) * sizeof(*sets));
	sets[at] = TAKE_PTR(row);
	return 0;
}

static int sum_up(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct finding *finding = &record.finding;
	struct listing *listing = userdata;
	struct set_row *set;
	size_t at;
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0 || !change_sets_take(finding))
		return r;
	if (!find_set(listing, row->agent, finding->change_set, &at)) {
		r = add_set(listing, row->agent, finding->change_set, at);
		if (r < 0)
			return r;
	}
	set = listing->sets[at];
	set->last_change = row->number;
	r = change_set_add(&set->sums, finding);
	if (set->sums.example != finding)
		return r;
	finding_done(&set->example);
	set->example = record.finding;
	record.finding = (struct finding){0};
	set->sums.example = &set->example;
	return r;
}

static int flush(struct listing *listing, const char *end)
{
	int r = strbuf_check(&listing->out);

	if (r < 0)
		return r;
	if (listing->out.len)
		fwrite(listing->out.data, 1, listing->out.len, stdout);
	fputs(end, stdout);
	strbuf_clear(&listing->out);
	return ferror(stdout) ? -EIO : 0;
}

static void add_escaped(struct strbuf *out, const char *label, const char *raw)
{
	if (!raw)
		return;
	strbuf_add_str(out, label);
	str_escape(out, raw, strlen(raw));
}

/* The stored object with "agent" put in front. */
static void finding_json(struct strbuf *out, const struct store_row *row,
			 const struct waiver *waiver)
{
	cleanup_strbuf struct strbuf more = STRBUF_INIT;
	struct json j = JSON_INIT(&more);

	strbuf_add_str(out, "{\"agent\":");
	json_quote(out, row->agent, strlen(row->agent));
	strbuf_add_char(out, ',');
	if (!waiver) {
		strbuf_add(out, row->json + 1, row->len - 1);
		return;
	}
	json_begin_object(&j);
	report_json_waiver(&j, waiver);
	json_end_object(&j);
	if (strbuf_check(&more) < 0) {
		out->failed = true;
		return;
	}
	strbuf_add(out, row->json + 1, row->len - 2);
	strbuf_add_char(out, ',');
	strbuf_add(out, more.data + 1, more.len - 1);
}

static void add_subject(struct strbuf *out, const struct subject *subject)
{
	if (!subject->is_known)
		return;
	add_escaped(out, "    by ", subject->exe ? subject->exe : subject->comm);
	strbuf_printf(out, " (pid %u", subject->pid);
	add_escaped(out, ", user ", subject->user);
	add_escaped(out, ", ", subject->unit);
	strbuf_add_str(out, ")\n");
}

static void finding_text(struct strbuf *out, const char *agent, const struct finding *finding)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "%s  %s  %-8s %-9s %s", clock_format(finding->last_seen_ns, when), agent,
		      finding_severity_name(finding->severity), finding_state_name(finding->state),
		      finding_kind_name(finding->kind));
	add_escaped(out, "  ", finding->path);
	strbuf_printf(out, "  (%.16s)", finding->id);
	strbuf_add_char(out, '\n');
	add_subject(out, &finding->subject);
	add_escaped(out, "    expected ", finding->expected);
	add_escaped(out, finding->expected ? "\n    actual   " : "    actual   ", finding->actual);
	if (finding->expected || finding->actual)
		strbuf_add_char(out, '\n');
	if (finding->incident.is_there)
		verb_add_incident(out, &finding->incident, clock_real_ns());
	add_escaped(out, "    touches ", finding->controls);
	add_escaped(out, "; ", finding->requirements);
	if (finding->controls || finding->requirements)
		strbuf_add_char(out, '\n');
}

/* By the clock of now: one that has ended is gone at once. */
static const struct waiver *waiver_of(const struct listing *listing, const char *agent,
				      const struct finding *finding)
{
	return finding->state == FINDING_STATE_OPEN
		       ? waiver_for_finding(&listing->waivers.list, agent, finding, clock_real_ns())
		       : NULL;
}

static void waiver_text(struct listing *listing, const char *agent, const struct finding *finding)
{
	const struct waiver *waiver = waiver_of(listing, agent, finding);
	char until[RFC3339_SIZE];

	if (!waiver)
		return;
	strbuf_printf(&listing->out, "    waived until %s",
		      clock_format(waiver->expires_ns, until));
	add_escaped(&listing->out, " by ", waiver->approver);
	add_escaped(&listing->out, " for ", waiver->owner);
	add_escaped(&listing->out, ": ", waiver->reason);
	strbuf_add_char(&listing->out, '\n');
}

static void set_text(struct strbuf *out, const struct set_row *set)
{
	const struct change_set *sums = &set->sums;
	char when[RFC3339_SIZE];

	strbuf_printf(out, "%s  %s  %-8s %-9s change-set", clock_format(sums->last_ns, when),
		      set->agent, finding_severity_name(sums->worst),
		      finding_state_name(FINDING_STATE_OPEN));
	add_escaped(out, "  ", set->id);
	strbuf_printf(out, "\n    %zu difference%s since %s: ", sums->count,
		      sums->count == 1 ? "" : "s", clock_format(sums->first_ns, when));
	change_set_add_kinds(sums, out);
	strbuf_add_char(out, '\n');
	if (sums->package_count) {
		strbuf_add_str(out, "    of the approved packages ");
		change_set_add_packages(sums, out);
		strbuf_add_char(out, '\n');
	}
	add_subject(out, &sums->example->subject);
	strbuf_printf(out, "    each: plumbline-collector findings --agent %s --change-set ",
		      set->agent);
	add_escaped(out, "", set->id);
	strbuf_add_char(out, '\n');
}

static int is_there(const struct store_row *row, void *userdata)
{
	return 0;
}

/* As the agent sent it, unless its incident is told here: then with what both know; and with who
 * bears it. */
static int add_row_json(struct listing *listing, const struct store_row *row)
{
	cleanup_wire_record struct wire_record record = {0};
	cleanup_strbuf struct strbuf json = STRBUF_INIT;
	struct store_row shown = *row;
	struct store *store = listing->store;
	int r = codec_decode(row->json, row->len, &record, NULL);

	if (r < 0)
		return r;
	if (record.type != WIRE_FINDING) {
		finding_json(&listing->out, row, NULL);
		return 0;
	}
	r = store->ops->get_incident(store, row->agent, record.finding.id, is_there, NULL);
	if (r == 0) {
		r = incidents_apply(store, row->agent, &record.finding);
		r = r ?: codec_encode(&record, NULL, &json);
		shown.json = json.data;
		shown.len = json.len;
	}
	if (r < 0 && r != -ENOENT)
		return r;
	finding_json(&listing->out, &shown, waiver_of(listing, row->agent, &record.finding));
	return 0;
}

static int row_json(struct listing *listing, const struct store_row *row)
{
	bool in_array = !listing->options->follow;
	int r;

	if (in_array && !listing->is_first)
		strbuf_add_str(&listing->out, ",\n");
	listing->is_first = false;
	r = add_row_json(listing, row);
	return r < 0 ? r : flush(listing, in_array ? "" : "\n");
}

static int show_finding(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct finding *finding = &record.finding;
	struct listing *listing = userdata;
	const char *wanted = listing->options->change_set;
	size_t at;
	int r;

	listing->last_change = row->number;
	if (listing->options->as_json && !wanted)
		return row_json(listing, row);
	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0 || (wanted && !str_equal(finding->change_set, wanted)))
		return r;
	if (listing->options->as_json)
		return row_json(listing, row);
	r = incidents_apply(listing->store, row->agent, &record.finding);
	if (r < 0)
		return r;
	if (!change_sets_take(finding) ||
	    !find_set(listing, row->agent, finding->change_set, &at)) {
		finding_text(&listing->out, row->agent, finding);
		waiver_text(listing, row->agent, finding);
	} else if (listing->sets[at]->last_change == row->number) {
		set_text(&listing->out, listing->sets[at]);
	}
	return flush(listing, "");
}

static int follow(struct listing *listing, const char *agent)
{
	const struct timespec pause = {.tv_nsec = FOLLOW_MS * NSEC_PER_MSEC};
	int r;

	do {
		r = listing->store->ops->each_finding(listing->store, agent, listing->last_change,
						      show_finding, listing);
		if (fflush(stdout) != 0)
			r = -errno;
		if (r == 0)
			nanosleep(&pause, NULL);
	} while (r == 0);
	return r == -EPIPE ? 0 : r;
}

static int take_check(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct listing *listing = userdata;
	int r = codec_decode(row->json, row->len, &record, NULL);

	if (r == 0 && record.type == WIRE_CHECK)
		requirements_take(&listing->requirements, &record.check);
	return r;
}

static int count_agent(const struct store_agent *agent, void *userdata)
{
	size_t *count = userdata;

	++*count;
	return 0;
}

/* What the checks behind the findings show in all. */
static int show_requirements(struct listing *listing)
{
	const char *agent = listing->options->agent;
	struct store *store = listing->store;
	struct report report = {.host_count = agent != NULL};
	int r = store->ops->each_check(store, agent, take_check, listing);

	if (r == 0 && !agent)
		r = store->ops->each_agent(store, count_agent, &report.host_count);
	if (r < 0)
		return r;
	requirements_sum(&listing->requirements, &report);
	aside_put_requirements(&report, &listing->out);
	return flush(listing, listing->out.len ? "\n" : "");
}

/* Of an agent that is not known, as by a slip of the pen, "nothing is open" would be said. */
static int expect_agent(struct store *store, const char *name)
{
	cleanup_store_agent struct store_agent agent = {0};
	int r = name ? store->ops->get_agent(store, name, &agent) : 0;

	if (r == -ENOENT)
		return log_error(0, "no agent '%s' has reported", name) ?: r;
	return r < 0 ? log_error(r, "cannot read the store") : 0;
}

/* Sums and rows are of one moment. */
static int list(struct listing *listing)
{
	const struct options *options = listing->options;
	struct store *store = listing->store;
	int r;

	r = store->ops->snapshot(store);
	if (r < 0)
		return r;
	if (!options->as_json && !options->each && !options->change_set)
		r = store->ops->each_finding(store, options->agent, 0, sum_up, listing);
	r = r ?: store->ops->each_finding(store, options->agent, 0, show_finding, listing);
	if (r == 0 && !options->as_json)
		r = show_requirements(listing);
	store->ops->rollback(store);
	return r;
}

int verb_findings(const struct settings *settings, const struct options *options)
{
	cleanup_store struct store *store = NULL;
	cleanup_with(listing_done) struct listing listing = {.options = options, .is_first = true};
	bool in_array = options->as_json && !options->follow;
	int r;

	if (verb_load_waivers(settings, options, &listing.waivers) < 0 ||
	    verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	if (!options->follow && expect_agent(store, options->agent) < 0)
		return EXIT_ERROR;
	listing.store = store;
	r = requirements_open(settings, &listing.requirements);
	if (in_array)
		fputs("[", stdout);
	if (r == 0)
		r = options->follow ? follow(&listing, options->agent) : list(&listing);
	if (in_array)
		fputs("]\n", stdout);
	if (r < 0 || fflush(stdout) != 0) {
		log_error(r < 0 ? r : -errno, "cannot list the findings");
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}
