/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel says by netlink, and of legacy iptables. The first byte chooses the reader; the
 * rest is its answer. */
#include "fuzz/fuzz.h"

#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "checks/audit_effect.h"
#include "checks/nft_ruleset.h"
#include "checks/xt_table.h"

static void check_chain(const struct nft_chain *chain)
{
	if (!chain->id.table || !chain->id.name || (chain->is_base && !chain->type))
		abort();
	if (!chain->fates[0])
		abort(); /* a packet does not stay in a chain */
	/* Both texts end within the bytes. */
	if (strlen(chain->id.table) + strlen(chain->id.name) > 1 << 20)
		abort();
	(void)nft_chain_filters(chain, NF_INET_LOCAL_IN, NFPROTO_IPV4);
}

static int check_rule(const struct audit_rule *rule, void *userdata)
{
	/* Reads every byte of the path, for the sanitizer to look at. */
	unsigned sum = 0;

	for (size_t i = 0; rule->path && i < rule->path_len; i++)
		sum += (unsigned char)rule->path[i];
	(void)audit_rule_effect(rule, &(struct audit_wanted){.path = "/etc", .path_len = 4});
	(void)audit_rule_effect(rule, &(struct audit_wanted){.call = (int)(sum % 4096)});
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_nft_ruleset struct nft_ruleset ruleset = {0};
	cleanup_free uint8_t *copy = NULL;
	struct nl_bytes bytes;

	if (size == 0)
		return 0;
	/* As aligned as a buffer is, and of the exact size. */
	copy = malloc(size > 1 ? size - 1 : 1);
	if (!copy)
		abort();
	memcpy(copy, data + 1, size - 1);
	bytes = (struct nl_bytes){copy, size - 1};
	if (data[0] & 4) {
		struct xt_chain chain;

		if (xt_table_read(bytes, data[0] & 8 ? NFPROTO_IPV6 : NFPROTO_IPV4,
				  NF_INET_LOCAL_IN, &chain) == 0 &&
		    !(chain.fates[data[0] & 8 ? STRANGE_PROTOCOLS : 0] &
		      (NFT_ACCEPTED | NFT_DENIED)))
			abort();
		return 0;
	}
	if (data[0] % 2) {
		(void)audit_rules_each(bytes, check_rule, NULL);
		return 0;
	}
	if (nft_ruleset_read(bytes, NF_INET_LOCAL_IN, &ruleset) < 0)
		return 0;
	for (size_t i = 0; i < ruleset.count; i++)
		check_chain(&ruleset.chains[i]);
	return 0;
}
