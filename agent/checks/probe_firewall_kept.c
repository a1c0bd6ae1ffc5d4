/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guards of the running firewall that would not be there after the next start, as "FAMILY TABLE
 * CHAIN": no service that is enabled has a file that names them. Files are read as text; that the
 * rules in a chain are the same is not compared.
 */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/str.h"
#include "checks/kernel_dump.h"
#include "checks/nft_ruleset.h"
#include "checks/probe.h"
#include "checks/text.h"
#include "checks/xt_filter.h"

#define WANTS "/etc/systemd/system/*.wants/"

static const struct probe_key keys[] = {{NULL}};

/* What makes rules at the start, and which it makes. */
static const struct loader {
	const char *enabled; /* by one of these */
	const char *files;   /* of nft: those that name tables and chains */
	const char *table;   /* makes all chains of this table; NULL: those that its files name */
	const char *needs;   /* text that a file must hold; NULL: none */
} loaders[] = {
	/* The last one is that of legacy iptables too. */
	{WANTS "nftables.service",
	 "/etc/nftables.conf /etc/sysconfig/nftables.conf /etc/nftables.d/* /etc/nftables/*", NULL,
	 NULL},
	{WANTS "firewalld.service", "/etc/firewalld/firewalld.conf", "firewalld", NULL},
	{WANTS "ufw.service", "/etc/ufw/ufw.conf", "filter", "ENABLED=yes"},
	{WANTS "netfilter-persistent.service " WANTS "iptables.service " WANTS "ip6tables.service",
	 "/etc/iptables/rules.v4 /etc/iptables/rules.v6 "
	 "/etc/sysconfig/iptables /etc/sysconfig/ip6tables",
	 "filter", "*filter"},
};

struct search {
	const struct root *root;
	struct probe_value *value;
	struct strbuf texts[ARRAY_SIZE(loaders)]; /* of the files of a loader that is enabled */
	bool is_enabled;
	size_t at;
};

static void search_done(struct search *search)
{
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++)
		strbuf_done(&search->texts[i]);
}

static int note_enabled(const char *path, void *userdata)
{
	((struct search *)userdata)->is_enabled = true;
	return 0;
}

static int read_file(const char *path, void *userdata)
{
	struct search *search = userdata;
	int r = probe_read(search->root, path, ROOT_MAX_CONFIG_BYTES, &search->texts[search->at],
			   search->value);

	strbuf_add_char(&search->texts[search->at], '\n');
	return r;
}

static int read_loader(struct search *search, const struct loader *loader)
{
	int r;

	search->is_enabled = false;
	r = probe_glob(search->root, loader->enabled, note_enabled, search, search->value);
	if (r > 0 && search->is_enabled)
		r = probe_glob(search->root, loader->files, read_file, search, search->value);
	return strbuf_check(&search->texts[search->at]) < 0 ? -ENOMEM : r;
}

/* Whether @text holds the word @first and @second behind it, as in "chain input". */
static bool holds_words(const char *text, const char *first, const char *second)
{
	size_t len = strlen(second);

	for (const char *p = text; (p = strstr(p, first)); p += strlen(first)) {
		const char *word = p + strlen(first);

		word += strspn(word, " \t");
		/* "table inet NAME": the family may stand between. */
		for (int i = 0; i < 2; i++) {
			if (strncmp(word, second, len) == 0 && strchr(" \t\n{;", word[len]))
				return true;
			word += strcspn(word, " \t\n{;");
			word += strspn(word, " \t");
		}
	}
	return false;
}

static bool is_kept(const struct search *search, const struct nft_chain *chain)
{
	for (size_t i = 0; i < ARRAY_SIZE(loaders); i++) {
		const struct loader *loader = &loaders[i];
		const char *text = search->texts[i].data;

		if (!text || (loader->needs && !strstr(text, loader->needs)))
			continue;
		if (loader->table ? str_equal(loader->table, chain->id.table)
				  : holds_words(text, "table ", chain->id.table) &&
					    holds_words(text, "chain ", chain->id.name))
			return true;
	}
	return false;
}

/* Chains of legacy iptables at the input hook; how many there are, or negative errno. */
static int find_legacy(struct search *search)
{
	static const uint8_t families[] = {NFPROTO_IPV4, NFPROTO_IPV6};
	const struct loader *loader = &loaders[ARRAY_SIZE(loaders) - 1];
	const char *text = search->texts[ARRAY_SIZE(loaders) - 1].data;
	int guards = 0;

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct xt_chain chain = {0};
		char item[64];
		int r = xt_filter_chain(search->root, families[i], NF_INET_LOCAL_IN, search->value,
					&chain);

		if (r < 0)
			return r;
		if (r == 0 || (!chain.rules && !chain.drops))
			continue;
		guards++;
		snprintf(item, sizeof(item), "%s legacy input", nft_family_name(families[i]));
		if (!text || !strstr(text, loader->needs))
			probe_list_add(search->value, item);
	}
	return guards;
}

static int find(struct search *search, const struct nft_ruleset *ruleset)
{
	size_t guards = 0;
	int legacy;

	probe_list_add(search->value, NULL);
	for (size_t i = 0; i < ruleset->count; i++) {
		const struct nft_chain *chain = &ruleset->chains[i];
		char item[512];

		if ((!nft_chain_filters(chain, NF_INET_LOCAL_IN, NFPROTO_IPV4) &&
		     !nft_chain_filters(chain, NF_INET_LOCAL_IN, NFPROTO_IPV6)) ||
		    (!chain->rules && !chain->drops))
			continue;
		guards++;
		if (is_kept(search, chain))
			continue;
		snprintf(item, sizeof(item), "%s %s %s", nft_family_name(chain->id.family),
			 chain->id.table, chain->id.name);
		probe_list_add(search->value, item);
	}
	legacy = find_legacy(search);
	if (legacy < 0)
		return legacy == -ENOMEM ? legacy : 0;
	if (!guards && !legacy)
		return probe_not_applicable(search->value,
					    "no rules are in force; FWL-001 reports that");
	return 0;
}

static int run(const struct probe_params *params, const struct root *root,
	       struct probe_value *value)
{
	cleanup_with(search_done) struct search search = {.root = root, .value = value};
	cleanup_nft_ruleset struct nft_ruleset ruleset = {0};
	cleanup_strbuf struct strbuf storage = STRBUF_INIT;
	struct nl_bytes bytes = {0};
	int r = kernel_dump_read(root, KERNEL_NFTABLES, &storage, &bytes, value);

	if (r <= 0)
		return r;
	r = nft_ruleset_read(bytes, NF_INET_LOCAL_IN, &ruleset);
	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return probe_error(value, "the kernel's dump of its rules is damaged");
	for (search.at = 0; search.at < ARRAY_SIZE(loaders); search.at++) {
		r = read_loader(&search, &loaders[search.at]);
		if (r <= 0)
			return r;
	}
	return find(&search, &ruleset);
}

static unsigned asks(const struct probe_params *params)
{
	return 1u << KERNEL_NFTABLES | XT_FILTER_ASKS;
}

const struct probe_ops probe_firewall_kept = {"firewall_kept", keys, PROBE_GIVES_LIST, run, asks};
