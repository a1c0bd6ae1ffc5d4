/* SPDX-License-Identifier: Apache-2.0 */
/* The data behind a report by framework, loaded once and before anything is written. */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_SOURCE_H
#define PLUMBLINE_REPORT_FRAMEWORK_SOURCE_H

#include "report/framework_report.h"

/* As a person asked; borrowed. */
struct framework_wish {
	const char *framework; /* NULL: the one that the format needs */
	const char *format;    /* NULL: text */
	const char *level;     /* NULL: the default target */
	const char *scope;     /* a file of decisions; NULL: none */
};

struct framework_source {
	struct crosswalk *crosswalk;
	struct control_map *map;
	struct scope *scope;
	const struct framework_ops *format;
	struct framework_question question;
};

/* Whether the wish is one for a report by framework at all. */
bool framework_is_wished(const struct framework_wish *wish);

/* -EINVAL or another negative errno, with @diag. */
int framework_source_load(const struct framework_wish *wish, const char *data_dir,
			  struct framework_source *ret_source, struct diag *diag);
void framework_source_done(struct framework_source *source);
#define cleanup_framework_source cleanup_with(framework_source_done)

/* 0 or negative errno. */
int framework_source_write(struct framework_source *source, const struct report *report, FILE *out);

#endif
