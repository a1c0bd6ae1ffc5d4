/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter table of legacy iptables as the kernel hands it out: what becomes of a packet that no
 * rule names. Pure: reads bytes, asks nobody. Like nft_ruleset.h it runs the rules for strange
 * packets; a rule with a condition that is not known here is counted only.
 */
#ifndef PLUMBLINE_CHECKS_XT_TABLE_H
#define PLUMBLINE_CHECKS_XT_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "checks/netlink.h"
#include "checks/nft_ruleset.h"

struct xt_chain {
	uint32_t rules;
	bool drops;			      /* policy */
	enum nft_fate fates[STRANGE_PACKETS]; /* of those of its family */
};

/*
 * Reads the chain at @hook (NF_INET_*) of a table of @family (NFPROTO_IPV4, NFPROTO_IPV6). @bytes
 * are the kernel's answer to GET_INFO and the entries of that to GET_ENTRIES. 0, -ENOENT when the
 * table has no such chain, or -EBADMSG for what no kernel sends.
 */
int xt_table_read(struct nl_bytes bytes, uint8_t family, uint32_t hook, struct xt_chain *ret_chain);

#endif
