/* SPDX-License-Identifier: Apache-2.0 */
/* `incident`: declares, reports, closes and lists incidents of agents, with their clocks. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "incidents.h"
#include "verbs.h"

typedef int (*step_fn)(struct incident *incident, const struct incident_word *word, int64_t now_ns,
		       struct diag *diag);

static const struct step {
	const char *name;
	step_fn take;
	bool has_reason, has_reference, has_time;
} steps[] = {
	{"declare", incident_declare, true, false, true},
	{"report", incident_report, false, true, true},
	{"close", incident_close, true, false, false},
	{NULL, NULL, false, false, false},
};

static void add_escaped(struct strbuf *out, const char *label, const char *raw)
{
	if (!raw)
		return;
	strbuf_add_str(out, label);
	str_escape(out, raw, strlen(raw));
}

static void add_step(struct strbuf *out, const char *label, int64_t time_ns, const char *by,
		     const char *text)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "    %s %s", label, clock_format(time_ns, when));
	add_escaped(out, " by ", by);
	add_escaped(out, ": ", text);
	strbuf_add_char(out, '\n');
}

void verb_add_incident(struct strbuf *out, const struct incident *incident, int64_t now_ns)
{
	add_step(out, "declared  ", incident->declared_ns, incident->declared_by, incident->reason);
	add_step(out, "discovered", incident->discovered_ns, NULL, NULL);
	if (incident->reported_ns)
		add_step(out, "reported  ", incident->reported_ns, incident->reported_by,
			 incident->reference);
	if (incident->closed_ns)
		add_step(out, "closed    ", incident->closed_ns, incident->closed_by,
			 incident->outcome);
	strbuf_add_str(out, "    clock      ");
	incident_put_clock(incident, now_ns, out);
	strbuf_add_str(out, "\n    hold       ");
	incident_put_hold(incident, now_ns, out);
	strbuf_add_char(out, '\n');
}

struct listing {
	const struct options *options;
	int64_t now_ns;
	size_t count;
	bool is_overdue;
	struct strbuf out;
};

static void put_text(struct listing *listing, const char *agent, const struct finding *finding)
{
	struct strbuf *out = &listing->out;

	strbuf_printf(out, "%.16s  %s  %s  %s", finding->id, agent,
		      incident_is_open(&finding->incident) ? "open" : "closed",
		      finding_kind_name(finding->kind));
	add_escaped(out, "  ", finding->path);
	strbuf_add_char(out, '\n');
	verb_add_incident(out, &finding->incident, listing->now_ns);
}

static int show(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct incident *incident = &record.finding.incident;
	struct listing *listing = userdata;
	int r = codec_decode(row->json, row->len, &record, NULL);

	if (r < 0)
		return r;
	if (!listing->options->all && incident_hold_until_ns(incident) <= listing->now_ns)
		return 0;
	listing->is_overdue |= incident_is_open(incident) && !incident->reported_ns &&
			       incident_is_late(incident, listing->now_ns);
	if (!listing->options->as_json) {
		put_text(listing, row->agent, &record.finding);
	} else {
		strbuf_add_str(&listing->out, listing->count ? ",\n{\"agent\":" : "{\"agent\":");
		json_quote(&listing->out, row->agent, strlen(row->agent));
		strbuf_add_char(&listing->out, ',');
		strbuf_add(&listing->out, row->json + 1, row->len - 1);
	}
	listing->count++;
	return strbuf_check(&listing->out);
}

static int list(struct store *store, const struct options *options)
{
	struct listing listing = {.options = options, .now_ns = clock_real_ns()};
	int r = store->ops->each_incident(store, options->agent, show, &listing);

	if (r < 0) {
		strbuf_done(&listing.out);
		log_error(r, "cannot list the incidents");
		return EXIT_ERROR;
	}
	if (options->as_json)
		printf("[%s]\n", listing.out.data ? listing.out.data : "");
	else if (listing.count)
		printf("%sThe 72 hours were seen in secondary texts only: the clause of the "
		       "contract counts.\n",
		       listing.out.data);
	else
		puts("No incident is open, and none holds evidence.");
	strbuf_done(&listing.out);
	if (fflush(stdout) != 0)
		return EXIT_ERROR;
	return listing.is_overdue ? EXIT_REFUSED : EXIT_GOOD;
}

/* In one transaction, so that two people cannot declare it at once. */
static int take_step(struct store *store, const struct step *step, const struct options *options,
		     const struct incident_word *word, struct diag *diag)
{
	cleanup_strbuf struct strbuf out = STRBUF_INIT;
	cleanup_finding struct finding finding = {0};
	int64_t now_ns = clock_real_ns();
	int r;

	r = store->ops->begin(store);
	if (r < 0)
		return r;
	r = incidents_find(store, options->agent, options->second, &finding, diag);
	r = r ?: step->take(&finding.incident, word, now_ns, diag);
	r = r ?: incidents_take(store, options->agent, &finding);
	r = r ?: store->ops->commit(store);
	if (r < 0) {
		store->ops->rollback(store);
		return r;
	}
	printf("%.16s  %s\n", finding.id, options->agent);
	verb_add_incident(&out, &finding.incident, now_ns);
	fputs(out.data ? out.data : "", stdout);
	return fflush(stdout) == 0 ? 0 : -EIO;
}

static int refuse(const char *text, const char *word)
{
	log_error(0, "incident %s%s", text, word);
	return -EINVAL;
}

static int check_options(const struct step *step, const struct options *options)
{
	if (!options->second)
		return refuse(step->name, " needs FINDING");
	if (!options->agent)
		return refuse(step->name, " needs --agent NAME");
	if (!options->by)
		return refuse(step->name, " needs --by NAME");
	if (step->has_reason != (options->reason != NULL))
		return refuse(step->name,
			      step->has_reason ? " needs --reason TEXT" : " takes no --reason");
	if (options->reference && !step->has_reference)
		return refuse(step->name, " takes no --reference");
	if (options->at && !step->has_time)
		return refuse(step->name, " takes no --at");
	if (options->all || options->as_json)
		return refuse(step->name, " takes no --all or --json");
	return 0;
}

int verb_incident(const struct settings *settings, const struct options *options)
{
	struct incident_word word = {
		.by = options->by,
		.text = options->reason ? options->reason : options->reference,
	};
	cleanup_store struct store *store = NULL;
	const struct step *step = steps;
	bool is_list = strcmp(options->argument, "list") == 0;
	struct diag diag = {0};
	int r;

	while (step->name && strcmp(step->name, options->argument) != 0)
		step++;
	if (!is_list && !step->name) {
		(void)refuse("declare, report, close or list, not ", options->argument);
		return EXIT_ERROR;
	}
	if (!is_list && check_options(step, options) < 0)
		return EXIT_ERROR;
	if (is_list && (options->second || options->by || options->reason || options->reference ||
			options->at)) {
		(void)refuse("list takes --agent, --all and --json", "");
		return EXIT_ERROR;
	}
	if (options->at && (!str_ends(options->at, "Z") ||
			    clock_parse(options->at, &word.time_ns) < 0 || word.time_ns <= 0)) {
		(void)refuse("--at takes a time in UTC such as 2026-11-21T08:00:00Z, not ",
			     options->at);
		return EXIT_ERROR;
	}
	if (verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;
	if (is_list)
		return list(store, options);
	r = take_step(store, step, options, &word, &diag);
	if (r == 0)
		return EXIT_GOOD;
	log_error(diag.text[0] ? 0 : r, "cannot %s %s%s%s", step->name, options->second,
		  diag.text[0] ? ": " : "", diag.text);
	return EXIT_ERROR;
}
