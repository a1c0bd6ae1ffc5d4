/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's verdicts from user space: what the sensor found in files, the
 * set of decisions in force, the never-block closure and the switch. It fills
 * the maps of ebpf/verdict.bpf.h and judges nothing.
 *
 * What is found in a file is kept so that no write can be overlooked: verdicts_look() comes before
 * the first byte is read, verdicts_keep() after the last, and what opened the file for writing in
 * between has voided what is kept. One thread.
 */
#ifndef PLUMBLINE_SENSOR_VERDICTS_H
#define PLUMBLINE_SENSOR_VERDICTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/hash.h"
#include "ebpf/event.h"
#include "model/decision.h"
#include "model/fact_collect.h"

struct verdicts;

/* Descriptors of maps and places of variables, all of the caller, who must outlive this. */
struct verdict_maps {
	int inodes, facts, stamps, snapshots, decisions, closure, enforcement;
	volatile uint32_t *snapshot_wanted;
	volatile struct ev_epochs *epochs;
};

/* What an earlier sensor left in the maps is in force at once. */
int verdicts_new(const struct verdict_maps *maps, struct verdicts **ret_verdicts);
struct verdicts *verdicts_free(struct verdicts *verdicts);
DEFINE_CLEANUP(struct verdicts *, verdicts_free)

/* 0 when the kernel keeps facts about inodes, shown with the file @fd; -EOPNOTSUPP when it does
 * not. */
int verdicts_try(struct verdicts *verdicts, int fd);

/* A file between the look at it and what is kept of it. */
struct verdict_look {
	struct ev_snapshot snapshot;
	uint32_t epoch;
};

/*
 * @is_used: it became code, so that its inode is in memory. Of other files only a stamp is kept
 * where one may be, which takes a fraction of the kernel's memory.
 */
int verdicts_look(struct verdicts *verdicts, int fd, const struct stat *st, bool is_used,
		  struct verdict_look *ret_look);
/* 1 when it is kept, 0 when it must not be (a writer came, or has the file open), or negative
 * errno. @fd -1: by its stamp alone. */
int verdicts_keep(struct verdicts *verdicts, int fd, const struct verdict_look *look,
		  const uint8_t sha256[static SHA256_SIZE]);

/* fact_hash() between the two, where the role that is found may become code; @verdicts NULL: it
 * alone. */
int verdicts_hash(struct verdicts *verdicts, struct fact_collector *collector, int fd,
		  const struct stat *st, struct file_fact *fact);
/* The same of a file that is used as code, whatever it looks like. */
int verdicts_hash_used(struct verdicts *verdicts, struct fact_collector *collector, int fd,
		       const struct stat *st, struct file_fact *fact);

/* All stamps are void: the clock was set. */
void verdicts_void_stamps(struct verdicts *verdicts);
/* What is known of devices may be so no more. */
void verdicts_mounts_changed(struct verdicts *verdicts);

/*
 * A new set: begin with how many there will be, add, commit; the old one answers until then and
 * stays when one of these fails. -EMSGSIZE for more than DECISIONS_MAX or than was said,
 * -ENODATA for fewer, -EINVAL without begin. A begin drops what an earlier one began.
 */
int verdicts_begin(struct verdicts *verdicts, uint64_t count);
int verdicts_add(struct verdicts *verdicts, const struct decision *decisions, size_t count);
int verdicts_commit(struct verdicts *verdicts);
/* Of the set in force; 0: none. */
uint32_t verdicts_generation(const struct verdicts *verdicts);
uint64_t verdicts_count(const struct verdicts *verdicts);

/* What is at the place of the file @path is not blocked while it is root's. -ENOENT and so on when
 * it cannot be opened, -ENAMETOOLONG. */
int verdicts_never_block(struct verdicts *verdicts, const char *path);
/* Forgets the places that an earlier sensor named and this one did not. */
void verdicts_end_closure(struct verdicts *verdicts);

/* Whether the kernel denies. It outlives the process where its programs do. */
struct verdict_switch {
	bool is_on;
	int64_t deadline_ns;	      /* of the boot clock; misses are denied until then */
	uint8_t covered[SHA256_SIZE]; /* baseline that was warmed to its end; zeroes: none */
};

int verdicts_set_switch(struct verdicts *verdicts, const struct verdict_switch *to);
int verdicts_get_switch(const struct verdicts *verdicts, struct verdict_switch *ret_switch);

#endif
