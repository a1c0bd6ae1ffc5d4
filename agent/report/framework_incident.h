/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Incidents in the views of frameworks that ask for a report of them: the clock
 * of each, and until when its evidence is kept.
 */
#ifndef PLUMBLINE_REPORT_FRAMEWORK_INCIDENT_H
#define PLUMBLINE_REPORT_FRAMEWORK_INCIDENT_H

#include "base/json.h"
#include "report/framework_view.h"

/* A section of its own; nothing for other frameworks. -ENOMEM. */
int framework_incident_text(const struct framework_view *view, FILE *out);
int framework_incident_html(const struct framework_view *view, FILE *out);
/* "incidents":[...] of the object that is open. */
void framework_incident_json(const struct framework_view *view, struct json *j);

#endif
