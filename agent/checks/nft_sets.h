/* SPDX-License-Identifier: Apache-2.0 */
/* The sets and maps of an nf_tables dump, and whether a value is in one. Pure. */
#ifndef PLUMBLINE_CHECKS_NFT_SETS_H
#define PLUMBLINE_CHECKS_NFT_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/netlink.h"

/* What a set, or a chain, is known by. */
struct nft_id {
	uint8_t family;		  /* NFPROTO_* */
	const char *table, *name; /* in the dump's own bytes */
};

struct nft_set {
	struct nft_id id; /* first, for nft_id_compare() */
	uint32_t flags;	  /* NFT_SET_* */
	uint32_t key_len;
	struct nl_bytes fields; /* of a key of several: NFTA_SET_DESC_CONCAT */
	struct nl_bytes *parts; /* lists of elements */
	size_t part_count, part_room;
};

struct nft_sets {
	struct nft_set *list; /* ordered once all are there */
	size_t count, room;
	size_t looked; /* at so many elements */
};

/* For qsort() and bsearch(), of ids and of what begins with one. */
int nft_id_compare(const void *a, const void *b);

/* Takes one message of a dump: a set, or elements of a set when all sets are ordered. 0, -EBADMSG
 * or -ENOMEM. */
int nft_sets_add(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes);
void nft_sets_order(struct nft_sets *sets);
int nft_sets_add_elements(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes);

struct nft_set *nft_sets_find(const struct nft_sets *sets, const struct nft_id *id);

/*
 * Whether @value, as long as the keys of @set, is in it: 1 with the attributes of its element, 0,
 * or -ENOENT when that is not known: for a set whose elements are not in the dump, elements of a
 * kind that is not known here, and more of them than an honest ruleset has.
 */
int nft_set_look_up(struct nft_sets *sets, const struct nft_set *set, struct nl_bytes value,
		    struct nl_bytes *ret_element);

void nft_sets_done(struct nft_sets *sets);

#endif
