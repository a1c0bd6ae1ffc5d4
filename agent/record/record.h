/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Record: ledger, findings, coverage, sequence, hash chain and outbox in one
 * SQLite database. What a transaction accepted is there after a power cut, all
 * of it or nothing.
 *
 * Each outgoing record has a sequence number (from 1, without holes) and a
 * chain hash: SHA-256 over the previous hash, the sequence as 8 bytes
 * big-endian, and the payload.
 */
#ifndef PLUMBLINE_RECORD_RECORD_H
#define PLUMBLINE_RECORD_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/check_result.h"
#include "model/coverage.h"
#include "model/event.h"
#include "model/finding.h"

struct record;

/* Opens or creates @dir/record.db, and finishes what a killed process left. @max_bytes bounds the
 * outbox. */
int record_open(const char *dir, uint64_t max_bytes, struct record **ret_record);
struct record *record_close(struct record *record); /* rolls an open transaction back */
DEFINE_CLEANUP(struct record *, record_close)

int record_begin(struct record *record); /* nothing when one is open */
int record_commit(struct record *record);
unsigned record_pending(const struct record *record); /* changes in the open transaction */

/* Local history of what happened, whether or not it was drift: bounded, oldest fold into counts. */
int record_add_event(struct record *record, const struct event *event, const char *verdict);

enum record_change {
	RECORD_NEW,	 /* first sighting */
	RECORD_REOPENED, /* was resolved */
	RECORD_AGAIN,	 /* open already: count and last_seen moved */
};

/*
 * Stores a sealed finding by its id. @finding gets the stored first_seen, count and state.
 */
int record_put_finding(struct record *record, struct finding *finding,
		       enum record_change *ret_change);

/* Resolves open findings of @path whose kind is in @kinds (bit per enum finding_kind), except the
 * id @except (NULL: none); @fn gets each, after the change. */
int record_resolve(struct record *record, const char *path, uint64_t kinds, const char *except,
		   int64_t time_ns, int (*fn)(const struct finding *finding, void *userdata),
		   void *userdata);

/* Appends an encoded record to the outbox. */
int record_append(struct record *record, const char *type, const void *payload, size_t len,
		  uint64_t *ret_sequence);

struct record_head {
	uint64_t sequence; /* last appended; 0 when none */
	uint64_t acked;	   /* last acknowledged */
	uint8_t chain[SHA256_SIZE];
	uint64_t outbox_records, outbox_bytes;
	uint64_t folded; /* records dropped from a full outbox, ever */
};
int record_get_head(struct record *record, struct record_head *ret_head);

/* Committed records from @first on, in order, until @fn returns non-zero (returned) or the last.
 * @chain_before is the hash that record @first was chained to. */
typedef int (*record_fn)(uint64_t sequence, const char *type, const void *payload, size_t len,
			 const uint8_t chain[static SHA256_SIZE], void *userdata);
int record_each(struct record *record, uint64_t first, record_fn fn, void *userdata);
int record_chain_before(struct record *record, uint64_t sequence,
			uint8_t ret_chain[static SHA256_SIZE]);

/* Frees outbox records up to @sequence; their chain hash stays known. -ERANGE when never appended.
 */
int record_ack(struct record *record, uint64_t sequence);

int record_put_check(struct record *record, const struct check_result *result, bool *ret_was_pass,
		     bool *ret_has_changed);
int record_put_coverage(struct record *record,
			const struct coverage *coverage); /* closes the lasting one */

int record_each_finding(struct record *record, bool only_open,
			int (*fn)(const struct finding *, void *), void *userdata);
int record_each_check(struct record *record, int (*fn)(const struct check_result *, void *),
		      void *userdata);
int record_each_coverage(struct record *record, int64_t since_ns,
			 int (*fn)(const struct coverage *, void *), void *userdata);

/* Small values that must live in the same transaction ("boot_id", "signed_head", ...). */
int record_set(struct record *record, const char *key, const char *value);
int record_get(struct record *record, const char *key, char **ret_value); /* -ENOENT */

#endif
