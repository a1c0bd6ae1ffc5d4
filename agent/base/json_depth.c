/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_depth.h"

bool json_is_shallow(const char *text, size_t len, unsigned limit)
{
	unsigned depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string && text[i] == '\\')
			i++;
		else if (text[i] == '"')
			in_string = !in_string;
		else if (in_string)
			continue;
		else if ((text[i] == '{' || text[i] == '[') && ++depth > limit)
			return false;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return true;
}
