/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changes.jsonl: what this revision approves otherwise than the one before, and
 * why. One canonical line of JSON for each path, in order of the paths.
 *
 * It says what a person decided. What changed in fact is what two files differ
 * in (diff.h); a line about a path that this revision has or lacks against its
 * word makes the file a bad one.
 */
#ifndef PLUMBLINE_BASELINE_CHANGES_H
#define PLUMBLINE_BASELINE_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "base/hash.h"
#include "baseline/diff.h"
#include "baseline/span_lines.h"

struct strbuf;

#define CHANGE_REASON_MAX   1000 /* bytes */
#define CHANGE_FINDINGS_MAX 8
#define CHANGE_LINE_MAX	    49152 /* with the newline */
#define CHANGES_MAX	    ((uint64_t)1 << 28)

struct baseline_change {
	char *path; /* raw bytes */
	enum diff_kind kind;
	char *reason;
	char **findings; /* ids of the findings that it settles; NULL-ended, or NULL */
};

void baseline_change_done(struct baseline_change *change);

/* One line of plain text: UTF-8, nothing that acts on a terminal or on reading, not empty. */
bool change_is_reason(const char *text);

/* Appends the line and its newline. -EINVAL when a field is not fit for it, -EMSGSIZE, -ENOMEM. */
int change_write(const struct baseline_change *change, struct strbuf *out);
/* @line without newline. 0 with @ret_change filled, -EBADMSG, or -ENOMEM. */
int change_read(const char *line, size_t len, struct baseline_change *ret_change);

/* Lines of a file, from one place on. */
struct changes;

struct changes_source {
	int fd; /* duplicated */
	struct span span;
	uint64_t count;
	char sha256[SHA256_HEX_SIZE];
};

int changes_open(const struct changes_source *source, struct changes **ret_changes);
struct changes *changes_close(struct changes *changes);
DEFINE_CLEANUP(struct changes *, changes_close)

/* 1 with @ret_change filled (the caller's), 0 at the end, or -EBADMSG with @diag. The end is only
 * reported when order, count and digest of all that was given are those of @source. */
int changes_next(struct changes *changes, struct baseline_change *ret_change, struct diag *diag);

#endif
