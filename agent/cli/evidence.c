/* SPDX-License-Identifier: Apache-2.0 */
/* The memory behind a report; see evidence.h. */
#include "cli/evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/array.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/policy.h"
#include "cli/data_dir.h"
#include "cli/layer_files.h"
#include "model/catalog.h"
#include "model/config.h"
#include "wire/codec.h"
#include "wire/status.h"

#define OS_RELEASE_MAX 65536
#define CA_MAX	       (1024 * 1024)

struct evidence {
	struct status status;
	struct wire_record hello, head; /* the newest of each; type WIRE_NONE: none came */

	struct coverage *coverage;
	size_t coverage_count, coverage_room;
	struct finding *findings;
	size_t finding_count, finding_room;
	struct check_result *checks;
	size_t check_count, check_room;

	struct layers *layers; /* NULL: the baseline is not at hand */
	struct baseline_approval *approvals;
	size_t approval_count;

	struct report_blind_spot *blind_spots;
	char *name, *os, *kernel; /* of this machine */
};

int evidence_new(struct evidence **ret_evidence)
{
	*ret_evidence = calloc(1, sizeof(**ret_evidence));
	return *ret_evidence ? 0 : -ENOMEM;
}

struct evidence *evidence_free(struct evidence *evidence)
{
	if (!evidence)
		return NULL;
	status_done(&evidence->status);
	wire_record_done(&evidence->hello);
	wire_record_done(&evidence->head);
	for (size_t i = 0; i < evidence->coverage_count; i++)
		coverage_done(&evidence->coverage[i]);
	for (size_t i = 0; i < evidence->finding_count; i++)
		finding_done(&evidence->findings[i]);
	for (size_t i = 0; i < evidence->check_count; i++)
		check_result_done(&evidence->checks[i]);
	free(evidence->coverage);
	free(evidence->findings);
	free(evidence->checks);
	for (size_t i = 0; i < evidence->approval_count; i++)
		baseline_approval_done(&evidence->approvals[i]);
	free(evidence->approvals);
	layers_free(evidence->layers);
	free(evidence->blind_spots);
	free(evidence->name);
	free(evidence->os);
	free(evidence->kernel);
	free(evidence);
	return NULL;
}

/* Makes room for one more item of @size in *@list; -E2BIG at the limit. */
static int make_room(void *list, size_t size, size_t count, size_t *room)
{
	return count >= EVIDENCE_MAX_RECORDS ? -E2BIG : array_grow(list, count, room, size);
}

/* Moves what @record holds into @evidence; the caller then owns nothing of it. */
static int keep_record(struct evidence *evidence, struct wire_record *record)
{
	int r = 0;

	switch (record->type) {
	case WIRE_HELLO:
		wire_record_done(&evidence->hello);
		evidence->hello = *record;
		break;
	case WIRE_HEAD:
		if (record->head.sequence <= evidence->head.head.sequence)
			return 0;
		wire_record_done(&evidence->head);
		evidence->head = *record;
		break;
	case WIRE_FINDING:
		r = make_room(&evidence->findings, sizeof(*evidence->findings),
			      evidence->finding_count, &evidence->finding_room);
		if (r == 0)
			evidence->findings[evidence->finding_count++] = record->finding;
		break;
	case WIRE_CHECK:
		r = make_room(&evidence->checks, sizeof(*evidence->checks), evidence->check_count,
			      &evidence->check_room);
		if (r == 0)
			evidence->checks[evidence->check_count++] = record->check;
		break;
	case WIRE_COVERAGE:
		r = make_room(&evidence->coverage, sizeof(*evidence->coverage),
			      evidence->coverage_count, &evidence->coverage_room);
		if (r == 0) {
			record->coverage.sequence = record->sequence;
			evidence->coverage[evidence->coverage_count++] = record->coverage;
		}
		break;
	case WIRE_NONE:
	case WIRE_BASELINE:
	case WIRE_BATCH:
	case WIRE_RECORD_TYPE_COUNT:
		return 0;
	}
	if (r == 0)
		*record = (struct wire_record){0};
	return r;
}

