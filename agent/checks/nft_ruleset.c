/* SPDX-License-Identifier: Apache-2.0 */
#include "checks/nft_ruleset.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "base/array.h"
#include "base/str.h"
#include "checks/nft_match.h"

#define MAX_JUMPS  16 /* as the kernel */
#define MAX_TABLES 256

/* Of one ruleset: rules that ask for one large map again and again in hostile bytes. */
#define MAX_GUESSES 10000

enum verdict {
	VERDICT_NONE,
	VERDICT_ACCEPT,
	VERDICT_DENY,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_RETURN,
};

struct nft_step {
	enum verdict verdict;
	uint32_t packets;   /* that it may be for; bits by number */
	uint32_t sure;	    /* those of them that it is for */
	const char *target; /* chain of a jump */
};

struct dormant {
	struct {
		uint8_t family;
		const char *name;
	} tables[MAX_TABLES];
	size_t count;
};

static struct nft_chain *find(const struct nft_ruleset *ruleset, const struct nft_id *id)
{
	return ruleset->count ? bsearch(id, ruleset->chains, ruleset->count,
					sizeof(ruleset->chains[0]), nft_id_compare)
			      : NULL;
}

static int read_table(struct nl_bytes rest, uint8_t family, struct dormant *dormant)
{
	struct nl_attribute attribute;
	const char *name = NULL;
	uint32_t flags = 0;
	int r;

	while ((r = nl_next_attribute(&rest, &attribute)) > 0) {
		if (attribute.type == NFTA_TABLE_NAME && !(name = nl_text(&attribute)))
			return -EBADMSG;
		if (attribute.type == NFTA_TABLE_FLAGS && nl_be32(&attribute, &flags) < 0)
			return -EBADMSG;
	}
	if (r < 0 || !name)
		return -EBADMSG;
	if (!(flags & NFT_TABLE_F_DORMANT))
		return 0;
	if (dormant->count == MAX_TABLES)
		return -EBADMSG;
	dormant->tables[dormant->count].family = family;
	dormant->tables[dormant->count++].name = name;
	return 0;
}

static int read_hook(struct nl_bytes rest, struct nft_chain *chain)
{
	struct nl_attribute attribute;
	int r;

	chain->is_base = true;
	while ((r = nl_next_attribute(&rest, &attribute)) > 0)
		if (attribute.type == NFTA_HOOK_HOOKNUM && nl_be32(&attribute, &chain->hook) < 0)
			return -EBADMSG;
	return r;
}

static int read_chain(struct nl_bytes rest, uint8_t family, struct nft_ruleset *ruleset)
{
	struct nft_chain chain = {.id.family = family};
	struct nl_attribute attribute;
	uint32_t policy = NF_ACCEPT;
	int r, hook_r = 0;

	while ((r = nl_next_attribute(&rest, &attribute)) > 0) {
		switch (attribute.type) {
		case NFTA_CHAIN_TABLE:
			chain.id.table = nl_text(&attribute);
			break;
		case NFTA_CHAIN_NAME:
			chain.id.name = nl_text(&attribute);
			break;
		case NFTA_CHAIN_TYPE:
			chain.type = nl_text(&attribute);
			break;
		case NFTA_CHAIN_HOOK:
			hook_r = read_hook(attribute.value, &chain);
			break;
		case NFTA_CHAIN_POLICY:
			hook_r = nl_be32(&attribute, &policy);
			break;
		}
		if (hook_r < 0)
			return hook_r;
	}
	if (r < 0 || !chain.id.table || !chain.id.name || (chain.is_base && !chain.type))
		return -EBADMSG;
	chain.drops = policy == NF_DROP;
	r = array_grow(&ruleset->chains, ruleset->count, &ruleset->room, sizeof(chain));
	if (r == 0)
		ruleset->chains[ruleset->count++] = chain;
	return r;
}

