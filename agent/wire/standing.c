/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/standing.h"

#include "base/json.h"

/* As in status.c: our JSON writer has two of jansson's names. */
#define json_string jansson_string
#define json_null   jansson_null
#include <jansson.h>
#undef json_string
#undef json_null

#include <errno.h>

#include "base/str.h"
#include "wire/field.h"

#define ERRNO_MAX 4095

int standing_encode(const struct standing *standing, struct strbuf *out)
{
	struct json j = JSON_INIT(out);

	json_begin_object(&j);
	json_put_string(&j, "type", "standing");
	json_put_u64(&j, "capabilities", standing->capabilities);
	json_put_u64(&j, "hindrances", standing->hindrances);
	json_key(&j, "rungs");
	json_begin_array(&j);
	for (size_t i = 0; i < standing->rung_count; i++) {
		json_begin_object(&j);
		json_put_string(&j, "name", standing->rungs[i].name);
		json_put_i64(&j, "error", -standing->rungs[i].error);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_key(&j, "parts");
	json_begin_array(&j);
	for (size_t i = 0; i < standing->part_count; i++) {
		const struct standing_part *part = &standing->parts[i];

		json_begin_object(&j);
		json_put_string(&j, "name", part->name);
		json_put_string(&j, "state", part_state_name(part->state));
		json_put_i64(&j, "error", -part->error);
		json_put_u64(&j, "skipped", part->skipped);
		json_end_object(&j);
	}
	json_end_array(&j);
	json_end_object(&j);
	return strbuf_check(out);
}

static bool read_number(const json_t *from, const char *key, json_int_t max, uint64_t *ret_value)
{
	const json_t *found = json_object_get(from, key);
	json_int_t value = json_integer_value(found);

	if (!json_is_integer(found) || value < 0 || value > max)
		return false;
	*ret_value = (uint64_t)value;
	return true;
}

static bool read_name(const json_t *from, char *to, size_t size, int *ret_error)
{
	const char *name = json_string_value(json_object_get(from, "name"));
	uint64_t error;

	if (!name || !read_number(from, "error", ERRNO_MAX, &error))
		return false;
	str_copy(to, size, name);
	*ret_error = -(int)error;
	return true;
}

static bool read_part(const json_t *from, struct standing_part *part)
{
	const char *state = json_string_value(json_object_get(from, "state"));

	while (part->state < PART_STATE_COUNT && !str_equal(part_state_name(part->state), state))
		part->state++;
	return part->state < PART_STATE_COUNT &&
	       read_name(from, part->name, sizeof(part->name), &part->error) &&
	       read_number(from, "skipped", INT64_MAX, &part->skipped);
}

static bool read_all(const json_t *tree, struct standing *to)
{
	uint64_t hindrances = 0;
	json_t *item;
	size_t i;

	if (!read_number(tree, "capabilities", INT64_MAX, &to->capabilities) ||
	    !read_number(tree, "hindrances", UINT32_MAX, &hindrances))
		return false;
	to->hindrances = (uint32_t)hindrances;
	json_array_foreach(json_object_get(tree, "rungs"), i, item)
	{
		struct standing_rung *rung = &to->rungs[to->rung_count];

		if (to->rung_count == STANDING_RUNGS_MAX)
			break;
		if (!read_name(item, rung->name, sizeof(rung->name), &rung->error))
			return false;
		to->rung_count++;
	}
	json_array_foreach(json_object_get(tree, "parts"), i, item)
	{
		if (to->part_count == STANDING_PARTS_MAX)
			break;
		if (!read_part(item, &to->parts[to->part_count]))
			return false;
		to->part_count++;
	}
	return true;
}

int standing_decode(const char *text, size_t len, struct standing *ret_standing, struct diag *diag)
{
	cleanup_with(field_unloadp) json_t *tree = NULL;
	struct standing standing = {0};
	int r;

	r = field_load(text, len, CODEC_MAX_BYTES, &tree, diag);
	if (r < 0)
		return r;
	if (!read_all(tree, &standing))
		return diag_set(diag, "", 0, -EBADMSG,
				"the agent's answer about its sensor is "
				"not understood");
	*ret_standing = standing;
	return 0;
}
