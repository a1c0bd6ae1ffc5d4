/* SPDX-License-Identifier: Apache-2.0 */
/* What one walk over all local file systems found: the runner makes it once for all checks of this
 * kind. */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/inventory.h"
#include "checks/names.h"
#include "checks/probe.h"

enum {
	KEY_FACT,
	KEY_EXCEPT
};

static const struct probe_key keys[] = {
	[KEY_FACT] = {"fact", PROBE_KEY_CHOICE, true,
		      "setuid writable_file writable_folder unowned"},
	[KEY_EXCEPT] = {"except", PROBE_KEY_PATHS}, /* trees that are not looked at */
	{NULL},
};

static enum walk_fact fact_of(const char *name)
{
	return str_equal(name, "setuid")	    ? WALK_SETUID
	       : str_equal(name, "writable_file")   ? WALK_WRITABLE_FILE
	       : str_equal(name, "writable_folder") ? WALK_WRITABLE_FOLDER
						    : WALK_UNOWNED;
}

static bool is_excepted(const char *trees, const char *path)
{
	const char *cursor = trees, *word;
	size_t len;

	while (trees && words_next(&cursor, WORDS_SPACE, &word, &len))
		if (strncmp(path, word, len) == 0 && (!path[len] || path[len] == '/'))
			return true;
	return false;
}

static size_t count_listed(const struct strbuf *paths)
{
	size_t count = 0;

	for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1)
		count++;
	return count;
}

/* None was found; yet some may be where nobody looked. */
static int check_depth(const struct root *root, const char *except, struct probe_value *value)
{
	const struct strbuf *paths = &root->inventory->facts[WALK_TOO_DEEP].paths;
	size_t count = root->inventory->facts[WALK_TOO_DEEP].count;

	for (size_t at = 0; at < paths->len; at += strlen(paths->data + at) + 1) {
		const char *path = paths->data + at;

		if (is_excepted(except, path))
			continue;
		root_note_look(root, LOOKED_AT, path);
		return probe_error(value, "%s is too deep to be looked into", path);
	}
	if (count > count_listed(paths))
		return probe_error(value, "%zu folders are too deep to be looked into", count);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const struct inventory *inventory = root->inventory;
	enum walk_fact fact = fact_of(params->values[KEY_FACT]);
	const struct strbuf *paths;
	int r = 0;

	if (!inventory)
		return probe_error(value, "nobody walked the file systems");
	if (inventory->result == -ETIMEDOUT)
		return probe_error(value, "the walk was not over in time (%zu looked at)",
				   inventory->entries);
	if (inventory->result < 0)
		return inventory->result == -ENOMEM
			       ? -ENOMEM
			       : probe_unreadable(value, "the file systems", inventory->result);
	paths = &inventory->facts[fact].paths;
	if (fact == WALK_UNOWNED) {
		root_note_look(root, LOOKED_AT, NAMES_USERS);
		root_note_look(root, LOOKED_AT, NAMES_GROUPS);
	}
	if (inventory->facts[fact].count > count_listed(paths))
		return probe_error(value, "%zu of them, more than can be listed",
				   inventory->facts[fact].count);
	probe_list_add(value, NULL);
	for (size_t at = 0; at < paths->len && r == 0; at += strlen(paths->data + at) + 1) {
		if (is_excepted(params->values[KEY_EXCEPT], paths->data + at))
			continue;
		root_note_look(root, LOOKED_AT, paths->data + at);
		r = probe_list_found(value, "of them", "%s", paths->data + at);
	}
	if (r == 0 && !value->count) {
		strbuf_printf(&value->where, "%zu looked at", inventory->entries);
		r = check_depth(root, params->values[KEY_EXCEPT], value);
	}
	return r == -E2BIG ? 0 : r;
}

const struct probe_ops probe_walk = {
	.name = "walk",
	.keys = keys,
	.gives = PROBE_GIVES_LIST,
	.run = run,
	.needs_walk = true,
};