/* NFTA_DATA_VERDICT: what the rule does with a packet. */
static int read_verdict(struct nl_bytes rest, struct nft_step *step)
{
	struct nl_attribute attribute;
	uint32_t code = (uint32_t)NFT_CONTINUE;
	int r;

	while ((r = nl_next_attribute(&rest, &attribute)) > 0) {
		if (attribute.type == NFTA_VERDICT_CODE && nl_be32(&attribute, &code) < 0)
			return -EBADMSG;
		if (attribute.type == NFTA_VERDICT_CHAIN && !(step->target = nl_text(&attribute)))
			return -EBADMSG;
	}
	if (r < 0)
		return r;
	switch ((int32_t)code) {
	case NF_ACCEPT:
		step->verdict = VERDICT_ACCEPT;
		break;
	case NF_DROP:
		step->verdict = VERDICT_DENY;
		break;
	case NFT_JUMP:
		step->verdict = VERDICT_JUMP;
		break;
	case NFT_GOTO:
		step->verdict = VERDICT_GOTO;
		break;
	case NFT_RETURN:
		step->verdict = VERDICT_RETURN;
		break;
	}
	return (step->verdict == VERDICT_JUMP || step->verdict == VERDICT_GOTO) && !step->target
		       ? -EBADMSG
		       : 0;
}

/* 1 for a verdict, 0 for what loads a register. */
static int read_immediate(struct nl_bytes data, struct nft_step *step)
{
	struct nl_attribute value, verdict;
	int r = nl_find_attribute(data, NFTA_IMMEDIATE_DATA, &value);

	if (r == 0)
		r = nl_find_attribute(value.value, NFTA_DATA_VERDICT, &verdict);
	if (r == 0)
		r = read_verdict(verdict.value, step) < 0 ? -EBADMSG : 1;
	return r == -ENOENT ? 0 : r;
}

/* iptables-nft still hands some targets on in their old form. */
static int read_target(struct nl_bytes data, struct nft_step *step)
{
	struct nl_attribute attribute;
	const char *name;
	int r = nl_find_attribute(data, NFTA_TARGET_NAME, &attribute);

	if (r == -ENOENT)
		return -EBADMSG;
	if (r < 0)
		return r;
	name = nl_text(&attribute);
	if (!name)
		return -EBADMSG;
	if (str_equal(name, "REJECT") || str_equal(name, "DROP"))
		step->verdict = VERDICT_DENY;
	/* What a program in user space says is not known. */
	if (str_equal(name, "NFQUEUE"))
		step->verdict = VERDICT_ACCEPT;
	return 0;
}

static int add_step(struct nft_chain *chain, const struct nft_step *step)
{
	int r = array_grow(&chain->steps, chain->step_count, &chain->step_room, sizeof(*step));

	if (r < 0)
		return r;
	chain->steps[chain->step_count++] = *step;
	if (step->verdict != VERDICT_JUMP)
		chain->over |= step->sure;
	return 0;
}

/* A rule that is being read. */
struct reading {
	struct nft_ruleset *ruleset;
	struct nft_chain *chain;
	struct nft_step step;
	struct nft_scratch scratch[STRANGE_PACKETS];
};

static void turn_away(struct nft_step *step, unsigned packet, enum strange_meets meets)
{
	if (meets != STRANGE_MEETS)
		step->sure &= ~(1u << packet);
	if (meets == STRANGE_PASSES_BY)
		step->packets &= ~(1u << packet);
}

/* What a map has for @packet in @element: a step of its own, unless that is to go on. */
static int add_mapped(struct reading *reading, unsigned packet, struct nl_bytes element)
{
	struct nft_step step = {.packets = reading->step.packets & (1u << packet)};
	struct nl_attribute value, verdict;

	step.sure = step.packets & reading->step.sure;
	if (nl_find_attribute(element, NFTA_SET_ELEM_DATA, &value) < 0 ||
	    nl_find_attribute(value.value, NFTA_DATA_VERDICT, &verdict) < 0 ||
	    read_verdict(verdict.value, &step) < 0)
		return -EBADMSG;
	return step.verdict == VERDICT_NONE ? 0 : add_step(reading->chain, &step);
}

/* Where it is not known what a map has for @packet: any of its verdicts, or to pass if these are
 * not known either. */
