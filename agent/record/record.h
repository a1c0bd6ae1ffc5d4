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

/*
 * Opens or creates @dir/record.db. What a killed process had committed is there, what it had not is
 * gone. @max_bytes bounds the payloads in the outbox. -EBUSY when another process has it open,
 * -EBADMSG when it is damaged, -EPROTO when a newer Plumbline wrote it.
 */
int record_open(const char *dir, uint64_t max_bytes, struct record **ret_record);
struct record *record_close(struct record *record); /* rolls an open transaction back */
DEFINE_CLEANUP(struct record *, record_close)
/* Gives up memory that only makes the next calls faster. */
void record_trim(struct record *record);

/*
 * Every change below joins the open transaction, or opens one. When a change or the commit fails,
 * the caller rolls back: record and head are then as after the last commit.
 */
int record_begin(struct record *record); /* nothing when one is open */
int record_commit(struct record *record);
unsigned record_rollback(struct record *record);      /* how many changes that lost */
unsigned record_pending(const struct record *record); /* changes in the open transaction */

/* Local history of what happened, whether or not it was drift: the newest RECORD_MAX_EVENTS, older
 * ones as counts. */
#define RECORD_MAX_EVENTS 20000
int record_add_event(struct record *record, const struct event *event, const char *verdict);
int record_count_events(struct record *record, uint64_t *ret_seen, uint64_t *ret_kept);

enum record_change {
	RECORD_NEW,	 /* first sighting */
	RECORD_REOPENED, /* was resolved */
	RECORD_AGAIN,	 /* open already: count or last_seen moved, or nothing */
};

#define RECORD_MAX_FINDINGS 100000

/*
 * Stores a sealed finding by its id. finding->count says how many happenings this sighting adds (0:
 * the state was only looked at again). @finding gets the stored first_seen, count and state. Beyond
 * RECORD_MAX_FINDINGS the oldest resolved ones go; -EDQUOT when all are open.
 */
int record_put_finding(struct record *record, struct finding *finding,
		       enum record_change *ret_change);

typedef int (*record_finding_fn)(const struct finding *finding, void *userdata);

/* Which open findings are meant: those of @path whose kind is in @kinds (bit per enum
 * finding_kind). */
struct record_match {
	const char *path;
	uint64_t kinds;
	const char *except_id;	   /* but not this one; NULL: none */
	const char *except_actual; /* but not those that found this; NULL: none */
	const char *only_actual;   /* those alone that found this; NULL: all */
};

/* Resolves what matches; @fn gets each after the change and may append. Its error ends the call.
 * Returns how many. */
int record_resolve(struct record *record, const struct record_match *match, int64_t time_ns,
		   record_finding_fn fn, void *userdata);
/* 1 when an open finding matches, 0 when none does. */
int record_has_open(struct record *record, const struct record_match *match);
/* The oldest of them; the caller's to end when this returns 1. */
int record_find_open(struct record *record, const struct record_match *match,
		     struct finding *ret_finding);

/* Open findings about the agent itself (agent.*), until @fn returns non-zero (returned). @fn must
 * not change the record. */
int record_each_agent(struct record *record, record_finding_fn fn, void *userdata);

/* The finding has been appended to the outbox as it now stands. */
int record_mark_sent(struct record *record, const char *id, int64_t time_ns);
/* At most @limit findings that changed after they were last marked sent, if that was before
 * @before_ns or never. */
int record_each_unsent(struct record *record, int64_t before_ns, unsigned limit,
		       record_finding_fn fn, void *userdata);

/*
 * Appends an encoded record to the outbox. -ENOSPC when the outbox is full: the record is dropped
 * and counted as folded, no sequence number is used, and the transaction stays good.
 */
int record_append(struct record *record, const char *type, const void *payload, size_t len,
		  uint64_t *ret_sequence);

struct record_head {
	uint64_t sequence;  /* last appended; 0 when none */
	uint64_t committed; /* last that survives a power cut */
	uint64_t acked;	    /* last acknowledged */
	uint8_t chain[SHA256_SIZE];
	uint64_t outbox_records, outbox_bytes;
	uint64_t folded; /* records dropped from a full outbox, ever */
};
int record_get_head(struct record *record, struct record_head *ret_head);

/* Committed records from @first on, in order, until @fn returns non-zero (returned) or the last. */
typedef int (*record_fn)(uint64_t sequence, const char *type, const void *payload, size_t len,
			 const uint8_t chain[static SHA256_SIZE], void *userdata);
