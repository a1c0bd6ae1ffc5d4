/* SPDX-License-Identifier: Apache-2.0 */
/* Hash of a key for in-memory tables: FNV-1a with a last mix. Not for hostile keys in unbounded
 * tables. */
#ifndef PLUMBLINE_BASE_HASH_KEY_H
#define PLUMBLINE_BASE_HASH_KEY_H

#include <stddef.h>
#include <stdint.h>

static inline uint64_t hash_key(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h ^ h >> 29;
}

#endif
