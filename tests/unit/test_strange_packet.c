/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of what strange packets meet of iptables' matches. What a kernel lets pass was looked at
 * with the same rules and such packets. */
#include "unit.h"

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
#include <linux/netfilter/xt_tcpudp.h>

#include "base/cleanup.h"
#include "checks/strange_packet.h"

#define TCP   0
#define UDP   1
#define OTHER 2

static const struct xt_conntrack_mtinfo3 new_ones = {.match_flags = XT_CONNTRACK_STATE,
						     .state_mask = STRANGE_STATE},
					 by_alias = {.match_flags = XT_CONNTRACK_STATE |
								    XT_CONNTRACK_STATE_ALIAS,
						     .state_mask = STRANGE_STATE},
					 answers = {.match_flags = XT_CONNTRACK_STATE,
						    .state_mask = 6},
					 not_invalid = {.match_flags = XT_CONNTRACK_STATE,
							.invert_flags = XT_CONNTRACK_STATE,
							.state_mask = 1},
					 by_address = {.match_flags = XT_CONNTRACK_STATE |
								      XT_CONNTRACK_ORIGSRC,
						       .state_mask = STRANGE_STATE};
static const struct xt_conntrack_mtinfo1 old = {.match_flags = XT_CONNTRACK_STATE,
						.state_mask = STRANGE_STATE,
						.status_mask = 0xff},
					 old_answers = {.match_flags = XT_CONNTRACK_STATE,
							.state_mask = 6,
							.status_mask = STRANGE_STATE};
static const struct xt_tcp
	all_ports = {.spts = {0, 65535}, .dpts = {0, 65535}},
	one_port = {.spts = {0, 65535}, .dpts = {22, 22}},
	not_one = {.spts = {0, 65535}, .dpts = {22, 22}, .invflags = XT_TCP_INV_DSTPT},
	syn = {.spts = {0, 65535}, .dpts = {0, 65535}, .flg_mask = 0x17, .flg_cmp = 2},
	ack = {.spts = {0, 65535}, .dpts = {0, 65535}, .flg_mask = 0x10, .flg_cmp = 0x10};
static const struct xt_udp high_ports = {.spts = {0, 65535}, .dpts = {1024, 65535}};
static const struct xt_multiport_v1 range = {.flags = XT_MULTIPORT_DESTINATION,
					     .count = 2,
					     .ports = {1, 65535},
					     .pflags = {1}},
				    two = {.flags = XT_MULTIPORT_DESTINATION,
					   .count = 2,
					   .ports = {22, 80}};
static const struct xt_pkttype_info to_us = {0}, to_all = {.pkttype = 1};

static const struct xt_conntrack_mtinfo3 redirected = {.match_flags = XT_CONNTRACK_STATUS,
						       .status_mask = 0x20},
					 not_redirected = {.match_flags = XT_CONNTRACK_STATUS,
							   .invert_flags = XT_CONNTRACK_STATUS,
							   .status_mask = 0x20},
					 late = {.match_flags =
							 XT_CONNTRACK_STATE | XT_CONNTRACK_EXPIRES,
						 .state_mask = STRANGE_STATE},
					 late_answers = {.match_flags = XT_CONNTRACK_STATE |
									XT_CONNTRACK_EXPIRES,
							 .state_mask = 6},
					 from_there = {.match_flags = XT_CONNTRACK_ORIGSRC,
						       .origsrc_addr.in.s_addr = 0xcb007100,
						       .origsrc_mask.in.s_addr = ~0u};
static const struct xt_addrtype_info_v1 is_local = {.dest = XT_ADDRTYPE_LOCAL},
					not_local = {.dest = XT_ADDRTYPE_LOCAL,
						     .flags = XT_ADDRTYPE_INVERT_DEST},
					is_group = {.dest = XT_ADDRTYPE_MULTICAST |
							    XT_ADDRTYPE_BROADCAST},
					from_us = {.source = XT_ADDRTYPE_LOCAL},
					on_interface = {.dest = XT_ADDRTYPE_LOCAL,
							.flags = XT_ADDRTYPE_LIMIT_IFACE_IN};
static const struct xt_addrtype_info old_not_local = {.dest = XT_ADDRTYPE_LOCAL, .invert_dest = 1};
static const struct xt_mark_mtinfo1 marked = {.mark = 1, .mask = 1},
				    unmarked = {.mark = 1, .mask = 1, .invert = 1};
static const struct xt_iprange_mtinfo all_sources = {.src_max.all = {~0u, ~0u, ~0u, ~0u},
						     .flags = IPRANGE_SRC},
				      no_source = {.flags = IPRANGE_SRC},
				      no_source_not = {.flags = IPRANGE_SRC | IPRANGE_SRC_INV};
static const struct xt_mac_info mac = {.srcaddr = {2, 0, 0, 0, 0, 1}},
				mac_not = {.srcaddr = {2, 0, 0, 0, 0, 1}, .invert = 1};
static const struct xt_set_info in_list = {.dim = 1}, not_in_list = {.dim = 1, .flags = 1};
static const struct xt_physdev_info bridged = {.bitmask = XT_PHYSDEV_OP_BRIDGED},
				    not_bridged = {.bitmask = XT_PHYSDEV_OP_BRIDGED,
						   .invert = XT_PHYSDEV_OP_BRIDGED};
static const struct xt_owner_match_info root_only = {.match = XT_OWNER_UID},
					not_root = {.match = XT_OWNER_UID, .invert = XT_OWNER_UID},
					has_socket = {.match = XT_OWNER_SOCKET};
