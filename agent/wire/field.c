/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shapes of fields and the loops over a field table.
 *
 * Knows no record type: what may leave the host is decided by the tables in
 * codec.c. The only file that includes jansson.
 */
#include "wire/field.h"

/* Our JSON writer has two of jansson's names; its constructors are not used here. */
#define json_string jansson_string
#define json_null   jansson_null
#include <jansson.h>
#undef json_string
#undef json_null

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"

#define ELLIPSIS	"\xe2\x80\xa6"
#define REPLACEMENT	"\xef\xbf\xbd"
#define LIST_MAX_ITEMS	128
#define USER_HASH_BYTES 8
#define NAME_MAX_BYTES	64

struct wire_shape {
	const char *name;
	bool (*is_absent)(const void *field);
	int (*encode)(const struct wire_field *row, const void *field, struct json *j);
	/* -EINVAL when @value does not fit; "what" is the shape's name in the message. */
	int (*decode)(const struct wire_field *row, const json_t *value, void *field);
	void (*set_absent)(void *field); /* NULL: zero means absent */
};

static bool pointer_is_absent(const void *field)
{
	return !*(char *const *)field;
}

static bool never_absent(const void *field)
{
	return false;
}

/* The string value when it is one and at most @max bytes long. */
static const char *text_value(const json_t *value, size_t max)
{
	if (!json_is_string(value) || json_string_length(value) > max)
		return NULL;
	return json_string_value(value);
}

static int set_text(void *field, char *text)
{
	if (!text)
		return -ENOMEM;

	free(*(char **)field);
	*(char **)field = text;
	return 0;
}

/* Bytes at @text that may stay: a valid sequence, and no control character but tab and newline. */
static size_t clean_length(const char *text, size_t len)
{
	if ((unsigned char)*text < ' ' && *text != '\t' && *text != '\n')
		return 0;
	return utf8_length(text, len);
}

/* Valid UTF-8 of at most @max bytes; what had to be cut is marked. */
static int clean_text(const char *text, size_t max, struct strbuf *out)
{
	size_t len = strlen(text), good = 0;

	for (size_t i = 0; i < len;) {
		size_t n = clean_length(text + i, len - i);
		const char *from = n ? text + i : REPLACEMENT;
		size_t add = n ? n : strlen(REPLACEMENT);

		if (out->len + add > max) {
			out->len = good;
			strbuf_add_str(out, ELLIPSIS);
			break;
		}
		strbuf_add(out, from, add);
		/* Where the text may end so that the mark still fits. */
		if (out->len + strlen(ELLIPSIS) <= max)
			good = out->len;
		i += n ? n : 1;
	}
	return strbuf_check(out);
}

static int encode_text(const struct wire_field *row, const void *field, struct json *j)
{
	cleanup_strbuf struct strbuf clean = STRBUF_INIT;
	int r;

	r = clean_text(*(char *const *)field, row->max_bytes, &clean);
	if (r < 0)
		return r;

	json_string(j, clean.data ? clean.data : "");
	return 0;
}

static int decode_text(const struct wire_field *row, const json_t *value, void *field)
{
	const char *text = text_value(value, row->max_bytes);

	return text ? set_text(field, strdup(text)) : -EINVAL;
}

const struct wire_shape shape_text = {
	.name = "text",
	.is_absent = pointer_is_absent,
	.encode = encode_text,
	.decode = decode_text,
};

static int encode_pem(const struct wire_field *row, const void *field, struct json *j)
{
	const char *text = *(char *const *)field;

	if (strlen(text) > row->max_bytes)
		return -EMSGSIZE;

	json_string(j, text);
	return 0;
}

const struct wire_shape shape_pem = {
	.name = "pem",
	.is_absent = pointer_is_absent,
	.encode = encode_pem,
	.decode = decode_text,
};

/* The limit counts raw bytes: an escape is four characters for one of them. */
static int encode_path(const struct wire_field *row, const void *field, struct json *j)
{
	cleanup_free char *raw = strndup(*(char *const *)field, row->max_bytes);

	if (!raw)
		return -ENOMEM;

	json_path(j, raw);
	return 0;
}

static int decode_path(const struct wire_field *row, const json_t *value, void *field)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;
	const char *text = text_value(value, 4 * row->max_bytes);
	int r;

	if (!text)
		return -EINVAL;

	r = str_unescape(&raw, text, strlen(text));
	if (r < 0)
		return r;
	if (raw.len > row->max_bytes || (raw.len && memchr(raw.data, '\0', raw.len)))
		return -EINVAL;

	return set_text(field, strbuf_take(&raw));
}

