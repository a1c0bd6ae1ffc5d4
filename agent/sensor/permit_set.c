/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/permit_set.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct digest {
	uint8_t bytes[SHA256_SIZE];
};

/* Two sets take turns; memory is taken by what is written alone. */
struct shared {
	_Atomic uint32_t generation; /* even ones are in sides[0] */
	_Atomic uint64_t counts[2];
	struct digest sides[2][DECISIONS_MAX]; /* in order */
};

struct permit_set {
	struct shared *shared;
	uint64_t count, next_count, next_seen, next_kept;
	bool is_begun;
};

int permit_set_new(struct permit_set **ret_set)
{
	struct permit_set *set = calloc(1, sizeof(*set));
	void *memory;

	if (!set)
		return -ENOMEM;
	memory = mmap(NULL, sizeof(*set->shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED) {
		free(set);
		return -ENOMEM;
	}
	set->shared = memory;
	*ret_set = set;
	return 0;
}

struct permit_set *permit_set_free(struct permit_set *set)
{
	if (set)
		munmap(set->shared, sizeof(*set->shared));
	free(set);
	return NULL;
}

static struct digest *next_side(const struct permit_set *set)
{
	return set->shared->sides[(set->shared->generation + 1) & 1];
}

/* Gives the memory back, which is that of all who share it. */
static void drop_next(struct permit_set *set)
{
	set->is_begun = false;
	(void)madvise(next_side(set), sizeof(set->shared->sides[0]), MADV_REMOVE);
}

int permit_set_begin(struct permit_set *set, uint64_t count)
{
	drop_next(set);
	if (count > DECISIONS_MAX)
		return -EMSGSIZE;
	set->is_begun = true;
	set->next_count = count;
	set->next_seen = set->next_kept = 0;
	return 0;
}

int permit_set_add(struct permit_set *set, const struct decision *decisions, size_t count)
{
	struct digest *side = next_side(set);

	if (!set->is_begun)
		return -EINVAL;
	if (count > set->next_count - set->next_seen)
		return -EMSGSIZE;
	for (size_t i = 0; i < count; i++)
		if (decisions[i].kind == DECISION_APPROVED)
			memcpy(side[set->next_kept++].bytes, decisions[i].sha256, SHA256_SIZE);
	set->next_seen += count;
	return 0;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_SIZE);
}

int permit_set_commit(struct permit_set *set)
{
	struct shared *shared = set->shared;

	if (!set->is_begun)
		return -EINVAL;
	if (set->next_seen != set->next_count)
		return -ENODATA;
	qsort(next_side(set), set->next_kept, sizeof(struct digest), compare);
	shared->counts[(shared->generation + 1) & 1] = set->next_kept;
	shared->generation++;
	set->count = set->next_count;
	/* That of before. Who looks there now finds that the generation is another, and looks
	 * again. */
	drop_next(set);
	return 0;
}

bool permit_set_has(const struct permit_set *set, const uint8_t sha256[static SHA256_SIZE])
{
	const struct shared *shared = set->shared;
	uint32_t generation;
	bool has;

	do {
		generation = shared->generation;
		has = generation &&
		      bsearch(sha256, shared->sides[generation & 1], shared->counts[generation & 1],
			      sizeof(struct digest), compare);
		atomic_thread_fence(memory_order_acquire);
	} while (generation != shared->generation);
	return has;
}

uint32_t permit_set_generation(const struct permit_set *set)
{
	return set->shared->generation;
}

uint64_t permit_set_count(const struct permit_set *set)
{
	return set->count;
}
