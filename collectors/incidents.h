/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents at the collector: what agents say of theirs and what is declared
 * here, as one.
 *
 * Both ends may declare. The security team works here, and the host may be off,
 * out of reach or not to be trusted any more; root at the host may be the first
 * to see it, or the only one on a machine without a collector. What the host
 * says comes as part of its finding; what is said here stays here: an agent
 * takes no orders from its collector.
 */
#ifndef PLUMBLINE_COLLECTORS_INCIDENTS_H
#define PLUMBLINE_COLLECTORS_INCIDENTS_H

#include "store.h"

/* A finding came: keeps what it says of its incident beside what is known already. */
int incidents_take(struct store *store, const char *agent, const struct finding *finding);

/* Adds what is known here to a finding as its agent sent it, and sets its state by it. */
int incidents_apply(struct store *store, const char *agent, struct finding *finding);

/*
 * The finding of @agent whose id begins with @id (eight hex digits at least), with its incident.
 * -EINVAL, -ENOENT or -ENOTUNIQ with @diag.
 */
int incidents_find(struct store *store, const char *agent, const char *id,
		   struct finding *ret_finding, struct diag *diag);

#endif
