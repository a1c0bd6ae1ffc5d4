/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that look at what the running kernel says of its firewall, over made-up
 * answers, and of what is no answer at all. */
#include "checks_tree.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/utsname.h>

#include "checks/kernel_ask.h"
#include "checks/nft_ruleset.h"
#include "netlink_bytes.h"
#include "nft_dump.h"

#define OPEN   "kind = nft\nhook = input\nlist = open\nexpect = none\n"
#define GUARDS "kind = nft\nhook = input\nlist = guards\nexpect = some\n"
#define KEPT   "kind = firewall_kept\nexpect = none\n"
#define LOCKED "kind = audit_status\nfield = enabled\nexpect = equals 2\n"
#define WANTED "/etc/systemd/system/sysinit.target.wants/"
#define INPUT  "chain inet f c input filter "

static const struct {
	const char *name, *keys, *script;
	enum check_outcome outcome;
	const char *text;
	struct node more[2];
} firewalls[] = {
	{"drops", OPEN, INPUT "drop", CHECK_PASS, "none"},
	{"kept by a file",
	 KEPT,
	 INPUT "drop",
	 CHECK_PASS,
	 "none",
	 {{WANTED "nftables.service", "-> x"},
	  {"/etc/nftables.conf", "table inet f {\n\tchain c {\n"}}},
	{"kept by a service that is not enabled",
	 KEPT,
	 INPUT "drop",
	 CHECK_FAIL,
	 "=inet f c",
	 {{"/etc/nftables.conf", "table inet f {\n\tchain c {\n"}}},
	{"another chain is kept",
	 KEPT,
	 INPUT "drop",
	 CHECK_FAIL,
	 "=inet f c",
	 {{WANTED "nftables.service", "-> x"},
	  {"/etc/nftables.conf", "table inet f {\n\tchain c2 {\n"}}},
	{"kept by the table",
	 KEPT,
	 "chain ip filter INPUT input filter drop",
	 CHECK_PASS,
	 "none",
	 {{WANTED "netfilter-persistent.service", "-> x"},
	  {"/etc/iptables/rules.v4", "*filter\n:INPUT DROP\n"}}},
	{"kept by a fifo",
	 KEPT,
	 INPUT "drop",
	 CHECK_ERROR,
	 "not a regular file",
	 {{WANTED "nftables.service", "-> x"}, {"/etc/nftables.conf", "|fifo"}}},
	{"nothing to keep", KEPT, "", CHECK_NOT_APPLICABLE, "no rules are in force"},
	{"accepts", OPEN, INPUT "accept", CHECK_FAIL, "=IPv4, IPv6"},
	{"nothing", OPEN, "", CHECK_FAIL, "=IPv4, IPv6"},
	{"nothing, as guards", GUARDS, "", CHECK_FAIL, "=no rules at all"},
	{"one family", OPEN, "chain ip6 f c input filter drop", CHECK_FAIL, "=IPv4"},
	{"one family each", OPEN, "chain ip6 f c input filter drop\nchain ip f c input filter drop",
	 CHECK_PASS, "none"},
	{"the other family is switched off",
	 OPEN,
	 "chain ip f c input filter drop",
	 CHECK_PASS,
	 "none",
	 {{"/proc/sys/net/ipv6/conf/all/disable_ipv6", "1\n"}}},
	{"a bridge guards no addresses", OPEN, "chain bridge f c input filter drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"another hook", OPEN, "chain inet f c output filter drop", CHECK_FAIL, "=IPv4, IPv6"},
	{"another type", OPEN, "chain inet f c input nat drop", CHECK_FAIL, "=IPv4, IPv6"},
	{"a table that sleeps", OPEN, "table inet f dormant\n" INPUT "drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a table of another family sleeps", OPEN,
	 "table ip f dormant\ntable inet f\n" INPUT "drop", CHECK_PASS, "none"},
	{"a comment is no condition", OPEN,
	 INPUT "drop\nrule inet f c match:comment accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"with a comment all is shut", OPEN, INPUT "accept\nrule inet f c match:comment drop",
	 CHECK_PASS, "none"},
	{"a match may be met", OPEN,
	 INPUT "drop\nrule inet f c match:conntrack accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"what is set is no condition", OPEN, INPUT "drop\nrule inet f c meta:set ct:set accept",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"what is asked is one", OPEN, INPUT "accept\nrule inet f c meta cmp drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a counter by name is no condition", OPEN, INPUT "drop\nrule inet f c object:1 accept",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a limit by name is one", OPEN, INPUT "accept\nrule inet f c object:4 drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a family is no name", OPEN,
	 INPUT "drop\nrule inet f c nfproto:2 accept\nrule inet f c drop", CHECK_FAIL, "=IPv4"},
	{"any source is no name", OPEN,
	 INPUT "drop\nrule inet f c nfproto:2 source/0 accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4"},
	{"some sources are one", OPEN,
	 INPUT "drop\nrule inet f c nfproto:2 source/8 accept\nrule inet f c drop", CHECK_PASS,
	 "none"},
	{"a protocol is no name", OPEN,
	 INPUT "drop\nrule inet f c l4proto:6 accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4 TCP, IPv6 TCP"},
	{"another protocol is one", OPEN,
	 INPUT "drop\nrule inet f c l4proto:1 accept\nrule inet f c drop", CHECK_PASS, "none"},
	{"all ports are no name", OPEN,
	 INPUT "drop\nrule inet f c l4proto:17 from:1 accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4 UDP, IPv6 UDP"},
	{"some ports are one", OPEN,
	 INPUT "drop\nrule inet f c l4proto:17 from:60000 accept\nrule inet f c drop", CHECK_PASS,
	 "none"},
	{"new connections are no name", OPEN,
	 INPUT "drop\nrule inet f c state:8 accept\nrule inet f c drop", CHECK_FAIL, "=IPv4, IPv6"},
	{"answers are one", OPEN, INPUT "drop\nrule inet f c state:6 accept\nrule inet f c drop",
	 CHECK_PASS, "none"},
	{"what is not known may let pass", OPEN,
	 INPUT "drop\nrule inet f c nfproto:2 lookup accept\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4"},
	{"what is not known need not deny", OPEN, INPUT "accept\nrule inet f c lookup drop",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a limit lets the first pass", OPEN, INPUT "drop\nrule inet f c limit accept", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a limit denies not all", OPEN, INPUT "accept\nrule inet f c limit drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"behind a limit all is denied", OPEN,
	 INPUT "accept\nrule inet f c limit reject\nrule inet f c drop", CHECK_PASS, "none"},
	{"a limit on what is no strange packet", OPEN,
	 INPUT "drop\nrule inet f c limit l4proto:1 accept", CHECK_PASS, "none"},
	{"a program may let pass", OPEN, INPUT "drop\nrule inet f c queue", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a way back that is limited", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d limit return\nrule inet f d accept\n"
	       "rule inet f c jump:d",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a way back to an open policy", OPEN,
	 INPUT "accept\nchain inet f d\nrule inet f d limit return\nrule inet f d drop\n"
	       "rule inet f c jump:d",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a limited goto leaves the rest in", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d drop\nrule inet f c limit goto:d\n"
	       "rule inet f c accept",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"it is for this host", OPEN, INPUT "drop\nrule inet f c local accept", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"what is for this host is shut", OPEN, INPUT "accept\nrule inet f c local drop",
	 CHECK_PASS, "none"},
	{"what is for others is open", OPEN, INPUT "drop\nrule inet f c unlocal accept", CHECK_PASS,
	 "none"},
	{"it is for no other", OPEN, INPUT "accept\nrule inet f c unlocal drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"which interface leads to it is not known", OPEN, INPUT "accept\nrule inet f c route drop",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a map of verdicts", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 6=accept 17=drop\nrule inet f c map@m",
	 CHECK_FAIL, "=IPv4 TCP, IPv6 TCP"},
	{"a map of others", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 1=accept\nrule inet f c map@m",
	 CHECK_PASS, "none"},
	{"a map that denies", OPEN,
	 INPUT "accept\nset inet f m 11\nprotocols inet f m 6=drop 17=drop 253=drop\nrule inet f "
	       "c map@m",
	 CHECK_PASS, "none"},
	{"a map for all others", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 6=drop *=accept\nrule inet f c map@m",
	 CHECK_FAIL, "=IPv4 UDP, IPv4 but TCP and UDP, IPv6 UDP, IPv6 but TCP and UDP"},
	{"a map that jumps", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nset inet f m 11\n"
	       "protocols inet f m 17=d\nrule inet f c map@m",
	 CHECK_FAIL, "=IPv4 UDP, IPv6 UDP"},
	{"a map whose elements are not known", OPEN,
	 INPUT "drop\nset inet f m 8\nrule inet f c map@m", CHECK_FAIL, "=IPv4, IPv6"},
	{"a map of what is not known", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 1=drop 2=accept\nrule inet f c odd@m",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a map that only denies what is not known", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 1=drop 2=drop\nrule inet f c odd@m",
	 CHECK_PASS, "none"},
	{"a map without verdicts", OPEN,
	 INPUT "drop\nset inet f m 11\nprotocols inet f m 6\nrule inet f c map@m", CHECK_ERROR,
	 "damaged"},
	{"a family is shut", OPEN, INPUT "accept\nrule inet f c nfproto:2 drop", CHECK_FAIL,
	 "=IPv6"},
	{"two protocols are shut", OPEN,
	 INPUT "accept\nrule inet f c l4proto:6 drop\nrule inet f c l4proto:17 reject", CHECK_FAIL,
	 "=IPv4 but TCP and UDP, IPv6 but TCP and UDP"},
	{"a jump for a protocol", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nrule inet f c l4proto:6 jump:d",
	 CHECK_FAIL, "=IPv4 TCP, IPv6 TCP"},
	{"what shuts a protocol stands in front", OPEN,
	 INPUT "drop\nrule inet f c l4proto:6 drop\nrule inet f c nfproto:2 accept", CHECK_FAIL,
	 "=IPv4 UDP, IPv4 but TCP and UDP"},
	{"both protocols in a set", OPEN,
	 INPUT "drop\nset inet f s 3\nprotocols inet f s 6 17\nrule inet f c l4proto@s accept",
	 CHECK_FAIL, "=IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP"},
	{"elements in two messages", OPEN,
	 INPUT "drop\nset inet f s 3\nprotocols inet f s 6\nprotocols inet f s 17\nrule inet f c "
	       "l4proto@s accept",
	 CHECK_FAIL, "=IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP"},
	{"other protocols in a set", OPEN,
	 INPUT "drop\nset inet f s 3\nprotocols inet f s 1 58\nrule inet f c l4proto@s accept",
	 CHECK_PASS, "none"},
	{"all protocols but one", OPEN,
	 INPUT "drop\nset inet f s 3\nprotocols inet f s 1\nrule inet f c not@s accept", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"the keys of a map are a set", OPEN,
	 INPUT "drop\nset inet f s 11\nprotocols inet f s 6 17\nrule inet f c l4proto@s accept",
	 CHECK_FAIL, "=IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP"},
	{"a set without elements here", OPEN,
	 INPUT "drop\nset inet f s 0\n\nrule inet f c l4proto@s accept", CHECK_FAIL, "=IPv4, IPv6"},
	{"ports of a set", OPEN,
	 INPUT
	 "drop\nset inet f s 3 2\nports inet f s 22 80\nrule inet f c l4proto:6 dport@s accept",
	 CHECK_PASS, "none"},
	{"ranges that are all ports", OPEN,
	 INPUT "drop\nset inet f s 7 2\nports inet f s 1024! 1024 1\nrule inet f c l4proto:6 "
	       "dport@s accept",
	 CHECK_FAIL, "=IPv4 TCP, IPv6 TCP"},
	{"ranges that are not", OPEN,
	 INPUT "drop\nset inet f s 7 2\nports inet f s 22 23! 1000 2001!\nrule inet f c l4proto:6 "
	       "dport@s accept",
	 CHECK_PASS, "none"},
	{"elements of no set", OPEN, INPUT "drop\nprotocols inet f s 6", CHECK_ERROR, "damaged"},
	{"rejects at the end", OPEN,
	 INPUT "accept\nrule inet f c l4proto:1 accept\nrule inet f c counter log reject",
	 CHECK_PASS, "none"},
	{"rejects some", OPEN, INPUT "accept\nrule inet f c cmp reject\nrule inet f c cmp drop",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"accepts all before the policy", OPEN, INPUT "drop\nrule inet f c accept", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"what follows the end does not count", OPEN,
	 INPUT "accept\nrule inet f c drop\nrule inet f c accept", CHECK_PASS, "none"},
	{"the old form of reject", OPEN, INPUT "accept\nrule inet f c target:REJECT", CHECK_PASS,
	 "none"},
	{"another target of old", OPEN, INPUT "accept\nrule inet f c target:TCPMSS", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a jump that comes back", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d return\nrule inet f d accept\n"
	       "rule inet f c jump:d",
	 CHECK_PASS, "none"},
	{"a jump that does not come back", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nrule inet f c jump:d", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a jump on a condition", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nrule inet f c l4proto:1 jump:d",
	 CHECK_PASS, "none"},
	{"a jump on what is not known", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nrule inet f c cmp jump:d", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"goto leaves the rest out", OPEN,
	 INPUT "accept\nchain inet f d\nrule inet f c goto:d\nrule inet f c drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a chain of the same name elsewhere", OPEN,
	 INPUT "accept\nchain inet f d\nchain ip f d\nrule ip f d drop\nrule inet f c jump:d",
	 CHECK_FAIL, "=IPv4, IPv6"},
	{"a chain that two jump to", OPEN,
	 INPUT "accept\nchain inet f a output filter accept\nchain inet f z\nrule inet f z drop\n"
	       "rule inet f a jump:z\nrule inet f c jump:z",
	 CHECK_PASS, "none"},
	{"chains in a circle", OPEN,
	 INPUT "drop\nchain inet f d\nrule inet f d jump:d\nrule inet f c jump:d", CHECK_PASS,
	 "none"},
	{"messages in any order", OPEN, "rule inet f c accept\n" INPUT "drop", CHECK_FAIL,
	 "=IPv4, IPv6"},
	{"a rule of no chain", OPEN, "rule inet f c accept", CHECK_ERROR, "damaged"},
	{"guards with rules", GUARDS,
	 INPUT "accept\nrule inet f c cmp drop\nrule inet f c cmp drop", CHECK_PASS,
	 "=inet f c: 2 rules, else accepted"},
	{"an empty chain guards nothing", GUARDS, INPUT "accept", CHECK_FAIL,
	 "=no rules at the input hook"},
	{"hostile names", GUARDS, "chain inet f a\x1b[2J input filter drop", CHECK_PASS,
	 "=inet f a\\x1b[2J: 0 rules, else denied"},
	{"legacy iptables may guard",
	 OPEN,
	 "chain ip6 f c input filter drop",
	 CHECK_ERROR,
	 "legacy iptables",
	 {{"/proc/net/ip_tables_names", "nat\nfilter\n"}}},
	{"legacy iptables of the family that is guarded anyway",
	 OPEN,
	 INPUT "drop",
	 CHECK_PASS,
	 "none",
	 {{"/proc/net/ip_tables_names", "filter\n"}}},
	{"legacy iptables without a filter",
	 OPEN,
	 "",
	 CHECK_FAIL,
	 "=IPv4, IPv6",
	 {{"/proc/net/ip6_tables_names", "nat\n"}}},
};

START_TEST(judges_firewall)
{
	cleanup_strbuf struct strbuf dump = STRBUF_INIT;
	struct probe_case c = {
		.name = firewalls[_i].name,
		.keys = firewalls[_i].keys,
		.outcome = firewalls[_i].outcome,
		.text = firewalls[_i].text,
	};

	write_dump(firewalls[_i].script, &dump);
	c.nodes[0] = (struct node){"/proc/plumbline/nftables", dump.len ? dump.data : "", dump.len};
	memcpy(&c.nodes[1], firewalls[_i].more, sizeof(firewalls[_i].more));
	run_case(&c);
}
END_TEST

/* Each chain jumps to the next many times: what looks at each way through never ends. */
START_TEST(many_ways_through_cost_no_more_than_one)
{
	cleanup_nft_ruleset struct nft_ruleset ruleset = {0};
	cleanup_strbuf struct strbuf script = STRBUF_INIT, dump = STRBUF_INIT;

	strbuf_add_str(&script, INPUT "drop\nrule inet f c jump:d0\n");
	for (int i = 0; i < 15; i++) {
		strbuf_printf(&script, "chain inet f d%d\n", i);
		for (int k = 0; k < 50 && i < 14; k++)
			strbuf_printf(&script, "rule inet f d%d jump:d%d\n", i, i + 1);
	}
	write_dump(script.data, &dump);
	alarm(5);
	ck_assert_int_eq(nft_ruleset_read((struct nl_bytes){(uint8_t *)dump.data, dump.len},
					  NF_INET_LOCAL_IN, &ruleset),
			 0);
	alarm(0);
	ck_assert_uint_eq(ruleset.count, 16);
}
END_TEST

/* Every cut and every changed byte: an answer that is none, or one that reads well; never more
 * bytes than there are (the sanitizer sees to that). */
START_TEST(damaged_dump_is_no_ruleset)
{
	cleanup_strbuf struct strbuf dump = STRBUF_INIT;
	size_t whole = 0;

	write_dump(INPUT
		   "drop\nrule inet f c cmp jump:d\nchain inet f d\nrule inet f d target:DROP",
		   &dump);
	for (size_t len = 0; len <= dump.len; len++) {
		cleanup_nft_ruleset struct nft_ruleset ruleset = {0};
		cleanup_free uint8_t *cut = malloc(len ? len : 1);

		memcpy(cut, dump.data, len);
		whole += nft_ruleset_read((struct nl_bytes){cut, len}, NF_INET_LOCAL_IN,
					  &ruleset) == 0;
	}
	/* Nothing, the chain, both chains and a rule need the second chain: cuts between messages,
	 * and those that only miss padding. */
	ck_assert_uint_ge(whole, 3);
	ck_assert_uint_le(whole, 10);
	for (size_t i = 0; i < dump.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			cleanup_nft_ruleset struct nft_ruleset ruleset = {0};

			dump.data[i] ^= (char)(1 << bit);
			(void)nft_ruleset_read((struct nl_bytes){(const uint8_t *)dump.data,
								 dump.len},
					       NF_INET_LOCAL_IN, &ruleset);
			dump.data[i] ^= (char)(1 << bit);
		}
}
END_TEST

static const struct probe_case plain[] = {
	{"no kernel: firewall", OPEN, {{NULL}}, CHECK_NOT_APPLICABLE, "no running kernel"},
	{"junk", OPEN, {{"/proc/plumbline/nftables", "junk"}}, CHECK_ERROR, "damaged"},
	{"a fifo",
	 OPEN,
	 {{"/proc/plumbline/nftables", "|fifo"}},
	 CHECK_ERROR,
	 "not a regular file"},
	{"too large", OPEN, {{"/proc/plumbline/nftables", "%4194305"}}, CHECK_ERROR, "larger than"},
	{"zeros", OPEN, {{"/proc/plumbline/nftables", "%4194304"}}, CHECK_ERROR, "damaged"},
};

START_TEST(judges_what_is_no_answer)
{
	run_case(&plain[_i]);
}
END_TEST

/* The running system, with an answer of the kernel that the test makes up. */
static void run_live(const char *keys, const struct kernel_dump *dump, const char *reason)
{
	cleanup_with(check_set_freep) struct check_set *set = NULL;
	cleanup_check_result struct check_result result = {0};
	char *folder = unit_folder_new();
	struct diag diag = {0};

	make_data(folder, keys);
	ck_assert_int_eq(check_set_load(folder, "p", &set, &diag), 0);
	unit_folder_free(folder);
	ck_assert_uint_ne(check_set_asks(set, 0), 0);
	check_set_kernel(set, dump);
	ck_assert_int_eq(check_run(set, 0, "/", &result), 0);
	ck_assert_msg(result.outcome == CHECK_ERROR, "%s", check_outcome_name(result.outcome));
	ck_assert_msg(strstr(result.reason, reason), "'%s' is not in '%s'", reason, result.reason);
}

START_TEST(unasked_kernel_is_an_error)
{
	run_live(OPEN, NULL, "nobody asked");
	run_live(LOCKED, NULL, "nobody asked");
}
END_TEST

START_TEST(refusal_of_the_kernel_is_an_error)
{
	const struct {
		int result;
		const char *reason;
	} cases[] = {
		{-EPERM, "needs CAP_NET_ADMIN"},
		{-EACCES, "needs CAP_NET_ADMIN"},
		{-ECONNREFUSED, "container"},
		{-ETIMEDOUT, "no answer came in time"},
		{-EINTR, "changed while"},
		{-EFBIG, "more than 4 MiB"},
		{-ENOBUFS, "No buffer space available"},
	};
	struct kernel_dump dump;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		kernel_dump_init(&dump);
		dump.parts[KERNEL_NFTABLES].result = cases[i].result;
		run_live(OPEN, &dump, cases[i].reason);
		kernel_dump_done(&dump);
	}
}
END_TEST

