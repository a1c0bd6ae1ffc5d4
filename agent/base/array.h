/* SPDX-License-Identifier: Apache-2.0 */
/* Arrays that grow as items are added. How long one may become is for who adds to say. */
#ifndef PLUMBLINE_BASE_ARRAY_H
#define PLUMBLINE_BASE_ARRAY_H

#include <stddef.h>

/*
 * Makes room for one more item of @size bytes behind the @count in use. @list is the address of the
 * pointer to the array, which has room for *@room; both begin as NULL and 0. 0, or -ENOMEM, which
 * leaves all as it was.
 */
int array_grow(void *list, size_t count, size_t *room, size_t size);

#endif
