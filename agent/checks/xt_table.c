/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/xt_table.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <string.h>

#define MAX_JUMPS 16
#define MAX_STEPS 200000 /* of one packet: chains that jump to each other in hostile bytes */

_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo), "one form for both");

struct layout;

struct table {
	const struct layout *layout;
	const uint8_t *data;
	size_t len;
	uint32_t hook, steps;
	unsigned packet; /* that is followed */
};

struct rule {
	uint32_t packets; /* strange ones that may meet its conditions; bits by number */
	uint32_t sure;	  /* those of them that do */
	bool is_goto;
	const char *target; /* "": a verdict */
	int32_t verdict;
	size_t next;
};

/* Takes from the packets of @rule those that do not meet the matches of its entry. */
static void meet_matches(const uint8_t *at, const uint8_t *end, uint32_t hook, struct rule *rule)
{
	struct xt_entry_match match;
	uint16_t size;

	for (; rule->packets && at < end; at += size) {
		struct nl_bytes info;

		if ((size_t)(end - at) < sizeof(match))
			break;
		memcpy(&match, at, sizeof(match));
		size = match.u.match_size;
		if (size < sizeof(match) || size > end - at ||
		    strnlen(match.u.user.name, sizeof(match.u.user.name)) ==
			    sizeof(match.u.user.name))
			break;
		info = (struct nl_bytes){at + sizeof(match), size - sizeof(match)};
		for (unsigned i = 0; i < STRANGE_PACKETS; i++) {
			enum strange_meets meets = strange_packet_meets(
				i, hook, match.u.user.name, match.u.user.revision, info);

			if (meets != STRANGE_MEETS)
				rule->sure &= ~(1u << i);
			if (meets == STRANGE_PASSES_BY)
				rule->packets &= ~(1u << i);
		}
	}
	/* What could not be cut up says nothing. */
	if (at < end)
		rule->sure = 0;
}

/* Whether the bits of @mask are the same in both, or are not where @is_inverse. */
static bool is_same(const void *a, const void *b, const void *mask, size_t len, bool is_inverse)
{
	const uint8_t *x = a, *y = b, *m = mask;
	bool is_equal = true;

	for (size_t i = 0; i < len; i++)
		is_equal = is_equal && !((x[i] ^ y[i]) & m[i]);
	return is_equal != is_inverse;
}

static bool meets_ipv4(const uint8_t *head, unsigned packet)
{
	const char name[IFNAMSIZ] = STRANGE_INTERFACE;
	uint8_t header[STRANGE_MAX_BYTES];
	struct ipt_ip ip;

	memcpy(&ip, head, sizeof(ip));
	(void)strange_packet_network(packet, header);
	return is_same(header + 12, &ip.src, &ip.smsk, 4, ip.invflags & IPT_INV_SRCIP) &&
	       is_same(header + 16, &ip.dst, &ip.dmsk, 4, ip.invflags & IPT_INV_DSTIP) &&
	       is_same(name, ip.iniface, ip.iniface_mask, IFNAMSIZ, ip.invflags & IPT_INV_VIA_IN) &&
	       is_same(name, ip.outiface, ip.outiface_mask, IFNAMSIZ,
		       ip.invflags & IPT_INV_VIA_OUT) &&
	       (!ip.proto ||
		(ip.proto == strange_packet_protocol(packet)) != !!(ip.invflags & IPT_INV_PROTO)) &&
	       (!(ip.flags & IPT_F_FRAG) || ip.invflags & IPT_INV_FRAG);
}

