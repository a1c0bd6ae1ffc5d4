/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes a baseline of a list that a vendor delivers (list.h).
 *
 * Nothing of this machine is looked at: what the list does not say is unstated
 * in the entries, what it names without a digest is not approved and told in
 * the statement. Memory holds the paths; the entries wait in an unlinked file.
 */
#ifndef PLUMBLINE_BASELINE_IMPORT_H
#define PLUMBLINE_BASELINE_IMPORT_H

#include "baseline/baseline.h"
#include "baseline/list.h"

#define IMPORT_ENTRIES_MAX ((size_t)1000000)
#define IMPORT_PATHS_MAX   ((size_t)128 << 20) /* bytes of all paths */
#define IMPORT_IGNORED_MAX ((size_t)64)

struct import_options {
	/* As for build_options: name, layer, revision ... are given, all else is filled. */
	struct baseline_statement *statement;
	const struct baseline_rules *rules;
	list_read_fn read;
	int fd;		    /* of the list; borrowed */
	const char *name;   /* of the list, in messages */
	const char *prefix; /* absolute and normalized, or NULL */
};

struct import_result {
	char *ignored[IMPORT_IGNORED_MAX]; /* keywords that no entry can hold, each once */
	size_t ignored_count;
	uint64_t implied; /* folders in monitored trees that the list does not name, but files in
			     them */
	uint64_t twice;	  /* lines that say again what another one said */
};

void import_result_done(struct import_result *result);

/* Reads the list and writes @path, which must not exist. -EBADMSG etc. with @diag. */
int baseline_import(const struct import_options *options, const char *path,
		    struct import_result *ret_result, struct diag *diag);

#endif
