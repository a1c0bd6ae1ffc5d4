/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A baseline file: statement, entries, rules and approvals in one POSIX tar.
 *
 * Members in this order: statement.json, entries.jsonl, rules.ini, where
 * people gave reasons changes.jsonl, approvals/01.p7m ...  The statement names
 * SHA-256 and length of all but the approvals; an approval signs the
 * statement's SHA-256. So `tar xf`, `sha256sum` and `openssl cms -verify` are
 * the whole check.
 */
#ifndef PLUMBLINE_BASELINE_BASELINE_H
#define PLUMBLINE_BASELINE_BASELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "baseline/review.h"
#include "model/file_fact.h"

struct strbuf;

/* A path that was met and is not approved, because it could not be read as it is. */
struct baseline_problem {
	char *path; /* raw bytes */
	char *text;
};

struct baseline_list {
	char **paths; /* NULL-ended, raw bytes; NULL: none */
	size_t bytes; /* that they may take in the statement */
};

struct baseline_statement {
	char *name;
	char *layer; /* "vendor", "model", "site", "host" */
	uint64_t revision;
	char previous[SHA256_HEX_SIZE]; /* statement digest of the revision before; "" for the first
					 */
	char *ticket;
	char *made_by, *made_on; /* user and host */
	int64_t made_at_ns;
	/* The list that it was made of (import.h); NULL and "" when it was made of a machine. */
	char *source_format, *source_name; /* the name in raw bytes */
	char source_sha256[SHA256_HEX_SIZE];
	uint64_t entries, files, bytes_hashed;
	uint64_t unstated; /* entries that say nothing about some of their attributes */
	/* Regular files that a package lists a checksum for: whether the file was compared with it,
	 * or its change time says that nobody touched it since the package was unpacked. Both are
	 * hints: who can write the file can write them. */
	uint64_t package_checked, package_unchanged;
	uint64_t differs_from_package; /* other content than the package shipped */
	uint64_t not_packaged;	       /* regular files that no package owns */
	/* What to look at: how many entries of each kind, and the first paths of those listed. */
	uint64_t review[REVIEW_COUNT];
	struct baseline_list listed[REVIEW_COUNT];
	uint64_t not_read; /* changed while read, vanished, unreadable: not approved */
	struct baseline_problem *problems; /* the first of those */
	size_t problem_count, problem_bytes;
	char content_digest[SHA256_HEX_SIZE];
	char full_digest[SHA256_HEX_SIZE];
	char entries_sha256[SHA256_HEX_SIZE];
	uint64_t entries_bytes;
	char rules_sha256[SHA256_HEX_SIZE];
	uint64_t rules_bytes;
	/* Lines of changes.jsonl; 0: there is no such member. */
	uint64_t changes;
	char changes_sha256[SHA256_HEX_SIZE];
	uint64_t changes_bytes;
	char **trees; /* what was walked; NULL-ended */
};

void baseline_statement_done(struct baseline_statement *statement);

struct baseline_approval {
	char *name, *role, *meaning, *ticket;
	int64_t time_ns;   /* as claimed and signed */
	char *certificate; /* subject, one line */
	char certificate_sha256[SHA256_HEX_SIZE];
	/* OIDs of the certificate, a blank between: extended key usages, and all extensions. */
	char *usages, *extensions;
	bool is_verified; /* signature good and chain ends at the given CA */
	char *refusal;	  /* why not; NULL when verified */
	char *warning;	  /* to be told though it is verified: the certificate has expired since; or
			     NULL */
};

struct baseline;

/*
 * Reads the members' headers and the statement from @fd (duplicated) and checks digest and length
 * of entries, rules and changes against it. @name stands for the file in messages. -EBADMSG with
 * @diag filled when anything does not fit.
 */
int baseline_open(int fd, const char *name, struct baseline **ret_baseline, struct diag *diag);
struct baseline *baseline_close(struct baseline *baseline);
DEFINE_CLEANUP(struct baseline *, baseline_close)

const struct baseline_statement *baseline_get_statement(const struct baseline *baseline);
const char *baseline_get_statement_json(const struct baseline *baseline); /* the signed bytes */
const char *baseline_get_digest(const struct baseline *baseline);	  /* hex SHA-256 of them */
const char *baseline_get_rules(const struct baseline *baseline, size_t *ret_len);

/*
 * Entries in file order. 1 with @ret_entry filled (the caller's), 0 at the end, or -EBADMSG with
 * @diag. The end is only reported when order, counts and digests of all that was given are those of
 * the statement, and the changes fit the entries.
 */
int baseline_next(struct baseline *baseline, struct file_fact *ret_entry, struct diag *diag);
int baseline_rewind(struct baseline *baseline);

/* What was accepted since the revision before, and why; changes.h reads it. -ENOENT when the file
 * does not tell. */
struct changes;
int baseline_open_changes(const struct baseline *baseline, struct changes **ret_changes);

/* Bytes before the end-of-archive blocks: where one more approval goes. */
uint64_t baseline_get_length(const struct baseline *baseline);

unsigned baseline_count_approvals(const struct baseline *baseline);

/*
 * Verifies approval @index (from 0) against the PEM certificates @ca_pem; NULL: reads it only. What
 * is wrong with it stands in refusal: it is no error of this call. 0, or -ENOENT past the last.
 */
int baseline_read_approval(struct baseline *baseline, unsigned index, const char *ca_pem,
			   struct baseline_approval *ret_approval, struct diag *diag);
void baseline_approval_done(struct baseline_approval *approval);

/* rules.ini: one `key = value` line per item of a list. */
#define BASELINE_RULES_MAX 60000

struct baseline_rules {
	char **trees;	 /* [monitor] tree: what is walked and watched */
	char **ignores;	 /* [ignore] path: a path, a tree, or a pattern (fnmatch() with FNM_PATHNAME
			    and FNM_LEADING_DIR) */
	char **updaters; /* [updaters] program */
	char **never_block; /* [never_block] path */
	/* What a host layer may state beyond the layers below; heeded in a site layer alone.
	 * [host_layer] program: paths and patterns as of ignores; ignore: paths. */
	char **host_programs, **host_ignores;
};
int baseline_rules_parse(const char *text, size_t len, struct baseline_rules *ret_rules,
			 struct diag *diag);
/* -EINVAL for a path that the ini form cannot carry (line breaks, " ;", over-long), -EMSGSIZE,
 * -ENOMEM. */
int baseline_rules_write(const struct baseline_rules *rules, struct strbuf *out);
void baseline_rules_done(struct baseline_rules *rules);
bool baseline_rules_ignore(const struct baseline_rules *rules, const char *path);
/* Whether a site layer's rules let a host layer state a program, library or script at @path. */
bool baseline_rules_host_may(const struct baseline_rules *rules, const char *path);

#endif
