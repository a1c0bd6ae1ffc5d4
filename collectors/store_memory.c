/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store in memory, for tests: one array in order of arrival. Nothing is
 * overwritten: what a newer item replaces is marked with the transaction that
 * did it, and a rollback takes mark and item back.
 */
#include "store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

enum kind {
	AGENT,
	BATCH,
	RECORD,
	FINDING,
	CHECK,
	COVERAGE,
	INCIDENT
};

struct item {
	enum kind kind;
	char agent[AGENT_NAME_SIZE];
	char key[96];	       /* names it within kind and agent */
	uint64_t number;       /* findings: the change */
	int64_t received_ns;   /* what prune() compares; INT64_MAX: it stays */
	int64_t hold_until_ns; /* INCIDENT only */
	uint64_t replaced_in;  /* transaction; 0: current */
	uint8_t chain[SHA256_SIZE];
	char *json;
	struct store_agent about; /* AGENT only */
};

struct memory_store {
	struct store base;
	struct item *items;
	size_t count, saved_count;
	uint64_t transaction; /* from 1 */
	uint64_t changes;
	bool is_open;
};

static struct memory_store *self_of(struct store *store)
{
	return (struct memory_store *)store;
}

static void truncate_to(struct memory_store *self, size_t count)
{
	while (self->count > count) {
		struct item *item = &self->items[--self->count];

		free(item->json);
		store_agent_done(&item->about);
	}
}

static int memory_open(const char *place, struct store **ret_store)
{
	struct memory_store *self = calloc(1, sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->base.ops = &store_memory;
	self->transaction = 1;
	*ret_store = &self->base;
	return 0;
}

static struct store *memory_close(struct store *store)
{
	struct memory_store *self = self_of(store);

	if (!self)
		return NULL;
	truncate_to(self, 0);
	free(self->items);
	free(self);
	return NULL;
}

static int memory_begin(struct store *store)
{
	struct memory_store *self = self_of(store);

	if (self->is_open)
		return -EINVAL;
	self->is_open = true;
	self->saved_count = self->count;
	return 0;
}

static int memory_commit(struct store *store)
{
	struct memory_store *self = self_of(store);

	self->is_open = false;
	self->transaction++;
	return 0;
}

static void memory_rollback(struct store *store)
{
	struct memory_store *self = self_of(store);

	if (!self->is_open)
		return;
	truncate_to(self, self->saved_count);
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].replaced_in == self->transaction)
			self->items[i].replaced_in = 0;
	self->is_open = false;
	self->transaction++;
}

static struct item *find(struct memory_store *self, enum kind kind, const char *agent,
			 const char *key)
{
	for (size_t i = 0; i < self->count; i++) {
		struct item *item = &self->items[i];

		if (item->kind == kind && item->replaced_in == 0 &&
		    strcmp(item->agent, agent) == 0 && strcmp(item->key, key) == 0)
			return item;
	}
	return NULL;
}

/* Takes what @item owns, also on failure. */
static int put(struct memory_store *self, struct item *item)
{
	struct item *old = find(self, item->kind, item->agent, item->key);
	struct item *bigger = reallocarray(self->items, self->count + 1, sizeof(*item));

	if (!bigger) {
		free(item->json);
		store_agent_done(&item->about);
		return -ENOMEM;
	}
	if (old)
		bigger[old - self->items].replaced_in = self->transaction;
	self->items = bigger;
	self->items[self->count++] = *item;
	return 0;
}

static int copy_agent(const struct store_agent *from, struct store_agent *to)
{
	struct store_agent copy = *from;

	copy.evidence_key = from->evidence_key ? strdup(from->evidence_key) : NULL;
	copy.hello = from->hello ? strdup(from->hello) : NULL;
	copy.baseline = from->baseline ? strdup(from->baseline) : NULL;
	if ((from->evidence_key && !copy.evidence_key) || (from->hello && !copy.hello) ||
	    (from->baseline && !copy.baseline)) {
		store_agent_done(&copy);
		return -ENOMEM;
	}
	*to = copy;
	return 0;
}

static int memory_get_agent(struct store *store, const char *name, struct store_agent *ret_agent)
{
	const struct item *item = find(self_of(store), AGENT, name, "");

	return item ? copy_agent(&item->about, ret_agent) : -ENOENT;
}

