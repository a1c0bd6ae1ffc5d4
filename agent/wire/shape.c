/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shapes of all fields: text, path, numbers, times, lists and the model's enums.
 *
 * Each writes only what its own reader takes back: longer text is cut here, so
 * that no record leaves that a collector would have to refuse.
 */
#include "wire/shape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/str.h"
#include "wire/field.h"

#define ELLIPSIS       "\xe2\x80\xa6"
#define REPLACEMENT    "\xef\xbf\xbd"
#define LIST_MAX_ITEMS 128
#define NAME_MAX_BYTES 64

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
