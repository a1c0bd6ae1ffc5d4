/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A delta: what the next revision of a baseline would approve otherwise, one
 * section for each path, with a decision and a reason that a person writes.
 *
 *	plumbline-delta-1
 *	from = DIGEST
 *
 *	[package openssl]
 *	decision = accept
 *	reason = security update, CHG-104
 *
 *	[content /usr/lib/x86_64-linux-gnu/libssl.so.3]
 *	decision =
 *	reason =
 *	finding = ID
 *	now = {"path":"/usr/lib/x86_64-linux-gnu/libssl.so.3",...}
 *
 * `from` is the statement digest of the revision before. A path section belongs to the package
 * section (or `[no package]`) above it and takes decision and reason from there where its own are
 * empty. `now` is the entry as the next revision would have it, a line of entries.jsonl; what was
 * removed has none. Paths and names of packages are escaped as in a baseline. Empty lines and
 * lines that begin with # are passed over; all else is refused.
 */
#ifndef PLUMBLINE_BASELINE_DELTA_H
#define PLUMBLINE_BASELINE_DELTA_H

#include <stddef.h>

#include "base/diag.h"
#include "base/hash.h"
#include "baseline/diff.h"

struct strbuf;

#define DELTA_FORMAT	"plumbline-delta-1"
#define DELTA_MAX	((size_t)32 << 20) /* bytes */
#define DELTA_PATHS_MAX ((size_t)50000)

enum delta_decision {
	DELTA_UNDECIDED,
	DELTA_ACCEPT,
	DELTA_REFUSE,
};

struct delta_verdict {
	enum delta_decision decision;
	char *reason; /* NULL: none given */
};

struct delta_group {
	char *package; /* NULL: what no package owns */
	struct delta_verdict verdict;
};

struct delta_path {
	char *path; /* raw bytes */
	enum diff_kind kind;
	const char *now; /* in the text that was parsed; NULL for what was removed */
	size_t now_len;
	char **findings; /* ids; NULL-ended, or NULL */
	struct delta_verdict verdict;
	size_t group;
	unsigned line; /* where its section begins */
};

struct delta {
	char from[SHA256_HEX_SIZE];
	struct delta_group *groups;
	size_t group_count;
	struct delta_path *paths; /* in order of their paths */
	size_t path_count;
};

/* @text must outlive @ret_delta; @name stands for the file in messages. -EINVAL with @diag, -E2BIG
 * with @diag, or -ENOMEM. */
int delta_parse(const char *name, const char *text, size_t len, struct delta *ret_delta,
		struct diag *diag);
void delta_done(struct delta *delta);

/* Its own, or that of its package. */
enum delta_decision delta_decision_of(const struct delta *delta, const struct delta_path *path);
const char *delta_reason_of(const struct delta *delta, const struct delta_path *path);

/* 0 when every path is decided, at least one is accepted, and none is accepted without a reason;
 * else -EINVAL with the line in @diag. */
int delta_check_decided(const char *name, const struct delta *delta, struct diag *diag);

/*
 * Writers; errors stay in @out. @comment is put below the section's head: whole lines that begin
 * with #, or "".
 */
void delta_write_head(const char *from, const char *comment, struct strbuf *out);
void delta_write_group(const struct delta_group *group, const char *comment, struct strbuf *out);
void delta_write_path(const struct delta_path *path, const char *comment, struct strbuf *out);

#endif
