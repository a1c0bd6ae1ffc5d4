/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/nft_match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "checks/strange_packet.h"

#define INTERFACE_NUMBER 0x5a5a
#define ACCOUNT		 0x5a5a5a5a
#define NFT_VALUE_BYTES	 16 /* as much as a load writes */

static bool find_number(struct nl_bytes data, uint16_t type, uint32_t *ret_value)
{
	struct nl_attribute attribute;

	return nl_find_attribute(data, type, &attribute) == 0 &&
	       nl_be32(&attribute, ret_value) == 0;
}

/* Of a value within an attribute. */
static bool find_value(struct nl_bytes data, uint16_t type, struct nl_bytes *ret_value)
{
	struct nl_attribute attribute;

	if (nl_find_attribute(data, type, &attribute) < 0 ||
	    nl_find_attribute(attribute.value, NFTA_DATA_VALUE, &attribute) < 0)
		return false;
	*ret_value = attribute.value;
	return true;
}

static uint64_t bits_of(size_t at, size_t len)
{
	return (len == 64 ? UINT64_MAX : (UINT64_C(1) << len) - 1) << at;
}

/* Where @len bytes of the register that @data names as @type begin. */
static bool find_register(struct nl_bytes data, uint16_t type, size_t len, size_t *ret_at)
{
	uint32_t number;
	size_t at;

	if (!find_number(data, type, &number))
		return false;
	if (number >= NFT_REG_1 && number <= NFT_REG_4)
		at = (number - NFT_REG_1) * 16;
	else if (number >= NFT_REG32_00 && number <= NFT_REG32_15)
		at = (number - NFT_REG32_00) * 4;
	else
		return false;
	if (!len || len > NFT_REGISTER_BYTES - at)
		return false;
	*ret_at = at;
	return true;
}

static const uint8_t *read_register(const struct nft_scratch *registers, struct nl_bytes data,
				    uint16_t type, size_t len)
{
	size_t at;

	if (!find_register(data, type, len, &at) ||
	    (registers->known & bits_of(at, len)) != bits_of(at, len))
		return NULL;
	return registers->bytes + at;
}

/* What stands in the register that @data names as @type is not known any more. */
static void forget_register(struct nft_scratch *registers, struct nl_bytes data, uint16_t type)
{
	size_t at;

	if (!find_register(data, type, 1, &at))
		registers->known = 0;
	else
		registers->known &= at + NFT_VALUE_BYTES < NFT_REGISTER_BYTES
					    ? ~bits_of(at, NFT_VALUE_BYTES)
					    : ~bits_of(at, NFT_REGISTER_BYTES - at);
}

/* The kernel fills a register up with zeros. */
static void write_register(struct nft_scratch *registers, struct nl_bytes data, uint16_t type,
			   struct nl_bytes value)
{
	size_t padded = (value.len + 3) / 4 * 4, at;

	if (!find_register(data, type, padded, &at)) {
		forget_register(registers, data, type);
		return;
	}
	memset(registers->bytes + at, 0, padded);
	memcpy(registers->bytes + at, value.data, value.len);
	registers->known |= bits_of(at, padded);
}

static void load_meta(struct nft_scratch *registers, struct nl_bytes data, unsigned packet)
{
	const uint8_t family = strange_packet_family(packet),
		      protocol = strange_packet_protocol(packet), none = 0;
	const uint16_t frame = htons(family == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6),
		       kind = ARPHRD_ETHER;
	const char name[IFNAMSIZ] = STRANGE_INTERFACE;
	const uint32_t number = INTERFACE_NUMBER, account = ACCOUNT, zero = 0;
	/* Another's packet has no account, and no comparison holds. */
	const bool is_ours = registers->hook == NF_INET_LOCAL_OUT;
	const struct {
		uint32_t key;
		const void *value;
		size_t len;
	} metas[] = {
		{NFT_META_PROTOCOL, &frame, sizeof(frame)},
		{NFT_META_MARK, &zero, sizeof(zero)},
		{NFT_META_IIF, &number, sizeof(number)},
		{NFT_META_OIF, &number, sizeof(number)},
		{NFT_META_IIFNAME, name, sizeof(name)},
		{NFT_META_OIFNAME, name, sizeof(name)},
		{NFT_META_IIFTYPE, &kind, sizeof(kind)},
		{NFT_META_OIFTYPE, &kind, sizeof(kind)},
		{NFT_META_IIFGROUP, &zero, sizeof(zero)},
		{NFT_META_OIFGROUP, &zero, sizeof(zero)},
		{NFT_META_SKUID, &account, sizeof(account)},
		{NFT_META_SKGID, &account, sizeof(account)},
		{NFT_META_NFPROTO, &family, sizeof(family)},
		{NFT_META_L4PROTO, &protocol, sizeof(protocol)},
		{NFT_META_PKTTYPE, &none, sizeof(none)}, /* to this host */
		{NFT_META_SECPATH, &none, sizeof(none)},
	};
	uint32_t key;

	forget_register(registers, data, NFTA_META_DREG);
	if (!find_number(data, NFTA_META_KEY, &key))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(metas); i++)
		if (metas[i].key == key && (metas[i].value != &account || is_ours))
			write_register(registers, data, NFTA_META_DREG,
				       (struct nl_bytes){metas[i].value, metas[i].len});
}

