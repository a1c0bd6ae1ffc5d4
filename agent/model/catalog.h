/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Catalog of the ids that checks and findings may name: NIST SP 800-53r5
 * controls, IEC 62443-3-3 requirements, MITRE ATT&CK techniques.
 *
 * Data (baselines/controls/{nist-800-53r5,iec62443-3-3,attack}.ini), never code. It says that an
 * id exists and what it is called; which id a finding touches is in model/control.h, what is paired
 * with what in model/crosswalk.h.
 */
#ifndef PLUMBLINE_MODEL_CATALOG_H
#define PLUMBLINE_MODEL_CATALOG_H

#include <stddef.h>

#include "base/cleanup.h"
#include "base/diag.h"

enum catalog_kind {
	CATALOG_CONTROL,
	CATALOG_REQUIREMENT,
	CATALOG_TECHNIQUE,
	CATALOG_KIND_COUNT,
};

struct catalog_item {
	const char *id;
	const char *title;
	unsigned lowest_sl;	 /* CATALOG_REQUIREMENT: 1 to 4 */
	unsigned second_reading; /* CATALOG_REQUIREMENT: the other reading's level, 0 when they
				    agree */
	const char *not_on_host; /* CATALOG_REQUIREMENT: why no host can show it; NULL: one can */
	unsigned line;		 /* where it begins in its file */
};

struct catalog;

/* Reads the three files below @data_dir/controls. -EINVAL with @diag filled, or another negative
 * errno. */
int catalog_load(const char *data_dir, struct catalog **ret_catalog, struct diag *diag);
struct catalog *catalog_free(struct catalog *catalog);
DEFINE_CLEANUP(struct catalog *, catalog_free)

size_t catalog_count(const struct catalog *catalog, enum catalog_kind kind);
const struct catalog_item *catalog_item(const struct catalog *catalog, enum catalog_kind kind,
					size_t index);
/* NULL when the id is unknown. */
const struct catalog_item *catalog_find(const struct catalog *catalog, enum catalog_kind kind,
					const char *id, size_t id_len);

/*
 * The first id of the list @ids (comma-separated for requirements, by white space else) that the
 * catalog does not know, as an allocated string; NULL when it knows all.
 */
char *catalog_first_unknown(const struct catalog *catalog, enum catalog_kind kind, const char *ids);

#endif
