/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/strange_packet.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_addrtype.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_iprange.h>
#include <linux/netfilter/xt_mac.h>
#include <linux/netfilter/xt_mark.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_owner.h>
#include <linux/netfilter/xt_physdev.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_policy.h>
#include <linux/netfilter/xt_set.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/str.h"

#define OTHER_PROTOCOL 253 /* for experiments (RFC 3692) */
#define SOURCE_PORT    61017
#define PORT	       47123 /* nobody has it (IANA) */
#define TCP_SYN	       2

static const uint8_t protocols[STRANGE_PROTOCOLS] = {IPPROTO_TCP, IPPROTO_UDP, OTHER_PROTOCOL};

uint32_t strange_packets_of(uint8_t family)
{
	const uint32_t first = (1u << STRANGE_PROTOCOLS) - 1;

	switch (family) {
	case NFPROTO_IPV4:
		return first;
	case NFPROTO_IPV6:
		return first << STRANGE_PROTOCOLS;
	case NFPROTO_INET:
		return STRANGE_ALL;
	default:
		return 0;
	}
}

uint8_t strange_packet_family(unsigned packet)
{
	return packet < STRANGE_PROTOCOLS ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

uint8_t strange_packet_protocol(unsigned packet)
{
	return protocols[packet % STRANGE_PROTOCOLS];
}

size_t strange_packet_network(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES])
{
	const uint8_t protocol = strange_packet_protocol(packet);
	const uint8_t ipv4[20] = {0x45, 0, 0,	40, 0x5a, 0x5a, 0x40, 0,  64,  protocol,
				  0,	0, 203, 0,  113,  77,	198,  51, 100, 99};
	const uint8_t ipv6[40] = {0x60, 0,    0,    0,	  0,	20, protocol, 64,   0x20, 0x01,
				  0x0d, 0xb8, 0x5a, 0x5a, 0,	0,  0,	      0,    0,	  0,
				  0,	0,    0x77, 0x77, 0x20, 1,  0x0d,     0xb8, 0xa5, 0xa5,
				  0,	0,    0,    0,	  0,	0,  0,	      0,    0x99, 0x99};
	bool is_ipv4 = strange_packet_family(packet) == NFPROTO_IPV4;
	size_t len = is_ipv4 ? sizeof(ipv4) : sizeof(ipv6);

	memcpy(bytes, is_ipv4 ? ipv4 : ipv6, len);
	return len;
}

size_t strange_packet_link(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES])
{
	/* Both addresses are made up: nobody has sold them. */
	const bool is_ipv4 = strange_packet_family(packet) == NFPROTO_IPV4;
	const uint16_t type = is_ipv4 ? ETH_P_IP : ETH_P_IPV6;
	const uint8_t frame[ETH_HLEN] = {2,
					 0,
					 0x5a,
					 0x5a,
					 0x99,
					 0x99,
					 2,
					 0,
					 0x5a,
					 0x5a,
					 0x77,
					 0x77,
					 (uint8_t)(type >> 8),
					 (uint8_t)type};

	memcpy(bytes, frame, sizeof(frame));
	return sizeof(frame);
}

uint32_t strange_packet_source_type(uint32_t hook)
{
	return hook == NF_INET_LOCAL_OUT ? RTN_LOCAL : RTN_UNICAST;
}

uint32_t strange_packet_destination_type(uint32_t hook)
{
	return hook == NF_INET_LOCAL_IN ? RTN_LOCAL : RTN_UNICAST;
}

size_t strange_packet_transport(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES])
{
	const uint8_t tcp[20] = {SOURCE_PORT >> 8,
				 SOURCE_PORT & 0xff,
				 PORT >> 8,
				 PORT & 0xff,
				 0x12,
				 0x34,
				 0x56,
				 0x78,
				 0,
				 0,
				 0,
				 0,
				 0x50,
				 TCP_SYN,
				 0xfa,
				 0xf0};
	const uint8_t protocol = strange_packet_protocol(packet);

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return 0;
	/* The ports stand first in both. */
	memcpy(bytes, tcp, sizeof(tcp));
	if (protocol == IPPROTO_TCP)
		return sizeof(tcp);
	memset(bytes + 4, 0, 4);
	bytes[5] = 8;
	return 8;
}

