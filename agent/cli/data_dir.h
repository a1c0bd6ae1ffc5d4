/* SPDX-License-Identifier: Apache-2.0 */
/* Where the shipped data (checks, controls, profiles) lies, and the settings that say so. */
#ifndef PLUMBLINE_CLI_DATA_DIR_H
#define PLUMBLINE_CLI_DATA_DIR_H

#include "model/config.h"

/*
 * @option (--data, NULL when not given), else the setting data_dir, else baselines/ beside the
 * folder of this program, as in a source tree. Returns 0 and an allocated path, or negative errno,
 * logged.
 */
int data_dir_find(const char *option, const struct config *config, char **ret_dir);

/* @path NULL: the standard file if it is there, else the defaults. Negative errno is logged. */
int data_dir_load_config(const char *path, struct config **ret_config);

#endif
