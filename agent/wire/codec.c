/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The data dictionary: every field that may leave the host, and the codec that runs on it.
 *
 * How values are written and read is in field.c; transport is not here.
 */
#include "wire/codec.h"

#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "wire/field.h"

/* Defaults of the collector: `retention_days` and the life of an agent's row. */
#define KEPT	  "400 days after receipt"
#define KEPT_OPEN "while open, then 400 days"
#define KEPT_HOST "while the host is known"

#define ALL	"all who may read findings"
#define CHECKER "collector, inspectors"

#define ROW(record_, member_, retention_, audience_, name_, how_, purpose_, ...)      \
	{                                                                             \
		.record = record_, .name = name_, .shape = &shape_##how_,             \
		.offset = offsetof(struct wire_record, member_), .purpose = purpose_, \
		.retention = retention_, .audience = audience_, __VA_ARGS__           \
	}
#define ANY(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_NONE, member, KEPT, audience, name, shape, purpose, __VA_ARGS__)
#define HELLO(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_HELLO, hello.member, KEPT_HOST, audience, name, shape, purpose, __VA_ARGS__)
#define FINDING(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_FINDING, finding.member, KEPT_OPEN, audience, name, shape, purpose, __VA_ARGS__)
#define CHECK(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_CHECK, check.member, KEPT_HOST, audience, name, shape, purpose, __VA_ARGS__)
#define COVERAGE(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_COVERAGE, coverage.member, KEPT, audience, name, shape, purpose, __VA_ARGS__)
#define BASELINE(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_BASELINE, baseline.member, KEPT_HOST, audience, name, shape, purpose, __VA_ARGS__)
#define HEAD(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_HEAD, head.member, KEPT, audience, name, shape, purpose, __VA_ARGS__)
#define BATCH(audience, name, shape, member, purpose, ...) \
	ROW(WIRE_BATCH, batch.member, KEPT, audience, name, shape, purpose, __VA_ARGS__)

#define MAX(bytes) .max_bytes = (bytes)
#define REQUIRED   .is_required = true
#define PERSONAL   .is_personal = true
#define USER_NAME  .is_personal = true, .is_user_name = true

