/* SPDX-License-Identifier: Apache-2.0 */
/* `agents` and `findings`: what is stored, for a person or as JSON; `retire`, which makes room for
 * a new agent. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "verbs.h"

#define FOLLOW_MS 250

struct listing {
	struct store *store;
	const struct options *options;
	struct strbuf out; /* of one row */
	struct json json;
	uint64_t last_change;
	bool is_first;
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

/* What a person asks first of one agent's findings. */
struct tally {
	uint64_t open[SEVERITY_COUNT];
};

static int count_finding(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct tally *tally = userdata;
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0 || record.type != WIRE_FINDING)
		return r;
	if (record.finding.state != FINDING_STATE_RESOLVED)
		tally->open[record.finding.severity]++;
	return 0;
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
		json_put_string(j, "baseline", hello->hello.baseline);
	}
	json_key(j, "open");
	json_begin_object(j);
	for (int severity = 0; severity < SEVERITY_COUNT; severity++)
		json_put_u64(j, finding_severity_name(severity), tally->open[severity]);
	json_end_object(j);
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

static int show_agent(const struct store_agent *agent, void *userdata)
{
	cleanup_wire_record struct wire_record hello = {0};
	struct listing *listing = userdata;
	struct tally tally = {0};
	int r;

	r = listing->store->ops->each_finding(listing->store, agent->name, 0, count_finding,
					      &tally);
	if (r < 0)
		return r;
	if (agent->hello)
		codec_decode(agent->hello, strlen(agent->hello), &hello, NULL);

	if (listing->options->as_json)
		agent_json(&listing->json, agent, &hello, &tally);
	else
		agent_text(&listing->out, agent, &hello, &tally);
	return 0;
}

int verb_agents(const struct settings *settings, const struct options *options)
{
	cleanup_store struct store *store = NULL;
	struct listing listing = {.options = options};
	int r;

	if (verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	listing.store = store;
	listing.json = JSON_INIT(&listing.out);
	if (options->as_json)
		json_begin_array(&listing.json);
	r = store->ops->each_agent(store, show_agent, &listing);
	if (options->as_json)
		json_end_array(&listing.json);
	r = r ?: flush(&listing, options->as_json ? "\n" : "");
	strbuf_done(&listing.out);
	if (r < 0) {
		log_error(r, "cannot list the agents");
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}

/* The stored object with "agent" put in front. */
static void finding_json(struct strbuf *out, const struct store_row *row)
{
	strbuf_add_str(out, "{\"agent\":");
	json_quote(out, row->agent, strlen(row->agent));
	strbuf_add_char(out, ',');
	strbuf_add(out, row->json + 1, row->len - 1);
}

static int finding_text(struct strbuf *out, const struct store_row *row)
{
	cleanup_wire_record struct wire_record record = {0};
	const struct finding *finding = &record.finding;
	const struct subject *subject = &finding->subject;
	char when[RFC3339_SIZE];
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0)
		return r;

	strbuf_printf(out, "%s  %s  %-8s %-9s %s", clock_format(finding->last_seen_ns, when),
		      row->agent, finding_severity_name(finding->severity),
		      finding_state_name(finding->state), finding_kind_name(finding->kind));
	add_escaped(out, "  ", finding->path);
	strbuf_add_char(out, '\n');
	if (subject->is_known) {
		add_escaped(out, "    by ", subject->exe ? subject->exe : subject->comm);
		strbuf_printf(out, " (pid %u", subject->pid);
		add_escaped(out, ", user ", subject->user);
		add_escaped(out, ", ", subject->unit);
		strbuf_add_str(out, ")\n");
	}
	add_escaped(out, "    expected ", finding->expected);
	add_escaped(out, finding->expected ? "\n    actual   " : "    actual   ", finding->actual);
	if (finding->expected || finding->actual)
		strbuf_add_char(out, '\n');
	add_escaped(out, "    touches ", finding->controls);
	add_escaped(out, "; ", finding->requirements);
	if (finding->controls || finding->requirements)
		strbuf_add_char(out, '\n');
	return 0;
}

static int show_finding(const struct store_row *row, void *userdata)
{
	struct listing *listing = userdata;
	bool in_array = listing->options->as_json && !listing->options->follow;
	int r = 0;

	listing->last_change = row->number;
	if (in_array && !listing->is_first)
		strbuf_add_str(&listing->out, ",\n");
	listing->is_first = false;
	if (listing->options->as_json)
		finding_json(&listing->out, row);
	else
		r = finding_text(&listing->out, row);
	return r ?: flush(listing, listing->options->as_json && !in_array ? "\n" : "");
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

int verb_findings(const struct settings *settings, const struct options *options)
{
	cleanup_store struct store *store = NULL;
	struct listing listing = {.options = options, .is_first = true};
	bool in_array = options->as_json && !options->follow;
	int r;

	if (verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	listing.store = store;
	if (in_array)
		fputs("[", stdout);
	if (options->follow)
		r = follow(&listing, options->agent);
	else
		r = store->ops->each_finding(store, options->agent, 0, show_finding, &listing);
	if (in_array)
		fputs("]\n", stdout);
	strbuf_done(&listing.out);
	if (r < 0 || fflush(stdout) != 0) {
		log_error(r < 0 ? r : -errno, "cannot list the findings");
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
		log_error(r, "cannot retire '%s'", name);
		return EXIT_ERROR;
	}
	log_info("what %s sent is kept as %s", name, to);
	return EXIT_GOOD;
}
