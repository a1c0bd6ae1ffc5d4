/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the reader of legacy iptables, over made-up tables of IPv4. What a real kernel sends is
 * looked at in integration/132. */
#include "unit.h"

#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <string.h>

#include "base/cleanup.h"
#include "checks/xt_table.h"

#define RULE_SIZE (sizeof(struct ipt_entry) + sizeof(struct xt_standard_target))
#define AT(n)	  ((int)((n)*RULE_SIZE))
#define DROPPED	  (-NF_DROP - 1)
#define ACCEPTED  (-NF_ACCEPT - 1)
#define MAX_RULES 8

struct made_rule {
	const char *target; /* NULL ends the table; "": a verdict */
	int verdict;
	bool is_conditional, is_goto;
};

/* The chain at input begins at the first rule; its policy is rule @policy. */
static size_t make(uint8_t *out, const struct made_rule *rules, unsigned policy)
{
	struct ipt_getinfo info = {.name = "filter", .valid_hooks = 1u << NF_INET_LOCAL_IN};
	uint8_t *at = out + sizeof(info);

	for (; rules->target; rules++) {
		struct ipt_entry entry = {.target_offset = sizeof(entry), .next_offset = RULE_SIZE};
		struct xt_standard_target target = {.verdict = rules->verdict};

		target.target.u.target_size = sizeof(target);
		snprintf(target.target.u.user.name, sizeof(target.target.u.user.name), "%s",
			 rules->target);
		entry.ip.proto = rules->is_conditional ? 6 : 0;
		entry.ip.flags = rules->is_goto ? IPT_F_GOTO : 0;
		memcpy(at, &entry, sizeof(entry));
		memcpy(at + sizeof(entry), &target, sizeof(target));
		at += RULE_SIZE;
	}
	info.underflow[NF_INET_LOCAL_IN] = (unsigned)AT(policy);
	info.size = (unsigned)(at - out - sizeof(info));
	memcpy(out, &info, sizeof(info));
	return (size_t)(at - out);
}

static const struct table_case {
	const char *what;
	struct made_rule rules[MAX_RULES];
	unsigned policy;
	int r;
	uint32_t count;
	unsigned fate;
} cases[] = {
	{"a policy alone", {{"", DROPPED}}, 0, 0, 0, NFT_DENIED},
	{"an open policy", {{"", ACCEPTED}}, 0, 0, 0, NFT_ACCEPTED},
	{"conditions only", {{"", DROPPED, true}, {"", ACCEPTED}}, 1, 0, 1, NFT_ACCEPTED},
	{"a last rule", {{"LOG"}, {"REJECT"}, {"", ACCEPTED}}, 2, 0, 2, NFT_DENIED},
	{"no target", {{"", AT(1)}, {"", DROPPED}}, 1, 0, 1, NFT_DENIED},
	{"a chain that denies", {{"", AT(2)}, {"", ACCEPTED}, {"", DROPPED}}, 1, 0, 1, NFT_DENIED},
	{"a chain that returns",
	 {{"", AT(3)}, {"REJECT"}, {"", ACCEPTED}, {"", XT_RETURN}},
	 2,
	 0,
	 2,
	 NFT_DENIED},
	{"a chain that is gone to",
	 {{"", AT(3), false, true}, {"REJECT"}, {"", ACCEPTED}, {"", XT_RETURN}},
	 2,
	 0,
	 2,
	 NFT_ACCEPTED},
	{"a conditional jump",
	 {{"", AT(2), true}, {"", ACCEPTED}, {"", DROPPED}},
	 1,
	 0,
	 1,
	 NFT_ACCEPTED},
	{"a jump in a circle", {{"", AT(0)}, {"", ACCEPTED}}, 1, -EBADMSG, 0, NFT_GOES_ON},
	{"a jump outside", {{"", AT(7)}, {"", ACCEPTED}}, 1, -EBADMSG, 0, NFT_GOES_ON},
	{"a policy outside", {{"", ACCEPTED}}, 3, -EBADMSG, 0, NFT_GOES_ON},
};

START_TEST(what_no_rule_names_is_followed)
{
	const struct table_case *c = &cases[_i];
	uint8_t bytes[sizeof(struct ipt_getinfo) + MAX_RULES * RULE_SIZE];
	size_t len = make(bytes, c->rules, c->policy);
	struct xt_chain chain = {0};
	int r = xt_table_read((struct nl_bytes){bytes, len}, NFPROTO_IPV4, NF_INET_LOCAL_IN,
			      &chain);

	ck_assert_msg(r == c->r, "%s: %d", c->what, r);
	ck_assert_msg(r < 0 || chain.fates[1] == c->fate, "%s: fate %u", c->what, chain.fates[1]);
	ck_assert_msg(r < 0 || chain.rules == c->count, "%s: %u rules", c->what, chain.rules);
}
END_TEST