const struct wire_shape shape_path = {
	.name = "path",
	.is_absent = pointer_is_absent,
	.encode = encode_path,
	.decode = decode_path,
};

static bool array_is_absent(const void *field)
{
	return *(const char *)field == '\0';
}

static int encode_array(const struct wire_field *row, const void *field, struct json *j)
{
	json_string(j, field);
	return 0;
}

static int decode_name(const struct wire_field *row, const json_t *value, void *field)
{
	const char *text = text_value(value, AGENT_NAME_SIZE - 1);

	if (!text || !agent_name_is_valid(text))
		return -EINVAL;

	memcpy(field, text, strlen(text) + 1);
	return 0;
}

const struct wire_shape shape_name = {
	.name = "name",
	.is_absent = array_is_absent,
	.encode = encode_array,
	.decode = decode_name,
};

static int decode_digest(const struct wire_field *row, const json_t *value, void *field)
{
	const char *text = text_value(value, SHA256_HEX_SIZE - 1);
	uint8_t digest[SHA256_SIZE];

	if (!text || hex_decode(text, strlen(text), digest, sizeof(digest)) < 0)
		return -EINVAL;

	memcpy(field, text, SHA256_HEX_SIZE);
	return 0;
}

const struct wire_shape shape_digest = {
	.name = "digest",
	.is_absent = array_is_absent,
	.encode = encode_array,
	.decode = decode_digest,
};

static int encode_u64(const struct wire_field *row, const void *field, struct json *j)
{
	uint64_t value = *(const uint64_t *)field;

	if (value > INT64_MAX)
		return -ERANGE;

	json_u64(j, value);
	return 0;
}

static int decode_integer(const json_t *value, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	json_int_t number;

	if (!json_is_integer(value))
		return -EINVAL;

	number = json_integer_value(value);
	if (number < 0 || (uint64_t)number < min || (uint64_t)number > max)
		return -EINVAL;

	*ret_value = number;
	return 0;
}

static int decode_u64(const struct wire_field *row, const json_t *value, void *field)
{
	return decode_integer(value, 0, INT64_MAX, field);
}

const struct wire_shape shape_u64 = {
	.name = "integer",
	.is_absent = never_absent,
	.encode = encode_u64,
	.decode = decode_u64,
};

static bool number_is_absent(const void *field)
{
	return *(const uint64_t *)field == 0;
}

static int decode_number(const struct wire_field *row, const json_t *value, void *field)
{
	return decode_integer(value, 1, INT64_MAX, field);
}

const struct wire_shape shape_number = {
	.name = "number",
	.is_absent = number_is_absent,
	.encode = encode_u64,
	.decode = decode_number,
};

static int encode_u32(const struct wire_field *row, const void *field, struct json *j)
{
	json_u64(j, *(const uint32_t *)field);
	return 0;
}

static int decode_u32(const struct wire_field *row, const json_t *value, void *field)
{
	uint64_t number;
	int r;

	r = decode_integer(value, 0, UINT32_MAX, &number);
	if (r < 0)
		return r;

	*(uint32_t *)field = number;
	return 0;
}

const struct wire_shape shape_u32 = {
	.name = "integer",
	.is_absent = never_absent,
	.encode = encode_u32,
	.decode = decode_u32,
};

static bool uid_is_absent(const void *field)
{
	return *(const uint32_t *)field == SUBJECT_UID_NONE;
}

static void uid_set_absent(void *field)
{
	*(uint32_t *)field = SUBJECT_UID_NONE;
}

const struct wire_shape shape_uid = {
	.name = "uid",
	.is_absent = uid_is_absent,
	.encode = encode_u32,
	.decode = decode_u32,
	.set_absent = uid_set_absent,
};

static int encode_cookie(const struct wire_field *row, const void *field, struct json *j)
{
	char text[17];

	snprintf(text, sizeof(text), "%016llx", *(const unsigned long long *)field);
	json_string(j, text);
	return 0;
}

