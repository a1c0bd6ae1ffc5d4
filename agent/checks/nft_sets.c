/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/nft_sets.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "checks/nft_match.h"

/* Of one ruleset: rules that ask for one large set again and again in hostile bytes. */
#define MAX_LOOKED 2000000

static int compare(const void *a, const void *b)
{
	const struct nft_set *x = a, *y = b;
	int r;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	r = strcmp(x->table, y->table);
	return r ? r : strcmp(x->name, y->name);
}

static struct nft_set *find(const struct nft_sets *sets, uint8_t family, const char *table,
			    const char *name)
{
	const struct nft_set key = {.family = family, .table = table, .name = name};

	return sets->count ? bsearch(&key, sets->list, sets->count, sizeof(sets->list[0]), compare)
			   : NULL;
}

static const char *find_text(struct nl_bytes attributes, uint16_t type)
{
	struct nl_attribute attribute;

	return nft_find_attribute(attributes, type, &attribute) == 0 ? nl_text(&attribute) : NULL;
}

int nft_sets_add(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes)
{
	struct nft_set set = {
		.family = family,
		.table = find_text(attributes, NFTA_SET_TABLE),
		.name = find_text(attributes, NFTA_SET_NAME),
	};
	struct nl_attribute flags;

	if (!set.table || !set.name)
		return -EBADMSG;
	if (nft_find_attribute(attributes, NFTA_SET_FLAGS, &flags) == 0 &&
	    nl_be32(&flags, &set.flags) < 0)
		return -EBADMSG;
	if (sets->count == sets->room) {
		size_t room = sets->room ? 2 * sets->room : 16;
		void *bigger = reallocarray(sets->list, room, sizeof(sets->list[0]));

		if (!bigger)
			return -ENOMEM;
		sets->list = bigger;
		sets->room = room;
	}
	sets->list[sets->count++] = set;
	return 0;
}

void nft_sets_order(struct nft_sets *sets)
{
	if (sets->count)
		qsort(sets->list, sets->count, sizeof(sets->list[0]), compare);
}

int nft_sets_add_elements(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes)
{
	const char *table = find_text(attributes, NFTA_SET_ELEM_LIST_TABLE),
		   *name = find_text(attributes, NFTA_SET_ELEM_LIST_SET);
	struct nft_set *set = table && name ? find(sets, family, table, name) : NULL;
	struct nl_attribute elements;

	if (!set)
		return -EBADMSG;
	if (nft_find_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS, &elements) < 0)
		return 0;
	if (set->part_count == set->part_room) {
		size_t room = set->part_room ? 2 * set->part_room : 1;
		void *bigger = reallocarray(set->parts, room, sizeof(set->parts[0]));

		if (!bigger)
			return -ENOMEM;
		set->parts = bigger;
		set->part_room = room;
	}
	set->parts[set->part_count++] = elements.value;
	return 0;
}

/* What of the elements stands next before a value, or at it. */
struct nearest {
	struct nl_bytes value;
	const uint8_t *key; /* NULL: none */
	bool is_end;
};

/* 0, or -ENOENT for an element of a kind that is not known here. */
static int look_at(struct nl_bytes element, struct nearest *nearest)
{
	struct nl_attribute key, flags, other;
	uint32_t bits = 0;
	bool is_end;
	int r;

	if (nft_find_attribute(element, NFTA_SET_ELEM_KEY_END, &other) == 0 ||
	    nft_find_attribute(element, NFTA_SET_ELEM_KEY, &key) < 0 ||
	    nft_find_attribute(key.value, NFTA_DATA_VALUE, &key) < 0 ||
	    key.value.len != nearest->value.len)
		return -ENOENT;
	if (nft_find_attribute(element, NFTA_SET_ELEM_FLAGS, &flags) == 0 &&
	    nl_be32(&flags, &bits) < 0)
		return -ENOENT;
	is_end = bits & NFT_SET_ELEM_INTERVAL_END;
	if (memcmp(key.value.data, nearest->value.data, key.value.len) > 0)
		return 0;
	r = nearest->key ? memcmp(key.value.data, nearest->key, key.value.len) : 1;
	/* Where one range ends another may begin. */
	if (r > 0 || (r == 0 && !is_end)) {
		nearest->key = key.value.data;
		nearest->is_end = is_end;
	}
	return 0;
}

int nft_sets_have(struct nft_sets *sets, uint8_t family, const char *table, const char *name,
		  struct nl_bytes value)
{
	const struct nft_set *set = find(sets, family, table, name);
	struct nearest nearest = {.value = value};
	struct nl_attribute element;
	int r;

	if (!set || !set->part_count || set->flags & (NFT_SET_MAP | NFT_SET_CONCAT))
		return -ENOENT;
	for (size_t i = 0; i < set->part_count; i++) {
		struct nl_bytes rest = set->parts[i];

		while ((r = nl_next_attribute(&rest, &element)) > 0)
			if (++sets->looked > MAX_LOOKED || look_at(element.value, &nearest) < 0)
				return -ENOENT;
		if (r < 0)
			return -ENOENT;
	}
	if (!nearest.key || nearest.is_end)
		return 0;
	return set->flags & NFT_SET_INTERVAL || memcmp(nearest.key, value.data, value.len) == 0;
}

void nft_sets_done(struct nft_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		free(sets->list[i].parts);
	free(sets->list);
	*sets = (struct nft_sets){0};
}