static void load_ct(struct nft_scratch *registers, struct nl_bytes data)
{
	const uint32_t state = STRANGE_STATE, zero = 0;
	const uint8_t original = 0;
	const struct {
		uint32_t key;
		const void *value;
		size_t len;
	} facts[] = {
		{NFT_CT_STATE, &state, sizeof(state)},
		{NFT_CT_DIRECTION, &original, sizeof(original)},
		{NFT_CT_STATUS, &zero, sizeof(zero)},
		{NFT_CT_MARK, &zero, sizeof(zero)},
	};
	uint32_t key;

	forget_register(registers, data, NFTA_CT_DREG);
	if (!find_number(data, NFTA_CT_KEY, &key))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		if (facts[i].key == key)
			write_register(registers, data, NFTA_CT_DREG,
				       (struct nl_bytes){(const uint8_t *)facts[i].value,
							 facts[i].len});
}

static void load_payload(struct nft_scratch *registers, struct nl_bytes data, unsigned packet)
{
	uint8_t header[STRANGE_MAX_BYTES];
	uint32_t base, offset, len;
	size_t size;

	forget_register(registers, data, NFTA_PAYLOAD_DREG);
	if (!find_number(data, NFTA_PAYLOAD_BASE, &base) ||
	    !find_number(data, NFTA_PAYLOAD_OFFSET, &offset) ||
	    !find_number(data, NFTA_PAYLOAD_LEN, &len))
		return;
	size = base == NFT_PAYLOAD_LL_HEADER	      ? strange_packet_link(packet, header)
	       : base == NFT_PAYLOAD_NETWORK_HEADER   ? strange_packet_network(packet, header)
	       : base == NFT_PAYLOAD_TRANSPORT_HEADER ? strange_packet_transport(packet, header)
						      : 0;
	if (offset < size && len <= size - offset)
		write_register(registers, data, NFTA_PAYLOAD_DREG,
			       (struct nl_bytes){header + offset, len});
}

/* The type of an address; which interface leads to one is not known. */
static void load_route(struct nft_scratch *registers, struct nl_bytes data)
{
	uint32_t result, flags, type;

	forget_register(registers, data, NFTA_FIB_DREG);
	if (!find_number(data, NFTA_FIB_RESULT, &result) ||
	    !find_number(data, NFTA_FIB_FLAGS, &flags) || result != NFT_FIB_RESULT_ADDRTYPE)
		return;
	/* Of the one interface: whoever sends chooses. */
	if (flags == NFTA_FIB_F_DADDR)
		type = strange_packet_destination_type(registers->hook);
	else if (flags == NFTA_FIB_F_SADDR)
		type = strange_packet_source_type(registers->hook);
	else
		return;
	write_register(registers, data, NFTA_FIB_DREG,
		       (struct nl_bytes){(const uint8_t *)&type, sizeof(type)});
}

static void change_bits(struct nft_scratch *registers, struct nl_bytes data)
{
	uint8_t result[NFT_REGISTER_BYTES];
	struct nl_bytes mask, other;
	uint32_t len, kind = NFT_BITWISE_BOOL;
	const uint8_t *from;

	(void)find_number(data, NFTA_BITWISE_OP, &kind);
	if (kind == NFT_BITWISE_BOOL && find_number(data, NFTA_BITWISE_LEN, &len) &&
	    find_value(data, NFTA_BITWISE_MASK, &mask) &&
	    find_value(data, NFTA_BITWISE_XOR, &other) && mask.len >= len && other.len >= len &&
	    (from = read_register(registers, data, NFTA_BITWISE_SREG, len))) {
		for (uint32_t i = 0; i < len; i++)
			result[i] = (from[i] & mask.data[i]) ^ other.data[i];
		write_register(registers, data, NFTA_BITWISE_DREG, (struct nl_bytes){result, len});
	} else {
		forget_register(registers, data, NFTA_BITWISE_DREG);
	}
}

