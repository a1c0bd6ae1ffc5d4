/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is at a path now, as an entry of a new baseline would tell it: content
 * by hashing, attributes, and package, version and `differs` from the package
 * database. One path at a time, for those that a proposal names.
 */
#ifndef PLUMBLINE_BASELINE_PRESENT_H
#define PLUMBLINE_BASELINE_PRESENT_H

#include "base/cleanup.h"
#include "base/diag.h"
#include "model/file_fact.h"

struct packages_source;
struct present;

/* @packages: where the package databases are; it is not needed any more afterwards. */
int present_new(const struct packages_source *packages, struct present **ret_present,
		struct diag *diag);
struct present *present_free(struct present *present);
DEFINE_CLEANUP(struct present *, present_free)

/*
 * 0 with @ret_fact filled (nothing there: FILE_TYPE_NONE); 1 when it could not be read as it is:
 * @ret_fact has its path alone and @ret_why (static text) says why. -ENOMEM, or another negative
 * errno of the package database.
 */
int present_read(struct present *present, const char *path, struct file_fact *ret_fact,
		 const char **ret_why);

/* Fills package and version of @fact, and frees those that it had; looks at no file. */
int present_find_origin(struct present *present, struct file_fact *fact);
/* The same, and differs. */
int present_fill_origin(struct present *present, struct file_fact *fact);

/* Regular files whose content was compared with the checksum of their package so far. */
uint64_t present_count_compared(const struct present *present);

#endif
