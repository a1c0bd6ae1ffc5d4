/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/strange_packet.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <netinet/in.h>
#include <string.h>

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

static bool is_in(const uint16_t range[2], uint16_t port, bool is_inverse)
{
	return (port >= range[0] && port <= range[1]) != is_inverse;
}

static bool meets_tcp(struct nl_bytes info)
{
	struct xt_tcp tcp;

	if (info.len < sizeof(tcp))
		return false;
	memcpy(&tcp, info.data, sizeof(tcp));
	return is_in(tcp.spts, SOURCE_PORT, tcp.invflags & XT_TCP_INV_SRCPT) &&
	       is_in(tcp.dpts, PORT, tcp.invflags & XT_TCP_INV_DSTPT) &&
	       ((TCP_SYN & tcp.flg_mask) == tcp.flg_cmp) != !!(tcp.invflags & XT_TCP_INV_FLAGS) &&
	       !tcp.option;
}

static bool meets_udp(struct nl_bytes info)
{
	struct xt_udp udp;

	if (info.len < sizeof(udp))
		return false;
	memcpy(&udp, info.data, sizeof(udp));
	return is_in(udp.spts, SOURCE_PORT, udp.invflags & XT_UDP_INV_SRCPT) &&
	       is_in(udp.dpts, PORT, udp.invflags & XT_UDP_INV_DSTPT);
}

static bool meets_multiport(struct nl_bytes info)
{
	struct xt_multiport_v1 ports;
	bool is_there = false;

	if (info.len < sizeof(ports))
		return false;
	memcpy(&ports, info.data, sizeof(ports));
	for (size_t i = 0; i < ports.count && i < XT_MULTI_PORTS; i++) {
		uint16_t range[2] = {ports.ports[i], ports.ports[i]};

		if (ports.pflags[i] && i + 1 < XT_MULTI_PORTS)
			range[1] = ports.ports[++i];
		is_there = is_there ||
			   (ports.flags != XT_MULTIPORT_SOURCE && is_in(range, PORT, false)) ||
			   (ports.flags != XT_MULTIPORT_DESTINATION &&
			    is_in(range, SOURCE_PORT, false));
	}
	return is_there != !!ports.invert;
}

static bool meets_conntrack(struct nl_bytes info, uint32_t revision)
{
	struct xt_conntrack_mtinfo3 conntrack;
	uint32_t states;

	/* The first three differ in what stands behind the states, and in how wide these are. */
	if (!revision || revision > 3 || info.len < sizeof(struct xt_conntrack_mtinfo1))
		return false;
	memset(&conntrack, 0, sizeof(conntrack));
	memcpy(&conntrack, info.data, info.len < sizeof(conntrack) ? info.len : sizeof(conntrack));
	states = revision == 1 ? ((const uint8_t *)&conntrack.state_mask)[0] : conntrack.state_mask;
	/* Other conditions besides that on the state are not known here. */
	if (conntrack.match_flags & ~(XT_CONNTRACK_STATE | XT_CONNTRACK_STATE_ALIAS))
		return false;
	return !(states & STRANGE_STATE) == !!(conntrack.invert_flags & XT_CONNTRACK_STATE);
}

static bool meets_kind(struct nl_bytes info)
{
	struct xt_pkttype_info kind;

	if (info.len < sizeof(kind))
		return false;
	memcpy(&kind, info.data, sizeof(kind));
	/* 0: to this host. */
	return !kind.pkttype != !!kind.invert;
}

bool strange_packet_meets(unsigned packet, const char *name, uint32_t revision,
			  struct nl_bytes info)
{
	const uint8_t protocol = strange_packet_protocol(packet);
	struct xt_state_info state;

	if (str_equal(name, "comment"))
		return true;
	if (str_equal(name, "conntrack"))
		return meets_conntrack(info, revision);
	if (str_equal(name, "state") && info.len >= sizeof(state)) {
		memcpy(&state, info.data, sizeof(state));
		return state.statemask & STRANGE_STATE;
	}
	if (str_equal(name, "pkttype"))
		return meets_kind(info);
	if (str_equal(name, "tcp"))
		return protocol == IPPROTO_TCP && meets_tcp(info);
	if (str_equal(name, "udp"))
		return protocol == IPPROTO_UDP && meets_udp(info);
	if (str_equal(name, "multiport") && revision == 1)
		return (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
		       meets_multiport(info);
	return false;
}