static int decode_cookie(const struct wire_field *row, const json_t *value, void *field)
{
	const char *text = text_value(value, 16);
	uint8_t bytes[8];
	uint64_t number = 0;

	if (!text || hex_decode(text, strlen(text), bytes, sizeof(bytes)) < 0)
		return -EINVAL;

	for (size_t i = 0; i < sizeof(bytes); i++)
		number = number << 8 | bytes[i];
	*(uint64_t *)field = number;
	return 0;
}

const struct wire_shape shape_cookie = {
	.name = "cookie",
	.is_absent = number_is_absent,
	.encode = encode_cookie,
	.decode = decode_cookie,
};

static bool time_is_absent(const void *field)
{
	return *(const int64_t *)field == 0;
}

static int encode_time(const struct wire_field *row, const void *field, struct json *j)
{
	json_time(j, *(const int64_t *)field);
	return 0;
}

static int decode_time(const struct wire_field *row, const json_t *value, void *field)
{
	const char *text = text_value(value, RFC3339_SIZE);
	int64_t time_ns;

	if (!text || clock_parse(text, &time_ns) < 0)
		return -EINVAL;

	*(int64_t *)field = time_ns;
	return 0;
}

const struct wire_shape shape_time = {
	.name = "time",
	.is_absent = time_is_absent,
	.encode = encode_time,
	.decode = decode_time,
};

/* A list is one string in the struct: items separated by @separators. What is over the limit is
 * left out. */
static int encode_list(const struct wire_field *row, const char *text, const char *separators,
		       struct json *j)
{
	cleanup_strbuf struct strbuf clean = STRBUF_INIT;
	char *rest, *item;
	int r;

	r = clean_text(text, row->max_bytes, &clean);
	if (r < 0)
		return r;

	rest = clean.data;
	json_begin_array(j);
	for (size_t items = 0; items < LIST_MAX_ITEMS && (item = strsep(&rest, separators));) {
		item += strspn(item, " ");
		if (!*item)
			continue;
		json_string(j, item);
		items++;
	}
	json_end_array(j);
	return 0;
}

static int decode_list(const struct wire_field *row, const json_t *value, const char *separator,
		       void *field)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	size_t i;
	json_t *item;

	if (!json_is_array(value) || json_array_size(value) > LIST_MAX_ITEMS)
		return -EINVAL;

	json_array_foreach(value, i, item)
	{
		const char *word = text_value(item, row->max_bytes);

		if (!word || !*word || *word == ' ' ||
		    strpbrk(word, separator[0] == ',' ? "," : " "))
			return -EINVAL;
		if (i > 0)
			strbuf_add_str(&text, separator);
		strbuf_add_str(&text, word);
	}
	if (text.len > row->max_bytes)
		return -EINVAL;

	return set_text(field, strbuf_take(&text));
}

static int encode_words(const struct wire_field *row, const void *field, struct json *j)
{
	return encode_list(row, *(char *const *)field, " ", j);
}

static int decode_words(const struct wire_field *row, const json_t *value, void *field)
{
	return decode_list(row, value, " ", field);
}

const struct wire_shape shape_words = {
	.name = "list",
	.is_absent = pointer_is_absent,
	.encode = encode_words,
	.decode = decode_words,
};

static int encode_phrases(const struct wire_field *row, const void *field, struct json *j)
{
	return encode_list(row, *(char *const *)field, ",", j);
}

static int decode_phrases(const struct wire_field *row, const json_t *value, void *field)
{
	return decode_list(row, value, ", ", field);
}

const struct wire_shape shape_phrases = {
	.name = "list",
	.is_absent = pointer_is_absent,
	.encode = encode_phrases,
	.decode = decode_phrases,
};

/* An enum that the model can name. The name of nothing ("none") is not written. */
#define DEFINE_ENUM_SHAPE(word, type, name_fn, parse_fn)                                          \
	static int encode_##word(const struct wire_field *row, const void *field, struct json *j) \
	{                                                                                         \
		const char *name = name_fn(*(const type *)field);                                 \
                                                                                                  \
		if (!name)                                                                        \
			return -EINVAL;                                                           \
		json_string(j, name);                                                             \
		return 0;                                                                         \
	}                                                                                         \
	static int decode_##word(const struct wire_field *row, const json_t *value, void *field)  \
	{                                                                                         \
		const char *name = text_value(value, NAME_MAX_BYTES);                             \
		type parsed;                                                                      \
                                                                                                  \
		if (!name || parse_fn(name, &parsed) < 0)                                         \
			return -EINVAL;                                                           \
		*(type *)field = parsed;                                                          \
		return 0;                                                                         \
	}                                                                                         \
	const struct wire_shape shape_##word = {                                                  \
		.name = #word,                                                                    \
		.is_absent = never_absent,                                                        \
		.encode = encode_##word,                                                          \
		.decode = decode_##word,                                                          \
	}

