/* SPDX-License-Identifier: Apache-2.0 */
/* Firewalls written in words, as nf_tables dumps them. */
#ifndef PLUMBLINE_TESTS_NFT_DUMP_H
#define PLUMBLINE_TESTS_NFT_DUMP_H

#include "unit.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "netlink_bytes.h"

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

/* "l4proto@s", "dport@s", "not@s" (of the protocol): in set s, or not. "map@m", "odd@m" (of what
 * is not known): its verdict by map m. */
static void put_lookup(struct strbuf *list, const char *word)
{
	struct strbuf data = STRBUF_INIT;

	if (*word == 'd')
		put_load(list, "payload", 2, NFT_PAYLOAD_TRANSPORT_HEADER, 2);
	else
		put_load(list, "meta", *word == 'o' ? 999 : NFT_META_L4PROTO, -1, 0);
	put_text(&data, NFTA_LOOKUP_SET, strchr(word, '@') + 1);
	put_number(&data, NFTA_LOOKUP_SREG, NFT_REG_1);
	if (*word == 'm' || *word == 'o')
		put_number(&data, NFTA_LOOKUP_DREG, NFT_REG_VERDICT);
	put_number(&data, NFTA_LOOKUP_FLAGS, *word == 'n' ? NFT_LOOKUP_F_INV : 0);
	put_expression(list, "lookup", &data);
}

/* "local", "unlocal": the kind of address it is for; "route": the interface that leads to it. */
static void put_route(struct strbuf *list, const char *word)
{
	struct strbuf data = STRBUF_INIT;
	const uint32_t local = 2;

	put_number(&data, NFTA_FIB_DREG, NFT_REG_1);
	put_number(&data, NFTA_FIB_RESULT,
		   *word == 'r' ? NFT_FIB_RESULT_OIF : NFT_FIB_RESULT_ADDRTYPE);
	put_number(&data, NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR);
	put_expression(list, "fib", &data);
	put_cmp(list, *word == 'u' ? NFT_CMP_NEQ : NFT_CMP_EQ, &local, sizeof(local));
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
	} else if (strstr("local unlocal route", word)) {
		put_route(list, word);
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
	put_number(&attributes, NFTA_SET_KEY_LEN, *words[3] ? (uint32_t)atoi(words[3]) : 1);
	put_nft(out, NFT_MSG_NEWSET, family, &attributes);
}

/* "drop", "accept", or a chain that is jumped to. */
static void put_mapped(struct strbuf *element, const char *word)
{
	struct strbuf verdict = STRBUF_INIT, value = STRBUF_INIT;
	const int32_t code = strcmp(word, "drop") == 0	   ? NF_DROP
			     : strcmp(word, "accept") == 0 ? NF_ACCEPT
							   : NFT_JUMP;

	put_number(&verdict, NFTA_VERDICT_CODE, (uint32_t)code);
	if (code == NFT_JUMP)
		put_text(&verdict, NFTA_VERDICT_CHAIN, word);
	put_nested(&value, NFTA_DATA_VERDICT, &verdict);
	put_nested(element, NFTA_SET_ELEM_DATA, &value);
}

/* Protocols where @len is 1, else ports; "1024!" ends a range before that, "*" is for all others,
 * "6=drop" is of a map. */
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

		if (*words[i] == '*')
			put_number(&element, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_CATCHALL);
		else
			put_value(&element, NFTA_SET_ELEM_KEY,
				  len == 1 ? (const void *)&protocol : &port, len);
		if (strchr(words[i], '='))
			put_mapped(&element, strchr(words[i], '=') + 1);
		if (strchr(words[i], '!'))
			put_number(&element, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
		put_nested(&list, NFTA_LIST_ELEM, &element);
	}
	put_nested(&attributes, NFTA_SET_ELEM_LIST_ELEMENTS, &list);
	put_nft(out, NFT_MSG_NEWSETELEM, family, &attributes);
}

/* "set FAMILY TABLE NAME FLAGS [BYTES]", "protocols FAMILY TABLE SET NUMBER...", "ports" likewise,
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

#endif
