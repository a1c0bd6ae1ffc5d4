/* SPDX-License-Identifier: Apache-2.0 */
#include "sensor/verdicts.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sensor/storage.h"

/* A write in the same tick of the clock as an earlier one leaves the change time as it is. */
#define STAMP_AGE_NS (2 * NSEC_PER_SEC)
#define BATCH	     512

_Static_assert(EV_DIGEST == SHA256_SIZE, "digests cross the kernel boundary as they are");
_Static_assert(EV_DECISION_APPROVED == (int)DECISION_APPROVED &&
		       EV_DECISION_REVOKED == (int)DECISION_REVOKED &&
		       EV_DECISION_COUNT == (int)DECISION_KIND_COUNT,
	       "kinds cross the kernel boundary as they are");

struct verdicts {
	struct verdict_maps maps;
	struct storage_cache storages;
	uint32_t generation; /* in force */
	uint64_t count;
	int next; /* the set that is being made; -1 */
	uint64_t next_count, next_added;
};

/* The kernel keeps what a set said of a file, and no set must have a generation that an earlier one
 * had: then what that one said would count again. */
static void let_answers_count(struct verdicts *v, uint32_t generation)
{
	__atomic_store_n(&v->maps.epochs->answers, generation, __ATOMIC_SEQ_CST);
}

/* The set in force, if there is one; without it the kernel has not judged yet. */
static int learn_set(struct verdicts *v)
{
	static const struct ev_digest zeroes;
	struct bpf_map_info info = {0};
	struct ev_decision head;
	uint32_t zero = 0, id, size = sizeof(info);
	cleanup_close int set = -1;

	if (bpf_map_lookup_elem(v->maps.decisions, &zero, &id) < 0)
		return errno == ENOENT ? 0 : -errno;
	set = bpf_map_get_fd_by_id(id);
	if (set < 0 || bpf_map_lookup_elem(set, &zeroes, &head) < 0 ||
	    bpf_obj_get_info_by_fd(set, &info, &size) < 0)
		return -errno;
	v->generation = head.generation;
	v->count = info.max_entries - 1;
	/* The sensor that put it in force may have ended just before it did this. */
	let_answers_count(v, v->generation);
	return 0;
}

int verdicts_new(const struct verdict_maps *maps, struct verdicts **ret_verdicts)
{
	struct verdicts *v = calloc(1, sizeof(*v));
	int r;

	if (!v)
		return -ENOMEM;
	v->maps = *maps;
	v->next = -1;
	r = learn_set(v);
	if (r < 0) {
		verdicts_free(v);
		return r;
	}
	*ret_verdicts = v;
	return 0;
}

static void drop_next(struct verdicts *v)
{
	cleanup_closep(&v->next);
	v->next = -1;
}

struct verdicts *verdicts_free(struct verdicts *v)
{
	if (v)
		drop_next(v);
	free(v);
	return NULL;
}

/* Opens @path so that the kernel's side notes how the file is. */
static int open_noted(struct verdicts *v, const char *path, uint32_t want,
		      struct ev_snapshot *ret_snapshot)
{
	struct ev_snapshot snapshot = {0};
	cleanup_close int fd = -1;
	uint32_t zero = 0;
	int error;

	if (bpf_map_update_elem(v->maps.snapshots, &zero, &snapshot, BPF_ANY) < 0)
		return -errno;
	*v->maps.snapshot_wanted = want;
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	error = errno;
	*v->maps.snapshot_wanted = 0;
	if (fd < 0)
		return -error;
	if (bpf_map_lookup_elem(v->maps.snapshots, &zero, &snapshot) < 0)
		return -errno;
	if (!(snapshot.flags & EV_SNAPSHOT_TAKEN))
		return -EOPNOTSUPP;
	*ret_snapshot = snapshot;
	return 0;
}

static int look_again(struct verdicts *v, int fd, uint32_t want, struct ev_snapshot *ret_snapshot)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open_noted(v, path, want, ret_snapshot);
}

int verdicts_try(struct verdicts *v, int fd)
{
	struct ev_snapshot snapshot;
	int r = look_again(v, fd, EV_WANT_FACT | EV_WANT_STAMP, &snapshot);

	if (r < 0)
		return r;
	(void)bpf_map_delete_elem(v->maps.stamps, &snapshot.key);
	return snapshot.flags & EV_SNAPSHOT_FACT && snapshot.stamp.superblock ? 0 : -EOPNOTSUPP;
}

static bool may_stamp(const struct stat *st, unsigned storage)
{
	int64_t ctime_ns = st->st_ctim.tv_sec * NSEC_PER_SEC + st->st_ctim.tv_nsec;

	return storage & STORAGE_FIXED && ctime_ns < clock_real_ns() - STAMP_AGE_NS;
}

