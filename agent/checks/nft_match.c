/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/nft_match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <net/if.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"
#include "checks/strange_packet.h"

#define INTERFACE_NUMBER 0x5a5a

int nft_find_attribute(struct nl_bytes rest, uint16_t type, struct nl_attribute *ret_attribute)
{
	struct nl_attribute attribute;
	int r, found = -ENOENT;

	while ((r = nl_next_attribute(&rest, &attribute)) > 0)
		if (attribute.type == type) {
			*ret_attribute = attribute;
			found = 0;
		}
	return r < 0 ? r : found;
}

static bool find_number(struct nl_bytes data, uint16_t type, uint32_t *ret_value)
{
	struct nl_attribute attribute;

	return nft_find_attribute(data, type, &attribute) == 0 &&
	       nl_be32(&attribute, ret_value) == 0;
}

/* Of a value within an attribute. */
static bool find_value(struct nl_bytes data, uint16_t type, struct nl_bytes *ret_value)
{
	struct nl_attribute attribute;

	if (nft_find_attribute(data, type, &attribute) < 0 ||
	    nft_find_attribute(attribute.value, NFTA_DATA_VALUE, &attribute) < 0)
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

static bool write_register(struct nft_scratch *registers, struct nl_bytes data, uint16_t type,
			   struct nl_bytes value)
{
	size_t at;

	if (!find_register(data, type, value.len, &at))
		return false;
	memmove(registers->bytes + at, value.data, value.len);
	registers->known |= bits_of(at, value.len);
	return true;
}

static bool load_meta(struct nft_scratch *registers, struct nl_bytes data, unsigned packet)
{
	const uint8_t family = strange_packet_family(packet),
		      protocol = strange_packet_protocol(packet), to_us = 0;
	const uint16_t frame = htons(family == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	const char name[IFNAMSIZ] = STRANGE_INTERFACE;
	const uint32_t number = INTERFACE_NUMBER, mark = 0;
	const struct {
		uint32_t key;
		const void *value;
		size_t len;
	} metas[] = {
		{NFT_META_PROTOCOL, &frame, sizeof(frame)},
		{NFT_META_MARK, &mark, sizeof(mark)},
		{NFT_META_IIF, &number, sizeof(number)},
		{NFT_META_OIF, &number, sizeof(number)},
		{NFT_META_IIFNAME, name, sizeof(name)},
		{NFT_META_OIFNAME, name, sizeof(name)},
		{NFT_META_NFPROTO, &family, sizeof(family)},
		{NFT_META_L4PROTO, &protocol, sizeof(protocol)},
		{NFT_META_PKTTYPE, &to_us, sizeof(to_us)},
	};
	uint32_t key;

	if (!find_number(data, NFTA_META_KEY, &key))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(metas); i++)
		if (metas[i].key == key)
			return write_register(registers, data, NFTA_META_DREG,
					      (struct nl_bytes){metas[i].value, metas[i].len});
	return false;
}

static bool load_ct(struct nft_scratch *registers, struct nl_bytes data)
{
	const uint32_t state = STRANGE_STATE;
	const uint8_t original = 0;
	uint32_t key;

	if (!find_number(data, NFTA_CT_KEY, &key))
		return false;
	if (key == NFT_CT_STATE)
		return write_register(registers, data, NFTA_CT_DREG,
				      (struct nl_bytes){(const uint8_t *)&state, sizeof(state)});
	return key == NFT_CT_DIRECTION &&
	       write_register(registers, data, NFTA_CT_DREG, (struct nl_bytes){&original, 1});
}

static bool load_payload(struct nft_scratch *registers, struct nl_bytes data, unsigned packet)
{
	uint8_t header[STRANGE_MAX_BYTES];
	uint32_t base, offset, len;
	size_t size;

	if (!find_number(data, NFTA_PAYLOAD_BASE, &base) ||
	    !find_number(data, NFTA_PAYLOAD_OFFSET, &offset) ||
	    !find_number(data, NFTA_PAYLOAD_LEN, &len))
		return false;
	size = base == NFT_PAYLOAD_NETWORK_HEADER     ? strange_packet_network(packet, header)
	       : base == NFT_PAYLOAD_TRANSPORT_HEADER ? strange_packet_transport(packet, header)
						      : 0;
	return offset < size && len <= size - offset &&
	       write_register(registers, data, NFTA_PAYLOAD_DREG,
			      (struct nl_bytes){header + offset, len});
}

static bool change_bits(struct nft_scratch *registers, struct nl_bytes data)
{
	uint8_t result[NFT_REGISTER_BYTES];
	struct nl_bytes mask, other;
	uint32_t len, kind = NFT_BITWISE_BOOL;
	const uint8_t *from;

	(void)find_number(data, NFTA_BITWISE_OP, &kind);
	if (kind != NFT_BITWISE_BOOL || !find_number(data, NFTA_BITWISE_LEN, &len) ||
	    !find_value(data, NFTA_BITWISE_MASK, &mask) ||
	    !find_value(data, NFTA_BITWISE_XOR, &other) || mask.len < len || other.len < len)
		return false;
	from = read_register(registers, data, NFTA_BITWISE_SREG, len);
	if (!from)
		return false;
	for (uint32_t i = 0; i < len; i++)
		result[i] = (from[i] & mask.data[i]) ^ other.data[i];
	return write_register(registers, data, NFTA_BITWISE_DREG, (struct nl_bytes){result, len});
}

/* Between the order of the network and that of this machine, which is the same either way. */
static bool change_order(struct nft_scratch *registers, struct nl_bytes data)
{
	const bool is_little = htons(1) != 1;
	uint8_t result[NFT_REGISTER_BYTES];
	const uint8_t *from;
	uint32_t len, size;

	if (!find_number(data, NFTA_BYTEORDER_LEN, &len) ||
	    !find_number(data, NFTA_BYTEORDER_SIZE, &size) || !size || size > 8)
		return false;
	from = read_register(registers, data, NFTA_BYTEORDER_SREG, len);
	if (!from || len % size)
		return false;
	for (uint32_t i = 0; i < len; i++)
		result[i] = from[is_little ? i - i % size + size - 1 - i % size : i];
	return write_register(registers, data, NFTA_BYTEORDER_DREG, (struct nl_bytes){result, len});
}

static bool compare(const struct nft_scratch *registers, struct nl_bytes data)
{
	struct nl_bytes value;
	const uint8_t *left;
	uint32_t op;
	int r;

	if (!find_number(data, NFTA_CMP_OP, &op) || !find_value(data, NFTA_CMP_DATA, &value))
		return false;
	left = read_register(registers, data, NFTA_CMP_SREG, value.len);
	if (!left)
		return false;
	r = memcmp(left, value.data, value.len);
	switch (op) {
	case NFT_CMP_EQ:
		return r == 0;
	case NFT_CMP_NEQ:
		return r != 0;
	case NFT_CMP_LT:
		return r < 0;
	case NFT_CMP_LTE:
		return r <= 0;
	case NFT_CMP_GT:
		return r > 0;
	case NFT_CMP_GTE:
		return r >= 0;
	default:
		return false;
	}
}

static bool is_in_range(const struct nft_scratch *registers, struct nl_bytes data)
{
	struct nl_bytes from, to;
	const uint8_t *left;
	uint32_t op;

	if (!find_number(data, NFTA_RANGE_OP, &op) ||
	    !find_value(data, NFTA_RANGE_FROM_DATA, &from) ||
	    !find_value(data, NFTA_RANGE_TO_DATA, &to) || from.len != to.len)
		return false;
	left = read_register(registers, data, NFTA_RANGE_SREG, from.len);
	return left && (memcmp(left, from.data, from.len) >= 0 &&
			memcmp(left, to.data, to.len) <= 0) == (op == NFT_RANGE_EQ);
}

static bool is_in_set(const struct nft_scratch *scratch, struct nl_bytes data)
{
	const size_t lens[] = {1, 2, 4, 8, 16};
	struct nl_attribute name;
	uint32_t flags = 0;

	(void)find_number(data, NFTA_LOOKUP_FLAGS, &flags);
	if (nft_find_attribute(data, NFTA_LOOKUP_SET, &name) < 0 || !nl_text(&name) ||
	    nft_find_attribute(data, NFTA_LOOKUP_DREG, &(struct nl_attribute){0}) == 0)
		return false;
	/* The expression does not say how long the value is: the elements do. */
	for (size_t i = 0; i < ARRAY_SIZE(lens); i++) {
		const uint8_t *value = read_register(scratch, data, NFTA_LOOKUP_SREG, lens[i]);
		int r = value ? nft_sets_have(scratch->sets, scratch->family, scratch->table,
					      nl_text(&name), (struct nl_bytes){value, lens[i]})
			      : -ENOENT;

		if (r >= 0)
			return r != !!(flags & NFT_LOOKUP_F_INV);
	}
	return false;
}

static bool meets_old_match(struct nl_bytes data, unsigned packet)
{
	struct nl_attribute name, info = {0};
	uint32_t revision = 0;

	(void)find_number(data, NFTA_MATCH_REV, &revision);
	(void)nft_find_attribute(data, NFTA_MATCH_INFO, &info);
	return nft_find_attribute(data, NFTA_MATCH_NAME, &name) == 0 && nl_text(&name) &&
	       strange_packet_meets(packet, nl_text(&name), revision, info.value);
}

bool nft_match(struct nft_scratch *registers, const char *name, struct nl_bytes data,
	       unsigned packet)
{
	static const char *const passes[] = {"counter", "log", "notrack", "last"};
	struct nl_attribute attribute;
	struct nl_bytes value;
	uint32_t type;

	for (size_t i = 0; i < ARRAY_SIZE(passes); i++)
		if (str_equal(name, passes[i]))
			return true;
	if (str_equal(name, "meta"))
		return nft_find_attribute(data, NFTA_META_SREG, &attribute) == 0 ||
		       load_meta(registers, data, packet);
	if (str_equal(name, "ct"))
		return nft_find_attribute(data, NFTA_CT_SREG, &attribute) == 0 ||
		       load_ct(registers, data);
	if (str_equal(name, "payload"))
		return load_payload(registers, data, packet);
	if (str_equal(name, "immediate"))
		return find_value(data, NFTA_IMMEDIATE_DATA, &value) &&
		       write_register(registers, data, NFTA_IMMEDIATE_DREG, value);
	if (str_equal(name, "bitwise"))
		return change_bits(registers, data);
	if (str_equal(name, "byteorder"))
		return change_order(registers, data);
	if (str_equal(name, "cmp"))
		return compare(registers, data);
	if (str_equal(name, "range"))
		return is_in_range(registers, data);
	if (str_equal(name, "lookup"))
		return is_in_set(registers, data);
	if (str_equal(name, "match"))
		return meets_old_match(data, packet);
	return str_equal(name, "objref") && find_number(data, NFTA_OBJREF_IMM_TYPE, &type) &&
	       type == NFT_OBJECT_COUNTER;
}
