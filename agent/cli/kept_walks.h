/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent knows of checks that only a walk over all local file systems answers. It keeps the
 * last walk and what the sensor saw change since, so nobody has to walk again to be told.
 *
 * It walks nothing itself, and says nothing where no agent answers.
 */
#ifndef PLUMBLINE_CLI_KEPT_WALKS_H
#define PLUMBLINE_CLI_KEPT_WALKS_H

#include <stddef.h>

#include "checks/checks.h"

struct kept_walks {
	const struct check_set *set; /* borrowed: whose checks are asked for */
	struct check_result *results;
	size_t count;
};

/* Asks the agent of @config (NULL: the usual one). 0, also when there is nothing to be had;
 * -ENOMEM. */
int kept_walks_ask(const struct check_set *set, const char *config, struct kept_walks *ret_kept);
void kept_walks_done(struct kept_walks *kept);
/* NULL: the agent has no result of @id. */
const struct check_result *kept_walks_find(const struct kept_walks *kept, const char *id);

#endif
