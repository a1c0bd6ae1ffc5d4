/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firewall as nf_tables dumps it: which chains stand at a hook, and what
 * becomes of a packet that no rule names. Pure: reads bytes, asks nobody.
 *
 * It runs the rules for strange packets (strange_packet.h). Where it is not known whether one meets
 * a rule, both ways are followed: what may let it pass is open.
 */
#ifndef PLUMBLINE_CHECKS_NFT_RULESET_H
#define PLUMBLINE_CHECKS_NFT_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "checks/netlink.h"
#include "checks/nft_sets.h"
#include "checks/strange_packet.h"

/* Bits, since more than one may be possible. */
enum nft_fate {
	NFT_GOES_ON = 1, /* to the next rule, or to the policy */
	NFT_ACCEPTED = 2,
	NFT_DENIED = 4,
};

struct nft_step;

struct nft_chain {
	struct nft_id id; /* first, for nft_id_compare() */
	bool is_dormant;  /* its table is switched off */
	uint32_t rules;

	/* Base chains. */
	bool is_base;
	uint32_t hook;
	const char *type; /* "filter", "nat", "route" */
	bool drops;	  /* policy */

	/* Its rules that strange packets meet, up to the first that ends it for each. */
	struct nft_step *steps;
	size_t step_count, step_room;
	uint32_t over, judged;		 /* bits by packet */
	unsigned fates[STRANGE_PACKETS]; /* those that are possible, before the policy */
	bool is_being_judged;
};

struct nft_ruleset {
	struct nft_chain *chains; /* ordered by id */
	size_t count, room;
	struct nft_sets sets;
	uint32_t hook;
	size_t guesses; /* steps of maps of which it is not known what they hold for a packet */
};

/*
 * Reads the messages of a dump (tables, chains, rules, in any order) for what passes @hook
 * (NF_INET_*): chains of other hooks are judged as if they stood there. The ruleset points into
 * @bytes. 0, -EBADMSG for what no kernel sends, or -ENOMEM.
 */
int nft_ruleset_read(struct nl_bytes bytes, uint32_t hook, struct nft_ruleset *ret_ruleset);
void nft_ruleset_done(struct nft_ruleset *ruleset);
#define cleanup_nft_ruleset cleanup_with(nft_ruleset_done)

/* Whether @chain is a filter at @hook (NF_INET_*) that the kernel runs for packets of @family
 * (NFPROTO_IPV4, NFPROTO_IPV6). */
bool nft_chain_filters(const struct nft_chain *chain, uint32_t hook, uint8_t family);
/* Whether a strange packet may come through base chain @chain. */
bool nft_chain_may_accept(const struct nft_chain *chain, unsigned packet);
/* "ip", "ip6", "inet". */
const char *nft_family_name(uint8_t family);

#endif
