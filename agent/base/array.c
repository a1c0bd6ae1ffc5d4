/* SPDX-License-Identifier: Apache-2.0 */
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4

int array_grow(void *list, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : FIRST_ROOM;
	void *array;

	if (count < *room)
		return 0;
	/* The pointer is of another type there, so it is copied as bytes. */
	memcpy(&array, list, sizeof(array));
	array = reallocarray(array, wanted, size);
	if (!array)
		return -ENOMEM;
	memcpy(list, &array, sizeof(array));
	*room = wanted;
	return 0;
}