int record_each(struct record *record, uint64_t first, record_fn fn, void *userdata);
/* The hash that record @sequence was, or will be, chained to. -ENOENT when it is not known any more
 * or not yet. */
int record_chain_before(struct record *record, uint64_t sequence,
			uint8_t ret_chain[static SHA256_SIZE]);

/* Frees outbox records up to @sequence; the last one's chain hash stays known. -ERANGE when never
 * committed. */
int record_ack(struct record *record, uint64_t sequence);

/* What a new result of a check is beside the one before. */
struct record_check_change {
	bool was_pass;
	bool is_other; /* outcome or actual is another, or there was none before */
	char *before;  /* actual, if the one before was a pass; NULL: none, or not kept */
};

void record_check_change_done(struct record_check_change *change);
#define cleanup_record_check_change cleanup_with(record_check_change_done)

/* Keeps the newest result of a check. */
int record_put_check(struct record *record, const struct check_result *result,
		     struct record_check_change *ret_change);

/*
 * An interval with an end stands for itself; one without ends the lasting one and lasts. The newest
 * RECORD_MAX_COVERAGE stay. Where one of the same state began in the same millisecond, @coverage is
 * put a millisecond later: state and start name an interval everywhere.
 */
#define RECORD_MAX_COVERAGE 10000
int record_put_coverage(struct record *record, const struct coverage *coverage);
/*
 * The wall clock was set, from @old_ns to @new_ns: the lasting interval ends by the old time, and
 * goes on as one more from the new. Nothing when none lasts.
 */
int record_step_coverage(struct record *record, int64_t old_ns, int64_t new_ns);
int record_get_lasting_coverage(struct record *record, struct coverage *ret_coverage); /* -ENOENT */

/*
 * An interval is owed from the moment it is put, and again when it ends, until it is marked as told
 * by the record with @sequence. -ENOENT when none is owed; else the oldest, with @ret_row to mark.
 */
int record_get_owed_coverage(struct record *record, struct coverage *ret_coverage,
			     int64_t *ret_row);
int record_mark_coverage(struct record *record, int64_t row, uint64_t sequence);

/*
 * A signed chain head, as text that this module does not read. It is kept when it is the first to
 * stand over the record of an interval, for as long as that interval is.
 */
int record_keep_signed(struct record *record, uint64_t sequence, const char *text);

/* A stretch of rows: those after @cursor, at most @limit. @cursor moves on. */
struct record_page {
	int64_t cursor; /* 0: from the first */
	unsigned limit;
	bool only_open;	  /* findings: without resolved ones */
	int64_t since_ns; /* coverage: only what lasted until then or longer */
};

/* Both return how many rows came (fewer than the limit: that was all), or the first error of @fn or
 * their own. */
int record_page_findings(struct record *record, struct record_page *page, record_finding_fn fn,
			 void *userdata);
int record_page_coverage(struct record *record, struct record_page *page,
			 int (*fn)(const struct coverage *coverage, void *userdata),
			 void *userdata);
/* The kept heads that stand over what record_page_coverage() gives; the cursor is the sequence. */
int record_page_signed(struct record *record, struct record_page *page,
		       int (*fn)(const char *text, void *userdata), void *userdata);
int record_count_findings(struct record *record, uint64_t ret_open[static SEVERITY_COUNT]);
int record_each_check(struct record *record, int (*fn)(const struct check_result *, void *),
		      void *userdata);

/*
 * The finding whose id is, or uniquely begins with, @id: hex digits, eight at least. -EINVAL for
 * other text, -ENOENT, -ENOTUNIQ; else the caller's to end.
 */
int record_find_finding(struct record *record, const char *id, struct finding *ret_finding);
/*
 * Keeps finding->incident, and with it the finding, its state and its revision: it is owed to the
 * collector. As long as the incident holds its evidence, the finding is not dropped for room, and
 * ten times as many intervals of coverage are kept.
 */
int record_put_incident(struct record *record, struct finding *finding);
/* All findings that were declared an incident, also closed ones that still hold evidence. */
int record_each_incident(struct record *record, record_finding_fn fn, void *userdata);

/* Small values that must live in the same transaction ("alive", "signed_head", ...). */
int record_set(struct record *record, const char *key, const char *value);
int record_get(struct record *record, const char *key, char **ret_value); /* -ENOENT */

#endif
