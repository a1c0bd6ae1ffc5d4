/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the shipped data. */
#include "cli/data_dir.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

static bool has_checks(const char *dir)
{
	cleanup_free char *path = NULL;
	struct stat st;

	if (asprintf(&path, "%s/checks", dir) < 0) {
		path = NULL;
		return false;
	}
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* build/plumbline -> build/../baselines; NULL when there is none. */
static char *beside_program(void)
{
	char exe[4096], *slash;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	cleanup_free char *dir = NULL;

	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (!slash)
		return NULL;
	*slash = '\0';
	if (asprintf(&dir, "%s/../baselines", exe) < 0) {
		dir = NULL;
		return NULL;
	}
	return has_checks(dir) ? TAKE_PTR(dir) : NULL;
}

int data_dir_find(const char *option, const struct config *config, char **ret_dir)
{
	const char *chosen = option ? option : config->data_dir;
	char *dir = NULL;

	if (option || has_checks(chosen)) {
		dir = strdup(chosen);
		if (!dir)
			return log_error(-ENOMEM, "cannot choose the data folder");
	} else {
		dir = beside_program();
		if (!dir)
			return log_error(-ENOENT, "no checks in %s", chosen);
	}
	*ret_dir = dir;
	return 0;
}

int data_dir_load_config(const char *path, struct config **ret_config)
{
	struct diag diag = {0};
	char text[1024];
	int r;

	if (!path && access(CONFIG_PATH_DEFAULT, F_OK) == 0)
		path = CONFIG_PATH_DEFAULT;
	r = config_load(path, ret_config, &diag);
	if (r < 0)
		(void)log_error(0, "%s", diag_format(&diag, text, sizeof(text)));
	return r;
}
