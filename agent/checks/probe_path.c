/* SPDX-License-Identifier: Apache-2.0 */
/* Which of some paths are there. It opens none of them; a link counts by itself. */
#include <errno.h>
#include <string.h>

#include "base/words.h"
#include "checks/probe.h"

#define MAX_FOUND 256

static const struct probe_key keys[] = {
	{"paths", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	{NULL},
};

static int add(const char *path, void *userdata)
{
	struct probe_value *value = userdata;

	if (value->count == MAX_FOUND) {
		(void)probe_error(value, "more than %d paths are there", MAX_FOUND);
		return -E2BIG;
	}
	probe_list_add(value, path);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	const char *cursor = params->values[0], *word;
	size_t len;
	int r = 0;

	probe_list_add(value, NULL);
	while (r >= 0 && words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *pattern = strndup(word, len);

		if (!pattern)
			return -ENOMEM;
		r = root_glob(root, pattern, add, value);
	}
	if (r == -ENOMEM)
		return r;
	return r < 0 && value->outcome == CHECK_PASS ? probe_unreadable(value, params->values[0], r)
						     : 0;
}

const struct probe_ops probe_path = {"path", keys, PROBE_GIVES_LIST, run};