static const struct wire_field fields[] = {
	ANY(CHECKER, "seq", number, sequence,
	    "place of the record in the host's sequence, so that a hole shows"),
	ANY(CHECKER, "type", record_type, type, "which kind of record this is", REQUIRED),

	HELLO(ALL, "agent", text, agent, "name of this host in records", MAX(127), REQUIRED),
	HELLO(ALL, "version", text, version, "version of the agent", MAX(64), REQUIRED),
	HELLO(ALL, "rung", text, rung, "how this host is watched", MAX(64)),
	HELLO(ALL, "rung_reason", text, rung_reason, "why it is not watched better", MAX(1024)),
	HELLO(ALL, "kernel", text, kernel, "kernel release, which decides what can be seen",
	      MAX(256)),
	HELLO(ALL, "os", text, os, "name of the distribution", MAX(256)),
	HELLO(ALL, "profile", text, profile, "which checks run, and how they were tailored",
	      MAX(1023)),
	HELLO(ALL, "baseline", text, baseline, "digest of the baseline in force", MAX(64)),
	HELLO(CHECKER, "evidence_key", pem, evidence_key,
	      "public key that this host's chain heads are checked with", MAX(4096)),
	HELLO(ALL, "time", time, time_ns, "when the agent started or changed"),

	FINDING(ALL, "id", digest, id, "names this difference on this host", REQUIRED),
	FINDING(ALL, "fingerprint", digest, fingerprint,
		"the same on every host with the same difference", REQUIRED),
	FINDING(ALL, "kind", kind, kind, "what sort of difference", REQUIRED),
	FINDING(ALL, "severity", severity, severity, "order of work", REQUIRED),
	FINDING(ALL, "state", state, state, "open, explained, resolved and so on", REQUIRED),
	FINDING(ALL, "first_seen", time, first_seen_ns, "since when", REQUIRED),
	FINDING(ALL, "last_seen", time, last_seen_ns, "until when", REQUIRED),
	FINDING(ALL, "count", u64, count, "how often it was seen", REQUIRED),
	FINDING(ALL, "subject", group, subject.is_known,
		"the process that did it, where it is known"),
	FINDING(ALL, "subject.cookie", cookie, subject.cookie,
		"tells processes with the same pid apart"),
	FINDING(ALL, "subject.pid", u32, subject.pid, "finds the process in other logs", REQUIRED),
	FINDING(ALL, "subject.ppid", u32, subject.ppid, "finds its parent in other logs", REQUIRED),
	FINDING(ALL, "subject.uid", uid, subject.uid, "account that the process ran as", PERSONAL),
	FINDING(ALL, "subject.euid", uid, subject.euid, "account whose rights it had", PERSONAL),
	FINDING(ALL, "subject.login_uid", uid, subject.login_uid,
		"account that logged in, also behind sudo", PERSONAL),
	FINDING(ALL, "subject.exe", path, subject.exe,
		"program that did it; below a home directory it may name a person", MAX(4096),
		PERSONAL),
	FINDING(ALL, "subject.comm", path, subject.comm, "short name of the process", MAX(64)),
	FINDING(ALL, "subject.unit", text, subject.unit, "service or session that it belonged to",
		MAX(512)),
	FINDING(ALL, "subject.parents", text, subject.parents,
		"programs that led to it; below a home directory they may name a person", MAX(1024),
		PERSONAL),
	FINDING(ALL, "subject.user", text, subject.user,
		"name of the account; off, hashed or clear by [privacy] user_names", MAX(64),
		USER_NAME),
	FINDING(ALL, "path", path, path,
		"file or check that differs; below a home directory it may name a person",
		MAX(4096), PERSONAL),
	FINDING(ALL, "expected", text, expected, "what was approved", MAX(256)),
	FINDING(ALL, "actual", text, actual, "what was found", MAX(256)),
	FINDING(ALL, "package", text, package, "package that the approved file came from",
		MAX(256)),
	FINDING(ALL, "detail", text, detail, "one sentence for a person", MAX(512)),
	FINDING(ALL, "baseline", digest, baseline, "baseline that it was judged against"),
	FINDING(ALL, "change_set", text, change_set, "update that it belongs to", MAX(127)),
	FINDING(ALL, "controls", words, controls, "NIST SP 800-53 controls that it touches",
		MAX(512)),
	FINDING(ALL, "requirements", phrases, requirements,
		"IEC 62443-3-3 requirements that it touches", MAX(512)),
	FINDING(ALL, "techniques", words, techniques, "ATT&CK techniques that it may show",
		MAX(512)),
	FINDING(ALL, "incident", group, incident.is_there, "that it was declared an incident"),
	FINDING(ALL, "incident.declared", time, incident.declared_ns, "when that was written down",
		REQUIRED),
	FINDING(ALL, "incident.discovered", time, incident.discovered_ns,
		"where the clock of its report starts", REQUIRED),
	FINDING(ALL, "incident.declared_by", text, incident.declared_by,
		"who answers for it, as they wrote it", MAX(INCIDENT_NAME_MAX), PERSONAL),
	FINDING(ALL, "incident.reason", text, incident.reason, "why", MAX(INCIDENT_TEXT_MAX)),
	FINDING(ALL, "incident.reported", time, incident.reported_ns,
		"when it was reported; evidence is kept from there on"),
	FINDING(ALL, "incident.reported_by", text, incident.reported_by,
		"who reported it, as they wrote it", MAX(INCIDENT_NAME_MAX), PERSONAL),
	FINDING(ALL, "incident.reference", text, incident.reference,
		"under which the report is found again", MAX(INCIDENT_TEXT_MAX)),
	FINDING(ALL, "incident.closed", time, incident.closed_ns, "when work on it ended"),
	FINDING(ALL, "incident.closed_by", text, incident.closed_by,
		"who closed it, as they wrote it", MAX(INCIDENT_NAME_MAX), PERSONAL),
	FINDING(ALL, "incident.outcome", text, incident.outcome, "what it came to",
		MAX(INCIDENT_TEXT_MAX)),

	CHECK(ALL, "id", text, id, "which check", MAX(64), REQUIRED),
	CHECK(ALL, "title", text, title, "what it asks", MAX(256)),
	CHECK(ALL, "result", outcome, outcome, "pass, fail, error or not_applicable", REQUIRED),
	CHECK(ALL, "severity", severity, severity, "order of work", REQUIRED),
	CHECK(ALL, "expected", text, expected, "what was wanted", MAX(512)),
	CHECK(ALL, "actual", text, actual, "what was found", MAX(1024)),
	CHECK(ALL, "reason", text, reason, "why it could not be judged", MAX(512)),
	CHECK(ALL, "remediation", text, remediation, "how to mend it", MAX(2048)),
	CHECK(ALL, "ot_caution", text, ot_caution, "what to look out for on a plant floor",
	      MAX(1024)),
	CHECK(ALL, "controls", words, controls, "NIST SP 800-53 controls that it serves", MAX(512)),
	CHECK(ALL, "requirements", phrases, requirements,
	      "IEC 62443-3-3 requirements that it serves", MAX(512)),
	CHECK(ALL, "techniques", words, techniques, "ATT&CK techniques that it hinders", MAX(512)),
	CHECK(ALL, "time", time, time_ns, "when it ran", REQUIRED),
	CHECK(ALL, "duration_ns", u64, duration_ns, "what it cost the host"),

	COVERAGE(ALL, "state", coverage, state, "down, observing, warming, covered or gap",
		 REQUIRED),
	COVERAGE(ALL, "start", time, start_ns, "since when", REQUIRED),
	COVERAGE(ALL, "end", time, end_ns, "until when; absent while it lasts"),
	COVERAGE(ALL, "rung", text, rung, "how the host was watched", MAX(64)),
	COVERAGE(ALL, "cause", text, cause, "why there is a gap", MAX(512)),
	COVERAGE(ALL, "missed", text, missed, "what may have been missed", MAX(512)),
	COVERAGE(ALL, "basis", text, basis, "whether files were hashed, or known by their stamps",
		 MAX(16)),
	COVERAGE(ALL, "lost", number, lost, "how many records are known to be lost"),

	BASELINE(ALL, "digest", text, digest, "which baseline", MAX(64)),
	BASELINE(ALL, "name", text, name, "its name", MAX(256)),
	BASELINE(ALL, "revision", u64, revision, "its revision"),
	BASELINE(ALL, "entries", u64, entries, "how many files it approves"),
	BASELINE(ALL, "outcome", text, outcome, "loaded or refused", MAX(64), REQUIRED),
	BASELINE(ALL, "reason", text, reason, "why it was refused", MAX(512)),
	BASELINE(ALL, "time", time, time_ns, "when", REQUIRED),

	HEAD(CHECKER, "sequence", number, sequence, "last record under this signature", REQUIRED),
	HEAD(CHECKER, "chain", digest, chain, "chain hash of that record", REQUIRED),
	HEAD(CHECKER, "signature", pem, signature,
	     "shows that this host vouches for the records before", MAX(1024), REQUIRED),
	HEAD(CHECKER, "key_id", pem, key_id, "which evidence key signed", MAX(64), REQUIRED),

	BATCH(CHECKER, "plumbline", number, version, "version of this format", REQUIRED),
	BATCH(ALL, "agent", name, agent, "which host sends; must be the name in its certificate",
	      REQUIRED),
	BATCH(CHECKER, "first", number, first, "first sequence number within", REQUIRED),
	BATCH(CHECKER, "last", number, last, "last sequence number within", REQUIRED),
	BATCH(CHECKER, "count", number, count, "how many records follow", REQUIRED),
	BATCH(CHECKER, "chain_before", digest, chain_before, "chain hash before the first record",
	      REQUIRED),
	BATCH(CHECKER, "chain", digest, chain, "chain hash after the last record", REQUIRED),
};