DEFINE_ENUM_SHAPE(kind, enum finding_kind, finding_kind_name, finding_kind_parse);
DEFINE_ENUM_SHAPE(severity, enum finding_severity, finding_severity_name, finding_severity_parse);
DEFINE_ENUM_SHAPE(state, enum finding_state, finding_state_name, finding_state_parse);
DEFINE_ENUM_SHAPE(outcome, enum check_outcome, check_outcome_name, check_outcome_parse);
DEFINE_ENUM_SHAPE(coverage, enum coverage_state, coverage_state_name, coverage_state_parse);
DEFINE_ENUM_SHAPE(record_type, enum wire_record_type, wire_record_type_name,
		  wire_record_type_parse);

static bool group_is_absent(const void *field)
{
	return !*(const bool *)field;
}

const struct wire_shape shape_group = {
	.name = "object",
	.is_absent = group_is_absent,
};

const char *wire_field_type(const struct wire_field *field)
{
	return field->shape->name;
}

static bool is_member(const struct wire_field *row, const struct wire_field *group)
{
	size_t len = strlen(group->name);

	return strncmp(row->name, group->name, len) == 0 && row->name[len] == '.';
}

/* The name within its object. */
static const char *local_name(const struct wire_field *row)
{
	const char *dot = strchr(row->name, '.');

	return dot ? dot + 1 : row->name;
}

/* A user name that may not leave clear: "sha256:" and 16 digits over salt, NUL and name. */
static int encode_hashed(const char *name, const char *salt, struct json *j)
{
	cleanup_with(hash_freep) struct hash *hash = NULL;
	char text[sizeof("sha256:") + 2 * USER_HASH_BYTES] = "sha256:";
	uint8_t digest[SHA256_SIZE];
	int r;

	r = hash_new(&hash);
	if (r < 0)
		return r;

	hash_reset(hash);
	hash_update(hash, salt, strlen(salt) + 1);
	hash_update(hash, name, strlen(name));
	r = hash_final(hash, digest);
	if (r < 0)
		return r;

	hex_encode(digest, USER_HASH_BYTES, text + strlen("sha256:"));
	json_string(j, text);
	return 0;
}

static enum wire_privacy field_privacy(const struct wire_field *row,
				       const struct wire_policy *policy)
{
	if (!row->is_user_name || !policy)
		return WIRE_PRIVACY_CLEAR;
	if (policy->user_names == WIRE_PRIVACY_HASHED && (!policy->salt || !*policy->salt))
		return WIRE_PRIVACY_OFF;
	return policy->user_names;
}

static int encode_value(const struct wire_field *row, const void *value,
			const struct wire_policy *policy, struct json *j)
{
	enum wire_privacy privacy = field_privacy(row, policy);

	if (row->shape->is_absent(value))
		return row->is_required ? -EINVAL : 0;
	if (privacy == WIRE_PRIVACY_OFF)
		return 0;

	json_key(j, local_name(row));
	if (privacy == WIRE_PRIVACY_HASHED)
		return encode_hashed(*(char *const *)value, policy->salt, j);
	return row->shape->encode(row, value, j);
}

int field_encode(const struct wire_field *fields, size_t count, enum wire_record_type type,
		 const void *object, const struct wire_policy *policy, struct json *j)
{
	const struct wire_field *group = NULL;
	bool is_open = false;
	int r;

	for (const struct wire_field *row = fields; row < fields + count; row++) {
		const void *value = (const char *)object + row->offset;

		if (row->record != type)
			continue;
		if (group && !is_member(row, group)) {
			if (is_open)
				json_end_object(j);
			group = NULL;
		}
		if (group && !is_open)
			continue;
		if (row->shape == &shape_group) {
			group = row;
			is_open = !row->shape->is_absent(value);
			if (is_open) {
				json_key(j, row->name);
				json_begin_object(j);
			} else if (row->is_required) {
				return -EINVAL;
			}
			continue;
		}
		r = encode_value(row, value, policy, j);
		if (r < 0)
			return r;
	}
	if (group && is_open)
		json_end_object(j);
	return 0;
}

