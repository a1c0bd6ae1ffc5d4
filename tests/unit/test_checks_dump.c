/* SPDX-License-Identifier: Apache-2.0 */
/* Claims of the probes that look at what the running kernel says of its firewall, over made-up
 * answers, and of what is no answer at all. */
#include "checks_tree.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <sys/utsname.h>

#include "checks/kernel_ask.h"
#include "checks/nft_ruleset.h"
#include "netlink_bytes.h"

#define OPEN   "kind = nft\nhook = input\nlist = open\nexpect = none\n"
#define GUARDS "kind = nft\nhook = input\nlist = guards\nexpect = some\n"
#define KEPT   "kind = firewall_kept\nexpect = none\n"
#define LOCKED "kind = audit_status\nfield = enabled\nexpect = equals 2\n"
#define WANTED "/etc/systemd/system/sysinit.target.wants/"
#define INPUT  "chain inet f c input filter "

static void put_attribute(struct strbuf *out, uint16_t type, const void *value, size_t len)
{
	struct nlattr header = {.nla_len = (uint16_t)(sizeof(header) + len), .nla_type = type};

	strbuf_add(out, &header, sizeof(header));
	strbuf_add(out, value, len);
	pad(out);
}

static void put_text(struct strbuf *out, uint16_t type, const char *text)
{
	put_attribute(out, type, text, strlen(text) + 1);
}

static void put_number(struct strbuf *out, uint16_t type, uint32_t number)
{
	number = htonl(number);
	put_attribute(out, type, &number, sizeof(number));
}

/* Takes @inner. */
static void put_nested(struct strbuf *out, uint16_t type, struct strbuf *inner)
{
	put_attribute(out, type | NLA_F_NESTED, inner->data, inner->len);
	strbuf_done(inner);
	*inner = STRBUF_INIT;
}

static uint8_t family_of(const char *name)
{
	return strcmp(name, "inet") == 0  ? NFPROTO_INET
	       : strcmp(name, "ip") == 0  ? NFPROTO_IPV4
	       : strcmp(name, "ip6") == 0 ? NFPROTO_IPV6
					  : NFPROTO_BRIDGE;
}

static void put_nft(struct strbuf *out, uint16_t kind, const char *family,
		    struct strbuf *attributes)
{
	struct nfgenmsg head = {.nfgen_family = family_of(family)};
	cleanup_strbuf struct strbuf payload = STRBUF_INIT;

	strbuf_add(&payload, &head, sizeof(head));
	strbuf_add(&payload, attributes->data, attributes->len);
	put_message(out, NFNL_SUBSYS_NFTABLES << 8 | kind, payload.data, payload.len);
	strbuf_done(attributes);
}

static void put_expression(struct strbuf *list, const char *name, struct strbuf *data)
{
	struct strbuf expression = STRBUF_INIT;

	put_text(&expression, NFTA_EXPR_NAME, name);
	put_nested(&expression, NFTA_EXPR_DATA, data);
	put_nested(list, NFTA_LIST_ELEM, &expression);
}

static void put_immediate(struct strbuf *list, int32_t code, const char *target)
{
	struct strbuf verdict = STRBUF_INIT, value = STRBUF_INIT, data = STRBUF_INIT;

	put_number(&verdict, NFTA_VERDICT_CODE, (uint32_t)code);
	if (target)
		put_text(&verdict, NFTA_VERDICT_CHAIN, target);
	put_nested(&value, NFTA_DATA_VERDICT, &verdict);
	put_number(&data, NFTA_IMMEDIATE_DREG, 0);
	put_nested(&data, NFTA_IMMEDIATE_DATA, &value);
	put_expression(list, "immediate", &data);
}

/* Loads what @key stands for, or @len bytes at @key of header @base (-1: none), into a register. */
static void put_load(struct strbuf *list, const char *name, uint32_t key, int base, uint32_t len)
{
	struct strbuf data = STRBUF_INIT;

	if (base >= 0) {
		put_number(&data, NFTA_PAYLOAD_DREG, NFT_REG_1);
		put_number(&data, NFTA_PAYLOAD_BASE, (uint32_t)base);
		put_number(&data, NFTA_PAYLOAD_OFFSET, key);
		put_number(&data, NFTA_PAYLOAD_LEN, len);
	} else if (strcmp(name, "meta") == 0) {
		put_number(&data, NFTA_META_DREG, NFT_REG_1);
		put_number(&data, NFTA_META_KEY, key);
	} else {
		put_number(&data, NFTA_CT_DREG, NFT_REG_1);
		put_number(&data, NFTA_CT_KEY, key);
	}
	put_expression(list, name, &data);
}

