/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a strange packet meets the conditions of an nf_tables rule, expression by expression. */
#ifndef PLUMBLINE_CHECKS_NFT_MATCH_H
#define PLUMBLINE_CHECKS_NFT_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "checks/netlink.h"
#include "checks/nft_sets.h"

#define NFT_REGISTER_BYTES 64

/* What the expressions of one rule hand to each other. */
struct nft_scratch {
	uint8_t bytes[NFT_REGISTER_BYTES];
	uint64_t known; /* bits by byte */
	struct nft_sets *sets;
	const char *table; /* of the rule */
	uint8_t family;	   /* of that table */
};

/*
 * Runs expression @name for strange packet @packet. False when the packet is turned away, and for
 * what is not known here: named sets, maps, limits, whatever depends on more than the packet.
 */
bool nft_match(struct nft_scratch *registers, const char *name, struct nl_bytes data,
	       unsigned packet);

/* The last attribute of @type: 0, -ENOENT, or -EBADMSG. */
int nft_find_attribute(struct nl_bytes rest, uint16_t type, struct nl_attribute *ret_attribute);

#endif
