/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter table of legacy iptables as the kernel hands it out: what becomes of a packet that no
 * rule names. Pure: reads bytes, asks nobody. Like nft_ruleset.h it runs the rules for strange
 * packets; where a condition is not known here, it is followed both ways.
 */
#ifndef PLUMBLINE_CHECKS_XT_TABLE_H
#define PLUMBLINE_CHECKS_XT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "checks/netlink.h"
#include "checks/nft_ruleset.h"

struct xt_chain {
	uint32_t rules;
	bool drops;			 /* policy */
	unsigned fates[STRANGE_PACKETS]; /* NFT_ACCEPTED and NFT_DENIED of those of its family */
};

/*
 * Reads the chain at @hook (NF_INET_*) of a table of @family (NFPROTO_IPV4, NFPROTO_IPV6). @bytes
 * are the kernel's answer to GET_INFO and the entries of that to GET_ENTRIES. 0, -ENOENT when the
 * table has no such chain, or -EBADMSG for what no kernel sends.
 */
int xt_table_read(struct nl_bytes bytes, uint8_t family, uint32_t hook, struct xt_chain *ret_chain);

#endif
