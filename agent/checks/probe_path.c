/* SPDX-License-Identifier: Apache-2.0 */
/* Which of some paths are there. It opens none of them; a link counts by itself. */
#include "checks/probe.h"

static const struct probe_key keys[] = {
	{"paths", PROBE_KEY_PATHS, true}, /* wildcards allowed */
	{NULL},
};

static int add(const char *path, void *userdata)
{
	return probe_list_found(userdata, "paths are there", "%s", path);
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	int r;

	probe_list_add(value, NULL);
	r = probe_glob(root, params->values[0], add, value, value);
	return r < 0 ? r : 0;
}

const struct probe_ops probe_path = {"path", keys, PROBE_GIVES_LIST, run};