static const struct xt_policy_info tunnelled = {.flags = XT_POLICY_MATCH_IN},
				   plain = {.flags = XT_POLICY_MATCH_IN | XT_POLICY_MATCH_NONE};

#define WHOLE(x) &(x), sizeof(x)
#define IN	 NF_INET_LOCAL_IN
#define NO	 STRANGE_PASSES_BY
#define MAYBE	 STRANGE_MAY_MEET
#define YES	 STRANGE_MEETS

static const struct {
	const char *name;
	uint32_t revision;
	const void *info;
	size_t len;
	unsigned packet;
	enum strange_meets meets;
	uint32_t hook; /* 0: input */
} matches[] = {
	{"comment", 0, NULL, 0, OTHER, YES},
	{"comments", 0, NULL, 0, OTHER, MAYBE},
	{"conntrack", 3, WHOLE(new_ones), OTHER, YES},
	{"conntrack", 3, WHOLE(by_alias), TCP, YES},
	{"conntrack", 3, WHOLE(answers), TCP, NO},
	{"conntrack", 3, WHOLE(not_invalid), UDP, YES},
	{"conntrack", 3, WHOLE(by_address), UDP, YES},
	{"conntrack", 1, WHOLE(old), UDP, YES},
	{"conntrack", 1, WHOLE(old_answers), UDP, NO},
	{"conntrack", 4, WHOLE(new_ones), UDP, MAYBE},
	{"conntrack", 3, &new_ones, 8, UDP, MAYBE},
	{"tcp", 0, WHOLE(all_ports), TCP, YES},
	{"tcp", 0, WHOLE(all_ports), UDP, NO},
	{"tcp", 0, WHOLE(one_port), TCP, NO},
	{"tcp", 0, WHOLE(not_one), TCP, YES},
	{"tcp", 0, WHOLE(syn), TCP, YES},
	{"tcp", 0, WHOLE(ack), TCP, NO},
	{"tcp", 0, &all_ports, 4, TCP, MAYBE},
	{"udp", 0, WHOLE(high_ports), UDP, YES},
	{"udp", 0, WHOLE(high_ports), TCP, NO},
	{"multiport", 1, WHOLE(range), TCP, YES},
	{"multiport", 1, WHOLE(range), OTHER, NO},
	{"multiport", 1, WHOLE(two), TCP, NO},
	{"pkttype", 0, WHOLE(to_us), OTHER, YES},
	{"pkttype", 0, WHOLE(to_all), OTHER, NO},
	{"limit", 0, NULL, 0, TCP, MAYBE},
	{"conntrack", 3, WHOLE(redirected), TCP, NO},
	{"conntrack", 3, WHOLE(not_redirected), TCP, YES},
	{"conntrack", 3, WHOLE(late), TCP, MAYBE},
	{"conntrack", 3, WHOLE(late_answers), TCP, NO},
	{"conntrack", 3, WHOLE(from_there), TCP, NO},
	{"addrtype", 1, WHOLE(is_local), UDP, YES},
	{"addrtype", 1, WHOLE(is_local), UDP, NO, NF_INET_FORWARD},
	{"addrtype", 1, WHOLE(not_local), UDP, NO},
	{"addrtype", 1, WHOLE(not_local), UDP, YES, NF_INET_LOCAL_OUT},
	{"addrtype", 1, WHOLE(is_group), UDP, NO},
	{"addrtype", 1, WHOLE(from_us), UDP, NO},
	{"addrtype", 1, WHOLE(from_us), UDP, YES, NF_INET_LOCAL_OUT},
	{"addrtype", 1, WHOLE(on_interface), UDP, MAYBE},
	{"addrtype", 0, WHOLE(old_not_local), UDP, NO},
	{"addrtype", 2, WHOLE(is_local), UDP, MAYBE},
	{"mark", 1, WHOLE(marked), TCP, NO},
	{"mark", 1, WHOLE(unmarked), TCP, YES},
	{"connmark", 1, WHOLE(unmarked), TCP, YES},
	{"mark", 0, WHOLE(marked), TCP, MAYBE},
	{"iprange", 1, WHOLE(all_sources), TCP, YES},
	{"iprange", 1, WHOLE(no_source), TCP, NO},
	{"iprange", 1, WHOLE(no_source_not), TCP, YES},
	{"mac", 0, WHOLE(mac), TCP, NO},
	{"mac", 0, WHOLE(mac_not), TCP, YES},
	{"set", 4, WHOLE(in_list), TCP, NO},
	{"set", 4, WHOLE(not_in_list), TCP, YES},
	{"set", 0, WHOLE(in_list), TCP, MAYBE},
	{"physdev", 0, WHOLE(bridged), TCP, NO},
	{"physdev", 0, WHOLE(not_bridged), TCP, YES},
	{"owner", 1, WHOLE(root_only), TCP, NO},
	{"owner", 1, WHOLE(not_root), TCP, YES},
	{"owner", 1, WHOLE(has_socket), TCP, MAYBE},
	{"policy", 0, WHOLE(tunnelled), TCP, NO},
	{"policy", 0, WHOLE(plain), TCP, YES},
	{"recent", 0, NULL, 0, TCP, MAYBE},
};

START_TEST(meets_what_names_nothing)
{
	const struct nl_bytes info = {matches[_i].info, matches[_i].len};

	ck_assert_msg(strange_packet_meets(matches[_i].packet, matches[_i].hook ?: IN,
					   matches[_i].name, matches[_i].revision,
					   info) == matches[_i].meets,
		      "row %d: %s", _i, matches[_i].name);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, meets_what_names_nothing, 0, (int)ARRAY_SIZE(matches));
}

UNIT_MAIN("strange_packet")
