/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/pending.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash_key.h"
#include "base/str.h"
#include "model/event.h"

#define QUIET_NS   (PENDING_QUIET_MS * NSEC_PER_MSEC)
#define LONGEST_NS (PENDING_LONGEST_MS * NSEC_PER_MSEC)

struct entry {
	struct pending_change change;
	int64_t due_ns;
	struct entry *chain;	       /* of its bucket */
	struct entry *earlier, *later; /* by due time */
};

struct pending {
	struct entry **buckets;
	size_t bucket_mask;
	size_t count, max;
	struct entry *first, *last;
};

void pending_change_done(struct pending_change *change)
{
	free(change->path);
	subject_done(&change->subject);
	*change = (struct pending_change){0};
}

int pending_new(size_t max_entries, struct pending **ret_pending)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	size_t buckets = 16;

	if (!pending)
		return -ENOMEM;
	while (buckets < max_entries)
		buckets *= 2;
	pending->buckets = calloc(buckets, sizeof(*pending->buckets));
	if (!pending->buckets) {
		free(pending);
		return -ENOMEM;
	}
	pending->bucket_mask = buckets - 1;
	pending->max = max_entries;
	*ret_pending = pending;
	return 0;
}

struct pending *pending_free(struct pending *pending)
{
	if (!pending)
		return NULL;
	for (struct entry *e = pending->first; e;) {
		struct entry *later = e->later;

		pending_change_done(&e->change);
		free(e);
		e = later;
	}
	free(pending->buckets);
	free(pending);
	return NULL;
}

static struct entry **slot_of(const struct pending *pending, const char *path)
{
	struct entry **slot =
		&pending->buckets[hash_key(path, strlen(path)) & pending->bucket_mask];

	while (*slot && !str_equal((*slot)->change.path, path))
		slot = &(*slot)->chain;
	return slot;
}

static void unlink_entry(struct pending *pending, struct entry *e)
{
	*(e->earlier ? &e->earlier->later : &pending->first) = e->later;
	*(e->later ? &e->later->earlier : &pending->last) = e->earlier;
}

/*
 * The list is in order of due time without a search: every wait is as long, so the newest is the
 * last; and an entry whose longest wait is near keeps its place instead of moving behind.
 */
static void append_entry(struct pending *pending, struct entry *e)
{
	e->earlier = pending->last;
	e->later = NULL;
	*(pending->last ? &pending->last->later : &pending->first) = e;
	pending->last = e;
}

/*
 * Who of several is named: the last one, but whoever only put the time or mode back does not take
 * the place of the one who wrote.
 */
static bool names_better(const struct pending_change *change, const struct pending_change *so_far)
{
	const uint32_t content = ~(uint32_t)EVENT_CHANGE_ATTRIBUTE;

	return (change->changes & content) != 0 || (so_far->changes & content) == 0;
}

static int take_subject(struct entry *e, const struct pending_change *change)
{
	struct subject subject = {0};

	if (change->subject.is_known) {
		int r = subject_copy(&change->subject, &subject);

		if (r < 0)
			return r;
	} else if (!change->pid) {
		return 0;
	}
	/* Known by pid alone: who that is is found out when the change is due. */
	subject_done(&e->change.subject);
	e->change.subject = subject;
	e->change.pid = change->pid;
	return 0;
}

static int fold(struct pending *pending, struct entry *e, const struct pending_change *change)
{
	int64_t due_ns = change->first_ns + QUIET_NS;

	if (names_better(change, &e->change)) {
		int r = take_subject(e, change);

		if (r < 0)
			return r;
	}
	e->change.changes |= change->changes;
	e->change.has_known = e->change.has_known && change->has_known &&
			      memcmp(e->change.known, change->known, SHA256_SIZE) == 0;
	if (change->tries > e->change.tries)
		e->change.tries = change->tries;
	if (due_ns > e->due_ns && due_ns <= e->change.first_ns + LONGEST_NS) {
		unlink_entry(pending, e);
		e->due_ns = due_ns;
		append_entry(pending, e);
	}
	return 0;
}

int pending_add(struct pending *pending, const struct pending_change *change)
{
	struct entry **slot = slot_of(pending, change->path);
	struct entry *e = *slot;

	if (e)
		return fold(pending, e, change);
	if (pending->count >= pending->max)
		return -ENOBUFS;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->change = *change;
	e->change.path = strdup(change->path);
	if (!e->change.path || subject_copy(&change->subject, &e->change.subject) < 0) {
		free(e->change.path);
		free(e);
		return -ENOMEM;
	}
	e->due_ns = change->first_ns + QUIET_NS;
	/* One that comes late, with an older time, must not hide behind a newer one. */
	if (pending->last && e->due_ns < pending->last->due_ns)
		e->due_ns = pending->last->due_ns;
	*slot = e;
	append_entry(pending, e);
	pending->count++;
	return 0;
}

bool pending_has(const struct pending *pending, const char *path)
{
	return *slot_of(pending, path);
}

bool pending_take(struct pending *pending, int64_t now_ns, struct pending_change *ret_change)
{
	struct entry *e = pending->first;

	if (!e || e->due_ns > now_ns)
		return false;
	*slot_of(pending, e->change.path) = e->chain;
	unlink_entry(pending, e);
	pending->count--;
	*ret_change = e->change;
	free(e);
	return true;
}

int64_t pending_due(const struct pending *pending)
{
	return pending->first ? pending->first->due_ns : INT64_MAX;
}

size_t pending_count(const struct pending *pending)
{
	return pending->count;
}
