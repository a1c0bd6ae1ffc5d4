/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules of several layers made one: the union of what each says.
 *
 * A host layer may add monitored trees, for watching more approves nothing. What
 * would make the agent look away or trust more (ignores, updaters, never-block) it
 * may only repeat, but for ignores where no layer below looks or where the site
 * layer lets it. What a host layer may do is heard from the site layer alone.
 */
#ifndef PLUMBLINE_BASELINE_RULES_MERGE_H
#define PLUMBLINE_BASELINE_RULES_MERGE_H

#include "baseline/baseline.h"

/*
 * Adds the rules of @layer to @merged, which holds those of all layers below it. -EPERM with @diag
 * when the layer may not say that; -ENOMEM.
 *
 * @unproven (may be NULL) gets the ignores of a host layer that reach into no monitored tree below:
 * whether they hide an entry is for the caller to see.
 */
int rules_merge(struct baseline_rules *merged, const struct baseline_rules *rules, enum layer layer,
		struct baseline_rules *unproven, struct diag *diag);

#endif