static const char *const type_names[WIRE_RECORD_TYPE_COUNT] = {
	[WIRE_NONE] = "none",	[WIRE_HELLO] = "hello",	      [WIRE_FINDING] = "finding",
	[WIRE_CHECK] = "check", [WIRE_COVERAGE] = "coverage", [WIRE_BASELINE] = "baseline",
	[WIRE_HEAD] = "head",	[WIRE_BATCH] = "batch",
};

const char *wire_record_type_name(enum wire_record_type type)
{
	return type_names[type];
}

int wire_record_type_parse(const char *name, enum wire_record_type *ret_type)
{
	for (int type = WIRE_NONE + 1; type < WIRE_RECORD_TYPE_COUNT; type++) {
		if (strcmp(type_names[type], name) == 0) {
			*ret_type = type;
			return 0;
		}
	}
	return -EINVAL;
}

const struct wire_field *codec_fields(size_t *ret_count)
{
	*ret_count = ARRAY_SIZE(fields);
	return fields;
}

static void hello_done(struct wire_hello *hello)
{
	free(hello->agent);
	free(hello->version);
	free(hello->rung);
	free(hello->rung_reason);
	free(hello->kernel);
	free(hello->os);
	free(hello->profile);
	free(hello->baseline);
	free(hello->evidence_key);
}

