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
#include "model/check_result.h"

struct check_set;

/*
 * Loads all checks below @data_dir/checks and the profile @data_dir/profiles/@profile.ini. Unknown
 * keys, types and ids are -EINVAL with file and line in @diag.
 */
int check_set_load(const char *data_dir, const char *profile, struct check_set **ret_set,
		   struct diag *diag);
struct check_set *check_set_free(struct check_set *set);
DEFINE_CLEANUP(struct check_set *, check_set_free)
size_t check_set_count(const struct check_set *set);
const char *check_set_id(const struct check_set *set, size_t index);
const char *check_set_profile_title(const struct check_set *set);
/* SL 3 requirements (SR and RE) for which a check of this set gives host evidence, and how many SL
 * 3 has in all. */
void check_set_requirements(const struct check_set *set, unsigned *ret_with_evidence,
			    unsigned *ret_all);

/* Runs check @index against @root ("/" or a made-up tree). Always fills @ret_result; -ENOMEM only.
 */
int check_run(const struct check_set *set, size_t index, const char *root,
	      struct check_result *ret_result);

#endif