/* A match of iptables in front of a packet. */
struct meeting {
	unsigned packet;
	uint32_t hook, revision;
	struct nl_bytes info;
};

static enum strange_meets if_true(bool is_true)
{
	return is_true ? STRANGE_MEETS : STRANGE_PASSES_BY;
}

/* False where the kernel's form of a match is another. */
static bool take_info(const struct meeting *meeting, void *info, size_t size)
{
	if (meeting->info.len < size)
		return false;
	memcpy(info, meeting->info.data, size);
	return true;
}

static bool is_in(const uint16_t range[2], uint16_t port, bool is_inverse)
{
	return (port >= range[0] && port <= range[1]) != is_inverse;
}

static enum strange_meets meets_tcp(const struct meeting *meeting)
{
	struct xt_tcp tcp;

	if (strange_packet_protocol(meeting->packet) != IPPROTO_TCP)
		return STRANGE_PASSES_BY;
	if (!take_info(meeting, &tcp, sizeof(tcp)))
		return STRANGE_MAY_MEET;
	/* It has no options. */
	return if_true(is_in(tcp.spts, SOURCE_PORT, tcp.invflags & XT_TCP_INV_SRCPT) &&
		       is_in(tcp.dpts, PORT, tcp.invflags & XT_TCP_INV_DSTPT) &&
		       ((TCP_SYN & tcp.flg_mask) == tcp.flg_cmp) !=
			       !!(tcp.invflags & XT_TCP_INV_FLAGS) &&
		       (!tcp.option || tcp.invflags & XT_TCP_INV_OPTION));
}

static enum strange_meets meets_udp(const struct meeting *meeting)
{
	struct xt_udp udp;

	if (strange_packet_protocol(meeting->packet) != IPPROTO_UDP)
		return STRANGE_PASSES_BY;
	if (!take_info(meeting, &udp, sizeof(udp)))
		return STRANGE_MAY_MEET;
	return if_true(is_in(udp.spts, SOURCE_PORT, udp.invflags & XT_UDP_INV_SRCPT) &&
		       is_in(udp.dpts, PORT, udp.invflags & XT_UDP_INV_DSTPT));
}

static enum strange_meets meets_multiport(const struct meeting *meeting)
{
	struct xt_multiport_v1 ports;
	bool is_there = false;

	if (strange_packet_protocol(meeting->packet) == OTHER_PROTOCOL)
		return STRANGE_PASSES_BY;
	if (meeting->revision != 1 || !take_info(meeting, &ports, sizeof(ports)))
		return STRANGE_MAY_MEET;
	for (size_t i = 0; i < ports.count && i < XT_MULTI_PORTS; i++) {
		uint16_t range[2] = {ports.ports[i], ports.ports[i]};

		if (ports.pflags[i] && i + 1 < XT_MULTI_PORTS)
			range[1] = ports.ports[++i];
		is_there = is_there ||
			   (ports.flags != XT_MULTIPORT_SOURCE && is_in(range, PORT, false)) ||
			   (ports.flags != XT_MULTIPORT_DESTINATION &&
			    is_in(range, SOURCE_PORT, false));
	}
	return if_true(is_there != !!ports.invert);
}

/* Where its addresses begin in its header, and how long they are. */
static size_t address_of(unsigned packet, bool is_destination, uint8_t address[16])
{
	bool is_ipv4 = strange_packet_family(packet) == NFPROTO_IPV4;
	size_t at = is_ipv4 ? 12 : 8, len = is_ipv4 ? 4 : 16;
	uint8_t header[STRANGE_MAX_BYTES];

	(void)strange_packet_network(packet, header);
	memcpy(address, header + at + (is_destination ? len : 0), len);
	return len;
}

static bool is_from(unsigned packet, bool is_destination, const void *address, const void *mask)
{
	const uint8_t *wanted = address, *bits = mask;
	uint8_t own[16];
	size_t len = address_of(packet, is_destination, own);
	bool is_same = true;

	for (size_t i = 0; i < len; i++)
		is_same = is_same && !((own[i] ^ wanted[i]) & bits[i]);
	return is_same;
}