/* Depth over the limit is found before the parser recurses. */
static bool is_too_deep(const char *text, size_t len)
{
	bool in_string = false;
	unsigned depth = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			if (++depth > FIELD_MAX_DEPTH)
				return true;
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

int field_load(const char *text, size_t len, size_t max_bytes, struct json_t **ret_tree,
	       struct diag *diag)
{
	json_error_t error;
	json_t *tree;

	if (len > max_bytes)
		return diag_set(diag, "", 0, -E2BIG, "record of %zu bytes is over the limit of %zu",
				len, max_bytes);
	if (is_too_deep(text, len))
		return diag_set(diag, "", 0, -EBADMSG, "nested deeper than %d levels",
				FIELD_MAX_DEPTH);

	tree = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (!tree && json_error_code(&error) == json_error_out_of_memory)
		return -ENOMEM;
	if (!tree)
		return diag_set(diag, "", 0, -EBADMSG, "not valid JSON at byte %d: %s",
				error.position, error.text);
	if (!json_is_object(tree)) {
		json_decref(tree);
		return diag_set(diag, "", 0, -EBADMSG, "not a JSON object");
	}

	*ret_tree = tree;
	return 0;
}

struct json_t *field_unload(struct json_t *tree)
{
	json_decref(tree);
	return NULL;
}

const char *field_peek(const struct json_t *tree, const char *name)
{
	return json_string_value(json_object_get(tree, name));
}

static bool is_of(const struct wire_field *row, enum wire_record_type type)
{
	return row->record == type || row->record == WIRE_NONE;
}

/* Every key must be a row; @group is the row of the object that @tree is, NULL at the top. */
static int check_keys(const struct wire_field *fields, size_t count, enum wire_record_type type,
		      const struct wire_field *group, const json_t *tree, struct diag *diag)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)tree, key, value)
	{
		const struct wire_field *row = fields, *end = fields + count;

		while (row < end && !(is_of(row, type) && strcmp(local_name(row), key) == 0 &&
				      (group ? is_member(row, group) : !strchr(row->name, '.'))))
			row++;
		if (row == end)
			return diag_set(diag, "", 0, -EBADMSG, "unknown field '%s%s%.64s'",
					group ? group->name : "", group ? "." : "", key);
	}
	return 0;
}

static int decode_value(const struct wire_field *row, const json_t *value, void *field,
			struct diag *diag)
{
	int r;

	if (!value && row->is_required)
		return diag_set(diag, "", 0, -EBADMSG, "field '%s' is missing", row->name);
	if (!value) {
		if (row->shape->set_absent)
			row->shape->set_absent(field);
		return 0;
	}

	r = row->shape->decode(row, value, field);
	if (r < 0 && r != -ENOMEM)
		return diag_set(diag, "", 0, -EBADMSG, "field '%s' is not a valid %s", row->name,
				row->shape->name);
	return r;
}

static int decode_group(const struct wire_field *row, const json_t *value, void *field,
			struct diag *diag)
{
	if (!value && row->is_required)
		return diag_set(diag, "", 0, -EBADMSG, "field '%s' is missing", row->name);
	if (value && !json_is_object(value))
		return diag_set(diag, "", 0, -EBADMSG, "field '%s' is not an object", row->name);

	*(bool *)field = value != NULL;
	return 0;
}

int field_decode(const struct wire_field *fields, size_t count, enum wire_record_type type,
		 const struct json_t *tree, void *object, struct diag *diag)
{
	const struct wire_field *group = NULL;
	const json_t *members = NULL;
	int r;

	r = check_keys(fields, count, type, NULL, tree, diag);
	if (r < 0)
		return r;

	for (const struct wire_field *row = fields; row < fields + count; row++) {
		void *field = (char *)object + row->offset;

		if (!is_of(row, type))
			continue;
		if (group && is_member(row, group)) {
			if (!members && row->shape->set_absent)
				row->shape->set_absent(field);
			if (!members)
				continue;
			r = decode_value(row, json_object_get(members, local_name(row)), field,
					 diag);
		} else if (row->shape == &shape_group) {
			group = row;
			members = json_object_get(tree, row->name);
			r = decode_group(row, members, field, diag);
			if (r == 0 && members)
				r = check_keys(fields, count, type, group, members, diag);
		} else {
			r = decode_value(row, json_object_get(tree, row->name), field, diag);
		}
		if (r < 0)
			return r;
	}
	return 0;
}