int verdicts_look(struct verdicts *v, int fd, const struct stat *st, bool is_used,
		  struct verdict_look *ret_look)
{
	struct verdict_look look = {.epoch = v->maps.epochs->stamps + 1};
	unsigned storage = storage_look(&v->storages, fd, st);
	uint32_t want = 0;
	int r;

	if (may_stamp(st, storage))
		want |= EV_WANT_STAMP;
	if (storage & STORAGE_OURS && (is_used || !want))
		want |= EV_WANT_FACT;
	if (!want)
		return -EOPNOTSUPP;
	r = look_again(v, fd, want, &look.snapshot);
	if (r == 0)
		*ret_look = look;
	return r;
}

/* A stamp that waits for a digest that does not come only takes place. */
static void drop_waiting(struct verdicts *v, const struct ev_snapshot *snapshot)
{
	struct ev_stamp stamp;

	if (bpf_map_lookup_elem(v->maps.stamps, &snapshot->key, &stamp) == 0 && stamp.epoch == 0)
		(void)bpf_map_delete_elem(v->maps.stamps, &snapshot->key);
}

/*
 * Only this thread enters stamps, so one that is still the same now can at most be deleted before
 * it is completed, and then the update finds none.
 */
static int keep_stamp(struct verdicts *v, const struct verdict_look *look, const uint8_t *sha256)
{
	struct ev_stamp now, stamp = look->snapshot.stamp;

	if (!(look->snapshot.flags & EV_SNAPSHOT_STAMP))
		return 0;
	if (bpf_map_lookup_elem(v->maps.stamps, &look->snapshot.key, &now) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (now.entered != stamp.entered)
		return 0;
	stamp.epoch = look->epoch;
	memcpy(stamp.digest, sha256, SHA256_SIZE);
	if (bpf_map_update_elem(v->maps.stamps, &look->snapshot.key, &stamp, BPF_EXIST) < 0)
		return errno == ENOENT ? 0 : -errno;
	return 1;
}

static int keep_fact(struct verdicts *v, int fd, const struct verdict_look *look,
		     const uint8_t *sha256)
{
	struct ev_fact fact = {
		.generation = look->snapshot.generation,
		.size = look->snapshot.stamp.size,
	};

	if (!(look->snapshot.flags & EV_SNAPSHOT_FACT) || fd < 0)
		return 0;
	memcpy(fact.digest, sha256, SHA256_SIZE);
	return bpf_map_update_elem(v->maps.facts, &fd, &fact, BPF_ANY) < 0 ? -errno : 1;
}

int verdicts_keep(struct verdicts *v, int fd, const struct verdict_look *look,
		  const uint8_t sha256[static SHA256_SIZE])
{
	int fact, stamp;

	if (look->snapshot.flags & EV_SNAPSHOT_WRITER) {
		drop_waiting(v, &look->snapshot);
		return 0;
	}
	fact = keep_fact(v, fd, look, sha256);
	stamp = keep_stamp(v, look, sha256);
	if (fact == 1 || stamp == 1)
		return 1;
	return fact < 0 ? fact : stamp;
}

static bool is_code(enum file_role role)
{
	return role != FILE_ROLE_DATA && role != FILE_ROLE_CONFIG;
}

static int hash(struct verdicts *v, struct fact_collector *collector, int fd, const struct stat *st,
		struct file_fact *fact, bool is_used)
{
	struct verdict_look look;
	bool is_looked = v && verdicts_look(v, fd, st, is_used, &look) == 0;
	int r = fact_hash(collector, fd, st, fact);

	/* What cannot be kept is a miss the next time. */
	if (is_looked && r == 0)
		(void)verdicts_keep(v, fd, &look, fact->sha256);
	else if (is_looked)
		drop_waiting(v, &look.snapshot);
	return r;
}

int verdicts_hash_used(struct verdicts *v, struct fact_collector *collector, int fd,
		       const struct stat *st, struct file_fact *fact)
{
	return hash(v, collector, fd, st, fact, true);
}

int verdicts_hash(struct verdicts *v, struct fact_collector *collector, int fd,
		  const struct stat *st, struct file_fact *fact)
{
	if (!v ||
	    (fact_head(collector, fd, fact) == 0 && !is_code(fact->role) && !(st->st_mode & 0111)))
		return fact_hash(collector, fd, st, fact);
	return hash(v, collector, fd, st, fact, false);
}

void verdicts_void_stamps(struct verdicts *v)
{
	__sync_fetch_and_add(&v->maps.epochs->stamps, 1);
}

void verdicts_mounts_changed(struct verdicts *v)
{
	storage_forget(&v->storages);
}

int verdicts_begin(struct verdicts *v, uint64_t count)
{
	static const struct ev_digest zeroes;
	struct ev_decision head = {.generation = v->generation + 1};
	cleanup_close int fd = -1;

	drop_next(v);
	if (count > DECISIONS_MAX)
		return -EMSGSIZE;
	fd = bpf_map_create(BPF_MAP_TYPE_HASH, "decision_set", sizeof(struct ev_digest),
			    sizeof(struct ev_decision), (uint32_t)count + 1, NULL);
	if (fd < 0 || bpf_map_update_elem(fd, &zeroes, &head, BPF_ANY) < 0)
		return -errno;
	v->next = TAKE_FD(fd);
	v->next_count = count;
	v->next_added = 0;
	return 0;
}

static int add_batch(struct verdicts *v, const struct decision *decisions, uint32_t count)
{
	struct ev_digest keys[BATCH];
	struct ev_decision values[BATCH];

	for (uint32_t i = 0; i < count; i++) {
		memcpy(keys[i].bytes, decisions[i].sha256, SHA256_SIZE);
		values[i] = (struct ev_decision){.kind = decisions[i].kind,
						 .generation = v->generation + 1};
	}
	return bpf_map_update_batch(v->next, keys, values, &count, NULL) < 0 ? -errno : 0;
}

int verdicts_add(struct verdicts *v, const struct decision *decisions, size_t count)
{
	if (v->next < 0)
		return -EINVAL;
	if (count > v->next_count - v->next_added)
		return -EMSGSIZE;
	for (size_t i = 0; i < count; i += BATCH) {
		uint32_t n = count - i < BATCH ? (uint32_t)(count - i) : BATCH;
		int r = add_batch(v, decisions + i, n);

		if (r < 0)
			return r;
	}
	v->next_added += count;
	return 0;
}

int verdicts_commit(struct verdicts *v)
{
	uint32_t zero = 0;
	int r;

	if (v->next < 0)
		return -EINVAL;
	if (v->next_added != v->next_count)
		return -ENODATA;
	/* No answer of the old set first: the update returns when all programs that run with what
	 * was before are done. */
	let_answers_count(v, 0);
	r = bpf_map_update_elem(v->maps.decisions, &zero, &v->next, BPF_ANY) < 0 ? -errno : 0;
	if (r == 0) {
		v->generation++;
		v->count = v->next_count;
		drop_next(v);
	}
	let_answers_count(v, v->generation);
	return r;
}

uint32_t verdicts_generation(const struct verdicts *v)
{
	return v->generation;
}

uint64_t verdicts_count(const struct verdicts *v)
{
	return v->count;
}

int verdicts_never_block(struct verdicts *v, const char *path)
{
	struct ev_snapshot snapshot;
	int r = open_noted(v, path, EV_WANT_CLOSURE, &snapshot);

	if (r < 0)
		return r;
	return snapshot.flags & EV_SNAPSHOT_CLOSURE ? 0 : -ENAMETOOLONG;
}

void verdicts_end_closure(struct verdicts *v)
{
	struct ev_place place, next;
	uint32_t own = (uint32_t)getpid(), who;
	bool is_last = bpf_map_get_next_key(v->maps.closure, NULL, &next) < 0;

	/* One that is deleted has no next any more. */
	while (!is_last) {
		place = next;
		is_last = bpf_map_get_next_key(v->maps.closure, &place, &next) < 0;
		if (bpf_map_lookup_elem(v->maps.closure, &place, &who) == 0 && who != own)
			(void)bpf_map_delete_elem(v->maps.closure, &place);
	}
}

int verdicts_set_switch(struct verdicts *v, const struct verdict_switch *to)
{
	struct ev_enforcement value = {
		.deadline = (uint64_t)to->deadline_ns,
		.is_on = to->is_on,
	};
	uint32_t zero = 0;

	memcpy(value.covered, to->covered, SHA256_SIZE);
	return bpf_map_update_elem(v->maps.enforcement, &zero, &value, BPF_ANY) < 0 ? -errno : 0;
}

int verdicts_get_switch(const struct verdicts *v, struct verdict_switch *ret_switch)
{
	struct ev_enforcement value;
	uint32_t zero = 0;

	if (bpf_map_lookup_elem(v->maps.enforcement, &zero, &value) < 0)
		return -errno;
	ret_switch->is_on = value.is_on;
	ret_switch->deadline_ns = (int64_t)value.deadline;
	memcpy(ret_switch->covered, value.covered, SHA256_SIZE);
	return 0;
}
