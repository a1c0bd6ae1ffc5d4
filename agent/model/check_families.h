/* SPDX-License-Identifier: Apache-2.0 */
/*
 * To which family each shipped check belongs, as the files of baselines/checks say. For reports,
 * which have results alone; what a check looks at is not read here.
 */
#ifndef PLUMBLINE_MODEL_CHECK_FAMILIES_H
#define PLUMBLINE_MODEL_CHECK_FAMILIES_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

struct check_families;

/* Reads the files below @data_dir/checks, by name. -EINVAL with @diag filled, or another negative
 * errno. */
int check_families_load(const char *data_dir, struct check_families **ret_families,
			struct diag *diag);
struct check_families *check_families_free(struct check_families *families);
DEFINE_CLEANUP(struct check_families *, check_families_free)

/* NULL allowed: none. */
size_t check_families_count(const struct check_families *families);
const char *check_families_title(const struct check_families *families, size_t family);
/* The family of a check; check_families_count() when no file has it (checks of a site). */
size_t check_families_find(const struct check_families *families, const char *id);

#endif
