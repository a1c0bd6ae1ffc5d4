/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables to JSON and back: the machine below the codec, and with shape.h the home of
 * jansson. Private to wire/.
 *
 * A table is an array of struct wire_field; dots in a name open one object
 * level, whose own row (shape group) stands before its members.
 */
#ifndef PLUMBLINE_WIRE_FIELD_H
#define PLUMBLINE_WIRE_FIELD_H

#include "base/json.h"
#include "wire/codec.h"

#define FIELD_MAX_DEPTH 4

extern const struct wire_shape shape_group;  /* bool: whether the object is there */
extern const struct wire_shape shape_text;   /* char *, UTF-8 */
extern const struct wire_shape shape_path;   /* char *, raw bytes, escaped reversibly */
extern const struct wire_shape shape_pem;    /* char *, refused instead of cut */
extern const struct wire_shape shape_name;   /* char[AGENT_NAME_SIZE] */
extern const struct wire_shape shape_digest; /* char[SHA256_HEX_SIZE], "" is absent */
extern const struct wire_shape shape_u64;    /* uint64_t up to INT64_MAX */
extern const struct wire_shape shape_u32;
extern const struct wire_shape shape_number; /* uint64_t from 1; 0 is absent */
extern const struct wire_shape shape_uid;    /* uint32_t; SUBJECT_UID_NONE is absent */
extern const struct wire_shape
	shape_cookie; /* uint64_t as 16 hex digits (JSON readers cut at 53 bits) */
extern const struct wire_shape shape_time;    /* int64_t ns since 1970; 0 is absent */
extern const struct wire_shape shape_words;   /* char *: list, words separated by spaces */
extern const struct wire_shape shape_phrases; /* char *: list, separated by ", " */
extern const struct wire_shape shape_kind;    /* enum finding_kind, and so on */
extern const struct wire_shape shape_severity;
extern const struct wire_shape shape_state;
extern const struct wire_shape shape_outcome;
extern const struct wire_shape shape_coverage;
extern const struct wire_shape shape_record_type;

/*
 * Writes the members (no braces) that belong to @type itself. @policy NULL writes user names clear.
 * -EINVAL when a required field is not set, -ERANGE, -EMSGSIZE.
 */
int field_encode(const struct wire_field *fields, size_t count, enum wire_record_type type,
		 const void *object, const struct wire_policy *policy, struct json *j);

struct json_t; /* jansson's */

/* Limits first (@max_bytes, depth), then the parser. -E2BIG or -EBADMSG with @diag. */
int field_load(const char *text, size_t len, size_t max_bytes, struct json_t **ret_tree,
	       struct diag *diag);
struct json_t *field_unload(struct json_t *tree);
DEFINE_CLEANUP(struct json_t *, field_unload)

/* A top-level string, or NULL. */
const char *field_peek(const struct json_t *tree, const char *name);

/*
 * Reads the members of @type and those of every record (WIRE_NONE), and passes over those that a
 * later version may have added. @object must be zeroed; on failure it may be partly filled, and its
 * _done() frees it.
 */
int field_decode(const struct wire_field *fields, size_t count, enum wire_record_type type,
		 const struct json_t *tree, void *object, struct diag *diag);

/* -EBADMSG with @diag naming it when @tree has a member that is no row: for what is signed as it is
 * read. */
int field_refuse_unknown(const struct wire_field *fields, size_t count, enum wire_record_type type,
			 const struct json_t *tree, struct diag *diag);

#endif
