/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the machine as it is now against a baseline: each entry, and what
 * was added to the trees since. Judges nothing; it hands out pairs that differ, while it still
 * reads on: memory does not grow with the file.
 */
#ifndef PLUMBLINE_BASELINE_COMPARE_H
#define PLUMBLINE_BASELINE_COMPARE_H

#include "baseline/layers.h"
#include "baseline/stamps.h"

struct compare_totals {
	uint64_t files;	  /* regular files looked at */
	uint64_t hashed;  /* of them, by their content */
	uint64_t stamped; /* of them, by a stamp that has not changed; see stamps.h */
	uint64_t different;
	uint64_t unread; /* folders that could not be listed: what was added there is not known */
};

struct compare_options {
	struct stamps *stamps; /* NULL: none are used nor kept */
	bool is_full;	       /* hash all, but keep new stamps */
	unsigned workers;      /* 0: as many as processors */
	/*
	 * Both are called in the thread of the caller, together in the order of the paths.
	 * @approved is NULL for what was added; @now has FILE_TYPE_NONE where nothing is; @why says
	 * why a content could not be had, or NULL.
	 */
	int (*on_difference)(const struct file_fact *approved, const struct file_fact *now,
			     const char *why, void *userdata);
	/* A path below which nothing could be looked at; @error is an errno. EXDEV, a network or
	 * kernel file system, is left out on purpose and not counted as unread. */
	int (*on_unread)(const char *path, int error, void *userdata);
	void *userdata;
};

/* Reads all entries of @layers, which are combined. 0 also when there are differences; with @diag
 * what layers_next() refuses. */
int baseline_compare(struct layers *layers, const struct compare_options *options,
		     struct compare_totals *ret_totals, struct diag *diag);

#endif
