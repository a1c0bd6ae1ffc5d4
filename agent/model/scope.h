/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an organization decided of a framework's requirements: which apply, or
 * are wanted, and why. One section per framework:
 *
 *	[iso-27002]
 *	8.9 = yes: line 4 runs from approved baselines
 *	7.4 = no: the room is watched by the site
 *
 * It is a site's own file. A host cannot know any of it.
 */
#ifndef PLUMBLINE_MODEL_SCOPE_H
#define PLUMBLINE_MODEL_SCOPE_H

#include <stdbool.h>

#include "base/cleanup.h"
#include "model/crosswalk.h"

struct scope;

struct scope_decision {
	bool applies;
	const char *reason;
};

/* -EINVAL with @diag (file and line) for a framework or id that @crosswalk does not know, or
 * another negative errno. */
int scope_load(const char *path, const struct crosswalk *crosswalk, struct scope **ret_scope,
	       struct diag *diag);
struct scope *scope_free(struct scope *scope);
DEFINE_CLEANUP(struct scope *, scope_free)

/* false when nothing was decided. @scope may be NULL. */
bool scope_find(const struct scope *scope, const struct framework *framework, const char *id,
		struct scope_decision *ret_decision);

#endif
