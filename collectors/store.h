/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: what the collector knows, behind one table of functions.
 *
 * Between begin() and commit() all or nothing is kept; what commit() returned 0
 * for survives a power cut. The store keeps and finds; ingest.c decides.
 */
#ifndef PLUMBLINE_COLLECTORS_STORE_H
#define PLUMBLINE_COLLECTORS_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "wire/codec.h"

struct store_agent {
	char name[AGENT_NAME_SIZE];
	int64_t first_seen_ns, last_seen_ns;
	uint64_t last_seq;	    /* last stored record; 0 when none */
	uint8_t chain[SHA256_SIZE]; /* hash after it */
	uint64_t head_seq;	    /* last record under a verified signature; 0 when none */
	char *evidence_key;	    /* PEM, from the first hello; NULL */
	char *hello;		    /* last hello record, JSON; NULL */
	char *baseline;		    /* last loaded baseline record, JSON; NULL */
};

void store_agent_done(struct store_agent *agent);
#define cleanup_store_agent cleanup_with(store_agent_done)

/* One stored row on its way to a view. Borrowed until the callback returns. */
struct store_row {
	const char *agent;
	uint64_t number;  /* findings: the change; else 0 */
	const char *json; /* as the agent sent it, NUL-terminated */
	size_t len;
};

struct store_record {
	const char *agent;
	const struct wire_record *record; /* decoded */
	const uint8_t *chain;		  /* hash after it */
	int64_t received_ns;
	const char *json;
	size_t len;
};

struct store;

/* Non-zero ends the walk and is returned. */
typedef int (*store_row_fn)(const struct store_row *row, void *userdata);
typedef int (*store_agent_fn)(const struct store_agent *agent, void *userdata);

/* Functions return 0 or negative errno: -EBUSY when another writer holds the store too long,
 * -ENOSPC, -EIO, -ENOMEM. */
struct store_ops {
	const char *name;

	/* @place: the state directory. */
	int (*open)(const char *place, struct store **ret_store);
	struct store *(*close)(struct store *store); /* rolls back; returns NULL */

	int (*begin)(struct store *store);
	/* For readers: what is seen until rollback() belongs together, and no writer waits. */
	int (*snapshot)(struct store *store);
	int (*commit)(struct store *store);
	void (*rollback)(struct store *store);

	int (*get_agent)(struct store *store, const char *name,
			 struct store_agent *ret_agent); /* -ENOENT */
	int (*put_agent)(struct store *store, const struct store_agent *agent);
	/* All that is kept of @name is kept as @to from now on. */
	int (*rename_agent)(struct store *store, const char *name, const char *to);
	int (*get_chain)(struct store *store, const char *agent, uint64_t seq,
			 uint8_t ret_chain[static SHA256_SIZE]); /* -ENOENT */
	int (*put_batch)(struct store *store, const struct batch_header *header,
			 int64_t received_ns);
	/* Keeps the record, and with it the current state of its finding, check or coverage
	 * interval. */
	int (*put_record)(struct store *store, const struct store_record *record);

	/* @agent NULL: all. In order of name, or of change from @after on. */
	int (*each_agent)(struct store *store, store_agent_fn fn, void *userdata);
	int (*each_finding)(struct store *store, const char *agent, uint64_t after, store_row_fn fn,
			    void *userdata);
	int (*each_check)(struct store *store, const char *agent, store_row_fn fn, void *userdata);
	int (*each_coverage)(struct store *store, const char *agent, store_row_fn fn,
			     void *userdata);

	/* What is known of the incident that a finding was declared, as JSON; -ENOENT. */
	int (*get_incident)(struct store *store, const char *agent, const char *finding,
			    store_row_fn fn, void *userdata);
	int (*put_incident)(struct store *store, const char *agent, const char *finding,
			    int64_t hold_until_ns, const char *json);
	int (*each_incident)(struct store *store, const char *agent, store_row_fn fn,
			     void *userdata);

	/*
	 * Drops records and batches received before, findings resolved before and coverage ended
	 * before @before_ns; nothing of an agent one of whose incidents holds it beyond @now_ns.
	 */
	int (*prune)(struct store *store, int64_t before_ns, int64_t now_ns);
};

/* Every implementation begins with this. */
struct store {
	const struct store_ops *ops;
};

static inline void store_closep(struct store **store)
{
	if (*store)
		(*store)->ops->close(*store);
}
#define cleanup_store cleanup_with(store_closep)

extern const struct store_ops store_sqlite; /* @place/collector.db */
extern const struct store_ops store_memory; /* for tests: @place is ignored, nothing survives */

#endif
