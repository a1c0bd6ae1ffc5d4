/* SPDX-License-Identifier: Apache-2.0 */
/* Sentences, members and a section for all writers; see asides.h. */
#include "report/asides.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "report/html.h"
#include "report/words.h"

void aside_put_requirements(const struct report *report, struct strbuf *out)
{
	if (!report->requirements_all)
		return;
	if (report->host_count == 1)
		strbuf_add_str(out, "By its checks, ");
	else
		strbuf_printf(out, "By the checks of %zu hosts together, ", report->host_count);
	strbuf_printf(out, "%u of %u SL 3 requirements have host evidence here.",
		      report->requirements_with_evidence, report->requirements_all);
}

static void put_refused_head(const struct report *report, struct strbuf *out)
{
	char buf[WORDS_SIZE];

	strbuf_printf(out, "%s not count",
		      words_count(report->refused_waiver_count, "file of waivers does",
				  "files of waivers do", buf));
}

void aside_put_refused(const struct report *report, struct strbuf *out)
{
	if (!report->refused_waiver_count)
		return;
	put_refused_head(report, out);
	for (size_t i = 0; i < report->refused_waiver_count; i++)
		strbuf_printf(out, "%s%s", i ? "; " : ": ", report->refused_waivers[i]);
	strbuf_add_char(out, '.');
}

void aside_put_incident(const struct report_host *host, const struct finding *finding,
			int64_t now_ns, struct strbuf *out)
{
	char when[RFC3339_SIZE];

	strbuf_printf(out, "%s: %s ", host->name ? host->name : "this host",
		      finding_kind_name(finding->kind));
	if (finding->path)
		str_escape(out, finding->path, strlen(finding->path));
	strbuf_printf(out, " (%.16s), discovered %s: ", finding->id,
		      clock_format(finding->incident.discovered_ns, when));
	incident_put_clock(&finding->incident, now_ns, out);
	strbuf_add_str(out, "; ");
	incident_put_hold(&finding->incident, now_ns, out);
}

int aside_each_incident(const struct report *report, aside_incident_fn fn, void *userdata)
{
	int count = 0;

	for (size_t h = 0; h < report->host_count; h++) {
		const struct report_host *host = &report->hosts[h];

		for (size_t i = 0; i < host->finding_count; i++) {
			int r;

			if (!host->findings[i].incident.is_there)
				continue;
			r = fn(host, &host->findings[i], report->made_at_ns, userdata);
			if (r < 0)
				return r;
			count++;
		}
	}
	return count;
}

void aside_json_requirements(const struct report *report, struct json *j)
{
	json_key(j, "sl3_requirements");
	json_begin_object(j);
	json_put_u64(j, "with_host_evidence", report->requirements_with_evidence);
	json_put_u64(j, "all", report->requirements_all);
	json_end_object(j);
}

void aside_json_refused(const struct report *report, struct json *j)
{
	json_key(j, "refused_waivers");
	json_begin_array(j);
	for (size_t i = 0; i < report->refused_waiver_count; i++)
		json_string(j, report->refused_waivers[i]);
	json_end_array(j);
}

static int json_incident(const struct report_host *host, const struct finding *finding,
			 int64_t now_ns, void *userdata)
{
	const struct incident *incident = &finding->incident;
	int64_t until_ns = incident_hold_until_ns(incident);
	cleanup_strbuf struct strbuf words = STRBUF_INIT;
	struct json *j = userdata;

	aside_put_incident(host, finding, now_ns, &words);
	if (strbuf_check(&words) < 0)
		j->out->failed = true;
	json_begin_object(j);
	json_put_string(j, "host", host->name);
	json_put_string(j, "finding", finding->id);
	json_put_string(j, "text", words.data);
	json_put_time(j, "discovered", incident->discovered_ns);
	json_put_time(j, "due", incident_due_ns(incident));
	json_put_time(j, "reported", incident->reported_ns);
	json_put_time(j, "closed", incident->closed_ns);
	json_put_bool(j, "late", incident_is_late(incident, now_ns));
	json_put_bool(j, "held", until_ns > now_ns);
	json_put_time(j, "held_until", until_ns == INT64_MAX ? 0 : until_ns);
	json_end_object(j);
	return 0;
}

void aside_json_incidents(const struct report *report, struct json *j)
{
	json_key(j, "incidents");
	json_begin_array(j);
	(void)aside_each_incident(report, json_incident, j);
	json_end_array(j);
}

int aside_html_refused(const struct report *report, FILE *out)
{
	cleanup_strbuf struct strbuf head = STRBUF_INIT;

	if (!report->refused_waiver_count)
		return 0;
	put_refused_head(report, &head);
	if (strbuf_check(&head) < 0)
		return -ENOMEM;
	fputs("<section>\n<h2 id=\"refused-waivers\">Waivers that do not count</h2>\n", out);
	fprintf(out,
		"<p>%s. What they name is told as if nobody bore it.</p>\n<ul class=\"notes\">\n",
		head.data);
	for (size_t i = 0; i < report->refused_waiver_count; i++) {
		html_element(out, "li", NULL, report->refused_waivers[i]);
		putc('\n', out);
	}
	fputs("</ul>\n</section>\n", out);
	return 0;
}
