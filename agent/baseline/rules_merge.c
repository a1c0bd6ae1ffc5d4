/* SPDX-License-Identifier: Apache-2.0 */
#include "baseline/rules_merge.h"

#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"

static bool has(char *const *list, const char *text)
{
	for (; list && *list; list++)
		if (strcmp(*list, text) == 0)
			return true;
	return false;
}

static int unite(char ***list, char *const *more)
{
	for (; more && *more; more++) {
		int r = has(*list, *more) ? 0 : strv_append(list, *more);

		if (r < 0)
			return r;
	}
	return 0;
}

/*
 * The folder or path that all lies in which @pattern fits: up to the last slash before the first
 * wildcard. A wildcard never fits a slash, and no path has "..".
 */
static char *fixed_part(const char *pattern)
{
	size_t plain = strcspn(pattern, "*?[\\");
	char *part = strdup(pattern);
	char *slash;

	if (!part || !pattern[plain])
		return part;
	part[plain] = '\0';
	slash = strrchr(part, '/');
	if (slash)
		*(slash == part ? slash + 1 : slash) = '\0';
	return part;
}

static bool overlaps(char *const *trees, const char *path)
{
	for (; trees && *trees; trees++)
		if (path_is_below(path, *trees) || path_is_below(*trees, path))
			return true;
	return false;
}

static bool is_below_any(const char *path, char *const *list)
{
	for (; list && *list; list++)
		if (path_is_below(path, *list))
			return true;
	return false;
}

static int judge_ignore(const struct baseline_rules *below, const char *ignore,
			struct baseline_rules *unproven, struct diag *diag)
{
	cleanup_free char *part = fixed_part(ignore);

	if (!part)
		return -ENOMEM;
	if (has(below->ignores, ignore) || is_below_any(part, below->ignores) ||
	    is_below_any(part, below->host_ignores))
		return 0;
	if (overlaps(below->trees, part))
		return diag_set(diag, "rules.ini", 0, -EPERM,
				"the host layer ignores %s, which a layer below monitors and the "
				"site layer does not let it ignore",
				ignore);
	return unproven ? strv_append(&unproven->ignores, ignore) : 0;
}

static int judge_repeated(char *const *items, char *const *below, const char *what,
			  struct diag *diag)
{
	for (; items && *items; items++)
		if (!has(below, *items))
			return diag_set(diag, "rules.ini", 0, -EPERM,
					"the host layer names %s as %s, which only the layers "
					"below may",
					*items, what);
	return 0;
}

static int judge_host(const struct baseline_rules *below, const struct baseline_rules *rules,
		      struct baseline_rules *unproven, struct diag *diag)
{
	int r;

	r = judge_repeated(rules->updaters, below->updaters, "a trusted updater", diag);
	if (r == 0)
		r = judge_repeated(rules->never_block, below->never_block, "never to be blocked",
				   diag);
	for (char *const *ignore = rules->ignores; r == 0 && ignore && *ignore; ignore++)
		r = judge_ignore(below, *ignore, unproven, diag);
	return r;
}

int rules_merge(struct baseline_rules *merged, const struct baseline_rules *rules, enum layer layer,
		struct baseline_rules *unproven, struct diag *diag)
{
	int r = 0;

	if ((rules->host_programs || rules->host_ignores) && layer != LAYER_SITE)
		return diag_set(diag, "rules.ini", 0, -EPERM,
				"[host_layer] belongs into a site layer, this is a %s layer",
				layer_name(layer));
	if (layer == LAYER_HOST)
		r = judge_host(merged, rules, unproven, diag);
	if (r == 0)
		r = unite(&merged->trees, rules->trees);
	if (r == 0)
		r = unite(&merged->ignores, rules->ignores);
	if (r == 0)
		r = unite(&merged->updaters, rules->updaters);
	if (r == 0)
		r = unite(&merged->never_block, rules->never_block);
	if (r == 0)
		r = unite(&merged->host_programs, rules->host_programs);
	if (r == 0)
		r = unite(&merged->host_ignores, rules->host_ignores);
	return r;
}
