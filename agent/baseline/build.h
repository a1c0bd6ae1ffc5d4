/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a baseline of this machine: walks the trees, reads and hashes each
 * file, asks the package database whose it is, and writes the file.
 *
 * All this goes on at once, in the order of the paths, and nothing is kept of a path once its line
 * is written: memory holds the package database and what is under way.
 *
 * It always hashes. What changed while it was read, vanished or could not be
 * read is listed in the statement and not approved.
 */
#ifndef PLUMBLINE_BASELINE_BUILD_H
#define PLUMBLINE_BASELINE_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "baseline/baseline.h"
#include "baseline/packages.h"

/* Done so far; how much there is is known at the end only. */
struct build_progress {
	uint64_t files, bytes;
};

struct build_options {
	/* name, layer, revision, previous, ticket, made_by, made_on, made_at_ns are given; all else
	 * is filled. */
	struct baseline_statement *statement;
	const struct baseline_rules *rules; /* its trees are walked */
	/* Paths that are taken back from the layers below; sorted, NULL-ended; may be NULL. None of
	 * them may be there: -EEXIST. */
	char *const *gone;
	bool has_packaged_files; /* also what packages own outside the trees */
	bool has_all_checksums;	 /* compare all files with their package's checksums, not only those
				    changed since */
	const char *packages_dir; /* NULL: the usual places */
	/* For package databases that are read through a program; see packages_source. */
	int (*run_query)(char *const arguments[], packages_output_fn fn, void *userdata,
			 struct diag *diag);
	unsigned workers; /* 0: as many as processors */
	/* Called now and then in the thread of the caller; may be NULL. */
	void (*on_progress)(const struct build_progress *progress, void *userdata);
	void *userdata;
};

/* Writes @path, which must not exist. */
int baseline_build(const struct build_options *options, const char *path, struct diag *diag);

/* What create monitors and ignores by default; the lists end with NULL. */
extern const char *const build_default_trees[];
extern const char *const build_default_ignores[];
extern const char *const build_default_updaters[];
extern const char *const build_default_never_block[];

#endif
