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
#include "verbs.h"

struct listing {
	struct store *store;
	const struct options *options;
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
