/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loops over a field table, and the limits before the JSON parser.
 *
 * Knows no record type: what may leave the host is decided by the tables in
 * codec.c, how a value looks by shape.c.
 */
#include "wire/field.h"

#include <errno.h>
#include <string.h>

#include "base/hash.h"
#include "base/json_depth.h"
#include "base/str.h"
#include "wire/shape.h"

#define USER_HASH_BYTES 8

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

int field_load(const char *text, size_t len, size_t max_bytes, struct json_t **ret_tree,
	       struct diag *diag)
{
	json_error_t error;
	json_t *tree;

	if (len > max_bytes)
		return diag_set(diag, "", 0, -E2BIG, "record of %zu bytes is over the limit of %zu",
				len, max_bytes);
	/* Found before the parser recurses. */
	if (!json_is_shallow(text, len, FIELD_MAX_DEPTH))
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

/* @group is the row of the object that @tree is, NULL at the top. */
static int refuse_unknown(const struct wire_field *fields, size_t count, enum wire_record_type type,
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
		} else {
			r = decode_value(row, json_object_get(tree, row->name), field, diag);
		}
		if (r < 0)
			return r;
	}
	return 0;
}

int field_refuse_unknown(const struct wire_field *fields, size_t count, enum wire_record_type type,
			 const struct json_t *tree, struct diag *diag)
{
	int r = refuse_unknown(fields, count, type, NULL, tree, diag);

	for (const struct wire_field *row = fields; r == 0 && row < fields + count; row++) {
		const json_t *members = json_object_get(tree, row->name);

		if (is_of(row, type) && row->shape == &shape_group && members)
			r = refuse_unknown(fields, count, type, row, members, diag);
	}
	return r;
}
