/* SPDX-License-Identifier: Apache-2.0 */
/* Decisions of an organization on requirements, read from ini. */
#include "model/scope.h"

#include <errno.h>
#include <string.h>

#include "base/ini.h"
#include "base/str.h"
#include "base/words.h"

struct entry {
	const struct framework *framework;
	char *id, *reason;
	bool applies;
};

struct scope {
	const struct crosswalk *crosswalk; /* while it is read */
	const struct framework *framework; /* of the section that is read */
	struct entry *entries;
	size_t count;
};

/* "yes: reason" or "no: reason". */
static int parse_decision(const char *value, struct entry *entry, unsigned line, struct diag *diag)
{
	entry->applies = str_starts(value, "yes:");
	if (!entry->applies && !str_starts(value, "no:"))
		return diag_set(diag, "", line, -EINVAL,
				"'%s' is not 'yes: REASON' or 'no: REASON'", value);
	entry->reason = strdup(value + (entry->applies ? 4 : 3));
	if (!entry->reason)
		return -ENOMEM;
	words_squash(entry->reason);
	if (!*entry->reason)
		return diag_set(diag, "", line, -EINVAL, "'%s' gives no reason", entry->id);
	return 0;
}

static int visit(const char *section, const char *key, const char *value, unsigned line,
		 void *userdata, struct diag *diag)
{
	struct scope *scope = userdata;
	struct scope_decision known;
	struct entry *entry;

	if (!key) {
		scope->framework = crosswalk_find(scope->crosswalk, section);
		return scope->framework
			       ? 0
			       : diag_set(diag, "", line, -EINVAL, "'%s' is no framework", section);
	}
	if (!scope->framework)
		return diag_set(diag, "", line, -EINVAL, "'%s' stands before any section", key);
	if (!framework_find_item(scope->framework, key, strlen(key)))
		return diag_set(diag, "", line, -EINVAL, "'%s' is no id of %s", key,
				scope->framework->name);
	if (scope_find(scope, scope->framework, key, &known))
		return diag_set(diag, "", line, -EINVAL, "'%s' stands twice", key);
	entry = reallocarray(scope->entries, scope->count + 1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	scope->entries = entry;
	entry = &scope->entries[scope->count];
	*entry = (struct entry){.framework = scope->framework, .id = strdup(key)};
	if (!entry->id)
		return -ENOMEM;
	scope->count++;
	return parse_decision(value, entry, line, diag);
}

int scope_load(const char *path, const struct crosswalk *crosswalk, struct scope **ret_scope,
	       struct diag *diag)
{
	cleanup_with(scope_freep) struct scope *scope = calloc(1, sizeof(*scope));
	int r;

	if (!scope)
		return -ENOMEM;
	scope->crosswalk = crosswalk;
	r = ini_visit(path, visit, scope, diag);
	if (r == -ENOENT)
		return diag_set(diag, path, 0, r, "no such file");
	if (r < 0)
		return r;
	*ret_scope = TAKE_PTR(scope);
	return 0;
}

struct scope *scope_free(struct scope *scope)
{
	if (!scope)
		return NULL;
	for (size_t i = 0; i < scope->count; i++) {
		free(scope->entries[i].id);
		free(scope->entries[i].reason);
	}
	free(scope->entries);
	free(scope);
	return NULL;
}

bool scope_find(const struct scope *scope, const struct framework *framework, const char *id,
		struct scope_decision *ret_decision)
{
	for (size_t i = 0; scope && i < scope->count; i++) {
		const struct entry *entry = &scope->entries[i];

		if (entry->framework != framework || !str_equal(entry->id, id))
			continue;
		*ret_decision = (struct scope_decision){entry->applies, entry->reason};
		return true;
	}
	return false;
}
