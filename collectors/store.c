/* SPDX-License-Identifier: Apache-2.0 */
/* What all stores share. */
#include "store.h"

void store_agent_done(struct store_agent *agent)
{
	free(agent->evidence_key);
	free(agent->hello);
	free(agent->baseline);
	*agent = (struct store_agent){0};
}
