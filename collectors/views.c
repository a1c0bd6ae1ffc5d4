/* SPDX-License-Identifier: Apache-2.0 */
/* `agents`: who reports, for a person or as JSON; `retire`, which makes room for a new agent. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "incidents.h"
#include "report/asides.h"
#include "requirements.h"
#include "verbs.h"

struct listing {
	struct store *store;
	const struct options *options;
	struct waiver_folder waivers;
	struct requirements requirements; /* of the agent that is told */
	int64_t now_ns;
	struct strbuf out; /* of one row */
	struct json json;
};

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

/* What a person asks first of one agent. */
struct tally {
	struct listing *listing;
	uint64_t open[SEVERITY_COUNT], open_waived;
	uint64_t checks[CHECK_OUTCOME_COUNT], fail_waived;
	/* Incidents: open; of them without a report; all that still hold evidence. */
	uint64_t incidents_open, incidents_unreported, incidents_held;
	int64_t incident_due_ns; /* of the report that is due first; 0: none is */
	struct report sl3;
};

static void count_incident(const struct incident *incident, struct tally *tally)
{
	int64_t due_ns = incident_due_ns(incident);

	tally->incidents_held += incident_hold_until_ns(incident) > tally->listing->now_ns;
	if (!incident_is_open(incident))
		return;
	tally->incidents_open++;
	if (incident->reported_ns)
		return;
	tally->incidents_unreported++;
	if (!tally->incident_due_ns || due_ns < tally->incident_due_ns)
		tally->incident_due_ns = due_ns;
}

static int count_finding(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct finding *finding = &record.finding;
	struct tally *tally = userdata;
	struct listing *listing = tally->listing;
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0 || record.type != WIRE_FINDING)
		return r;
	r = incidents_apply(listing->store, row->agent, &record.finding);
	if (r < 0)
		return r;
	if (finding->incident.is_there)
		count_incident(&finding->incident, tally);
	if (finding->state == FINDING_STATE_RESOLVED)
		return 0;
	tally->open[finding->severity]++;
	tally->open_waived +=
		finding->state == FINDING_STATE_OPEN &&
		waiver_for_finding(&listing->waivers.list, row->agent, finding, listing->now_ns);
	return 0;
}

static int count_check(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct check_result *check = &record.check;
	struct tally *tally = userdata;
	struct listing *listing = tally->listing;
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0 || record.type != WIRE_CHECK)
		return r;
	tally->checks[check->outcome]++;
	tally->fail_waived +=
		check->outcome == CHECK_FAIL &&
		waiver_for_check(&listing->waivers.list, row->agent, check->id, listing->now_ns);
	requirements_take(&listing->requirements, check);
	return 0;
}

static int count_all(struct listing *listing, const char *agent, struct tally *tally)
{
	struct store *store = listing->store;
	int r;

	requirements_clear(&listing->requirements);
	r = store->ops->each_finding(store, agent, 0, count_finding, tally);
	r = r ?: store->ops->each_check(store, agent, count_check, tally);
	tally->sl3.host_count = 1;
	requirements_sum(&listing->requirements, &tally->sl3);
	return r;
}

static void tally_json(struct json *j, const struct tally *tally)
{
	json_key(j, "open");
	json_begin_object(j);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		json_put_u64(j, finding_severity_name(severity), tally->open[severity]);
	json_end_object(j);
	json_key(j, "checks");
	json_begin_object(j);
	for (int outcome = 0; outcome < CHECK_OUTCOME_COUNT; outcome++)
		json_put_u64(j, check_outcome_name(outcome), tally->checks[outcome]);
	json_end_object(j);
	aside_json_requirements(&tally->sl3, j);
	json_key(j, "waivers");
	json_begin_object(j);
	json_put_u64(j, "fail_waived", tally->fail_waived);
	json_put_u64(j, "open_waived", tally->open_waived);
	aside_json_refused(&(struct report){.refused_waivers = tally->listing->waivers.refused,
					    .refused_waiver_count =
						    tally->listing->waivers.refused_count},
			   j);
	json_end_object(j);
	json_key(j, "incidents");
	json_begin_object(j);
	json_put_u64(j, "open", tally->incidents_open);
	json_put_u64(j, "unreported", tally->incidents_unreported);
	json_put_u64(j, "held", tally->incidents_held);
	json_put_time(j, "due", tally->incident_due_ns);
	json_end_object(j);
}

static void agent_json(struct json *j, const struct store_agent *agent,
		       const struct wire_record *hello, const struct tally *tally)
{
	json_begin_object(j);
	json_put_string(j, "agent", agent->name);
	json_put_time(j, "first_seen", agent->first_seen_ns);
	json_put_time(j, "last_seen", agent->last_seen_ns);
	json_put_u64(j, "sequence", agent->last_seq);
	json_put_u64(j, "signed", agent->head_seq);
	json_key(j, "chain");
	json_hex(j, agent->chain, sizeof(agent->chain));
	if (hello->type == WIRE_HELLO) {
		json_put_string(j, "version", hello->hello.version);
		json_put_string(j, "os", hello->hello.os);
		json_put_string(j, "kernel", hello->hello.kernel);
		json_put_string(j, "rung", hello->hello.rung);
		json_put_string(j, "profile", hello->hello.profile);
		json_put_string(j, "baseline", hello->hello.baseline);
	}
	tally_json(j, tally);
	json_end_object(j);
}

static void add_escaped(struct strbuf *out, const char *label, const char *raw)
{
	if (!raw)
		return;
	strbuf_add_str(out, label);
	str_escape(out, raw, strlen(raw));
}