static void put_value(struct strbuf *data, uint16_t type, const void *value, size_t len)
{
	struct strbuf nested = STRBUF_INIT;

	put_attribute(&nested, NFTA_DATA_VALUE, value, len);
	put_nested(data, type, &nested);
}

static void put_cmp(struct strbuf *list, uint32_t op, const void *value, size_t len)
{
	struct strbuf data = STRBUF_INIT;

	put_number(&data, NFTA_CMP_SREG, NFT_REG_1);
	put_number(&data, NFTA_CMP_OP, op);
	put_value(&data, NFTA_CMP_DATA, value, len);
	put_expression(list, "cmp", &data);
}

static void put_mask(struct strbuf *list, uint32_t mask)
{
	struct strbuf data = STRBUF_INIT;
	uint32_t none = 0;

	put_number(&data, NFTA_BITWISE_SREG, NFT_REG_1);
	put_number(&data, NFTA_BITWISE_DREG, NFT_REG_1);
	put_number(&data, NFTA_BITWISE_LEN, sizeof(mask));
	put_value(&data, NFTA_BITWISE_MASK, &mask, sizeof(mask));
	put_value(&data, NFTA_BITWISE_XOR, &none, sizeof(none));
	put_expression(list, "bitwise", &data);
}

/* "l4proto@s", "dport@s", "not@s" (of the protocol): in set s, or not. */
static void put_lookup(struct strbuf *list, const char *word)
{
	struct strbuf data = STRBUF_INIT;

	if (*word == 'd')
		put_load(list, "payload", 2, NFT_PAYLOAD_TRANSPORT_HEADER, 2);
	else
		put_load(list, "meta", NFT_META_L4PROTO, -1, 0);
	put_text(&data, NFTA_LOOKUP_SET, strchr(word, '@') + 1);
	put_number(&data, NFTA_LOOKUP_SREG, NFT_REG_1);
	put_number(&data, NFTA_LOOKUP_FLAGS, *word == 'n' ? NFT_LOOKUP_F_INV : 0);
	put_expression(list, "lookup", &data);
}

/* Conditions that say something; false for other words. */
static bool put_condition(struct strbuf *list, const char *word)
{
	const uint32_t number = (uint32_t)atoi(strchr(word, ':') ? strchr(word, ':') + 1 : "");
	const uint8_t byte = (uint8_t)number;
	const uint16_t ports[] = {htons((uint16_t)number), 0xffff};
	const uint32_t none = 0;

	if (strncmp(word, "nfproto:", 8) == 0 || strncmp(word, "l4proto:", 8) == 0) {
		put_load(list, "meta", *word == 'n' ? NFT_META_NFPROTO : NFT_META_L4PROTO, -1, 0);
		put_cmp(list, NFT_CMP_EQ, &byte, 1);
	} else if (strchr(word, '@')) {
		put_lookup(list, word);
	} else if (strncmp(word, "state:", 6) == 0) {
		put_load(list, "ct", NFT_CT_STATE, -1, 0);
		put_mask(list, number);
		put_cmp(list, NFT_CMP_NEQ, &none, sizeof(none));
	} else if (strncmp(word, "source/", 7) == 0) {
		const uint32_t mask = word[7] == '0' ? 0 : htonl(0xff000000),
			       ten = htonl(10u << 24);

		put_load(list, "payload", 12, NFT_PAYLOAD_NETWORK_HEADER, 4);
		put_mask(list, mask);
		put_cmp(list, NFT_CMP_EQ, mask ? &ten : &none, sizeof(none));
	} else if (strncmp(word, "from:", 5) == 0) {
		put_load(list, "payload", 2, NFT_PAYLOAD_TRANSPORT_HEADER, 2);
		put_cmp(list, NFT_CMP_GTE, &ports[0], 2);
		put_cmp(list, NFT_CMP_LTE, &ports[1], 2);
	} else {
		return false;
	}
	return true;
}

