/* SPDX-License-Identifier: Apache-2.0 */
/* Names of an enum's values, both ways. For the .c files of model/ only. */
#ifndef PLUMBLINE_MODEL_NAME_TABLE_H
#define PLUMBLINE_MODEL_NAME_TABLE_H

#include <errno.h>
#include <stddef.h>
#include <string.h>

static inline const char *name_of(const char *const *names, size_t count, size_t value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

static inline int value_of(const char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (names[i] && strcmp(names[i], name) == 0)
			return (int)i;
	return -EINVAL;
}

/* Copies an optional string; -ENOMEM. */
static inline int copy_string(const char *from, char **to)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

#endif
