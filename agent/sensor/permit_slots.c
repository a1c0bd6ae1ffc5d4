/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/permit_slots.h"

struct permit_slot *permit_slots_take(struct permit_slots *slots, const struct permit_key *key,
				      int fd, int64_t end_ns)
{
	for (size_t i = 0; i < PERMIT_SLOTS; i++) {
		if (slots->slots[i].serial)
			continue;
		slots->slots[i] = (struct permit_slot){
			.serial = ++slots->serial,
			.key = *key,
			.fd = fd,
			.end_ns = end_ns,
			.free_ns = end_ns + PERMIT_SLOT_NS,
		};
		return &slots->slots[i];
	}
	return NULL;
}

struct permit_slot *permit_slots_find(struct permit_slots *slots, uint64_t serial)
{
	for (size_t i = 0; serial && i < PERMIT_SLOTS; i++)
		if (slots->slots[i].serial == serial)
			return &slots->slots[i];
	return NULL;
}

void permit_slots_free(struct permit_slot *slot)
{
	*slot = (struct permit_slot){.fd = -1};
}

struct permit_slot *permit_slots_late(struct permit_slots *slots, int64_t now_ns)
{
	for (size_t i = 0; i < PERMIT_SLOTS; i++) {
		struct permit_slot *slot = &slots->slots[i];

		if (slot->serial && slot->fd >= 0 && now_ns >= slot->end_ns)
			return slot;
		if (slot->serial && slot->fd < 0 && now_ns >= slot->free_ns)
			permit_slots_free(slot);
	}
	return NULL;
}

void permit_slots_written(struct permit_slots *slots, uint64_t dev, uint64_t ino)
{
	for (size_t i = 0; i < PERMIT_SLOTS; i++)
		if (slots->slots[i].key.ino == ino && slots->slots[i].key.dev == dev)
			slots->slots[i].is_written = true;
}

void permit_slots_all_stale(struct permit_slots *slots)
{
	for (size_t i = 0; i < PERMIT_SLOTS; i++)
		slots->slots[i].is_stale = true;
}

int64_t permit_slots_due(const struct permit_slots *slots)
{
	int64_t due_ns = INT64_MAX;

	for (size_t i = 0; i < PERMIT_SLOTS; i++) {
		const struct permit_slot *slot = &slots->slots[i];
		int64_t ns = slot->fd >= 0 ? slot->end_ns : slot->free_ns;

		if (slot->serial && ns < due_ns)
			due_ns = ns;
	}
	return due_ns;
}