static int add_all_mapped(struct reading *reading, unsigned packet, const struct nft_set *set)
{
	const struct nft_step pass = {.verdict = VERDICT_ACCEPT, .packets = 1u << packet};
	bool is_known = set && set->part_count;

	for (size_t i = 0; is_known && i < set->part_count; i++) {
		struct nl_bytes rest = set->parts[i];
		struct nl_attribute element, flags;
		uint32_t bits;
		int r;

		while (is_known && (r = nl_next_attribute(&rest, &element)) > 0) {
			/* The end of a range has no verdict. */
			if (nl_find_attribute(element.value, NFTA_SET_ELEM_FLAGS, &flags) == 0 &&
			    nl_be32(&flags, &bits) == 0 && bits & NFT_SET_ELEM_INTERVAL_END)
				continue;
			is_known = ++reading->ruleset->guesses <= MAX_GUESSES;
			r = is_known ? add_mapped(reading, packet, element.value) : 0;
			if (r < 0)
				return r;
		}
	}
	return is_known ? 0 : add_step(reading->chain, &pass);
}

/* "vmap": each packet has its own verdict, or none and goes on with the next rule. */
static int read_map(struct nl_bytes data, struct reading *reading)
{
	struct nft_step *step = &reading->step;

	for (unsigned i = 0; i < STRANGE_PACKETS; i++) {
		const struct nft_set *set;
		enum strange_meets meets;
		struct nl_bytes element;
		int r = 0;

		if (!(step->packets & ~reading->chain->over & (1u << i)))
			continue;
		set = nft_look_up(&reading->scratch[i], data, &meets, &element);
		turn_away(step, i, meets);
		if (element.len)
			r = add_mapped(reading, i, element);
		else if (meets == STRANGE_MAY_MEET)
			r = add_all_mapped(reading, i, set);
		if (r < 0)
			return r;
	}
	/* "continue" is a verdict, too, but then there is nothing else in such a rule. */
	step->packets = 0;
	return 0;
}

/* Whether the verdict itself is looked up. */
static bool is_verdict_map(const char *name, struct nl_bytes data)
{
	struct nl_attribute attribute;
	uint32_t target;

	return str_equal(name, "lookup") &&
	       nl_find_attribute(data, NFTA_LOOKUP_DREG, &attribute) == 0 &&
	       nl_be32(&attribute, &target) == 0 && target == NFT_REG_VERDICT;
}

/* One expression. Takes from the packets of the rule those that it turns away. */
static int read_expression(struct nl_bytes expression, struct reading *reading)
{
	struct nl_attribute attribute, data = {0};
	struct nft_step *step = &reading->step;
	const char *name;
	int r;

	if (nl_find_attribute(expression, NFTA_EXPR_NAME, &attribute) < 0)
		return -EBADMSG;
	r = nl_find_attribute(expression, NFTA_EXPR_DATA, &data);
	name = nl_text(&attribute);
	if ((r < 0 && r != -ENOENT) || !name)
		return -EBADMSG;
	if (str_equal(name, "target"))
		return read_target(data.value, step);
	if (is_verdict_map(name, data.value))
		return read_map(data.value, reading);
	if (str_equal(name, "immediate")) {
		r = read_immediate(data.value, step);
		if (r != 0)
			return r < 0 ? r : 0;
	}
	if (str_equal(name, "reject") || str_equal(name, "queue")) {
		/* What a program in user space says is not known. */
		step->verdict = *name == 'q' ? VERDICT_ACCEPT : VERDICT_DENY;
		return 0;
	}
	for (unsigned i = 0; i < STRANGE_PACKETS; i++)
		if (step->packets & (1u << i))
			turn_away(step, i, nft_match(&reading->scratch[i], name, data.value, i));
	return 0;
}

