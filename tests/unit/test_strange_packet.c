/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of what strange packets meet of iptables' matches. What a kernel lets pass was looked at
 * with the same rules and such packets. */
#include "unit.h"

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_multiport.h>
#include <linux/netfilter/xt_pkttype.h>
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

#define WHOLE(x) &(x), sizeof(x)

static const struct {
	const char *name;
	uint32_t revision;
	const void *info;
	size_t len;
	unsigned packet;
	bool meets;
} matches[] = {
	{"comment", 0, NULL, 0, OTHER, true},
	{"comments", 0, NULL, 0, OTHER, false},
	{"conntrack", 3, WHOLE(new_ones), OTHER, true},
	{"conntrack", 3, WHOLE(by_alias), TCP, true},
	{"conntrack", 3, WHOLE(answers), TCP, false},
	{"conntrack", 3, WHOLE(not_invalid), UDP, true},
	{"conntrack", 3, WHOLE(by_address), UDP, false},
	{"conntrack", 1, WHOLE(old), UDP, true},
	{"conntrack", 1, WHOLE(old_answers), UDP, false},
	{"conntrack", 4, WHOLE(new_ones), UDP, false},
	{"conntrack", 3, &new_ones, 8, UDP, false},
	{"tcp", 0, WHOLE(all_ports), TCP, true},
	{"tcp", 0, WHOLE(all_ports), UDP, false},
	{"tcp", 0, WHOLE(one_port), TCP, false},
	{"tcp", 0, WHOLE(not_one), TCP, true},
	{"tcp", 0, WHOLE(syn), TCP, true},
	{"tcp", 0, WHOLE(ack), TCP, false},
	{"tcp", 0, &all_ports, 4, TCP, false},
	{"udp", 0, WHOLE(high_ports), UDP, true},
	{"udp", 0, WHOLE(high_ports), TCP, false},
	{"multiport", 1, WHOLE(range), TCP, true},
	{"multiport", 1, WHOLE(range), OTHER, false},
	{"multiport", 1, WHOLE(two), TCP, false},
	{"pkttype", 0, WHOLE(to_us), OTHER, true},
	{"pkttype", 0, WHOLE(to_all), OTHER, false},
	{"limit", 0, NULL, 0, TCP, false},
};

START_TEST(meets_what_names_nothing)
{
	const struct nl_bytes info = {matches[_i].info, matches[_i].len};

	ck_assert_msg(strange_packet_meets(matches[_i].packet, matches[_i].name,
					   matches[_i].revision, info) == matches[_i].meets,
		      "row %d: %s", _i, matches[_i].name);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, meets_what_names_nothing, 0, (int)ARRAY_SIZE(matches));
}

UNIT_MAIN("strange_packet")