static enum strange_meets meets_conntrack(const struct meeting *meeting)
{
	const uint32_t known = XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS | XT_CONNTRACK_STATUS |
			       XT_CONNTRACK_ORIGSRC | XT_CONNTRACK_ORIGDST;
	struct xt_conntrack_mtinfo3 info;
	uint32_t states, flags, inverse;

	/* The first three differ in what stands behind the states, and in how wide these are. */
	if (!meeting->revision || meeting->revision > 3 ||
	    meeting->info.len < sizeof(struct xt_conntrack_mtinfo1))
		return STRANGE_MAY_MEET;
	memset(&info, 0, sizeof(info));
	memcpy(&info, meeting->info.data,
	       meeting->info.len < sizeof(info) ? meeting->info.len : sizeof(info));
	states = meeting->revision == 1 ? ((const uint8_t *)&info.state_mask)[0] : info.state_mask;
	flags = info.match_flags;
	inverse = info.invert_flags;
	if (flags & XT_CONNTRACK_STATE &&
	    !(states & STRANGE_STATE) != !!(inverse & XT_CONNTRACK_STATE))
		return STRANGE_PASSES_BY;
	/* Nothing was done to it yet: of its connection no status is set. */
	if (flags & XT_CONNTRACK_STATUS && !(inverse & XT_CONNTRACK_STATUS))
		return STRANGE_PASSES_BY;
	if (flags & XT_CONNTRACK_ORIGSRC &&
	    is_from(meeting->packet, false, &info.origsrc_addr, &info.origsrc_mask) !=
		    !(inverse & XT_CONNTRACK_ORIGSRC))
		return STRANGE_PASSES_BY;
	if (flags & XT_CONNTRACK_ORIGDST &&
	    is_from(meeting->packet, true, &info.origdst_addr, &info.origdst_mask) !=
		    !(inverse & XT_CONNTRACK_ORIGDST))
		return STRANGE_PASSES_BY;
	return flags & ~known ? STRANGE_MAY_MEET : STRANGE_MEETS;
}

static enum strange_meets meets_state(const struct meeting *meeting)
{
	struct xt_state_info state;

	if (!take_info(meeting, &state, sizeof(state)))
		return STRANGE_MAY_MEET;
	return if_true(state.statemask & STRANGE_STATE);
}

static enum strange_meets meets_kind(const struct meeting *meeting)
{
	struct xt_pkttype_info kind;

	if (!take_info(meeting, &kind, sizeof(kind)))
		return STRANGE_MAY_MEET;
	/* 0: to this host. */
	return if_true(!kind.pkttype != !!kind.invert);
}

static enum strange_meets meets_address_type(const struct meeting *meeting)
{
	const uint32_t source = 1u << strange_packet_source_type(meeting->hook),
		       destination = 1u << strange_packet_destination_type(meeting->hook);
	struct xt_addrtype_info_v1 info;
	struct xt_addrtype_info old;

	if (meeting->revision == 0 && take_info(meeting, &old, sizeof(old)))
		info = (struct xt_addrtype_info_v1){
			old.source, old.dest,
			(old.invert_source ? XT_ADDRTYPE_INVERT_SOURCE : 0u) |
				(old.invert_dest ? XT_ADDRTYPE_INVERT_DEST : 0u)};
	else if (meeting->revision != 1 || !take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	/* Of the one interface: whoever sends chooses. */
	if (info.flags & (XT_ADDRTYPE_LIMIT_IFACE_IN | XT_ADDRTYPE_LIMIT_IFACE_OUT))
		return STRANGE_MAY_MEET;
	return if_true((!info.source ||
			!(info.source & source) == !!(info.flags & XT_ADDRTYPE_INVERT_SOURCE)) &&
		       (!info.dest ||
			!(info.dest & destination) == !!(info.flags & XT_ADDRTYPE_INVERT_DEST)));
}

static enum strange_meets meets_range(const struct meeting *meeting)
{
	struct xt_iprange_mtinfo info;
	uint8_t source[16], destination[16];
	size_t len = address_of(meeting->packet, false, source);
	bool is_source, is_destination;

