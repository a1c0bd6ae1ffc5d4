/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For how many SL 3 requirements the stored checks give evidence: of one agent,
 * or of all together. Holds one mark for each requirement, never the checks.
 */
#ifndef PLUMBLINE_COLLECTORS_REQUIREMENTS_H
#define PLUMBLINE_COLLECTORS_REQUIREMENTS_H

#include "model/catalog.h"
#include "report/report.h"
#include "settings.h"
#include "store.h"

struct requirements {
	struct catalog *catalog; /* NULL: not at hand, and nothing is counted */
	unsigned char *marks;
};

/* Reads the catalog of the settings' folder. -ENOMEM. */
int requirements_open(const struct settings *settings, struct requirements *ret_requirements);
void requirements_close(struct requirements *requirements);
#define cleanup_requirements cleanup_with(requirements_close)

/* Forgets the marks. */
void requirements_clear(struct requirements *requirements);
void requirements_take(struct requirements *requirements, const struct check_result *check);
/* Fills the two counts of @report. */
void requirements_sum(const struct requirements *requirements, struct report *report);

#endif
