/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hardening checks: ini content (baselines/checks), typed probes in C, no
 * shell. One probe kind per file behind one table.
 */
#ifndef PLUMBLINE_CHECKS_CHECKS_H
#define PLUMBLINE_CHECKS_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"
#include "checks/inventory.h"
#include "model/check_result.h"
#include "model/control.h"

struct check_set;

/*
 * Loads all checks below @data_dir/checks and the profile @data_dir/profiles/@profile.ini; "-slN"
 * at the end of @profile chooses the security level, and is no part of the file's name. Unknown
 * keys, types and ids are -EINVAL with file and line in @diag.
 */
int check_set_load(const char *data_dir, const char *profile, struct check_set **ret_set,
		   struct diag *diag);
/* What a host is measured against. */
struct check_choice {
	const char *profile; /* "hmi", or "hmi-sl1" to "hmi-sl4" */
	const char *overlay; /* file of the site that tightens, loosens or adds; NULL or "": none */
	const char *category; /* FIPS 199, as "low" or "confidentiality=low integrity=high
				 availability=moderate"; NULL or "": none */
};

/* The same, tailored to the site and to the category of the asset. */
int check_set_load_for(const char *data_dir, const struct check_choice *choice,
		       struct check_set **ret_set, struct diag *diag);
struct check_set *check_set_free(struct check_set *set);
DEFINE_CLEANUP(struct check_set *, check_set_free)
size_t check_set_count(const struct check_set *set);
const char *check_set_id(const struct check_set *set, size_t index);
const char *check_set_title(const struct check_set *set, size_t index);
/* What the check touches; the strings live as long as the set. */
void check_set_ids(const struct check_set *set, size_t index, struct control_ids *ret_ids);
/*
 * Whether @requirement stands with the check by the reading of whoever wrote the check: its source
 * names no pairs for it.
 */
bool check_set_is_own_reading(const struct check_set *set, size_t index, const char *requirement);
/* What the check belongs to, for grouping: "Kernel settings". Checks of one family are neighbours.
 */
const char *check_set_family(const struct check_set *set, size_t index);
/* Index of check @id, or -ENOENT when this set has none of that name. */
int check_set_find(const struct check_set *set, const char *id);
const char *check_set_profile_title(const struct check_set *set);
/* What an overlay or a category changed, in words; NULL: nothing. */
const char *check_set_tailoring(const struct check_set *set);
/* How many of the shipped checks this profile leaves out, because of their level or by name. */
size_t check_set_left_out(const struct check_set *set);
/* Whether @id is a check, of this set or one that the profile leaves out. */
bool check_set_knows(const struct check_set *set, const char *id);

/* SL 3 requirements (SR and RE) for which a check of this set gives host evidence, and how many SL
 * 3 has in all. */
void check_set_requirements(const struct check_set *set, unsigned *ret_with_evidence,
			    unsigned *ret_all);
/* The same, counting only what @results really show: an error or a check that does not apply is no
 * evidence. */
void check_set_evidence(const struct check_set *set, const struct check_result *results,
			size_t count, unsigned *ret_with_evidence, unsigned *ret_all);

/* Where the agent keeps its own state, for the checks on itself. Borrowed; the set must not outlive
 * them. */
void check_set_agent(struct check_set *set, const char *state_dir, const char *run_dir);

struct kernel_dump;

/* Parts of a kernel dump (bits of enum kernel_part) that check @index reads of the running system.
 */
unsigned check_set_asks(const struct check_set *set, size_t index);
/* What the kernel said, for runs against "/". Borrowed; NULL: nobody asked. */
void check_set_kernel(struct check_set *set, const struct kernel_dump *dump);

/* Whether check @index is answered by a walk. */
bool check_set_walks(const struct check_set *set, size_t index);
/* Answers those from @inventory (moved out of there) until there is a newer one: their results have
 * the time of that walk. -ENOMEM. */
int check_set_keep_inventory(struct check_set *set, struct inventory *inventory);
bool check_set_has_inventory(const struct check_set *set);
/*
 * Something at @path below "/" changed: brings that inventory up to date, as
 * inventory_look_again(). 1 when it has changed, 0 (also: there is none), or negative errno.
 */
int check_set_look_again(struct check_set *set, const char *path, enum inventory_look look);

/*
 * Forgets what checks have read for those after them (kept.h). Until then a set takes its root for
 * unchanged: it is for who runs checks again, or goes on with a run after waiting.
 */
void check_set_forget(struct check_set *set);

struct looked;
/* From now on check_run() notes where it looks, which takes a tenth more time. */
void check_set_note_looks(struct check_set *set);
/* What the last check_run() against "/" looked at; valid until the next. */
const struct looked *check_set_looked(const struct check_set *set);

/* Runs check @index against @root ("/" or a made-up tree). Always fills @ret_result; -ENOMEM only.
 */
int check_run(struct check_set *set, size_t index, const char *root,
	      struct check_result *ret_result);

/*
 * Lints all shipped data below @data_dir: catalogs, control map, every check file, every profile.
 * With @file, that check file against the catalogs and the ids of the others. Returns 0 with the
 * number of checks read, or the first fault in @diag.
 */
int check_lint(const char *data_dir, const char *file, size_t *ret_checks, struct diag *diag);

#endif
