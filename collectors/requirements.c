/* SPDX-License-Identifier: Apache-2.0 */
/* Marks of requirements; see requirements.h. */
#include "requirements.h"

#include <errno.h>
#include <string.h>

int requirements_open(const struct settings *settings, struct requirements *ret_requirements)
{
	struct requirements requirements = {0};

	if (catalog_load(settings->data_dir, &requirements.catalog, NULL) < 0) {
		*ret_requirements = (struct requirements){0};
		return 0;
	}
	requirements.marks =
		calloc(catalog_count(requirements.catalog, CATALOG_REQUIREMENT) + 1, 1);
	if (!requirements.marks) {
		requirements_close(&requirements);
		return -ENOMEM;
	}
	*ret_requirements = requirements;
	return 0;
}

void requirements_close(struct requirements *requirements)
{
	free(requirements->marks);
	catalog_free(requirements->catalog);
	*requirements = (struct requirements){0};
}

void requirements_clear(struct requirements *requirements)
{
	if (requirements->catalog)
		memset(requirements->marks, 0,
		       catalog_count(requirements->catalog, CATALOG_REQUIREMENT));
}

void requirements_take(struct requirements *requirements, const struct check_result *check)
{
	if (requirements->catalog)
		report_mark_requirements(requirements->catalog, check, requirements->marks);
}

void requirements_sum(const struct requirements *requirements, struct report *report)
{
	if (requirements->catalog)
		report_sum_requirements(requirements->catalog, requirements->marks, report);
}
