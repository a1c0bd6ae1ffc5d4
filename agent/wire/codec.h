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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/hash.h"
#include "base/strbuf.h"
#include "model/agent_name.h"
#include "model/check_result.h"
#include "model/coverage.h"
#include "model/finding.h"

/* Of one encoded record. The table's limits keep every finding below it, whatever the bytes are. */
#define CODEC_MAX_BYTES 60000

enum wire_record_type {
	WIRE_NONE,
	WIRE_HELLO,    /* who this agent is: name, version, rung, evidence key, baseline */
	WIRE_FINDING,  /* a finding as it now stands */
	WIRE_CHECK,    /* a check result that changed */
	WIRE_COVERAGE, /* a coverage interval that began or ended */
	WIRE_BASELINE, /* a baseline was loaded or refused */
	WIRE_HEAD,     /* a signed chain head */
	WIRE_BATCH,    /* the first line of a batch (batch.h); never has a sequence */
	WIRE_RECORD_TYPE_COUNT,
};

struct wire_hello {
	char *agent, *version, *rung, *rung_reason, *kernel, *os;
	char *profile;	    /* of the checks; NULL */
	char *baseline;	    /* statement digest or NULL */
	char *evidence_key; /* PEM public key */
	int64_t time_ns;
};

struct wire_baseline {
	char *digest, *name;
	char *outcome; /* "loaded" or "refused" */
	char *reason;
	uint64_t revision, entries;
	int64_t time_ns;
};

struct wire_head {
	uint64_t sequence;
	char chain[SHA256_HEX_SIZE];
	char *signature; /* base64 DER over "plumbline-head\n" sequence "\n" chain-hex "\n" */
	char *key_id;	 /* hex SHA-256 of the public key (DER) */
};

struct batch_header {
	uint64_t version; /* 1 */
	char agent[AGENT_NAME_SIZE];
	uint64_t first, last, count;
	char chain_before[SHA256_HEX_SIZE], chain[SHA256_HEX_SIZE];
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
		struct batch_header batch;
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
	/*
	 * The same on all hosts of a site, so that equal names stay equal, and secret, because
	 * names are few and a bare hash of one is quickly guessed. NULL or "": hashed fields are
	 * left out.
	 */
	const char *salt;
};

/*
 * Appends one JSON object without newline: {"type":"finding",...}; `seq` is not part of it. Text
 * over a field's limit is cut and ends in U+2026. -EINVAL when a required field is not set, -ERANGE
 * for a number over INT64_MAX, -E2BIG, -ENOMEM;
 * @out is then as before.
 */
int codec_encode(const struct wire_record *record, const struct wire_policy *policy,
		 struct strbuf *out);

/*
 * One JSON object (with or without "seq"). Repeated fields, wrong types, missing required fields
 * and depth over 4 are -EBADMSG with @diag naming the field; over CODEC_MAX_BYTES is -E2BIG. Fields
 * that a later version may have added are passed over. Times come back in milliseconds.
 */
int codec_decode(const char *text, size_t len, struct wire_record *ret_record, struct diag *diag);

const char *wire_record_type_name(enum wire_record_type type);
int wire_record_type_parse(const char *name, enum wire_record_type *ret_type);

/* How values of one C type are written and read (field.h). */
struct wire_shape;

/* One row of the data dictionary, which is also what the codec runs on. */
struct wire_field {
	enum wire_record_type record; /* WIRE_NONE: part of every record */
	const char *name;	      /* in JSON; "subject.pid" is `pid` in the object `subject` */
	const struct wire_shape *shape; /* wire_field_type() for people */
	size_t offset;			/* of the value in the encoded struct */
	size_t max_bytes;		/* of text; 0 for all else */
	const char *purpose;
	const char *retention; /* at the collector, by default */
	const char *audience;  /* who sees it */
	bool is_personal;      /* names or may name a person */
	bool is_user_name;     /* off, hashed or clear by site policy */
	bool is_required;
};

const struct wire_field *codec_fields(size_t *ret_count);
/* "text", "path", "integer", "time", "digest", "list", ... */
const char *wire_field_type(const struct wire_field *field);

#endif
