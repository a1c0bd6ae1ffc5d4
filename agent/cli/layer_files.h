/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of one baseline, opened for a verb: those that were named, or those that
 * the agent has stored. Signatures are not judged here: the agent did when it took
 * them, and its folder is root's.
 */
#ifndef PLUMBLINE_CLI_LAYER_FILES_H
#define PLUMBLINE_CLI_LAYER_FILES_H

#include "baseline/layers.h"
#include "model/config.h"

/*
 * Opens and combines @paths (NULL-ended; NULL or empty: what the agent with this @config has
 * stored), whatever a host layer may. -ENOENT with @diag when nothing is stored, or another
 * negative errno with @diag.
 */
int layer_files_open(const struct config *config, char *const *paths, struct layers **ret_layers,
		     struct diag *diag);

/* Settings from @path; NULL: the usual file, or the defaults where there is none, as on a machine
 * without an agent. */
int layer_files_load_config(const char *path, struct config **ret_config, struct diag *diag);

#endif