int evidence_add(struct evidence *evidence, const char *json, size_t len, struct diag *diag)
{
	static const char status_start[] = "{\"type\":\"status\"";
	cleanup_wire_record struct wire_record record = {0};
	int r;

	if (len >= strlen(status_start) && memcmp(json, status_start, strlen(status_start)) == 0) {
		status_done(&evidence->status);
		return status_decode(json, len, &evidence->status, diag);
	}
	r = codec_decode(json, len, &record, diag);
	if (r < 0)
		return r;
	r = keep_record(evidence, &record);
	if (r == -E2BIG)
		diag_set(diag, "", 0, r, "more than %d records; ask for a later --since",
			 EVIDENCE_MAX_RECORDS);
	return r;
}

/* PRETTY_NAME of os-release(5), without its quotes. */
static int read_os_name(char **ret_name)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	char *line, *end;

	if (fd_read_file(AT_FDCWD, "/etc/os-release", OS_RELEASE_MAX, &text) < 0 || !text.data)
		return 0;
	line = strstr(text.data, "PRETTY_NAME=\"");
	if (!line)
		return 0;
	line += strlen("PRETTY_NAME=\"");
	end = strchr(line, '"');
	if (!end)
		return 0;
	*ret_name = strndup(line, (size_t)(end - line));
	return *ret_name ? 0 : -ENOMEM;
}

int evidence_add_local(struct evidence *evidence, const char *name)
{
	struct utsname system;

	if (uname(&system) < 0)
		return -errno;
	evidence->name = strdup(name ? name : system.nodename);
	evidence->kernel = strdup(system.release);
	if (!evidence->name || !evidence->kernel)
		return -ENOMEM;
	return read_os_name(&evidence->os);
}

static int read_policy(const struct config *config, enum layer layer, struct policy **ret_policy,
		       struct diag *diag)
{
	const char *path = config_policy_of(config, layer);
	cleanup_strbuf struct strbuf ca = STRBUF_INIT;
	int r;

	r = fd_read_file(AT_FDCWD, config->approver_ca, CA_MAX, &ca);
	if (r < 0 && !path) /* a policy may name all that is needed */
		return r;
	return policy_new(path, ca.data, ret_policy, diag);
}

/* Each approval of one file, judged by the policy of its layer. */
static int add_approvals(struct evidence *evidence, struct baseline *baseline,
			 const struct policy *policy, struct diag *diag)
{
	unsigned count = baseline_count_approvals(baseline);
	struct baseline_approval *list;
	int r;

	list = reallocarray(evidence->approvals, evidence->approval_count + count + 1,
			    sizeof(*list));
	if (!list)
		return -ENOMEM;
	evidence->approvals = list;
	for (unsigned i = 0; i < count; i++) {
		list[evidence->approval_count] = (struct baseline_approval){0};
		r = policy_read_approval(policy, baseline, i, &list[evidence->approval_count],
					 diag);
		if (r < 0)
			return r;
		evidence->approval_count++;
	}
	return 0;
}

int evidence_add_baseline(struct evidence *evidence, const struct config *config, struct diag *diag)
{
	cleanup_with(layers_freep) struct layers *layers = NULL;
	int r;

	r = layer_files_open(config, NULL, &layers, diag);
	if (r < 0)
		return r;
	if (strcmp(layers_digest(layers), evidence->status.baseline_digest) != 0)
		return -ESTALE;
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++) {
		cleanup_with(policy_freep) struct policy *policy = NULL;

		if (!layers_get(layers, layer))
			continue;
		r = read_policy(config, layer, &policy, diag);
		if (r == 0)
			r = add_approvals(evidence, layers_get(layers, layer), policy, diag);
		if (r < 0)
			return r;
	}
	evidence->layers = TAKE_PTR(layers);
	return 0;
}