static void agent_text(struct strbuf *out, const struct store_agent *agent,
		       const struct wire_record *hello, const struct tally *tally)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "%-24s last seen %s  record %" PRIu64 " (signed to %" PRIu64 ")",
		      agent->name, clock_format(agent->last_seen_ns, when), agent->last_seq,
		      agent->head_seq);
	add_escaped(out, "  rung ",
		    hello->type == WIRE_HELLO && hello->hello.rung ? hello->hello.rung : "unknown");
	strbuf_add_str(out, "  open:");
	for (int severity = SEVERITY_COUNT - 1; severity >= 0; severity--)
		strbuf_printf(out, " %" PRIu64 " %s%s", tally->open[severity],
			      finding_severity_name(severity), severity ? "," : "\n");
}

/* The score with and without waivers, and what SL 3 asks for. */
static void checks_text(struct strbuf *out, const struct tally *tally)
{
	const uint64_t *checks = tally->checks;

	if (!checks[CHECK_PASS] && !checks[CHECK_FAIL] && !checks[CHECK_ERROR])
		return;
	strbuf_printf(out, "    checks: %" PRIu64 " pass, %" PRIu64 " fail, %" PRIu64 " error",
		      checks[CHECK_PASS], checks[CHECK_FAIL], checks[CHECK_ERROR]);
	if (tally->sl3.requirements_all)
		strbuf_printf(out, "; %u of %u SL 3 requirements have host evidence here",
			      tally->sl3.requirements_with_evidence, tally->sl3.requirements_all);
	strbuf_add_char(out, '\n');
	if (tally->fail_waived || tally->open_waived)
		strbuf_printf(out,
			      "    waived: %" PRIu64 " of the checks that fail, %" PRIu64
			      " of the open findings\n",
			      tally->fail_waived, tally->open_waived);
}

static void incidents_text(struct strbuf *out, const struct tally *tally)
{
	char due[RFC3339_SIZE];

	if (!tally->incidents_open && !tally->incidents_held)
		return;
	strbuf_printf(out, "    incidents: %" PRIu64 " open", tally->incidents_open);
	if (tally->incident_due_ns)
		strbuf_printf(out, ", %" PRIu64 " without a report, the first due %s%s",
			      tally->incidents_unreported,
			      clock_format(tally->incident_due_ns, due),
			      tally->incident_due_ns < tally->listing->now_ns ? ": OVERDUE" : "");
	strbuf_printf(out, "; the evidence of %" PRIu64 " is held\n", tally->incidents_held);
}

static int show_agent(const struct store_agent *agent, void *userdata)
{
	cleanup_wire_record struct wire_record hello = {0};
	struct listing *listing = userdata;
	struct tally tally = {.listing = listing};
	int r = count_all(listing, agent->name, &tally);

	if (r < 0)
		return r;
	if (agent->hello)
		codec_decode(agent->hello, strlen(agent->hello), &hello, NULL);

	if (listing->options->as_json) {
		agent_json(&listing->json, agent, &hello, &tally);
		return 0;
	}
	agent_text(&listing->out, agent, &hello, &tally);
	checks_text(&listing->out, &tally);
	incidents_text(&listing->out, &tally);
	return 0;
}

static void listing_done(struct listing *listing)
{
	waiver_folder_done(&listing->waivers);
	requirements_close(&listing->requirements);
	strbuf_done(&listing->out);
}

static int list(struct listing *listing)
{
	bool as_json = listing->options->as_json;
	struct store *store = listing->store;
	int r;

	r = store->ops->snapshot(store);
	if (r < 0)
		return r;
	if (as_json)
		json_begin_array(&listing->json);
	r = store->ops->each_agent(store, show_agent, listing);
	if (as_json)
		json_end_array(&listing->json);
	store->ops->rollback(store);
	return r ?: flush(listing, as_json ? "\n" : "");
}

int verb_agents(const struct settings *settings, const struct options *options)
{
	cleanup_store struct store *store = NULL;
	cleanup_with(listing_done) struct listing listing = {
		.options = options,
		.now_ns = clock_real_ns(),
	};
	int r;

	if (verb_load_waivers(settings, options, &listing.waivers) < 0 ||
	    verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	listing.store = store;
	listing.json = JSON_INIT(&listing.out);
	r = requirements_open(settings, &listing.requirements);
	r = r ?: list(&listing);
	if (r < 0) {
		log_error(r, "cannot list the agents");
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}

/*
 * A machine that was set up anew begins at record 1 with another evidence key, which ingest must
 * refuse. The old records stay, under a name that no certificate can have.
 */
int verb_retire(const struct settings *settings, const struct options *options)
{
	cleanup_store_agent struct store_agent agent = {0};
	cleanup_store struct store *store = NULL;
	const char *name = options->argument;
	char to[AGENT_NAME_SIZE], when[RFC3339_SIZE];
	int r;

	if (verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	if (snprintf(to, sizeof(to), "%s~%s", name, clock_format(clock_real_ns(), when)) >=
	    (int)sizeof(to)) {
		log_error(0, "the name '%s' is too long to be kept", name);
		return EXIT_ERROR;
	}
	r = store->ops->begin(store);
	r = r ?: store->ops->get_agent(store, name, &agent);
	r = r ?: store->ops->rename_agent(store, name, to);
	r = r ?: store->ops->commit(store);
	if (r < 0) {
		store->ops->rollback(store);
		if (r == -ENOENT)
			log_error(0, "no agent '%s' has reported", name);
		else
			log_error(r, "cannot retire '%s'", name);
		return EXIT_ERROR;
	}
	log_info("what %s sent is kept as %s", name, to);
	return EXIT_GOOD;
}
