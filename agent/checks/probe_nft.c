/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firewall in force: chains of nf_tables at a hook, or the address families whose packets pass
 * there unless a rule says no. Rules made by iptables-nft, ufw and firewalld are nf_tables rules
 * too. Legacy iptables is looked at where nf_tables leaves something open.
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/str.h"
#include "base/words.h"
#include "checks/kernel_dump.h"
#include "checks/nft_ruleset.h"
#include "checks/probe.h"
#include "checks/xt_filter.h"

#define NO_IPV6 "/proc/sys/net/ipv6/conf/all/disable_ipv6"

enum {
	KEY_HOOK,
	KEY_LIST
};

static const struct probe_key keys[] = {
	[KEY_HOOK] = {"hook", PROBE_KEY_CHOICE, true, "input forward output"},
	[KEY_LIST] = {"list", PROBE_KEY_CHOICE, true, "guards open"},
	{NULL},
};

static const struct {
	const char *name;
	uint8_t family;
} families[] = {
	{"IPv4", NFPROTO_IPV4},
	{"IPv6", NFPROTO_IPV6},
};

static uint32_t hook_of(const char *name)
{
	return str_equal(name, "input")	    ? NF_INET_LOCAL_IN
	       : str_equal(name, "forward") ? NF_INET_FORWARD
					    : NF_INET_LOCAL_OUT;
}

static bool has_ipv6(const struct root *root)
{
	cleanup_strbuf struct strbuf text = STRBUF_INIT;

	if (root->is_live && !root_exists(root, "/proc/net/if_inet6"))
		return false;
	return root_read_text(root, NO_IPV6, 64, &text) < 0 || !text.data ||
	       !str_equal(words_squash(text.data), "1");
}

static bool is_guard(const struct nft_chain *chain, uint32_t hook)
{
	return (nft_chain_filters(chain, hook, NFPROTO_IPV4) ||
		nft_chain_filters(chain, hook, NFPROTO_IPV6)) &&
	       (chain->rules || chain->drops);
}

/* Those of @packets that come through @chain. */
static uint32_t accepted_by(const struct nft_chain *chain, uint32_t packets)
{
	for (unsigned i = 0; i < STRANGE_PACKETS; i++)
		if (!nft_chain_may_accept(chain, i))
			packets &= ~(1u << i);
	return packets;
}

static void describe(const struct nft_chain *chain, struct strbuf *out)
{
	const struct nft_id *id = &chain->id;

	strbuf_printf(out, "%s %s %s: %" PRIu32 " rules, else %s", nft_family_name(id->family),
		      id->table, id->name, chain->rules,
		      accepted_by(chain, strange_packets_of(id->family)) ? "accepted" : "denied");
}

static void list_guards(const struct nft_ruleset *ruleset, uint32_t hook, struct probe_value *value)
{
	for (size_t i = 0; i < ruleset->count; i++) {
		cleanup_strbuf struct strbuf item = STRBUF_INIT;

		if (!is_guard(&ruleset->chains[i], hook))
			continue;
		describe(&ruleset->chains[i], &item);
		if (strbuf_check(&item) < 0)
			value->text.failed = true;
		else
			probe_list_add(value, item.data);
	}
}

/* A packet must come through every chain at its hook, so one that denies is enough. */
static uint32_t find_open(const struct nft_ruleset *ruleset, uint32_t hook, uint8_t family)
{
	uint32_t packets = strange_packets_of(family);

	for (size_t i = 0; i < ruleset->count; i++)
		if (nft_chain_filters(&ruleset->chains[i], hook, family))
			packets = accepted_by(&ruleset->chains[i], packets);
	return packets;
}

static uint32_t open_in(const struct xt_chain *chain, uint32_t packets)
{
	for (unsigned i = 0; i < STRANGE_PACKETS; i++)
		if (!(chain->fates[i] & NFT_ACCEPTED))
			packets &= ~(1u << i);
	return packets;
}

/* "IPv4" where all that is strange passes, else "IPv4 TCP" and the like. */
static void list_open(const char *family_name, uint8_t family, uint32_t packets,
		      struct probe_value *value)
{
	if (packets == strange_packets_of(family)) {
		probe_list_add(value, family_name);
		return;
	}
	for (unsigned i = 0; i < STRANGE_PACKETS; i++) {
		uint8_t protocol = strange_packet_protocol(i);
		char item[64];

		if (!(packets & (1u << i)))
			continue;
		snprintf(item, sizeof(item), "%s %s", family_name,
			 protocol == IPPROTO_TCP   ? "TCP"
			 : protocol == IPPROTO_UDP ? "UDP"
						   : "but TCP and UDP");
		probe_list_add(value, item);
	}
}

static void list_legacy(uint8_t family, const char *hook, const struct xt_chain *chain,
			struct probe_value *value)
{
	char item[128];

	if (!chain->rules && !chain->drops)
		return;
	snprintf(item, sizeof(item), "%s legacy %s: %" PRIu32 " rules, else %s",
		 nft_family_name(family), hook, chain->rules,
		 open_in(chain, strange_packets_of(family)) ? "accepted" : "denied");
	probe_list_add(value, item);
}

static int find(const struct probe_params *params, const struct root *root,
		const struct nft_ruleset *ruleset, struct probe_value *value)
{
	uint32_t hook = hook_of(params->values[KEY_HOOK]);
	bool wants_guards = str_equal(params->values[KEY_LIST], "guards"), has_guards;

	probe_list_add(value, NULL);
	if (wants_guards)
		list_guards(ruleset, hook, value);
	has_guards = value->count > 0;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		uint8_t family = families[i].family;
		uint32_t open = find_open(ruleset, hook, family);
		struct xt_chain legacy = {0};
		int r;

		if ((family == NFPROTO_IPV6 && !has_ipv6(root)) ||
		    (wants_guards ? has_guards : !open))
			continue;
		r = xt_filter_chain(root, family, hook, value, &legacy);
		if (r < 0)
			return r == -ENOMEM ? r : 0;
		if (wants_guards && r > 0)
			list_legacy(family, params->values[KEY_HOOK], &legacy, value);
		else if (!wants_guards)
			list_open(families[i].name, family, r > 0 ? open_in(&legacy, open) : open,
				  value);
	}
	if (wants_guards && !value->count)
		return probe_absent(value,
				    ruleset->count ? "no rules at the %s hook" : "no rules at all",
				    params->values[KEY_HOOK]);
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_nft_ruleset struct nft_ruleset ruleset = {0};
	cleanup_strbuf struct strbuf storage = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r;

	r = kernel_dump_read(root, KERNEL_NFTABLES, &storage, &bytes, value);
	if (r <= 0)
		return r;
	r = nft_ruleset_read(bytes, hook_of(params->values[KEY_HOOK]), &ruleset);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return probe_error(value, "the kernel's dump of its rules is damaged");
	return find(params, root, &ruleset, value);
}

static unsigned asks(const struct probe_params *params)
{
	return 1u << KERNEL_NFTABLES | XT_FILTER_ASKS;
}

const struct probe_ops probe_nft = {"nft", keys, PROBE_GIVES_LIST, run, asks};
