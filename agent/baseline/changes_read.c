/* SPDX-License-Identifier: Apache-2.0 */
/* Reader of one line of changes.jsonl. A file of its own, for jansson and base/json.h have names in
 * common. */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/ini.h"
#include "base/json_depth.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "baseline/changes.h"

/* An object and one list: deeper ones are refused before the parser recurses into them. */
#define DEPTH_MAX 2

static int take_path(const json_t *root, struct baseline_change *change)
{
	cleanup_strbuf struct strbuf raw = STRBUF_INIT;
	const json_t *value = json_object_get(root, "path");

	if (!json_is_string(value) ||
	    str_unescape(&raw, json_string_value(value), json_string_length(value)) < 0 ||
	    (raw.len > 0 && memchr(raw.data, '\0', raw.len)))
		return -EBADMSG;
	change->path = strbuf_take(&raw);
	return change->path ? 0 : -ENOMEM;
}

static int take_kind(const json_t *root, struct baseline_change *change)
{
	const char *name = json_string_value(json_object_get(root, "change"));

	return name && diff_kind_parse(name, &change->kind) == 0 ? 0 : -EBADMSG;
}

static int take_findings(const json_t *root, struct baseline_change *change)
{
	const json_t *list = json_object_get(root, "findings");

	if (!list)
		return 0;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *id = json_string_value(json_array_get(list, i));

		if (!id || i >= CHANGE_FINDINGS_MAX)
			return -EBADMSG;
		if (strv_append(&change->findings, id) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int take_fields(const json_t *root, struct baseline_change *change)
{
	const char *reason = json_string_value(json_object_get(root, "reason"));
	int r;

	if (!reason)
		return -EBADMSG;
	change->reason = strdup(reason);
	if (!change->reason)
		return -ENOMEM;
	r = take_path(root, change);
	if (r == 0)
		r = take_kind(root, change);
	return r < 0 ? r : take_findings(root, change);
}

/* Lenient: what was not taken is missing when the line is written again. */
int change_read(const char *line, size_t len, struct baseline_change *ret_change)
{
	cleanup_with(baseline_change_done) struct baseline_change change = {0};
	cleanup_strbuf struct strbuf again = STRBUF_INIT;
	json_t *root;
	int r;

	if (len >= CHANGE_LINE_MAX || !json_is_shallow(line, len, DEPTH_MAX))
		return -EBADMSG;
	root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	if (!root)
		return -EBADMSG;
	r = take_fields(root, &change);
	json_decref(root);
	if (r == 0)
		r = change_write(&change, &again);
	if (r == -ENOMEM)
		return r;
	if (r < 0 || again.len != len + 1 || memcmp(again.data, line, len) != 0)
		return -EBADMSG;
	*ret_change = change;
	change = (struct baseline_change){0};
	return 0;
}
