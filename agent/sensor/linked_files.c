/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/linked_files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_key.h"

#define SLOTS 4096

struct linked_file {
	uint64_t dev, ino;
	char *path; /* NULL: the slot is free */
};

/* One place per key: a file whose place is taken drives the other out. */
struct linked_files {
	struct linked_file slots[SLOTS];
};

int linked_files_new(struct linked_files **ret_linked)
{
	struct linked_files *linked = calloc(1, sizeof(*linked));

	if (!linked)
		return -ENOMEM;
	*ret_linked = linked;
	return 0;
}

struct linked_files *linked_files_free(struct linked_files *linked)
{
	if (!linked)
		return NULL;
	for (size_t i = 0; i < SLOTS; i++)
		free(linked->slots[i].path);
	free(linked);
	return NULL;
}

static size_t slot_of(uint64_t dev, uint64_t ino)
{
	const uint64_t key[] = {dev, ino};

	return hash_key(key, sizeof(key)) % SLOTS;
}

int linked_files_put(struct linked_files *linked, uint64_t dev, uint64_t ino, const char *path)
{
	struct linked_file *slot = &linked->slots[slot_of(dev, ino)];
	char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	free(slot->path);
	*slot = (struct linked_file){.dev = dev, .ino = ino, .path = copy};
	return 0;
}

const char *linked_files_find(const struct linked_files *linked, uint64_t dev, uint64_t ino)
{
	const struct linked_file *slot = &linked->slots[slot_of(dev, ino)];

	return slot->path && slot->dev == dev && slot->ino == ino ? slot->path : NULL;
}