static void baseline_done(struct wire_baseline *baseline)
{
	free(baseline->digest);
	free(baseline->name);
	free(baseline->outcome);
	free(baseline->reason);
}

void wire_record_done(struct wire_record *record)
{
	switch (record->type) {
	case WIRE_HELLO:
		hello_done(&record->hello);
		break;
	case WIRE_FINDING:
		finding_done(&record->finding);
		break;
	case WIRE_CHECK:
		check_result_done(&record->check);
		break;
	case WIRE_COVERAGE:
		coverage_done(&record->coverage);
		break;
	case WIRE_BASELINE:
		baseline_done(&record->baseline);
		break;
	case WIRE_HEAD:
		free(record->head.signature);
		free(record->head.key_id);
		break;
	case WIRE_NONE:
	case WIRE_BATCH:
	case WIRE_RECORD_TYPE_COUNT:
		break;
	}
	*record = (struct wire_record){0};
}

int codec_encode(const struct wire_record *record, const struct wire_policy *policy,
		 struct strbuf *out)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	struct json j = JSON_INIT(&text);
	int r;

	if (record->type <= WIRE_NONE || record->type >= WIRE_RECORD_TYPE_COUNT)
		return -EINVAL;

	json_begin_object(&j);
	json_put_string(&j, "type", wire_record_type_name(record->type));
	r = field_encode(fields, ARRAY_SIZE(fields), record->type, record, policy, &j);
	if (r < 0)
		return r;
	json_end_object(&j);

	r = strbuf_check(&text);
	if (r < 0)
		return r;
	if (text.len > CODEC_MAX_BYTES)
		return -E2BIG;

	strbuf_add(out, text.data, text.len);
	return strbuf_check(out);
}

int codec_decode(const char *text, size_t len, struct wire_record *ret_record, struct diag *diag)
{
	cleanup_with(field_unloadp) struct json_t *tree = NULL;
	cleanup_wire_record struct wire_record record = {0};
	const char *name;
	int r;

	r = field_load(text, len, CODEC_MAX_BYTES, &tree, diag);
	if (r < 0)
		return r;

	name = field_peek(tree, "type");
	if (!name)
		return diag_set(diag, "", 0, -EBADMSG, "field 'type' is missing or not text");
	if (wire_record_type_parse(name, &record.type) < 0)
		return diag_set(diag, "", 0, -EBADMSG, "unknown record type '%.64s'", name);

	r = field_decode(fields, ARRAY_SIZE(fields), record.type, tree, &record, diag);
	if (r < 0)
		return r;

	*ret_record = record;
	record = (struct wire_record){0};
	return 0;
}