START_TEST(asks_only_where_no_module_is_loaded_by_it)
{
	char builtin[256];
	struct utsname system;
	const struct {
		const char *name;
		struct node nodes[3];
		bool may_ask;
	} cases[] = {
		{"loaded", {{"/proc/modules", ""}, {"/sys/module/nf_tables/", ""}}, true},
		{"a kernel without modules", {{"/proc/x", ""}}, true},
		{"modules are closed",
		 {{"/proc/modules", ""},
		  {"/proc/sys/kernel/modules_disabled", "1\n"},
		  {builtin, ""}},
		 true},
		{"built in",
		 {{"/proc/modules", ""},
		  {"/proc/sys/kernel/modules_disabled", "0\n"},
		  {builtin, "kernel/net/netfilter/nf_tables.ko\n"}},
		 true},
		{"it would be loaded",
		 {{"/proc/modules", "ext4 1 1 - Live 0\n"},
		  {"/proc/sys/kernel/modules_disabled", "0\n"},
		  {builtin, "kernel/net/netfilter/nfnetlink.ko\n"}},
		 false},
		{"no modules to load from", {{"/proc/modules", ""}}, true},
	};

	ck_assert_int_eq(uname(&system), 0);
	snprintf(builtin, sizeof(builtin), "/lib/modules/%s/modules.builtin", system.release);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cleanup_root struct root root = ROOT_INIT;
		char *folder = unit_folder_new();

		for (size_t k = 0; k < ARRAY_SIZE(cases[i].nodes) && cases[i].nodes[k].path; k++)
			make_node(folder, &cases[i].nodes[k]);
		ck_assert_int_eq(root_open(folder, &root), 0);
		ck_assert_msg(kernel_has_nftables(&root) == cases[i].may_ask, "%s", cases[i].name);
		unit_folder_free(folder);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, judges_firewall, 0, (int)ARRAY_SIZE(firewalls));
	tcase_add_test(tcase, many_ways_through_cost_no_more_than_one);
	tcase_add_test(tcase, damaged_dump_is_no_ruleset);
	tcase_add_loop_test(tcase, judges_what_is_no_answer, 0, (int)ARRAY_SIZE(plain));
	tcase_add_test(tcase, unasked_kernel_is_an_error);
	tcase_add_test(tcase, refusal_of_the_kernel_is_an_error);
	tcase_add_test(tcase, asks_only_where_no_module_is_loaded_by_it);
}

UNIT_MAIN("checks_dump")