static int read_rule(struct nl_bytes rest, uint8_t family, struct nft_ruleset *ruleset)
{
	const uint32_t packets = strange_packets_of(family);
	struct reading reading = {.ruleset = ruleset,
				  .step = {.packets = packets, .sure = packets}};
	struct nl_attribute table, name, expressions = {0}, item;
	struct nft_id id = {.family = family};
	int r;

	r = nl_find_attribute(rest, NFTA_RULE_TABLE, &table);
	if (r == 0)
		r = nl_find_attribute(rest, NFTA_RULE_CHAIN, &name);
	if (r < 0 || !(id.table = nl_text(&table)) || !(id.name = nl_text(&name)))
		return -EBADMSG;
	r = nl_find_attribute(rest, NFTA_RULE_EXPRESSIONS, &expressions);
	if (r < 0 && r != -ENOENT)
		return r;
	reading.chain = find(ruleset, &id);
	if (!reading.chain)
		return -EBADMSG;
	reading.chain->rules++;
	for (unsigned i = 0; i < STRANGE_PACKETS; i++)
		reading.scratch[i] = (struct nft_scratch){
			.sets = &ruleset->sets, .chain = &reading.chain->id, .hook = ruleset->hook};
	while ((r = nl_next_attribute(&expressions.value, &item)) > 0) {
		r = read_expression(item.value, &reading);
		if (r < 0)
			return r;
	}
	reading.step.packets &= ~reading.chain->over;
	reading.step.sure &= reading.step.packets;
	if (r < 0 || !reading.step.packets || reading.step.verdict == VERDICT_NONE)
		return r;
	return add_step(reading.chain, &reading.step);
}

enum pass {
	PASS_CHAINS, /* and tables and sets */
	PASS_ELEMENTS,
	PASS_RULES,
};

static int read_messages(struct nl_bytes rest, enum pass pass, struct nft_ruleset *ruleset,
			 struct dormant *dormant)
{
	struct nl_message message;
	int r;

	while ((r = nl_next_message(&rest, &message)) > 0) {
		const uint8_t *head = nl_take(&message.payload, sizeof(struct nfgenmsg));
		uint8_t family = head ? head[offsetof(struct nfgenmsg, nfgen_family)] : 0;

		if (!head || message.type >> 8 != NFNL_SUBSYS_NFTABLES)
			return -EBADMSG;
		r = 0;
		if ((message.type & 0xff) == NFT_MSG_NEWTABLE && pass == PASS_CHAINS)
			r = read_table(message.payload, family, dormant);
		else if ((message.type & 0xff) == NFT_MSG_NEWCHAIN && pass == PASS_CHAINS)
			r = read_chain(message.payload, family, ruleset);
		else if ((message.type & 0xff) == NFT_MSG_NEWSET && pass == PASS_CHAINS)
			r = nft_sets_add(&ruleset->sets, family, message.payload);
		else if ((message.type & 0xff) == NFT_MSG_NEWSETELEM && pass == PASS_ELEMENTS)
			r = nft_sets_add_elements(&ruleset->sets, family, message.payload);
		else if ((message.type & 0xff) == NFT_MSG_NEWRULE && pass == PASS_RULES)
			r = read_rule(message.payload, family, ruleset);
		if (r < 0)
			return r;
	}
	return r;
}

static unsigned judge(const struct nft_ruleset *ruleset, struct nft_chain *chain, unsigned packet,
		      unsigned depth);

/* What may become of a packet that is given @step for sure: NFT_GOES_ON is to the next one. */
static unsigned apply(const struct nft_ruleset *ruleset, const struct nft_chain *chain,
		      const struct nft_step *step, unsigned packet, unsigned depth)
{
	const struct nft_id id = {chain->id.family, chain->id.table, step->target};
	struct nft_chain *target;

	switch (step->verdict) {
	case VERDICT_ACCEPT:
		return NFT_ACCEPTED;
	case VERDICT_DENY:
		return NFT_DENIED;
	case VERDICT_JUMP:
	case VERDICT_GOTO:
		target = find(ruleset, &id);
		return target ? judge(ruleset, target, packet, depth + 1) : NFT_GOES_ON;
	case VERDICT_NONE:
	case VERDICT_RETURN:
		break;
	}
	return NFT_GOES_ON;
}

/* Each chain is judged once for a packet, so that chains that jump to each other in hostile bytes
 * cost no more than honest ones. */