	(void)address_of(meeting->packet, true, destination);
	if (meeting->revision != 1 || !take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	is_source =
		memcmp(source, &info.src_min, len) >= 0 && memcmp(source, &info.src_max, len) <= 0;
	is_destination = memcmp(destination, &info.dst_min, len) >= 0 &&
			 memcmp(destination, &info.dst_max, len) <= 0;
	return if_true(
		(!(info.flags & IPRANGE_SRC) || is_source != !!(info.flags & IPRANGE_SRC_INV)) &&
		(!(info.flags & IPRANGE_DST) ||
		 is_destination != !!(info.flags & IPRANGE_DST_INV)));
}

static enum strange_meets meets_mac(const struct meeting *meeting)
{
	uint8_t frame[STRANGE_MAX_BYTES];
	struct xt_mac_info info;

	(void)strange_packet_link(meeting->packet, frame);
	if (!take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	return if_true((memcmp(frame + ETH_ALEN, info.srcaddr, ETH_ALEN) == 0) != !!info.invert);
}

/* Nobody marked it, nor its connection: both matches have one form. */
static enum strange_meets meets_mark(const struct meeting *meeting)
{
	struct xt_mark_mtinfo1 info;

	if (meeting->revision != 1 || !take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	return if_true(!info.mark != !!info.invert);
}

/* It came through no port of a bridge. */
static enum strange_meets meets_bridge_port(const struct meeting *meeting)
{
	struct xt_physdev_info info;

	if (!take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	return if_true(!(info.bitmask & ~info.invert));
}

/* It is no account's that a rule names. */
static enum strange_meets meets_owner(const struct meeting *meeting)
{
	struct xt_owner_match_info info;

	if (meeting->revision != 1 || !take_info(meeting, &info, sizeof(info)) ||
	    info.match & XT_OWNER_SOCKET)
		return STRANGE_MAY_MEET;
	return if_true(!(info.match & ~info.invert));
}

/* It came, and goes, without IPsec. */
static enum strange_meets meets_policy(const struct meeting *meeting)
{
	struct xt_policy_info info;

	if (!take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	return if_true(info.flags & XT_POLICY_MATCH_NONE);
}

/* The lists of ipset are not looked into: it stands in none. */
static enum strange_meets meets_list(const struct meeting *meeting)
{
	struct xt_set_info info;

	/* What all forms but the first begin with. */
	if (!meeting->revision || !take_info(meeting, &info, sizeof(info)))
		return STRANGE_MAY_MEET;
	return if_true(info.flags & IPSET_INV_MATCH);
}

static enum strange_meets meets_always(const struct meeting *meeting)
{
	(void)meeting;
	return STRANGE_MEETS;
}

enum strange_meets strange_packet_meets(unsigned packet, uint32_t hook, const char *name,
					uint32_t revision, struct nl_bytes info)
{
	/* Of others, a limit, a time of day, it is not known whether it meets them. */
	static const struct {
		const char *name;
		enum strange_meets (*meets)(const struct meeting *meeting);
	} matches[] = {
		{"addrtype", meets_address_type},
		{"comment", meets_always},
		{"connmark", meets_mark},
		{"conntrack", meets_conntrack},
		{"iprange", meets_range},
		{"mac", meets_mac},
		{"mark", meets_mark},
		{"multiport", meets_multiport},
		{"owner", meets_owner},
		{"physdev", meets_bridge_port},
		{"pkttype", meets_kind},
		{"policy", meets_policy},
		{"set", meets_list},
		{"state", meets_state},
		{"tcp", meets_tcp},
		{"udp", meets_udp},
	};
	const struct meeting meeting = {packet, hook, revision, info};

	for (size_t i = 0; i < ARRAY_SIZE(matches); i++)
		if (str_equal(matches[i].name, name))
			return matches[i].meets(&meeting);
	return STRANGE_MAY_MEET;
}
