/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Codec: model values to JSON records and back, by one field table.
 *
 * The table is the data dictionary: each field has name, type, purpose,
 * retention and audience. Nothing that is not in it can be encoded, so nothing
 * else leaves the host.
 */
#ifndef PLUMBLINE_WIRE_CODEC_H
#define PLUMBLINE_WIRE_CODEC_H

#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/strbuf.h"
#include "model/check_result.h"
#include "model/coverage.h"
#include "model/finding.h"

enum wire_record_type {
	WIRE_NONE,
	WIRE_HELLO,    /* who this agent is: name, version, rung, evidence key, baseline */
	WIRE_FINDING,  /* a finding as it now stands */
	WIRE_CHECK,    /* a check result that changed */
	WIRE_COVERAGE, /* a coverage interval that began or ended */
	WIRE_BASELINE, /* a baseline was loaded or refused */
	WIRE_HEAD,     /* a signed chain head */
	WIRE_RECORD_TYPE_COUNT,
};

struct wire_hello {
	char *agent, *version, *rung, *rung_reason, *kernel, *os;
	char *baseline;	    /* statement digest or NULL */
	char *evidence_key; /* PEM public key */
	int64_t time_ns;
};
struct wire_baseline {
	char *digest, *name, *outcome /* "loaded" or "refused" */, *reason;
	uint64_t revision, entries;
	int64_t time_ns;
};
struct wire_head {
	uint64_t sequence;
	char chain[SHA256_HEX_SIZE];
	char *signature; /* base64 DER over "plumbline-head\n" sequence "\n" chain-hex "\n" */
	char *key_id;
};

/* One decoded record; the member that `type` names is filled. */
struct wire_record {
	enum wire_record_type type;
	uint64_t sequence; /* 0 before it has one */
	union {
		struct wire_hello hello;
		struct finding finding;
		struct check_result check;
		struct coverage coverage;
		struct wire_baseline baseline;
		struct wire_head head;
	};
};
void wire_record_done(struct wire_record *record);
#define cleanup_wire_record cleanup_with(wire_record_done)

/* Site policy on personal data, applied while encoding. */
enum wire_privacy {
	WIRE_PRIVACY_OFF,
	WIRE_PRIVACY_HASHED,
	WIRE_PRIVACY_CLEAR
};
struct wire_policy {
	enum wire_privacy user_names;
	enum wire_privacy arguments;
};

/* Appends one JSON object without newline: {"type":"finding",...}; `seq` is not part of it. */
int codec_encode(const struct wire_record *record, const struct wire_policy *policy,
		 struct strbuf *out);

/* One JSON object (with or without "seq"). Unknown fields, wrong types, missing required fields and
 * depth over 4 are -EBADMSG with @diag naming the field. */
int codec_decode(const char *text, size_t len, struct wire_record *ret_record, struct diag *diag);

const char *wire_record_type_name(enum wire_record_type type);

/* The data dictionary, for `plumbline data-dictionary` and the test. */
struct wire_field {
	enum wire_record_type record;
	const char *name; /* in JSON */
	const char *type; /* "string", "integer", "time", "path", "digest", "enum", ... */
	const char *purpose;
	const char *retention; /* at the collector, by default */
	const char *audience;  /* who sees it */
	int is_personal;
	int is_required;
};
const struct wire_field *codec_fields(size_t *ret_count);

#endif
