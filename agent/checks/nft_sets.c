/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/nft_sets.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Of one ruleset: rules that ask for one large set again and again in hostile bytes. */
#define MAX_LOOKED 2000000

int nft_id_compare(const void *a, const void *b)
{
	const struct nft_id *x = a, *y = b;
	int r;

	if (x->family != y->family)
		return x->family < y->family ? -1 : 1;
	r = strcmp(x->table, y->table);
	return r ? r : strcmp(x->name, y->name);
}

struct nft_set *nft_sets_find(const struct nft_sets *sets, const struct nft_id *id)
{
	return sets->count
		       ? bsearch(id, sets->list, sets->count, sizeof(sets->list[0]), nft_id_compare)
		       : NULL;
}

static const char *find_text(struct nl_bytes attributes, uint16_t type)
{
	struct nl_attribute attribute;

	return nl_find_attribute(attributes, type, &attribute) == 0 ? nl_text(&attribute) : NULL;
}

int nft_sets_add(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes)
{
	struct nft_set set = {.id = {family, find_text(attributes, NFTA_SET_TABLE),
				     find_text(attributes, NFTA_SET_NAME)}};
	struct nl_attribute attribute;

	if (!set.id.table || !set.id.name)
		return -EBADMSG;
	if (nl_find_attribute(attributes, NFTA_SET_FLAGS, &attribute) == 0 &&
	    nl_be32(&attribute, &set.flags) < 0)
		return -EBADMSG;
	if (nl_find_attribute(attributes, NFTA_SET_KEY_LEN, &attribute) == 0 &&
	    nl_be32(&attribute, &set.key_len) < 0)
		return -EBADMSG;
	if (nl_find_attribute(attributes, NFTA_SET_DESC, &attribute) == 0 &&
	    nl_find_attribute(attribute.value, NFTA_SET_DESC_CONCAT, &attribute) == 0)
		set.fields = attribute.value;
	if (array_grow(&sets->list, sets->count, &sets->room, sizeof(*sets->list)) < 0)
		return -ENOMEM;
	sets->list[sets->count++] = set;
	return 0;
}

void nft_sets_order(struct nft_sets *sets)
{
	if (sets->count)
		qsort(sets->list, sets->count, sizeof(sets->list[0]), nft_id_compare);
}

int nft_sets_add_elements(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes)
{
	const struct nft_id id = {family, find_text(attributes, NFTA_SET_ELEM_LIST_TABLE),
				  find_text(attributes, NFTA_SET_ELEM_LIST_SET)};
	struct nft_set *set = id.table && id.name ? nft_sets_find(sets, &id) : NULL;
	struct nl_attribute elements;

	if (!set)
		return -EBADMSG;
	if (nl_find_attribute(attributes, NFTA_SET_ELEM_LIST_ELEMENTS, &elements) < 0)
		return 0;
	if (array_grow(&set->parts, set->part_count, &set->part_room, sizeof(*set->parts)) < 0)
		return -ENOMEM;
	set->parts[set->part_count++] = elements.value;
	return 0;
}

/* A value that is looked for, and what of the elements stands next before it or holds it. */
struct search {
	const struct nft_set *set;
	struct nl_bytes value;
	struct nl_bytes element, any; /* none: no bytes; @any holds what no other does */
	const uint8_t *key;	      /* of @element */
	bool is_end;
};

static bool find_value(struct nl_bytes element, uint16_t type, struct nl_bytes *ret_value)
{
	struct nl_attribute attribute;

	if (nl_find_attribute(element, type, &attribute) < 0 ||
	    nl_find_attribute(attribute.value, NFTA_DATA_VALUE, &attribute) < 0)
		return false;
	*ret_value = attribute.value;
	return true;
}

/* Whether each field of the value stands within its range; a field begins at a multiple of 4. */
static bool is_within(const struct search *search, const uint8_t *from, const uint8_t *to)
{
	struct nl_bytes fields = search->set->fields;
	const size_t whole = search->value.len;
	struct nl_attribute field;
	size_t at = 0;

	if (!fields.len)
		return memcmp(search->value.data, from, whole) >= 0 &&
		       memcmp(search->value.data, to, whole) <= 0;
	while (at < whole && nl_next_attribute(&fields, &field) > 0) {
		struct nl_attribute attribute;
		uint32_t len = 0;

		if (nl_find_attribute(field.value, NFTA_SET_FIELD_LEN, &attribute) < 0 ||
		    nl_be32(&attribute, &len) < 0 || !len || len > whole - at ||
		    memcmp(search->value.data + at, from + at, len) < 0 ||
		    memcmp(search->value.data + at, to + at, len) > 0)
			return false;
		at += (len + 3) / 4 * 4;
	}
	return at >= whole;
}

/* Of a set whose elements are ends of ranges. */
static void take_nearest(struct search *search, struct nl_bytes element, const uint8_t *key,
			 bool is_end)
{
	const size_t len = search->value.len;
	int r;

	if (memcmp(key, search->value.data, len) > 0)
		return;
	r = search->key ? memcmp(key, search->key, len) : 1;
	/* Where one range ends another may begin. */
	if (r > 0 || (r == 0 && !is_end)) {
		search->key = key;
		search->element = element;
		search->is_end = is_end;
	}
}

/* 0, or -ENOENT for an element of a kind that is not known here. */
static int look_at(struct search *search, struct nl_bytes element)
{
	const uint32_t flags = search->set->flags;
	struct nl_bytes key, end;
	struct nl_attribute attribute;
	uint32_t bits = 0;

	if (nl_find_attribute(element, NFTA_SET_ELEM_FLAGS, &attribute) == 0 &&
	    nl_be32(&attribute, &bits) < 0)
		return -ENOENT;
	if (bits & NFT_SET_ELEM_CATCHALL) {
		search->any = element;
		return 0;
	}
	if (!find_value(element, NFTA_SET_ELEM_KEY, &key) || key.len != search->value.len)
		return -ENOENT;
	if (!find_value(element, NFTA_SET_ELEM_KEY_END, &end))
		end = key;
	else if (end.len != key.len)
		return -ENOENT;
	if (flags & NFT_SET_INTERVAL && !(flags & NFT_SET_CONCAT) && end.data == key.data)
		take_nearest(search, element, key.data, bits & NFT_SET_ELEM_INTERVAL_END);
	else if (flags & NFT_SET_INTERVAL ? is_within(search, key.data, end.data)
					  : memcmp(key.data, search->value.data, key.len) == 0) {
		search->element = element;
		search->is_end = false;
	}
	return 0;
}

int nft_set_look_up(struct nft_sets *sets, const struct nft_set *set, struct nl_bytes value,
		    struct nl_bytes *ret_element)
{
	struct search search = {.set = set, .value = value};
	struct nl_attribute element;
	int r;

	if (!set->part_count)
		return -ENOENT;
	for (size_t i = 0; i < set->part_count; i++) {
		struct nl_bytes rest = set->parts[i];

		while ((r = nl_next_attribute(&rest, &element)) > 0)
			if (++sets->looked > MAX_LOOKED || look_at(&search, element.value) < 0)
				return -ENOENT;
		if (r < 0)
			return -ENOENT;
	}
	if (!search.element.len || search.is_end)
		search.element = search.any;
	*ret_element = search.element;
	return search.element.len > 0;
}

void nft_sets_done(struct nft_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++)
		free(sets->list[i].parts);
	free(sets->list);
	*sets = (struct nft_sets){0};
}
