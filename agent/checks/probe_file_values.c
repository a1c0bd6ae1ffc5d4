/* SPDX-License-Identifier: Apache-2.0 */
/* The values of many small files of one kind, mostly of sysfs, as "VALUE (NAME)". */
#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "checks/probe.h"

#define MAX_FOUND 256
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
	cleanup_strbuf struct strbuf item = STRBUF_INIT;
	int r = root_read_text(search->root, path, MAX_BYTES, &item);

	if (r == -ENOENT) /* unplugged meanwhile */
		return 0;
	if (r < 0) {
		(void)probe_unreadable(search->value, path, r);
		return r;
	}
	if (search->value->count == MAX_FOUND) {
		(void)probe_error(search->value, "more than %d files", MAX_FOUND);
		return -E2BIG;
	}
	if (item.data) {
		words_squash(item.data);
		item.len = strlen(item.data);
	}
	if (!item.len)
		strbuf_add_str(&item, "empty");
	strbuf_printf(&item, " (%s)", strrchr(path, '/') + 1);
	if (strbuf_check(&item) < 0)
		return -ENOMEM;
	probe_list_add(search->value, item.data);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const char *cursor = params->values[KEY_FILES], *word;
	struct search search = {root, value};
	size_t len;
	int r = 0;

	probe_list_add(value, NULL);
	while (r >= 0 && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *pattern = strndup(word, len);

		if (!pattern)
			return -ENOMEM;
		r = root_glob(root, pattern, look, &search);
	}
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return value->outcome == CHECK_PASS
			       ? probe_unreadable(value, params->values[KEY_FILES], r)
			       : 0;
	return value->count ? 0 : probe_not_applicable(value, "%s", params->values[KEY_WITHOUT]);
}

const struct probe_ops probe_file_values = {"file_values", keys, PROBE_GIVES_LIST, run};