static bool meets_ipv6(const uint8_t *head, unsigned packet)
{
	const char name[IFNAMSIZ] = STRANGE_INTERFACE;
	uint8_t header[STRANGE_MAX_BYTES];
	struct ip6t_ip6 ip;

	memcpy(&ip, head, sizeof(ip));
	(void)strange_packet_network(packet, header);
	return is_same(header + 8, &ip.src, &ip.smsk, 16, ip.invflags & IP6T_INV_SRCIP) &&
	       is_same(header + 24, &ip.dst, &ip.dmsk, 16, ip.invflags & IP6T_INV_DSTIP) &&
	       is_same(name, ip.iniface, ip.iniface_mask, IFNAMSIZ,
		       ip.invflags & IP6T_INV_VIA_IN) &&
	       is_same(name, ip.outiface, ip.outiface_mask, IFNAMSIZ,
		       ip.invflags & IP6T_INV_VIA_OUT) &&
	       (!(ip.flags & IP6T_F_PROTO) ||
		(ip.proto == strange_packet_protocol(packet)) != !!(ip.invflags & IP6T_INV_PROTO));
}

/* Where the two families differ in an entry. */
static const struct layout {
	uint8_t family;
	/* Whether strange packet @packet is what the head of an entry, its first part, asks for. */
	bool (*meets)(const uint8_t *head, unsigned packet);
	size_t flags;		/* a byte in it */
	uint8_t is_goto;	/* in that byte: no condition, but a jump without return */
	size_t target_at, next; /* offsets of the two offsets */
	size_t size;
} layouts[] = {
	{NFPROTO_IPV4, meets_ipv4, offsetof(struct ipt_ip, flags), IPT_F_GOTO,
	 offsetof(struct ipt_entry, target_offset), offsetof(struct ipt_entry, next_offset),
	 sizeof(struct ipt_entry)},
	{NFPROTO_IPV6, meets_ipv6, offsetof(struct ip6t_ip6, flags), IP6T_F_GOTO,
	 offsetof(struct ip6t_entry, target_offset), offsetof(struct ip6t_entry, next_offset),
	 sizeof(struct ip6t_entry)},
};

static int read_rule(const struct table *table, size_t at, struct rule *ret_rule)
{
	const struct layout *layout = table->layout;
	struct xt_standard_target target;
	const uint8_t *entry = table->data + at;
	struct rule rule = {0};
	uint16_t target_at, size;

	if (at >= table->len || table->len - at < layout->size)
		return -EBADMSG;
	memcpy(&target_at, entry + layout->target_at, sizeof(target_at));
	memcpy(&size, entry + layout->next, sizeof(size));
	if (target_at < layout->size || size > table->len - at || target_at > size ||
	    (size_t)size - target_at < sizeof(struct xt_entry_target))
		return -EBADMSG;
	for (unsigned i = 0; i < STRANGE_PACKETS; i++)
		if (strange_packet_family(i) == layout->family && layout->meets(entry, i))
			rule.packets |= 1u << i;
	rule.sure = rule.packets;
	meet_matches(entry + layout->size, entry + target_at, table->hook, &rule);
	rule.is_goto = entry[layout->flags] & layout->is_goto;
	rule.target =
		(const char *)entry + target_at + offsetof(struct xt_entry_target, u.user.name);
	if (strnlen(rule.target, XT_EXTENSION_MAXNAMELEN) == XT_EXTENSION_MAXNAMELEN)
		return -EBADMSG;
	if (!*rule.target) {
		if ((size_t)size - target_at <
		    offsetof(struct xt_standard_target, verdict) + sizeof(target.verdict))
			return -EBADMSG;
		memcpy(&rule.verdict,
		       entry + target_at + offsetof(struct xt_standard_target, verdict),
		       sizeof(rule.verdict));
	}
	rule.next = at + size;
	*ret_rule = rule;
	return 0;
}

static int judge(struct table *table, size_t at, unsigned depth, unsigned *fates);

/* What a verdict does that is no chain. */
static enum nft_fate fate_of(const struct rule *rule)
{
	if (!*rule->target)
		return rule->verdict == -NF_DROP - 1 ? NFT_DENIED
		       : rule->verdict == XT_RETURN  ? NFT_GOES_ON
						     : NFT_ACCEPTED;
	if (strcmp(rule->target, "REJECT") == 0)
		return NFT_DENIED;
	/* What a program in user space says is not known. */
	return strcmp(rule->target, "NFQUEUE") == 0 ? NFT_ACCEPTED : NFT_GOES_ON;
}

