/* SPDX-License-Identifier: Apache-2.0 */
/* `report`: gathers what is stored of one agent or all, and hands it to a writer of agent/report.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "incidents.h"
#include "report/framework_source.h"
#include "report/report.h"
#include "verbs.h"

/* An agent with nothing to tell is silent. What lasted when it was last heard is said to last on
 * for so long. */
#define SILENCE_NS (15 * 60 * NSEC_PER_SEC)

/* Values of one agent. Decoded copies; the report borrows from them. */
struct dossier {
	struct store_agent agent;
	struct wire_record hello, baseline;
	char chain[SHA256_HEX_SIZE];
	struct finding *findings;
	struct check_result *checks;
	struct coverage *coverage;
	size_t finding_count, check_count, coverage_count;
};

struct gathering {
	struct store *store;
	const char *wanted; /* NULL: all agents */
	struct dossier *dossiers;
	size_t count;
};

static void dossier_done(struct dossier *dossier)
{
	for (size_t i = 0; i < dossier->finding_count; i++)
		finding_done(&dossier->findings[i]);
	for (size_t i = 0; i < dossier->check_count; i++)
		check_result_done(&dossier->checks[i]);
	for (size_t i = 0; i < dossier->coverage_count; i++)
		coverage_done(&dossier->coverage[i]);
	free(dossier->findings);
	free(dossier->checks);
	free(dossier->coverage);
	wire_record_done(&dossier->hello);
	wire_record_done(&dossier->baseline);
	store_agent_done(&dossier->agent);
}

static void gathering_done(struct gathering *gathering)
{
	for (size_t i = 0; i < gathering->count; i++)
		dossier_done(&gathering->dossiers[i]);
	free(gathering->dossiers);
}

/* Room for one more element of @size bytes; doubles at powers of two. */
static int grow(void **array, size_t count, size_t size)
{
	void *bigger;

	if (count & (count - 1))
		return 0;
	bigger = reallocarray(*array, count ? 2 * count : 1, size);
	if (!bigger)
		return -ENOMEM;
	*array = bigger;
	return 0;
}

/* Moves the decoded value into its list. */
static int add_row(const struct store_row *row, void *userdata)
{
	cleanup_wire_record struct wire_record record = {0};
	struct dossier *dossier = userdata;
	int r;

	r = codec_decode(row->json, row->len, &record, NULL);
	if (r < 0)
		return r;

	if (record.type == WIRE_FINDING) {
		r = grow((void **)&dossier->findings, dossier->finding_count,
			 sizeof(struct finding));
		if (r == 0)
			dossier->findings[dossier->finding_count++] = record.finding;
	} else if (record.type == WIRE_CHECK) {
		r = grow((void **)&dossier->checks, dossier->check_count,
			 sizeof(struct check_result));
		if (r == 0)
			dossier->checks[dossier->check_count++] = record.check;
	} else if (record.type == WIRE_COVERAGE) {
		r = grow((void **)&dossier->coverage, dossier->coverage_count,
			 sizeof(struct coverage));
		if (r == 0) {
			record.coverage.sequence = record.sequence;
			dossier->coverage[dossier->coverage_count++] = record.coverage;
		}
	}
	if (r == 0)
		record = (struct wire_record){0};
	return r;
}

static int copy_agent(const struct store_agent *from, struct store_agent *to)
{
	*to = *from;
	to->evidence_key = NULL;
	to->hello = from->hello ? strdup(from->hello) : NULL;
	to->baseline = from->baseline ? strdup(from->baseline) : NULL;
	return (from->hello && !to->hello) || (from->baseline && !to->baseline) ? -ENOMEM : 0;
}