/* Between the order of the network and that of this machine, which is the same either way. */
static void change_order(struct nft_scratch *registers, struct nl_bytes data)
{
	const bool is_little = htons(1) != 1;
	uint8_t result[NFT_REGISTER_BYTES];
	const uint8_t *from;
	uint32_t len, size;

	if (find_number(data, NFTA_BYTEORDER_LEN, &len) &&
	    find_number(data, NFTA_BYTEORDER_SIZE, &size) && size && size <= 8 &&
	    (from = read_register(registers, data, NFTA_BYTEORDER_SREG, len)) && len % size == 0) {
		for (uint32_t i = 0; i < len; i++)
			result[i] = from[is_little ? i - i % size + size - 1 - i % size : i];
		write_register(registers, data, NFTA_BYTEORDER_DREG,
			       (struct nl_bytes){result, len});
	} else {
		forget_register(registers, data, NFTA_BYTEORDER_DREG);
	}
}

static enum strange_meets if_true(bool is_true)
{
	return is_true ? STRANGE_MEETS : STRANGE_PASSES_BY;
}

static enum strange_meets compare(const struct nft_scratch *registers, struct nl_bytes data)
{
	struct nl_bytes value;
	const uint8_t *left;
	uint32_t op;
	int r;

	if (!find_number(data, NFTA_CMP_OP, &op) || !find_value(data, NFTA_CMP_DATA, &value))
		return STRANGE_MAY_MEET;
	left = read_register(registers, data, NFTA_CMP_SREG, value.len);
	if (!left)
		return STRANGE_MAY_MEET;
	r = memcmp(left, value.data, value.len);
	switch (op) {
	case NFT_CMP_EQ:
		return if_true(r == 0);
	case NFT_CMP_NEQ:
		return if_true(r != 0);
	case NFT_CMP_LT:
		return if_true(r < 0);
	case NFT_CMP_LTE:
		return if_true(r <= 0);
	case NFT_CMP_GT:
		return if_true(r > 0);
	case NFT_CMP_GTE:
		return if_true(r >= 0);
	default:
		return STRANGE_MAY_MEET;
	}
}

static enum strange_meets is_in_range(const struct nft_scratch *registers, struct nl_bytes data)
{
	struct nl_bytes from, to;
	const uint8_t *left;
	uint32_t op;

	if (!find_number(data, NFTA_RANGE_OP, &op) ||
	    !find_value(data, NFTA_RANGE_FROM_DATA, &from) ||
	    !find_value(data, NFTA_RANGE_TO_DATA, &to) || from.len != to.len)
		return STRANGE_MAY_MEET;
	left = read_register(registers, data, NFTA_RANGE_SREG, from.len);
	if (!left)
		return STRANGE_MAY_MEET;
	return if_true((memcmp(left, from.data, from.len) >= 0 &&
			memcmp(left, to.data, to.len) <= 0) == (op == NFT_RANGE_EQ));
}

const struct nft_set *nft_look_up(const struct nft_scratch *scratch, struct nl_bytes data,
				  enum strange_meets *ret_meets, struct nl_bytes *ret_element)
{
	struct nft_id id = *scratch->chain;
	struct nl_attribute name, other;
	const struct nft_set *set = NULL;
	const uint8_t *value = NULL;
	int r = -ENOENT;

	*ret_element = (struct nl_bytes){0};
	if (nl_find_attribute(data, NFTA_LOOKUP_SET, &name) == 0 && (id.name = nl_text(&name)))
		set = nft_sets_find(scratch->sets, &id);
	if (set)
		value = read_register(scratch, data, NFTA_LOOKUP_SREG, set->key_len);
	if (value)
		r = nft_set_look_up(scratch->sets, set, (struct nl_bytes){value, set->key_len},
				    ret_element);
	*ret_meets = r < 0 ? STRANGE_MAY_MEET : if_true(r);
	/* An element may have a limit of its own. */
	if (r > 0 && (nl_find_attribute(*ret_element, NFTA_SET_ELEM_EXPR, &other) == 0 ||
		      nl_find_attribute(*ret_element, NFTA_SET_ELEM_EXPRESSIONS, &other) == 0))
		*ret_meets = STRANGE_MAY_MEET;
	return set;
}

static enum strange_meets is_in_set(struct nft_scratch *scratch, struct nl_bytes data)
{
	enum strange_meets meets;
	struct nl_attribute target;
	struct nl_bytes element;
	uint32_t flags = 0;

