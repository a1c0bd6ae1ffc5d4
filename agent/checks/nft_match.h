/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a strange packet meets the conditions of an nf_tables rule, expression by expression. */
#ifndef PLUMBLINE_CHECKS_NFT_MATCH_H
#define PLUMBLINE_CHECKS_NFT_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "checks/netlink.h"
#include "checks/nft_sets.h"
#include "checks/strange_packet.h"

#define NFT_REGISTER_BYTES 64

/* What the expressions of one rule hand to each other. */
struct nft_scratch {
	uint8_t bytes[NFT_REGISTER_BYTES];
	uint64_t known; /* bits by byte; of the others it is not known what they would be */
	uint32_t hook;	/* NF_INET_* */
	struct nft_sets *sets;
	const struct nft_id *chain; /* of the rule */
};

/*
 * Runs expression @name for strange packet @packet: whether it goes on with the next one. It may do
 * so where that depends on more than the packet (a limit), or on what is not known here.
 */
enum strange_meets nft_match(struct nft_scratch *scratch, const char *name, struct nl_bytes data,
			     unsigned packet);

/*
 * The set or map of a look-up, NULL when the dump has none of that name, and whether the value that
 * @scratch has for it is there: then @ret_element has its attributes.
 */
const struct nft_set *nft_look_up(const struct nft_scratch *scratch, struct nl_bytes data,
				  enum strange_meets *ret_meets, struct nl_bytes *ret_element);

#endif
