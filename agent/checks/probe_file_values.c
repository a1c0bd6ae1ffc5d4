/* SPDX-License-Identifier: Apache-2.0 */
/* The values of many small files of one kind, mostly of sysfs, as "VALUE (NAME)". */
#include <string.h>

#include "base/words.h"
#include "checks/probe.h"

#define MAX_BYTES 4096

enum {
	KEY_FILES,
	KEY_WITHOUT
};

static const struct probe_key keys[] = {
	[KEY_FILES] = {"files", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	[KEY_WITHOUT] = {"without", PROBE_KEY_TEXT, true},
	{NULL},
};

struct search {
	const struct root *root;
	struct probe_value *value;
};

static int look(const char *path, void *userdata)
{
	struct search *search = userdata;
	cleanup_strbuf struct strbuf text = STRBUF_INIT;
	const char *words;
	/* None: unplugged meanwhile. */
	int r = probe_read(search->root, path, MAX_BYTES, &text, search->value);

	if (r <= 0)
		return r;
	words = text.data ? words_squash(text.data) : "";
	return probe_list_found(search->value, "files", "%s (%s)", *words ? words : "empty",
				strrchr(path, '/') + 1);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	struct search search = {root, value};
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[KEY_FILES], look, &search, value);
	if (r <= 0)
		return r;
	return value->count ? 0 : probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
}

const struct probe_ops probe_file_values = {"file_values", keys, PROBE_GIVES_LIST, run};
