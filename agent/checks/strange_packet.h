/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that no rule of a firewall is made for: new connections from an address, a port and an
 * interface that nobody uses (those that are kept for documentation). What lets them pass names
 * nothing. Where a condition is not known here, or depends on more than the packet, it is not known
 * whether a packet meets it, and what follows is judged both ways.
 */
#ifndef PLUMBLINE_CHECKS_STRANGE_PACKET_H
#define PLUMBLINE_CHECKS_STRANGE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checks/netlink.h"

/* TCP, UDP and one of neither, of IPv4 and then of IPv6. */
#define STRANGE_PACKETS	  6
#define STRANGE_PROTOCOLS 3
#define STRANGE_ALL	  ((1u << STRANGE_PACKETS) - 1)

/* Those of @family: NFPROTO_IPV4, _IPV6 or _INET; bits by number. */
uint32_t strange_packets_of(uint8_t family);
uint8_t strange_packet_family(unsigned packet);
uint8_t strange_packet_protocol(unsigned packet);

#define STRANGE_INTERFACE "strange0"
#define STRANGE_MAX_BYTES 40

/* The frame's header, that of its family, that of its protocol: how many bytes of @bytes it has. */
size_t strange_packet_link(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES]);
size_t strange_packet_network(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES]);
size_t strange_packet_transport(unsigned packet, uint8_t bytes[STRANGE_MAX_BYTES]);

/* The bit that both nf_tables and iptables have for a new connection. */
#define STRANGE_STATE 8u

/* RTN_* of its addresses at @hook (NF_INET_*): what comes in is for this host, what goes out is
 * from it. */
uint32_t strange_packet_source_type(uint32_t hook);
uint32_t strange_packet_destination_type(uint32_t hook);

enum strange_meets {
	STRANGE_PASSES_BY, /* it does not meet the condition */
	STRANGE_MAY_MEET,  /* not known here, or not always the same */
	STRANGE_MEETS,
};

/* Whether it meets match @name of iptables at @hook. */
enum strange_meets strange_packet_meets(unsigned packet, uint32_t hook, const char *name,
					uint32_t revision, struct nl_bytes info);

#endif