static int add_agent(const struct store_agent *agent, void *userdata)
{
	struct gathering *gathering = userdata;
	int r;

	if (gathering->wanted && strcmp(gathering->wanted, agent->name) != 0)
		return 0;
	r = grow((void **)&gathering->dossiers, gathering->count, sizeof(struct dossier));
	if (r < 0)
		return r;

	gathering->dossiers[gathering->count] = (struct dossier){0};
	return copy_agent(agent, &gathering->dossiers[gathering->count++].agent);
}

static int fill_dossier(struct store *store, struct dossier *dossier)
{
	const struct store_agent *agent = &dossier->agent;
	int r;

	if (agent->hello)
		codec_decode(agent->hello, strlen(agent->hello), &dossier->hello, NULL);
	if (agent->baseline)
		codec_decode(agent->baseline, strlen(agent->baseline), &dossier->baseline, NULL);
	for (size_t i = 0; i < SHA256_SIZE; i++)
		snprintf(dossier->chain + 2 * i, 3, "%02x", agent->chain[i]);

	r = store->ops->each_coverage(store, agent->name, add_row, dossier);
	r = r ?: store->ops->each_finding(store, agent->name, 0, add_row, dossier);
	for (size_t i = 0; r == 0 && i < dossier->finding_count; i++)
		r = incidents_apply(store, agent->name, &dossier->findings[i]);
	return r ?: store->ops->each_check(store, agent->name, add_row, dossier);
}

static void describe(const struct dossier *dossier, struct report_host *host)
{
	const struct wire_hello *hello = &dossier->hello.hello;
	const struct wire_baseline *baseline = &dossier->baseline.baseline;

	*host = (struct report_host){
		.name = dossier->agent.name,
		.head = {.sequence = dossier->agent.last_seq,
			 .chain = dossier->chain,
			 .verified_sequence = dossier->agent.head_seq},
		.coverage = dossier->coverage,
		.coverage_count = dossier->coverage_count,
		.findings = dossier->findings,
		.finding_count = dossier->finding_count,
		.checks = dossier->checks,
		.check_count = dossier->check_count,
	};
	if (clock_real_ns() - dossier->agent.last_seen_ns > SILENCE_NS)
		host->heard_ns = dossier->agent.last_seen_ns;
	if (dossier->hello.type == WIRE_HELLO) {
		host->os = hello->os;
		host->kernel = hello->kernel;
		host->version = hello->version;
		host->rung = hello->rung;
		host->rung_reason = hello->rung_reason;
		host->profile = hello->profile;
		host->baseline_digest = hello->baseline;
	}
	if (dossier->baseline.type == WIRE_BASELINE) {
		host->baseline_digest = baseline->digest;
		host->baseline_name = baseline->name;
		host->baseline_revision = baseline->revision;
		host->baseline_entries = baseline->entries;
	}
}

/* Without the catalog the report leaves the count out. */
static void count_requirements(const struct settings *settings, struct report_host *hosts,
			       struct report *report)
{
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;

	if (catalog_load(settings->data_dir, &catalog, NULL) < 0)
		return;
	for (size_t i = 0; i < report->host_count; i++)
		report_count_requirements(catalog, &hosts[i]);
	report_count_all_requirements(catalog, report);
}

static void make_title(const struct gathering *gathering, char *title, size_t size)
{
	if (gathering->count == 1)
		snprintf(title, size, "%s: the machine beside its approved state",
			 gathering->dossiers[0].agent.name);
	else
		snprintf(title, size, "%zu machines beside their approved states",
			 gathering->count);
}

/* How it is written: in a format of its own, or by framework. */
struct manner {
	const struct report_ops *format; /* NULL: by framework */
	struct framework_source source;
	struct waiver_folder waivers;
	struct check_families *families; /* NULL: not at hand, then checks stand in one list */
};

static void manner_done(struct manner *manner)
{
	framework_source_done(&manner->source);
	waiver_folder_done(&manner->waivers);
	check_families_free(manner->families);
}

