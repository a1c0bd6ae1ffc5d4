/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `applies`: when a check means anything on this host.
 *
 *   path P...      one of the paths is there
 *   package P...   one of the packages is installed
 *   live           the root is the running system
 */
#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/check.h"

static const char *arguments_of(const char *applies, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(applies, name, len) != 0 || (applies[len] && applies[len] != ' '))
		return NULL;
	return applies + len;
}

int condition_check(const char *applies, struct diag *diag)
{
	const char *paths = arguments_of(applies, "path");
	const char *packages = arguments_of(applies, "package");
	const char *live = arguments_of(applies, "live");

	if (live && !*live)
		return 0;
	if (packages && *packages)
		return 0;
	if (paths && str_starts(paths, " /"))
		return 0;
	return diag_set(diag, "", 0, -EINVAL,
			"applies: '%s' is none of 'path /P...', 'package P...', 'live'", applies);
}

int condition_holds(const char *applies, const struct root *root)
{
	const char *paths = arguments_of(applies, "path");
	const char *packages = arguments_of(applies, "package");
	const char *cursor = paths ? paths : packages, *word;
	size_t len;

	if (!cursor)
		return root->is_live;
	while (words_next(&cursor, WORDS_SPACE, &word, &len)) {
		cleanup_free char *copy = strndup(word, len);
		int r;

		if (!copy)
			return -ENOMEM;
		r = paths ? root_exists(root, copy) : package_is_installed(root, copy);
		if (r != 0)
			return r;
	}
	return 0;
}
