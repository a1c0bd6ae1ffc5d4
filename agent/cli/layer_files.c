/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/layer_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/baseline_verbs.h"

static int add(struct layers *layers, const char *path, struct diag *diag)
{
	struct baseline *baseline = NULL;
	int r;

	r = baseline_open_path(path, &baseline, diag);
	return r < 0 ? r : layers_add(layers, baseline, diag);
}

static int add_stored(struct layers *layers, const char *state_dir, struct diag *diag)
{
	int r = 0;

	for (enum layer layer = LAYER_FIRST; r == 0 && layer < LAYER_COUNT; layer++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s/baseline/%s.tar", state_dir, layer_name(layer)) < 0) {
			path = NULL;
			return -ENOMEM;
		}
		if (access(path, F_OK) == 0)
			r = add(layers, path, diag);
		else if (errno != ENOENT)
			r = diag_set(diag, path, 0, -errno, "cannot open: %s", strerror(errno));
	}
	if (r == 0 && layers_count(layers) == 0)
		r = diag_set(diag, "", 0, -ENOENT, "no baseline is stored in %s/baseline",
			     state_dir);
	return r;
}

int layer_files_open(const struct config *config, char *const *paths, struct layers **ret_layers,
		     struct diag *diag)
{
	cleanup_with(layers_freep) struct layers *layers = NULL;
	int r;

	r = layers_new(&layers);
	if (r < 0)
		return r;
	layers_trust_host(layers);
	if (!paths || !*paths)
		r = add_stored(layers, config->state_dir, diag);
	for (; r == 0 && paths && *paths; paths++)
		r = add(layers, *paths, diag);
	if (r == 0)
		r = layers_combine(layers, diag);
	if (r < 0)
		return r;
	*ret_layers = TAKE_PTR(layers);
	return 0;
}

int layer_files_load_config(const char *path, struct config **ret_config, struct diag *diag)
{
	if (!path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		path = CONFIG_PATH_DEFAULT;
	return config_load(path, ret_config, diag);
}