/* The statement of a baseline that is one file. */
static const struct baseline_statement *only_statement(const struct evidence *evidence)
{
	for (enum layer layer = LAYER_FIRST; layer < LAYER_COUNT; layer++)
		if (layers_count(evidence->layers) == 1 && layers_get(evidence->layers, layer))
			return baseline_get_statement(layers_get(evidence->layers, layer));
	return NULL;
}

static int compare_coverage(const void *a, const void *b)
{
	const struct coverage *x = a, *y = b;

	return (x->start_ns > y->start_ns) - (x->start_ns < y->start_ns);
}

static int fill_blind_spots(struct evidence *evidence, struct report_host *host)
{
	const struct status *status = &evidence->status;

	free(evidence->blind_spots);
	evidence->blind_spots = calloc(status->unseen_count + 1, sizeof(*evidence->blind_spots));
	if (!evidence->blind_spots)
		return -ENOMEM;
	for (size_t i = 0; i < status->unseen_count; i++) {
		if (str_equal(status->unseen[i].what, "rung"))
			continue; /* rung_reason says it */
		evidence->blind_spots[host->blind_spot_count++] =
			(struct report_blind_spot){status->unseen[i].what, status->unseen[i].note};
	}
	host->blind_spots = evidence->blind_spots;
	return 0;
}

static const char *first_of(const char *a, const char *b, const char *c)
{
	return a ? a : b ? b : c;
}

static void fill_names(const struct evidence *evidence, struct report_host *host)
{
	const struct status *status = &evidence->status;
	const struct wire_hello *hello = &evidence->hello.hello;

	host->name = first_of(status->agent, hello->agent, evidence->name);
	host->os = first_of(status->os, hello->os, evidence->os);
	host->kernel = first_of(status->kernel, hello->kernel, evidence->kernel);
	host->version = first_of(status->version, hello->version, NULL);
	host->rung = first_of(status->rung, hello->rung, NULL);
	host->rung_reason = first_of(status->rung_reason, hello->rung_reason, NULL);
	host->profile = first_of(status->profile, hello->profile, NULL);
	if (status->baseline_digest[0]) {
		host->baseline_digest = status->baseline_digest;
		host->baseline_name = status->baseline_name;
		host->baseline_revision = status->baseline_revision;
		host->baseline_entries = status->baseline_entries;
	} else {
		host->baseline_digest = hello->baseline;
	}
}

int evidence_get_host(struct evidence *evidence, struct report_host *ret_host)
{
	const struct wire_head *head = &evidence->status.head;
	struct report_host host = {0};
	int r;

	fill_names(evidence, &host);
	r = fill_blind_spots(evidence, &host);
	if (r < 0)
		return r;
	if (head->sequence < evidence->head.head.sequence)
		head = &evidence->head.head;
	host.head =
		(struct report_head){head->sequence, head->chain, head->key_id, head->signature};
	host.heard_ns = evidence->status.time_ns;

	if (evidence->coverage_count > 0)
		qsort(evidence->coverage, evidence->coverage_count, sizeof(*evidence->coverage),
		      compare_coverage);
	if (evidence->layers) {
		host.statement = only_statement(evidence);
		host.approvals = evidence->approvals;
		host.approval_count = evidence->approval_count;
	}
	host.coverage = evidence->coverage;
	host.coverage_count = evidence->coverage_count;
	host.findings = evidence->findings;
	host.finding_count = evidence->finding_count;
	host.checks = evidence->checks;
	host.check_count = evidence->check_count;
	*ret_host = host;
	return 0;
}

void evidence_count_requirements(const struct config *config, struct report_host *host,
				 struct report *report)
{
	cleanup_with(catalog_freep) struct catalog *catalog = NULL;
	cleanup_free char *data_dir = NULL;

	if (data_dir_find(NULL, config, &data_dir) < 0 ||
	    catalog_load(data_dir, &catalog, NULL) < 0)
		return;
	report_count_requirements(catalog, host);
	report->hosts = host;
	report->host_count = 1;
	report_count_all_requirements(catalog, report);
}