static struct item make_item(enum kind kind, const char *agent, const char *key)
{
	struct item item = {.kind = kind, .received_ns = INT64_MAX};

	str_copy(item.agent, sizeof(item.agent), agent);
	str_copy(item.key, sizeof(item.key), key);
	return item;
}

static int memory_put_agent(struct store *store, const struct store_agent *agent)
{
	struct item item = make_item(AGENT, agent->name, "");
	int r;

	r = copy_agent(agent, &item.about);
	return r ?: put(self_of(store), &item);
}

/* Not taken back by a rollback: no caller does more in that transaction. */
static int memory_rename_agent(struct store *store, const char *name, const char *to)
{
	struct memory_store *self = self_of(store);

	for (size_t i = 0; i < self->count; i++) {
		struct item *item = &self->items[i];

		if (strcmp(item->agent, name) != 0)
			continue;
		str_copy(item->agent, sizeof(item->agent), to);
		if (item->kind == AGENT)
			str_copy(item->about.name, sizeof(item->about.name), to);
	}
	return 0;
}

/* So that text sorts as the number does. */
static const char *number_key(uint64_t number, char key[static 24])
{
	snprintf(key, 24, "%020" PRIu64, number);
	return key;
}

static int memory_get_chain(struct store *store, const char *agent, uint64_t seq,
			    uint8_t ret_chain[static SHA256_SIZE])
{
	char key[24];
	const struct item *item = find(self_of(store), RECORD, agent, number_key(seq, key));

	if (!item)
		return -ENOENT;
	memcpy(ret_chain, item->chain, SHA256_SIZE);
	return 0;
}

static int memory_put_batch(struct store *store, const struct batch_header *header,
			    int64_t received_ns)
{
	char key[24];
	struct item item = make_item(BATCH, header->agent, number_key(header->first, key));

	item.received_ns = received_ns;
	return put(self_of(store), &item);
}

static int put_state(struct memory_store *self, const struct store_record *record)
{
	const struct wire_record *value = record->record;
	char key[24];
	struct item item;
	size_t len;

	if (value->type == WIRE_FINDING) {
		item = make_item(FINDING, record->agent, value->finding.id);
		item.number = ++self->changes;
		if (value->finding.state == FINDING_STATE_RESOLVED)
			item.received_ns = value->finding.last_seen_ns;
	} else if (value->type == WIRE_CHECK) {
		item = make_item(CHECK, record->agent, value->check.id);
	} else if (value->type == WIRE_COVERAGE) {
		item = make_item(COVERAGE, record->agent,
				 number_key((uint64_t)value->coverage.start_ns, key));
		len = strlen(item.key);
		snprintf(item.key + len, sizeof(item.key) - len, "%s",
			 coverage_state_name(value->coverage.state));
		if (value->coverage.end_ns)
			item.received_ns = value->coverage.end_ns;
	} else {
		return 0;
	}
	item.json = strndup(record->json, record->len);
	return item.json ? put(self, &item) : -ENOMEM;
}

static int memory_put_record(struct store *store, const struct store_record *record)
{
	struct memory_store *self = self_of(store);
	char key[24];
	struct item item =
		make_item(RECORD, record->agent, number_key(record->record->sequence, key));
	int r;

	if (find(self, RECORD, item.agent, item.key))
		return -EIO; /* as a unique index says */
	memcpy(item.chain, record->chain, SHA256_SIZE);
	item.received_ns = record->received_ns;
	r = put(self, &item);
	return r ?: put_state(self, record);
}

static int compare(const void *a, const void *b)
{
	const struct item *x = *(const struct item *const *)a, *y = *(const struct item *const *)b;
	int order;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	order = strcmp(x->agent, y->agent);
	return order ? order : strcmp(x->key, y->key);
}

/* The current items of one kind in order; the array is the caller's to free. */
static int collect(struct memory_store *self, enum kind kind, const char *agent,
		   const struct item ***ret_items, size_t *ret_count)
{
	const struct item **found = calloc(self->count + 1, sizeof(*found));
	size_t count = 0;

	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < self->count; i++) {
		const struct item *item = &self->items[i];

		if (item->kind == kind && item->replaced_in == 0 &&
		    (!agent || strcmp(agent, item->agent) == 0))
			found[count++] = item;
	}
	qsort(found, count, sizeof(*found), compare);
	*ret_items = found;
	*ret_count = count;
	return 0;
}