	(void)find_number(data, NFTA_LOOKUP_FLAGS, &flags);
	(void)nft_look_up(scratch, data, &meets, &element);
	/* What a map gives is not followed. */
	if (nl_find_attribute(data, NFTA_LOOKUP_DREG, &target) == 0)
		forget_register(scratch, data, NFTA_LOOKUP_DREG);
	if (!(flags & NFT_LOOKUP_F_INV) || meets == STRANGE_MAY_MEET)
		return meets;
	return if_true(meets == STRANGE_PASSES_BY);
}

static enum strange_meets meets_old_match(const struct nft_scratch *scratch, struct nl_bytes data,
					  unsigned packet)
{
	struct nl_attribute name, info = {0};
	uint32_t revision = 0;

	(void)find_number(data, NFTA_MATCH_REV, &revision);
	(void)nl_find_attribute(data, NFTA_MATCH_INFO, &info);
	if (nl_find_attribute(data, NFTA_MATCH_NAME, &name) < 0 || !nl_text(&name))
		return STRANGE_MAY_MEET;
	return strange_packet_meets(packet, scratch->hook, nl_text(&name), revision, info.value);
}

/* Of objects, those that let all pass. */
static enum strange_meets meets_object(struct nl_bytes data)
{
	static const uint32_t passes[] = {NFT_OBJECT_COUNTER, NFT_OBJECT_CT_HELPER,
					  NFT_OBJECT_CT_TIMEOUT, NFT_OBJECT_SECMARK,
					  NFT_OBJECT_CT_EXPECT};
	uint32_t type;

	if (find_number(data, NFTA_OBJREF_IMM_TYPE, &type))
		for (size_t i = 0; i < ARRAY_SIZE(passes); i++)
			if (passes[i] == type)
				return STRANGE_MEETS;
	return STRANGE_MAY_MEET;
}

/* What loads a register or changes one turns nothing away; false for another expression. */
static bool loads(struct nft_scratch *scratch, const char *name, struct nl_bytes data,
		  unsigned packet)
{
	struct nl_bytes value;

	if (str_equal(name, "meta"))
		load_meta(scratch, data, packet);
	else if (str_equal(name, "ct"))
		load_ct(scratch, data);
	else if (str_equal(name, "payload"))
		load_payload(scratch, data, packet);
	else if (str_equal(name, "fib"))
		load_route(scratch, data);
	else if (str_equal(name, "bitwise"))
		change_bits(scratch, data);
	else if (str_equal(name, "byteorder"))
		change_order(scratch, data);
	else if (!str_equal(name, "immediate"))
		return false;
	else if (find_value(data, NFTA_IMMEDIATE_DATA, &value))
		write_register(scratch, data, NFTA_IMMEDIATE_DREG, value);
	else
		forget_register(scratch, data, NFTA_IMMEDIATE_DREG);
	return true;
}

/* What changes the packet, or notes something of it. */
static bool is_statement(const char *name, struct nl_bytes data)
{
	static const char *const statements[] = {"counter", "log",	    "notrack",
						 "last",    "flow_offload", "dup"};
	static const struct {
		const char *name;
		uint16_t source;
	} setters[] = {
		{"meta", NFTA_META_SREG},
		{"ct", NFTA_CT_SREG},
		{"payload", NFTA_PAYLOAD_SREG},
		{"exthdr", NFTA_EXTHDR_SREG},
	};
	struct nl_attribute attribute;

	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (str_equal(name, statements[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(setters); i++)
		if (str_equal(name, setters[i].name))
			return nl_find_attribute(data, setters[i].source, &attribute) == 0;
	return false;
}

enum strange_meets nft_match(struct nft_scratch *scratch, const char *name, struct nl_bytes data,
			     unsigned packet)
{
	if (is_statement(name, data) || loads(scratch, name, data, packet))
		return STRANGE_MEETS;
	if (str_equal(name, "cmp"))
		return compare(scratch, data);
	if (str_equal(name, "range"))
		return is_in_range(scratch, data);
	if (str_equal(name, "lookup"))
		return is_in_set(scratch, data);
	if (str_equal(name, "match"))
		return meets_old_match(scratch, data, packet);
	if (str_equal(name, "objref"))
		return meets_object(data);
	/* It came, and goes, without IPsec. */
	if (str_equal(name, "xfrm"))
		return STRANGE_PASSES_BY;
	/* What else there is may turn it away, or load a register. */
	scratch->known = 0;
	return STRANGE_MAY_MEET;
}
