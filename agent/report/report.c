/* SPDX-License-Identifier: Apache-2.0 */
/* The table of report formats, and the notes that every format carries. */
#include "report/report.h"

#include <stdbool.h>
#include <string.h>

#include "report/notes.h"
#include "report/report_csv.h"
#include "report/report_html.h"
#include "report/report_json.h"

const struct report_ops *const report_formats[] = {
	&report_html,
	&report_json,
	&report_csv,
	NULL,
};

const struct report_ops *report_find_format(const char *name)
{
	for (size_t i = 0; report_formats[i]; i++)
		if (strcmp(report_formats[i]->name, name) == 0)
			return report_formats[i];
	return NULL;
}

/* The level that a report speaks of. */
#define TARGET_SL 3

/* Whether @id is an item of the list @ids, which is separated by ", ". */
static bool has_item(const char *ids, const char *id)
{
	size_t len = strlen(id);

	for (const char *at = ids; at && *at; at += strspn(at, ", ")) {
		size_t item = strcspn(at, ",");

		if (item == len && memcmp(at, id, len) == 0)
			return true;
		at += item;
	}
	return false;
}

static bool shows(const struct check_result *check, const char *id)
{
	return (check->outcome == CHECK_PASS || check->outcome == CHECK_FAIL) &&
	       has_item(check->requirements, id);
}

static bool has_evidence(const struct report_host *host, const char *id)
{
	for (size_t i = 0; i < host->check_count; i++)
		if (shows(&host->checks[i], id))
			return true;
	return false;
}

static void count(const struct catalog *catalog, const struct report_host *hosts, size_t host_count,
		  unsigned *ret_with, unsigned *ret_all)
{
	*ret_with = *ret_all = 0;
	for (size_t i = 0; i < catalog_count(catalog, CATALOG_REQUIREMENT); i++) {
		const struct catalog_item *item = catalog_item(catalog, CATALOG_REQUIREMENT, i);
		bool is_shown = false;

		if (item->lowest_sl > TARGET_SL)
			continue;
		for (size_t h = 0; h < host_count && !is_shown; h++)
			is_shown = has_evidence(&hosts[h], item->id);
		++*ret_all;
		*ret_with += is_shown;
	}
}

void report_count_requirements(const struct catalog *catalog, struct report_host *host)
{
	count(catalog, host, 1, &host->requirements_with_evidence, &host->requirements_all);
}

void report_count_all_requirements(const struct catalog *catalog, struct report *report)
{
	count(catalog, report->hosts, report->host_count, &report->requirements_with_evidence,
	      &report->requirements_all);
}

void report_mark_requirements(const struct catalog *catalog, const struct check_result *check,
			      unsigned char *marks)
{
	for (size_t i = 0; i < catalog_count(catalog, CATALOG_REQUIREMENT); i++)
		marks[i] |= shows(check, catalog_item(catalog, CATALOG_REQUIREMENT, i)->id);
}

void report_sum_requirements(const struct catalog *catalog, const unsigned char *marks,
			     struct report *report)
{
	report->requirements_with_evidence = report->requirements_all = 0;
	for (size_t i = 0; i < catalog_count(catalog, CATALOG_REQUIREMENT); i++) {
		if (catalog_item(catalog, CATALOG_REQUIREMENT, i)->lowest_sl > TARGET_SL)
			continue;
		report->requirements_all++;
		report->requirements_with_evidence += marks[i];
	}
}

const char *const report_notes[] = {
	"A report shows what was seen while the machine was covered. It says nothing of the time "
	"and the things that it lists as not covered or not seen.",
	"Control ids are those of NIST SP 800-53 revision 5 (public domain). Which controls a "
	"finding or a check touches is Plumbline's own reading.",
	"Requirement ids (SR, RE) are those of IEC 62443-3-3. Their pairing with findings and "
	"checks, and the security level of each, is Plumbline's own reading: unverified, not "
	"checked against the text of the standard.",
	"MITRE ATT&CK ids are those of version 18.1. (c) 2025 The MITRE Corporation. This work is "
	"reproduced and distributed with the permission of The MITRE Corporation.",
	"Evidence from one host never shows alone that a system reaches a security level, or that "
	"an organization meets a standard: both ask for more than a host can show.",
	NULL,
};