/* One word of a rule: a statement as nft lists it. */
static void put_statement(struct strbuf *list, const char *word)
{
	struct strbuf data = STRBUF_INIT;

	if (put_condition(list, word))
		return;
	if (strcmp(word, "accept") == 0) {
		put_immediate(list, NF_ACCEPT, NULL);
	} else if (strcmp(word, "drop") == 0) {
		put_immediate(list, NF_DROP, NULL);
	} else if (strcmp(word, "return") == 0) {
		put_immediate(list, NFT_RETURN, NULL);
	} else if (strncmp(word, "jump:", 5) == 0) {
		put_immediate(list, NFT_JUMP, word + 5);
	} else if (strncmp(word, "goto:", 5) == 0) {
		put_immediate(list, NFT_GOTO, word + 5);
	} else if (strncmp(word, "target:", 7) == 0) {
		put_text(&data, NFTA_TARGET_NAME, word + 7);
		put_expression(list, "target", &data);
	} else if (strncmp(word, "match:", 6) == 0) {
		put_text(&data, NFTA_MATCH_NAME, word + 6);
		put_expression(list, "match", &data);
	} else if (strcmp(word, "meta:set") == 0) {
		put_number(&data, NFTA_META_SREG, NFT_REG32_00);
		put_expression(list, "meta", &data);
	} else if (strcmp(word, "ct:set") == 0) {
		put_number(&data, NFTA_CT_SREG, NFT_REG32_00);
		put_expression(list, "ct", &data);
	} else if (strncmp(word, "object:", 7) == 0) {
		put_number(&data, NFTA_OBJREF_IMM_TYPE, (uint32_t)atoi(word + 7));
		put_expression(list, "objref", &data);
	} else {
		put_expression(list, word, &data);
	}
}

static void put_table(struct strbuf *out, const char *family, const char *name, bool is_dormant)
{
	struct strbuf attributes = STRBUF_INIT;

	put_text(&attributes, NFTA_TABLE_NAME, name);
	put_number(&attributes, NFTA_TABLE_FLAGS, is_dormant ? NFT_TABLE_F_DORMANT : 0);
	put_nft(out, NFT_MSG_NEWTABLE, family, &attributes);
}

/* @words: table, name, and of a base chain hook, type and policy. */
static void put_chain(struct strbuf *out, const char *family, char (*words)[32], int count)
{
	struct strbuf attributes = STRBUF_INIT, hook = STRBUF_INIT;

	put_text(&attributes, NFTA_CHAIN_TABLE, words[0]);
	put_text(&attributes, NFTA_CHAIN_NAME, words[1]);
	if (count > 2) {
		put_number(&hook, NFTA_HOOK_HOOKNUM,
			   strcmp(words[2], "input") == 0 ? NF_INET_LOCAL_IN : NF_INET_LOCAL_OUT);
		put_number(&hook, NFTA_HOOK_PRIORITY, 0);
		put_nested(&attributes, NFTA_CHAIN_HOOK, &hook);
		put_text(&attributes, NFTA_CHAIN_TYPE, words[3]);
		put_number(&attributes, NFTA_CHAIN_POLICY,
			   strcmp(words[4], "drop") == 0 ? NF_DROP : NF_ACCEPT);
	}
	put_nft(out, NFT_MSG_NEWCHAIN, family, &attributes);
}

static void put_rule(struct strbuf *out, const char *family, char (*words)[32], int count)
{
	struct strbuf attributes = STRBUF_INIT, list = STRBUF_INIT;

	put_text(&attributes, NFTA_RULE_TABLE, words[0]);
	put_text(&attributes, NFTA_RULE_CHAIN, words[1]);
	for (int i = 2; i < count; i++)
		put_statement(&list, words[i]);
	put_nested(&attributes, NFTA_RULE_EXPRESSIONS, &list);
	put_nft(out, NFT_MSG_NEWRULE, family, &attributes);
}

static void put_set(struct strbuf *out, const char *family, char (*words)[32])
{
	struct strbuf attributes = STRBUF_INIT;

	put_text(&attributes, NFTA_SET_TABLE, words[0]);
	put_text(&attributes, NFTA_SET_NAME, words[1]);
	put_number(&attributes, NFTA_SET_FLAGS, (uint32_t)atoi(words[2]));
	put_nft(out, NFT_MSG_NEWSET, family, &attributes);
}

