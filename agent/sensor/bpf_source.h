/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BPF programs from user space: load, attach, rings, counters.
 *
 * Each program is asked for by itself: one that the kernel refuses, or whose
 * hook it has not, is left off and its state says why; only without the program
 * that sees starts is there no source. What was loaded ends with the process, unless
 * bpf_source_pin() keeps it.
 */
#ifndef PLUMBLINE_SENSOR_BPF_SOURCE_H
#define PLUMBLINE_SENSOR_BPF_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/strbuf.h"
#include "ebpf/event.h"
#include "model/standing.h"
#include "sensor/carry.h"
#include "sensor/pins.h"
#include "sensor/verdicts.h"

struct bpf_source;

/* One whole record as the kernel wrote it; a negative return ends the round of
 * bpf_source_dispatch(). */
typedef int (*bpf_record_fn)(const void *data, size_t len, void *userdata);

struct bpf_source_options {
	uint32_t alert_bytes, telemetry_bytes; /* ring sizes; 0: as built */
	bool has_no_opens;		       /* leave the programs for opened files off */
	bool has_lsm;			       /* with the programs on LSM hooks */
	const struct carry *carry; /* what these go on with, if it fits; NULL: nothing */
};

struct bpf_program_state {
	const char *name; /* of the program */
	const char *hook; /* "tp_btf/sched_process_exec" */
	int error;	  /* negative errno of its load or attach */
	enum part_state state;
};

/* @options may be NULL. On failure the words of kernel and libbpf are in @reterr. */
int bpf_source_open(const struct bpf_source_options *options, struct bpf_source **ret_source,
		    struct strbuf *reterr);
struct bpf_source *bpf_source_close(struct bpf_source *source);
DEFINE_CLEANUP(struct bpf_source *, bpf_source_close)

/* The kernel side sees nothing from now on. What is in the rings can still be read. */
void bpf_source_detach(struct bpf_source *source);

void bpf_source_set_reader(struct bpf_source *source, bpf_record_fn fn, void *userdata);
int bpf_source_fd(const struct bpf_source *source);
/* Hands what is in the rings to the reader, in order of time. 1 when there may be more now (the
 * reader ended the round early, or a record was still being written), 0, or negative errno. */
int bpf_source_dispatch(struct bpf_source *source);
/* Hands a record of EV_TASK for every process that runs to the reader. */
int bpf_source_list_tasks(struct bpf_source *source);

/* All programs, each hook once unless several were asked for; @index from 0; NULL past the last. */
const struct bpf_program_state *bpf_source_program(const struct bpf_source *source, size_t index);

/* How often the kernel left a run of it out, since it ran on that processor already; since 5.12. */
uint64_t bpf_source_skipped(const struct bpf_source *source, size_t index);

/*
 * 0 when the kernel keeps facts about files for programs on LSM hooks; -ENOMEM on processors where
 * it cannot allocate there, -EOPNOTSUPP without those programs.
 */
int bpf_source_keeps_facts(const struct bpf_source *source);

/*
 * Puts what must outlive this process into the own set of @pins: rings, counters, and each
 * program that the kernel lets outlive it. Fails when the one that sees starts cannot.
 */
int bpf_source_pin(const struct bpf_source *source, struct pins *pins);

/* Sums over all processors. */
int bpf_source_counters(const struct bpf_source *source, struct ev_counters *ret_sum);

/* Whether the maps of the options' carry were taken. */
bool bpf_source_is_carried(const struct bpf_source *source);

/* The programs are proven, and what they tell is kept: from now on they may deny. */
void bpf_source_may_deny(struct bpf_source *source);

/* Fills @ret_maps for verdicts_new(); -EOPNOTSUPP without programs on LSM hooks. */
int bpf_source_verdict_maps(const struct bpf_source *source, struct verdict_maps *ret_maps);

/* All code is told anew from now on, though it was told before. Without effect without LSM hooks.
 */
void bpf_source_tell_anew(struct bpf_source *source);

/*
 * Replaces the monitored trees of the open programs. Each root is opened once, and the program
 * takes its identity from that very file. @trees is NULL-ended; the tree at index i is reported as
 * i + 1. Missing roots are passed over.
 */
int bpf_source_watch(struct bpf_source *source, char *const *trees);

#endif
