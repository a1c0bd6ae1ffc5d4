/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next revision of a baseline from the one before: first what differs,
 * then, decided by people in a delta, the new file.
 *
 * Both read the old file as a stream. Nothing is taken on the word of a delta:
 * each accepted path is hashed once more and must be as the delta says.
 */
#ifndef PLUMBLINE_BASELINE_PROPOSE_H
#define PLUMBLINE_BASELINE_PROPOSE_H

#include "baseline/baseline.h"
#include "baseline/delta.h"
#include "baseline/diff.h"

struct present;

#define PROPOSE_NO_INDEX SIZE_MAX

struct propose_survey {
	struct baseline *from;
	struct present *present;
	/* What is at the paths in question now, in order of the paths, each once. */
	struct file_fact *now;
	size_t count;
	/* Entries of all packages that have another version by now are changes of origin; else
	 * only those of packages that @now names. */
	bool is_all_packages;
	char *const *trees; /* and only below these; NULL-ended; NULL: everywhere */
	/*
	 * Called in order of the paths for each of @now, also when it is no change (DIFF_SAME; then
	 * both sides may be NULL), and for changes of origin with PROPOSE_NO_INDEX. The group of
	 * the change is not set.
	 */
	int (*on_change)(const struct diff_change *change, size_t index, void *userdata);
	void *userdata;
};

/* 0, the first error of on_change(), or -EBADMSG with @diag. */
int propose_survey(const struct propose_survey *survey, struct diag *diag);

struct propose_apply {
	struct baseline *from;
	struct present *present;
	const struct delta *delta;
	const char *delta_name; /* for messages */
	/* Name, layer, rules and all else are those of @from; these are given. */
	const char *ticket, *made_by, *made_on;
	int64_t made_at_ns;
	/* A path that cannot be accepted as the delta says, with its line there. */
	void (*on_refused)(const char *path, unsigned line, const char *why, void *userdata);
	void *userdata;
};

/*
 * Writes @path, which must not exist. -ESTALE with @diag when @delta is about another file than
 * @from or when a path was refused; nothing is written then. -EINVAL with @diag when it is not
 * decided. @ret_statement is that of the new file.
 */
int propose_apply(const struct propose_apply *apply, const char *path,
		  struct baseline_statement *ret_statement, struct diag *diag);

#endif
