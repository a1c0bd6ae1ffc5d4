/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's own index of a loaded baseline: path and digest look-ups on
 * disk, in SQLite. Private and disposable; the baseline file is the truth.
 *
 * A load goes beside the old content (PATH.new) and replaces it at once by a rename, so the folder
 * must be writable.
 */
#ifndef PLUMBLINE_BASELINE_INDEX_H
#define PLUMBLINE_BASELINE_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "model/file_fact.h"

struct baseline_index;

/* A file that is missing, of another version or damaged gives an empty index; the damaged one is
 * removed. */
int baseline_index_open(const char *path, struct baseline_index **ret_index);
struct baseline_index *baseline_index_close(struct baseline_index *index);
DEFINE_CLEANUP(struct baseline_index *, baseline_index_close)

/*
 * A load: begin, add each layer and each entry, then commit or roll back. Look-ups answer from the
 * old content until the commit. begin gives -EBUSY while a load is open; add gives -EEXIST for a
 * path that the load already has. A failed commit leaves the old content.
 */
int baseline_index_begin(struct baseline_index *index);
int baseline_index_add(struct baseline_index *index, const struct file_fact *entry);
/* @digest (hex) and @statement of the layer's file. */
int baseline_index_add_layer(struct baseline_index *index, enum layer layer, const char *digest,
			     const char *statement_json);
/* @digest of the effective baseline. */
int baseline_index_commit(struct baseline_index *index, const char *digest);
void baseline_index_rollback(struct baseline_index *index);

/* Digest (hex) of the effective baseline that is loaded, "" when nothing is. */
const char *baseline_index_digest(const struct baseline_index *index);
/* JSON; NULL when no such layer is loaded. */
const char *baseline_index_statement(const struct baseline_index *index, enum layer layer);
/* Of that statement; "" when no such layer is loaded. */
const char *baseline_index_layer_digest(const struct baseline_index *index, enum layer layer);
uint64_t baseline_index_entries(const struct baseline_index *index);
/* Gives up memory that only makes the next look-ups faster. */
void baseline_index_trim(struct baseline_index *index);

/* 0 with @ret_entry filled (the caller's), -ENOENT, or another negative errno. */
int baseline_index_find_path(struct baseline_index *index, const char *path,
			     struct file_fact *ret_entry);
/* Any approved entry with this content; same returns. */
int baseline_index_find_digest(struct baseline_index *index,
			       const uint8_t sha256[static SHA256_SIZE],
			       struct file_fact *ret_entry);

/* 1 when the baseline has @tree or anything below it, 0, or negative errno. */
int baseline_index_has_below(struct baseline_index *index, const char *tree);

/*
 * Walk marks: a scan calls baseline_index_mark() for each path it saw, then
 * baseline_index_each_unmarked() gives the entries at and below @tree that were not seen.
 * begin_scan() clears the marks there. Marks live in memory; a commit ends all scans, and
 * each_unmarked() of a scan that began before it gives -ESTALE: what is missing is not known.
 */
int baseline_index_begin_scan(struct baseline_index *index, const char *tree);
/* -ENOENT when the baseline has no such path. */
int baseline_index_mark(struct baseline_index *index, const char *path);
int baseline_index_each_unmarked(struct baseline_index *index, const char *tree,
				 int (*fn)(const struct file_fact *entry, void *userdata),
				 void *userdata);

#endif
