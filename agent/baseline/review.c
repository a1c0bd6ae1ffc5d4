/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/review.h"

#include <string.h>

#include "base/str.h"

#define ALTERNATIVES "/etc/alternatives"

const struct review_kind review_kinds[REVIEW_COUNT] = {
	[REVIEW_DIFFERS] = {"differs", "changed files of packages",
			    "content is not what the package brought: each needs a reason", true},
	[REVIEW_CONFIG] = {"differs_config", "changed settings of packages",
			   "configuration that was edited here, or by a package's own script",
			   true},
	[REVIEW_ATTRIBUTES] = {"attributes", "changed attributes",
			       "mode, owner, capabilities or link target are not the package's; "
			       "only rpm's database tells them",
			       true},
	[REVIEW_PROGRAM] = {"programs", "programs of no package",
			    "executables, libraries, scripts, modules and images that nobody's "
			    "package list vouches for: each needs a known source",
			    true},
	[REVIEW_PYTHON_CACHE] = {"python_caches", "Python caches of no package",
				 "__pycache__/*.pyc, made from the source beside them; Python runs "
				 "them in its place and no package has their checksum",
				 false},
	[REVIEW_FILE] = {"files", "other files of no package",
			 "settings, data and caches, made by installers, scripts or people", false},
	[REVIEW_ALTERNATIVE] = {"alternatives", "links of the alternatives",
				"made by update-alternatives: a name, /etc/alternatives, a program",
				false},
	[REVIEW_LINK] = {"links", "other links of no package",
			 "such as units that were switched on, and merged folders like /bin",
			 false},
};

static bool can_run(enum file_role role)
{
	return role == FILE_ROLE_EXECUTABLE || role == FILE_ROLE_LIBRARY ||
	       role == FILE_ROLE_SCRIPT || role == FILE_ROLE_MODULE || role == FILE_ROLE_IMAGE;
}

static enum review file_of_none(const struct file_fact *entry)
{
	if (strstr(entry->path, "/__pycache__/") && str_ends(entry->path, ".pyc"))
		return REVIEW_PYTHON_CACHE;
	return can_run(entry->role) ? REVIEW_PROGRAM : REVIEW_FILE;
}

/* update-alternatives makes both: NAME -> /etc/alternatives/X -> the program. */
static enum review link_of_none(const struct file_fact *entry)
{
	const char *target = entry->link_target;

	if (path_is_below(entry->path, ALTERNATIVES) ||
	    (target && path_is_below(target, ALTERNATIVES)))
		return REVIEW_ALTERNATIVE;
	return REVIEW_LINK;
}

unsigned review_of(const struct file_fact *entry)
{
	unsigned bits = 0;

	if (entry->differs)
		bits |= 1u << (entry->role == FILE_ROLE_CONFIG ? REVIEW_CONFIG : REVIEW_DIFFERS);
	if (entry->attributes_differ)
		bits |= 1u << REVIEW_ATTRIBUTES;
	if (entry->package || entry->unstated & FILE_DIFF_PACKAGE)
		return bits;
	if (entry->type == FILE_TYPE_REGULAR)
		bits |= 1u << file_of_none(entry);
	else if (entry->type == FILE_TYPE_SYMLINK)
		bits |= 1u << link_of_none(entry);
	return bits;
}