static int memory_each_agent(struct store *store, store_agent_fn fn, void *userdata)
{
	cleanup_free const struct item **items = NULL;
	size_t count = 0;
	int r;

	r = collect(self_of(store), AGENT, NULL, &items, &count);
	for (size_t i = 0; r == 0 && i < count; i++)
		r = fn(&items[i]->about, userdata);
	return r;
}

static int each(struct store *store, enum kind kind, const char *agent, uint64_t after,
		store_row_fn fn, void *userdata)
{
	cleanup_free const struct item **items = NULL;
	size_t count = 0;
	int r;

	r = collect(self_of(store), kind, agent, &items, &count);
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct store_row row = {
			.agent = items[i]->agent,
			.number = items[i]->number,
			.json = items[i]->json,
			.len = strlen(items[i]->json),
		};

		if (kind != FINDING || row.number > after)
			r = fn(&row, userdata);
	}
	return r;
}

static int memory_each_finding(struct store *store, const char *agent, uint64_t after,
			       store_row_fn fn, void *userdata)
{
	return each(store, FINDING, agent, after, fn, userdata);
}

static int memory_each_check(struct store *store, const char *agent, store_row_fn fn,
			     void *userdata)
{
	return each(store, CHECK, agent, 0, fn, userdata);
}

static int memory_each_coverage(struct store *store, const char *agent, store_row_fn fn,
				void *userdata)
{
	return each(store, COVERAGE, agent, 0, fn, userdata);
}

static int memory_get_incident(struct store *store, const char *agent, const char *finding,
			       store_row_fn fn, void *userdata)
{
	const struct item *item = find(self_of(store), INCIDENT, agent, finding);

	if (!item)
		return -ENOENT;
	return fn(
		&(struct store_row){.agent = agent, .json = item->json, .len = strlen(item->json)},
		userdata);
}

static int memory_put_incident(struct store *store, const char *agent, const char *finding,
			       int64_t hold_until_ns, const char *json)
{
	struct item item = make_item(INCIDENT, agent, finding);

	item.hold_until_ns = item.received_ns = hold_until_ns;
	item.json = strdup(json);
	return item.json ? put(self_of(store), &item) : -ENOMEM;
}

static int memory_each_incident(struct store *store, const char *agent, store_row_fn fn,
				void *userdata)
{
	return each(store, INCIDENT, agent, 0, fn, userdata);
}

static bool is_held(const struct memory_store *self, const char *agent, int64_t now_ns)
{
	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].kind == INCIDENT && self->items[i].replaced_in == 0 &&
		    strcmp(self->items[i].agent, agent) == 0 &&
		    self->items[i].hold_until_ns > now_ns)
			return true;
	return false;
}

static int memory_prune(struct store *store, int64_t before_ns, int64_t now_ns)
{
	struct memory_store *self = self_of(store);

	for (size_t i = 0; i < self->count; i++)
		if (self->items[i].replaced_in == 0 && self->items[i].received_ns < before_ns &&
		    !is_held(self, self->items[i].agent, now_ns))
			self->items[i].replaced_in = self->transaction;
	return 0;
}

const struct store_ops store_memory = {
	.name = "memory",
	.open = memory_open,
	.close = memory_close,
	.begin = memory_begin,
	.snapshot = memory_begin,
	.commit = memory_commit,
	.rollback = memory_rollback,
	.get_agent = memory_get_agent,
	.put_agent = memory_put_agent,
	.rename_agent = memory_rename_agent,
	.get_chain = memory_get_chain,
	.put_batch = memory_put_batch,
	.put_record = memory_put_record,
	.each_agent = memory_each_agent,
	.each_finding = memory_each_finding,
	.each_check = memory_each_check,
	.each_coverage = memory_each_coverage,
	.get_incident = memory_get_incident,
	.put_incident = memory_put_incident,
	.each_incident = memory_each_incident,
	.prune = memory_prune,
};
