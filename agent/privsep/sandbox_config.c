/* SPDX-License-Identifier: Apache-2.0 */
/* From a row of the process table, which names settings, to a sandbox with this host's paths and
 * users. */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "base/strbuf.h"
#include "privsep/process_table.h"

#define MAX_PATHS    32
#define STOCK_PREFIX "plumbline-"

/* The setting that "$name/rest" starts with; NULL when @path starts with none. */
static const char *find_setting(const struct config *config, const char *path,
				const char **ret_rest)
{
	const struct {
		const char *name, *value;
	} settings[] = {
		{"$state", config->state_dir}, {"$run", config->run_dir},
		{"$data", config->data_dir},   {"$approver_ca", config->approver_ca},
		{"$ca", config->ca},	       {"$certificate", config->certificate},
		{"$key", config->key},
	};
	size_t len = strcspn(path, "/");

	for (unsigned i = 0; i < ARRAY_SIZE(settings); i++)
		if (strlen(settings[i].name) == len && strncmp(path, settings[i].name, len) == 0) {
			*ret_rest = path + len;
			return settings[i].value ? settings[i].value : "";
		}
	return NULL;
}

/* @paths with the settings filled in; the strings are allocated. */
static int expand_paths(const struct config *config, const struct sandbox_path *paths,
			struct sandbox_path ret_paths[static MAX_PATHS])
{
	unsigned count = 0;

	for (const struct sandbox_path *path = paths; path->path; path++) {
		const char *rest = path->path;
		const char *value = "";
		cleanup_strbuf struct strbuf text = STRBUF_INIT;

		if (path->path[0] == '$') {
			value = find_setting(config, path->path, &rest);
			if (!value)
				return -EINVAL;
			if (value[0] == '\0')
				continue;
		}
		if (count == MAX_PATHS - 1)
			return -E2BIG;
		strbuf_add_str(&text, value);
		strbuf_add_str(&text, rest);
		ret_paths[count] = *path;
		ret_paths[count].path = strbuf_take(&text);
		if (!ret_paths[count++].path)
			return -ENOMEM;
	}
	return 0;
}

static void free_paths(struct sandbox_path (*paths)[MAX_PATHS])
{
	for (unsigned i = 0; i < MAX_PATHS; i++)
		free((char *)(*paths)[i].path);
}

int sandbox_enter_with(const struct sandbox_spec *spec, const struct config *config,
		       enum sandbox_mode mode, unsigned *ret_missing, struct diag *diag)
{
	cleanup_with(free_paths) struct sandbox_path paths[MAX_PATHS] = {0};
	cleanup_strbuf struct strbuf user = STRBUF_INIT;
	struct sandbox_spec here = *spec;
	int r;

	if (spec->paths) {
		r = expand_paths(config, spec->paths, paths);
		if (r < 0)
			return diag_set(diag, NULL, 0, r, "cannot name the sandbox's paths");
		here.paths = paths;
	}
	if (spec->user && str_starts(spec->user, STOCK_PREFIX)) {
		strbuf_printf(&user, "%s-%s", config->user_prefix,
			      spec->user + strlen(STOCK_PREFIX));
		if (strbuf_check(&user) < 0)
			return diag_set(diag, NULL, 0, -ENOMEM, "cannot name the user");
		here.user = user.data;
	}
	return sandbox_enter(&here, mode, ret_missing, diag);
}