/* Logs what is wrong. */
static int choose_manner(const struct settings *settings, const struct options *options,
			 struct manner *manner)
{
	const struct framework_wish wish = {
		.framework = options->framework,
		.format = options->format,
		.level = options->level,
		.scope = options->scope,
	};
	struct diag diag = {0};
	char text[1024];
	int r;

	if (framework_is_wished(&wish)) {
		r = framework_source_load(&wish, settings->data_dir, &manner->source, &diag);
		if (r < 0)
			(void)log_error(0, "%s",
					diag.text[0] ? diag_format(&diag, text, sizeof(text))
						     : strerror(-r));
		return r;
	}
	if (options->level || options->scope) {
		(void)log_error(0, "--level and --scope go with --framework");
		return -EINVAL;
	}
	manner->format = report_find_format(options->format ? options->format : "html");
	if (!manner->format) {
		(void)log_error(0, "unknown format '%s'", options->format);
		return -EINVAL;
	}
	return 0;
}

static int write_report(const struct settings *settings, const struct gathering *gathering,
			struct manner *manner, FILE *out)
{
	cleanup_free struct report_host *hosts = calloc(gathering->count, sizeof(*hosts));
	char made_by[320], name[256] = "", title[AGENT_NAME_SIZE + 64];
	struct report report = {
		.title = title,
		.made_by = made_by,
		.made_at_ns = clock_real_ns(),
		.hosts = hosts,
		.host_count = gathering->count,
		.waivers = &manner->waivers.list,
		.refused_waivers = manner->waivers.refused,
		.refused_waiver_count = manner->waivers.refused_count,
	};

	if (!hosts)
		return -ENOMEM;

	gethostname(name, sizeof(name) - 1);
	snprintf(made_by, sizeof(made_by), "plumbline-collector %s on %s", PLUMBLINE_VERSION, name);
	for (size_t i = 0; i < gathering->count; i++)
		describe(&gathering->dossiers[i], &hosts[i]);
	make_title(gathering, title, sizeof(title));
	count_requirements(settings, hosts, &report);
	(void)check_families_load(settings->data_dir, &manner->families, NULL);
	report.families = manner->families;
	if (!manner->format)
		return framework_source_write(&manner->source, &report, out);
	return manner->format->write(&report, out);
}

static int gather(struct gathering *gathering)
{
	struct store *store = gathering->store;
	int r;

	r = store->ops->snapshot(store);
	if (r < 0)
		return r;
	r = store->ops->each_agent(store, add_agent, gathering);
	for (size_t i = 0; r == 0 && i < gathering->count; i++)
		r = fill_dossier(store, &gathering->dossiers[i]);
	store->ops->rollback(store);
	return r;
}

int verb_report(const struct settings *settings, const struct options *options)
{
	cleanup_with(gathering_done) struct gathering gathering = {.wanted = options->agent};
	cleanup_with(manner_done) struct manner manner = {0};
	cleanup_store struct store *store = NULL;
	cleanup_fclose FILE *file = NULL;
	int r;

	if (choose_manner(settings, options, &manner) < 0 ||
	    verb_load_waivers(settings, options, &manner.waivers) < 0)
		return EXIT_ERROR;
	if (!options->output) {
		log_error(0, "report needs -o FILE");
		return EXIT_ERROR;
	}
	if (verb_open_output(options->output, &file) < 0)
		return EXIT_ERROR;
	if (verb_open_store(settings, &store) < 0)
		return EXIT_ERROR;

	gathering.store = store;
	r = gather(&gathering);
	if (r == 0 && gathering.count == 0) {
		log_error(0,
			  options->agent ? "no agent '%s' has reported" : "no agent has reported%s",
			  options->agent ? options->agent : "");
		return EXIT_ERROR;
	}
	r = r ?: write_report(settings, &gathering, &manner, file);
	r = r ?: verb_finish_output(file);
	if (r < 0) {
		log_error(r, "cannot write %s", options->output);
		return EXIT_ERROR;
	}
	return EXIT_GOOD;
}