static unsigned judge(const struct nft_ruleset *ruleset, struct nft_chain *chain, unsigned packet,
		      unsigned depth)
{
	const uint32_t bit = 1u << packet;
	unsigned fates = 0;
	bool goes_on = true;

	if (chain->judged & bit)
		return chain->fates[packet];
	if (chain->is_being_judged || depth > MAX_JUMPS)
		return NFT_GOES_ON;
	chain->is_being_judged = true;
	for (size_t i = 0; i < chain->step_count && goes_on; i++) {
		const struct nft_step *step = &chain->steps[i];
		unsigned here;

		if (!(step->packets & bit))
			continue;
		here = apply(ruleset, chain, step, packet, depth);
		/* Out of a chain that is jumped to it comes back here; of others, to who jumped. */
		if (step->verdict == VERDICT_JUMP)
			goes_on = here & NFT_GOES_ON || !(step->sure & bit);
		else
			goes_on = !(step->sure & bit);
		fates |= step->verdict == VERDICT_JUMP ? here & ~(unsigned)NFT_GOES_ON : here;
	}
	chain->is_being_judged = false;
	chain->fates[packet] = fates | (goes_on ? NFT_GOES_ON : 0u);
	chain->judged |= bit;
	return chain->fates[packet];
}

static void mark_dormant(struct nft_ruleset *ruleset, const struct dormant *dormant)
{
	for (size_t i = 0; i < ruleset->count; i++)
		for (size_t t = 0; t < dormant->count; t++)
			if (ruleset->chains[i].id.family == dormant->tables[t].family &&
			    str_equal(ruleset->chains[i].id.table, dormant->tables[t].name))
				ruleset->chains[i].is_dormant = true;
}

int nft_ruleset_read(struct nl_bytes bytes, uint32_t hook, struct nft_ruleset *ret_ruleset)
{
	cleanup_nft_ruleset struct nft_ruleset ruleset = {.hook = hook};
	cleanup_free struct dormant *dormant = calloc(1, sizeof(*dormant));
	int r;

	if (!dormant)
		return -ENOMEM;
	r = read_messages(bytes, PASS_CHAINS, &ruleset, dormant);
	if (r < 0)
		return r;
	if (ruleset.count)
		qsort(ruleset.chains, ruleset.count, sizeof(ruleset.chains[0]), nft_id_compare);
	mark_dormant(&ruleset, dormant);
	nft_sets_order(&ruleset.sets);
	r = read_messages(bytes, PASS_ELEMENTS, &ruleset, dormant);
	if (r < 0)
		return r;
	r = read_messages(bytes, PASS_RULES, &ruleset, dormant);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ruleset.count; i++)
		for (unsigned packet = 0; packet < STRANGE_PACKETS; packet++)
			(void)judge(&ruleset, &ruleset.chains[i], packet, 0);
	*ret_ruleset = ruleset;
	ruleset = (struct nft_ruleset){0};
	return 0;
}

void nft_ruleset_done(struct nft_ruleset *ruleset)
{
	for (size_t i = 0; i < ruleset->count; i++)
		free(ruleset->chains[i].steps);
	free(ruleset->chains);
	nft_sets_done(&ruleset->sets);
	*ruleset = (struct nft_ruleset){0};
}

bool nft_chain_filters(const struct nft_chain *chain, uint32_t hook, uint8_t family)
{
	return chain->is_base && !chain->is_dormant && chain->hook == hook &&
	       str_equal(chain->type, "filter") &&
	       (chain->id.family == family || chain->id.family == NFPROTO_INET);
}

bool nft_chain_may_accept(const struct nft_chain *chain, unsigned packet)
{
	return chain->fates[packet] & NFT_ACCEPTED ||
	       (chain->fates[packet] & NFT_GOES_ON && !chain->drops);
}

const char *nft_family_name(uint8_t family)
{
	switch (family) {
	case NFPROTO_IPV4:
		return "ip";
	case NFPROTO_IPV6:
		return "ip6";
	case NFPROTO_INET:
		return "inet";
	default:
		return "other";
	}
}
