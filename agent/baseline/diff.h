/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies between two baseline files: entry by entry, and summed up by
 * package and role.
 *
 * Both files are read as streams; what is kept is the sums, one group for each
 * package. It compares what two files state; the machine is not looked at.
 */
#ifndef PLUMBLINE_BASELINE_DIFF_H
#define PLUMBLINE_BASELINE_DIFF_H

#include "baseline/baseline.h"

/* Each entry counts once, as the first of these that fits. */
enum diff_kind {
	DIFF_SAME,
	DIFF_ADDED,
	DIFF_REMOVED,
	DIFF_CONTENT,	 /* type, digest or link target; its attributes may be others too */
	DIFF_ATTRIBUTES, /* mode, owner, capabilities, xattrs or role */
	DIFF_ORIGIN,	 /* only package, version, or whether it is what the package shipped */
	DIFF_KIND_COUNT,
};
const char *diff_kind_name(enum diff_kind kind);
int diff_kind_parse(const char *name, enum diff_kind *ret_kind); /* -EINVAL */

struct diff_change {
	const struct file_fact *old, *now; /* NULL: the file does not have it */
	enum diff_kind kind;
	bool is_both; /* other content and other attributes */
	size_t group; /* the id of one */
	/* Why it was accepted, where the later file tells and names the other one as the revision
	 * before it; else NULL. */
	const char *reason;
};

/* Reasons of one package that are told by their text; the others are counted. */
#define DIFF_REASONS_MAX 8

struct diff_reason {
	char *text;
	uint64_t count;
};

struct diff_group {
	size_t id;
	char *package; /* NULL: what no package owns */
	/* Of its first entry in each file; NULL where it has none. */
	char *old_version, *now_version;
	/* Its entries do not all have that version. */
	bool has_old_others, has_now_others;
	uint64_t counts[DIFF_KIND_COUNT][FILE_ROLE_COUNT];
	uint64_t totals[DIFF_KIND_COUNT];
	struct diff_reason reasons[DIFF_REASONS_MAX];
	size_t reason_count;
	uint64_t other_reasons; /* changes for reasons beyond those */
	uint64_t unreasoned;	/* changes without one, in a file that tells reasons */
};

/* Whether content changed although the package kept its version. */
bool diff_group_is_odd(const struct diff_group *group);
bool diff_group_is_same(const struct diff_group *group);

struct diff_rule {
	const char *list; /* "tree", "ignore", "updater", "never-block" */
	char *value;	  /* raw bytes */
	bool is_added;	  /* else removed */
};

/* Zero-initialise. */
struct diff {
	uint64_t totals[DIFF_KIND_COUNT];
	uint64_t both;		    /* of DIFF_CONTENT, those with other attributes too */
	struct diff_group **groups; /* by package name; what no package owns comes first */
	size_t group_count;
	struct diff_rule *rules;
	size_t rule_count;
	/* Neighbours are mostly of one package: the group that each side used last. */
	struct diff_group *last_old, *last_now;
};

void diff_done(struct diff *diff);
bool diff_is_same(const struct diff *diff);

/* What one side is beside the other; NULL: it has nothing there. */
enum diff_kind diff_judge(const struct file_fact *old, const struct file_fact *now,
			  bool *ret_is_both);

/*
 * Counts one path; @old or @now is NULL when only the other side has it. @ret_change borrows both.
 * 0 or -ENOMEM.
 */
int diff_add(struct diff *diff, const struct file_fact *old, const struct file_fact *now,
	     struct diff_change *ret_change);

/*
 * Reads both files to their ends. @on_change is called in order of the paths for all that is not
 * DIFF_SAME; its return other than 0 ends the work. -EBADMSG with @diag when one of the files is
 * not good.
 */
int baseline_diff(struct baseline *old, struct baseline *now,
		  int (*on_change)(const struct diff_change *change, void *userdata),
		  void *userdata, struct diff *ret_diff, struct diag *diag);

/*
 * The fields in which the two sides of @change are not the same, as texts for people and programs
 * (str_escape() was applied); one that does not apply to a side is NULL. For what was added or
 * removed: what the one side has. Stops at a non-zero return of @fn and gives it back. -ENOMEM.
 */
int diff_each_field(const struct diff_change *change,
		    int (*fn)(const char *field, const char *old, const char *now, void *userdata),
		    void *userdata);

#endif
