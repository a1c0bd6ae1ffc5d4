/* SPDX-License-Identifier: Apache-2.0 */
/* The sets of an nf_tables dump whose elements stand in it: those that stand inside a rule. Pure.
 */
#ifndef PLUMBLINE_CHECKS_NFT_SETS_H
#define PLUMBLINE_CHECKS_NFT_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/netlink.h"

struct nft_set {
	uint8_t family;
	const char *table, *name; /* in the dump's own bytes */
	uint32_t flags;		  /* NFT_SET_* */
	struct nl_bytes *parts;	  /* lists of elements */
	size_t part_count, part_room;
};

struct nft_sets {
	struct nft_set *list; /* ordered once all are there */
	size_t count, room;
	size_t looked; /* at so many elements */
};

/* Takes one message of a dump: a set, or elements of a set when all sets are ordered. 0, -EBADMSG
 * or -ENOMEM. */
int nft_sets_add(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes);
void nft_sets_order(struct nft_sets *sets);
int nft_sets_add_elements(struct nft_sets *sets, uint8_t family, struct nl_bytes attributes);

/*
 * Whether @value is in set @name: 1 or 0, or -ENOENT when its elements are not known. Maps, sets of
 * several fields and more elements than an honest ruleset has are not known either.
 */
int nft_sets_have(struct nft_sets *sets, uint8_t family, const char *table, const char *name,
		  struct nl_bytes value);

void nft_sets_done(struct nft_sets *sets);

#endif
