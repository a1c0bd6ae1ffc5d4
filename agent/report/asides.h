/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every report tells beside its subject: for how many SL 3 requirements
 * there is evidence, which files of waivers do not count and why, and which
 * findings were declared incidents. Each writer puts it where its format has a
 * place for it.
 */
#ifndef PLUMBLINE_REPORT_ASIDES_H
#define PLUMBLINE_REPORT_ASIDES_H

#include "base/json.h"
#include "report/report.h"

/* "By its checks, 12 of 90 SL 3 requirements have host evidence here."; nothing where it is not
 * known. */
void aside_put_requirements(const struct report *report, struct strbuf *out);
/* "1 file of waivers does not count: a.ini:3: why."; nothing where all count. */
void aside_put_refused(const struct report *report, struct strbuf *out);
/* "hmi-07: software.unknown /opt/x, discovered 2026-...: report due ...; evidence is kept ...". */
void aside_put_incident(const struct report_host *host, const struct finding *finding,
			int64_t now_ns, struct strbuf *out);

/* Of the object that is open: "sl3_requirements":{...}, "refused_waivers":[...] and
 * "incidents":[...]. */
void aside_json_requirements(const struct report *report, struct json *j);
void aside_json_refused(const struct report *report, struct json *j);
void aside_json_incidents(const struct report *report, struct json *j);

typedef int (*aside_incident_fn)(const struct report_host *host, const struct finding *finding,
				 int64_t now_ns, void *userdata);

/* Hands each finding that was declared an incident to @fn with the time of the report. Returns how
 * many there are, or the first negative value of @fn. */
int aside_each_incident(const struct report *report, aside_incident_fn fn, void *userdata);

/* A section of its own; nothing where there is nothing to tell. -ENOMEM. */
int aside_html_refused(const struct report *report, FILE *out);

#endif