/*
 * Adds to @fates what @rule may do with the packet for good. 1 when nothing behind it is reached;
 * else 0, or -EBADMSG.
 */
static int apply(struct table *table, const struct rule *rule, unsigned depth, unsigned *fates)
{
	const uint32_t packet = 1u << table->packet;
	bool goes_on = !(rule->sure & packet);
	unsigned inner = 0;
	int r;

	/* A verdict that is the next entry is how a rule without a target is written. */
	if (!(rule->packets & packet) ||
	    (!*rule->target && rule->verdict >= 0 && (size_t)rule->verdict == rule->next))
		return 0;
	if (*rule->target || rule->verdict < 0) {
		enum nft_fate fate = fate_of(rule);
		/* The last entry of a table has this target. */
		bool is_end = !*rule->target || strcmp(rule->target, XT_ERROR_TARGET) == 0;

		if (fate != NFT_GOES_ON || is_end)
			*fates |= fate;
		return !goes_on && (fate != NFT_GOES_ON || is_end);
	}
	r = judge(table, (size_t)rule->verdict, depth + 1, &inner);
	if (r < 0)
		return r;
	*fates |= rule->is_goto ? inner : inner & ~(unsigned)NFT_GOES_ON;
	return !goes_on && (rule->is_goto || !(inner & NFT_GOES_ON));
}

static int judge(struct table *table, size_t at, unsigned depth, unsigned *fates)
{
	struct rule rule;
	int r;

	if (depth > MAX_JUMPS)
		return -EBADMSG;
	do {
		if (++table->steps > MAX_STEPS)
			return -EBADMSG;
		r = read_rule(table, at, &rule);
		if (r == 0)
			r = apply(table, &rule, depth, fates);
		at = rule.next;
	} while (r == 0);
	return r < 0 ? r : 0;
}

static int count_rules(const struct table *table, size_t from, size_t to, uint32_t *ret_rules)
{
	uint32_t rules = 0;
	struct rule rule;

	for (size_t at = from; at != to; at = rule.next) {
		if (at > to || read_rule(table, at, &rule) < 0)
			return -EBADMSG;
		rules++;
	}
	*ret_rules = rules;
	return 0;
}

int xt_table_read(struct nl_bytes bytes, uint8_t family, uint32_t hook, struct xt_chain *ret_chain)
{
	struct table table = {.layout = &layouts[family == NFPROTO_IPV6], .hook = hook};
	struct xt_chain chain = {0};
	struct ipt_getinfo info;
	struct rule policy;
	int r;

	if (bytes.len < sizeof(info) || hook >= NF_INET_NUMHOOKS)
		return -EBADMSG;
	memcpy(&info, bytes.data, sizeof(info));
	table.data = bytes.data + sizeof(info);
	table.len = bytes.len - sizeof(info);
	if (info.size != table.len)
		return -EBADMSG;
	if (!(info.valid_hooks & (1u << hook)))
		return -ENOENT;
	r = read_rule(&table, info.underflow[hook], &policy);
	if (r == 0)
		r = count_rules(&table, info.hook_entry[hook], info.underflow[hook], &chain.rules);
	chain.drops = r == 0 && policy.verdict == -NF_DROP - 1;
	for (unsigned i = 0; i < STRANGE_PACKETS && r == 0; i++) {
		unsigned *fates = &chain.fates[i];

		if (strange_packet_family(i) != family)
			continue;
		table.packet = i;
		table.steps = 0;
		r = judge(&table, info.hook_entry[hook], 0, fates);
		/* Who returns from the first chain meets its policy. */
		if (*fates & NFT_GOES_ON)
			*fates |= chain.drops ? NFT_DENIED : NFT_ACCEPTED;
		*fates &= ~(unsigned)NFT_GOES_ON;
	}
	if (r < 0)
		return r;
	*ret_chain = chain;
	return 0;
}
