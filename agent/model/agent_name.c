/* SPDX-License-Identifier: Apache-2.0 */
#include "model/agent_name.h"

#include <stddef.h>
#include <string.h>

bool agent_name_is_valid(const char *name)
{
	size_t len =
		strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

	return len > 0 && len < AGENT_NAME_SIZE && name[len] == '\0';
}