static const struct {
	const char *name;
	uint16_t size; /* as it says of itself */
	unsigned fate;
} matches[] = {
	{"comment", sizeof(struct xt_entry_match), NFT_DENIED},
	{"conntrack", sizeof(struct xt_entry_match), NFT_DENIED | NFT_ACCEPTED},
	{"comments", sizeof(struct xt_entry_match), NFT_DENIED | NFT_ACCEPTED},
	{"comment", 0, NFT_DENIED | NFT_ACCEPTED},
	{"comment", 2 * sizeof(struct xt_entry_match), NFT_DENIED | NFT_ACCEPTED},
};

/* REJECT behind a match, then an open policy. */
START_TEST(a_comment_is_no_condition)
{
	const struct made_rule rules[] = {{"REJECT"}, {"", ACCEPTED}, {0}};
	struct xt_entry_match match = {.u.user.match_size = matches[_i].size};
	uint8_t plain[sizeof(struct ipt_getinfo) + 2 * RULE_SIZE];
	uint8_t bytes[sizeof(plain) + sizeof(match)];
	size_t len = make(plain, rules, 1), head = sizeof(struct ipt_getinfo);
	size_t at = head + sizeof(struct ipt_entry);
	struct xt_chain chain = {0};
	struct ipt_getinfo info;
	struct ipt_entry entry;

	snprintf(match.u.user.name, sizeof(match.u.user.name), "%s", matches[_i].name);
	memcpy(&info, plain, sizeof(info));
	info.underflow[NF_INET_LOCAL_IN] += sizeof(match);
	info.size += sizeof(match);
	memcpy(&entry, plain + head, sizeof(entry));
	entry.target_offset += sizeof(match);
	entry.next_offset += sizeof(match);
	memcpy(bytes, &info, sizeof(info));
	memcpy(bytes + head, &entry, sizeof(entry));
	memcpy(bytes + at, &match, sizeof(match));
	memcpy(bytes + at + sizeof(match), plain + at, len - at);
	ck_assert_int_eq(xt_table_read((struct nl_bytes){bytes, len + sizeof(match)}, NFPROTO_IPV4,
				       NF_INET_LOCAL_IN, &chain),
			 0);
	ck_assert_int_eq(chain.fates[1], matches[_i].fate);
}
END_TEST

/* A condition on a protocol, then a policy. */
START_TEST(a_protocol_is_followed_by_itself)
{
	const struct made_rule rules[] = {{"", ACCEPTED, true}, {"", DROPPED}, {0}};
	uint8_t bytes[sizeof(struct ipt_getinfo) + MAX_RULES * RULE_SIZE];
	size_t len = make(bytes, rules, 1);
	struct xt_chain chain = {0};

	ck_assert_int_eq(xt_table_read((struct nl_bytes){bytes, len}, NFPROTO_IPV4,
				       NF_INET_LOCAL_IN, &chain),
			 0);
	ck_assert_int_eq(chain.fates[0], NFT_ACCEPTED);
	ck_assert_int_eq(chain.fates[1], NFT_DENIED);
}
END_TEST

START_TEST(a_cut_is_noticed)
{
	const struct made_rule rules[] = {{"REJECT"}, {"", ACCEPTED}, {0}};
	uint8_t bytes[sizeof(struct ipt_getinfo) + MAX_RULES * RULE_SIZE];
	size_t len = make(bytes, rules, 1);
	struct xt_chain chain;

	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(xt_table_read((struct nl_bytes){bytes, i}, NFPROTO_IPV4,
					       NF_INET_LOCAL_IN, &chain),
				 -EBADMSG);
	ck_assert_int_eq(xt_table_read((struct nl_bytes){bytes, len}, NFPROTO_IPV4, NF_INET_FORWARD,
				       &chain),
			 -ENOENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, what_no_rule_names_is_followed, 0, (int)ARRAY_SIZE(cases));
	tcase_add_loop_test(tcase, a_comment_is_no_condition, 0, (int)ARRAY_SIZE(matches));
	tcase_add_test(tcase, a_protocol_is_followed_by_itself);
	tcase_add_test(tcase, a_cut_is_noticed);
}

UNIT_MAIN("xt_table")