/* Protocols where @len is 1, else ports; "1024!" ends a range before that. */
static void put_elements(struct strbuf *out, const char *family, char (*words)[32], int count,
			 size_t len)
{
	struct strbuf attributes = STRBUF_INIT, list = STRBUF_INIT;

	put_text(&attributes, NFTA_SET_ELEM_LIST_TABLE, words[0]);
	put_text(&attributes, NFTA_SET_ELEM_LIST_SET, words[1]);
	for (int i = 2; i < count; i++) {
		struct strbuf element = STRBUF_INIT;
		const uint16_t port = htons((uint16_t)atoi(words[i]));
		const uint8_t protocol = (uint8_t)atoi(words[i]);

		put_value(&element, NFTA_SET_ELEM_KEY, len == 1 ? (const void *)&protocol : &port,
			  len);
		if (strchr(words[i], '!'))
			put_number(&element, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
		put_nested(&list, NFTA_LIST_ELEM, &element);
	}
	put_nested(&attributes, NFTA_SET_ELEM_LIST_ELEMENTS, &list);
	put_nft(out, NFT_MSG_NEWSETELEM, family, &attributes);
}

/* "set FAMILY TABLE NAME FLAGS", "protocols FAMILY TABLE SET NUMBER...", "ports" likewise,
 * "table FAMILY NAME [dormant]", "chain FAMILY TABLE NAME [HOOK TYPE POLICY]", "rule FAMILY TABLE
 * CHAIN STATEMENT...": one message a line. */
static void write_dump(const char *script, struct strbuf *out)
{
	cleanup_free char *copy = strdup(script);
	char *rest = copy, *line;

	while ((line = strsep(&rest, "\n"))) {
		char words[8][32] = {0};
		int count =
			sscanf(line, "%31s %31s %31s %31s %31s %31s %31s %31s", words[0], words[1],
			       words[2], words[3], words[4], words[5], words[6], words[7]);

		if (count <= 0)
			continue;
		if (strcmp(words[0], "table") == 0)
			put_table(out, words[1], words[2], count > 3);
		else if (strcmp(words[0], "chain") == 0)
			put_chain(out, words[1], words + 2, count - 2);
		else if (strcmp(words[0], "set") == 0)
			put_set(out, words[1], words + 2);
		else if (words[0][0] == 'p')
			put_elements(out, words[1], words + 2, count - 2,
				     strcmp(words[0], "ports") == 0 ? 2 : 1);
		else
			put_rule(out, words[1], words + 2, count - 2);
	}
	ck_assert_int_eq(strbuf_check(out), 0);
}

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
	{"a match is one", OPEN,
	 INPUT "drop\nrule inet f c match:conntrack accept\nrule inet f c drop", CHECK_PASS,
	 "none"},
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
	{"what is not known is no reason to pass", OPEN,
	 INPUT "drop\nrule inet f c nfproto:2 lookup accept\nrule inet f c drop", CHECK_PASS,
	 "none"},
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
	{"a map is no set", OPEN,
	 INPUT "drop\nset inet f s 11\nprotocols inet f s 6 17\nrule inet f c l4proto@s accept",
	 CHECK_PASS, "none"},
	{"a set without elements here", OPEN,
	 INPUT "drop\nset inet f s 0\n\nrule inet f c l4proto@s accept", CHECK_PASS, "none"},
	{"ports of a set", OPEN,
	 INPUT "drop\nset inet f s 3\nports inet f s 22 80\nrule inet f c dport@s accept",
	 CHECK_PASS, "none"},
	{"ranges that are all ports", OPEN,
	 INPUT "drop\nset inet f s 7\nports inet f s 1024! 1024 1\nrule inet f c dport@s accept",
	 CHECK_FAIL, "=IPv4 TCP, IPv4 UDP, IPv6 TCP, IPv6 UDP"},
	{"ranges that are not", OPEN,
	 INPUT
	 "drop\nset inet f s 7\nports inet f s 22 23! 1000 2001!\nrule inet f c dport@s accept",
	 CHECK_PASS, "none"},
	{"elements of no set", OPEN, INPUT "drop\nprotocols inet f s 6", CHECK_ERROR, "damaged"},
	{"rejects at the end", OPEN,
	 INPUT "accept\nrule inet f c cmp accept\nrule inet f c counter log reject", CHECK_PASS,
	 "none"},
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
	 INPUT "drop\nchain inet f d\nrule inet f d accept\nrule inet f c cmp jump:d", CHECK_PASS,
	 "none"},
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
	ck_assert_int_eq(
		nft_ruleset_read((struct nl_bytes){(uint8_t *)dump.data, dump.len}, &ruleset), 0);
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
		whole += nft_ruleset_read((struct nl_bytes){cut, len}, &ruleset) == 0;
	}
	/* Nothing, the chain, both chains and a rule need the second chain: cuts between messages,
	 * and those that only miss padding. */
	ck_assert_uint_ge(whole, 3);
	ck_assert_uint_le(whole, 10);
	for (size_t i = 0; i < dump.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			cleanup_nft_ruleset struct nft_ruleset ruleset = {0};

			dump.data[i] ^= (char)(1 << bit);
			(void)nft_ruleset_read(
				(struct nl_bytes){(const uint8_t *)dump.data, dump.len}, &ruleset);
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
