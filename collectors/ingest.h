/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ingest: one batch frame into the store, once, or a plain refusal.
 *
 * The same for the network and for files. Stored means committed. A batch that
 * overlaps what is stored is taken when the chain shows that the common part is
 * the same, and only its new records are stored.
 */
#ifndef PLUMBLINE_COLLECTORS_INGEST_H
#define PLUMBLINE_COLLECTORS_INGEST_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

/* The numbers of HTTP. */
enum ingest_status {
	INGEST_STORED = 200, /* also when all was there before */
	INGEST_MALFORMED = 400,
	INGEST_FORBIDDEN = 403, /* another agent's name or evidence key */
	INGEST_CONFLICT = 409,	/* sequence or chain does not continue what is stored */
	INGEST_TOO_LARGE = 413,
	INGEST_BUSY = 429,	 /* come again later */
	INGEST_UNAVAILABLE = 503 /* the store failed */
};

struct ingest_result {
	enum ingest_status status;
	char agent[AGENT_NAME_SIZE]; /* as the batch says, "" when it does not */
	uint64_t acked;		     /* last sequence of the batch when stored */
	uint64_t stored;	     /* records that were new */
	uint64_t expected_first;     /* on a conflict of sequence; else 0 */
	char error[640];	     /* for the sender and the log; "" when stored */
};

/* @peer: the agent that it must be of; NULL when the batch comes by file and nothing is known yet.
 */
void ingest_frame(struct store *store, const char *peer, const void *frame, size_t len,
		  struct ingest_result *ret_result);

#endif
