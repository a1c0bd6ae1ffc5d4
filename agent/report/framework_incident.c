/* SPDX-License-Identifier: Apache-2.0 */
/* Tells incidents by the time of the report; whether they are well handled is not judged. */
#include "report/framework_incident.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "report/html.h"

/* DFARS has the clock, and the contracts that carry it ask for SP 800-171 and CMMC. */
static bool asks_for_reports(const struct framework *framework)
{
	static const char *const names[] = {"800-171", "cmmc-2.0", "dfars"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(framework->name, names[i]))
			return true;
	return false;
}

static const char rule[] =
	"DFARS 252.204-7012 asks for a report within 72 hours of the discovery, and for evidence "
	"to be kept 90 days from the report. Unverified: the 72 hours were seen in secondary texts "
	"only; the clause of the contract counts.";
static const char none[] = "No finding is declared an incident.";

typedef int (*incident_fn)(const struct report_host *host, const struct finding *finding,
			   int64_t now_ns, void *userdata);

/* Returns how many there are, or a negative errno. */
static int each_incident(const struct framework_view *view, incident_fn fn, void *userdata)
{
	const struct report *report = view->question->report;
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

/* "hmi-07: software.unknown /opt/x, discovered 2026-...: report due ...; evidence is kept ...". */
static int put_words(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		     struct strbuf *out)
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
	return strbuf_check(out);
}

static int one_text(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		    void *userdata)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;
	int r = put_words(host, finding, now_ns, &words);

	if (r == 0)
		fprintf(userdata, "  %s\n", words.data);
	return r;
}

int framework_incident_text(const struct framework_view *view, FILE *out)
{
	int r;

	if (!asks_for_reports(view->question->framework))
		return 0;
	fprintf(out, "\nIncidents\n  %s\n", rule);
	r = each_incident(view, one_text, out);
	if (r == 0)
		fprintf(out, "  %s\n", none);
	return r < 0 ? r : 0;
}

static int one_html(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		    void *userdata)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;
	int r = put_words(host, finding, now_ns, &words);

	if (r == 0)
		html_element(userdata, "li", NULL, words.data);
	return r;
}

int framework_incident_html(const struct framework_view *view, FILE *out)
{
	int r;

	if (!asks_for_reports(view->question->framework))
		return 0;
	fputs("<section>\n<h2 id=\"incidents\">Incidents</h2>\n", out);
	html_element(out, "p", "note", rule);
	fputs("<ul class=\"notes\">\n", out);
	r = each_incident(view, one_html, out);
	if (r == 0)
		html_element(out, "li", NULL, none);
	fputs("</ul>\n</section>\n", out);
	return r < 0 ? r : 0;
}

static int one_json(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		    void *userdata)
{
	const struct incident *incident = &finding->incident;
	int64_t until_ns = incident_hold_until_ns(incident);
	cleanup_strbuf struct strbuf words = STRBUF_INIT;
	struct json *j = userdata;
	int r = put_words(host, finding, now_ns, &words);

	if (r < 0)
		return r;
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

int framework_incident_json(const struct framework_view *view, struct json *j)
{
	int r;

	if (!asks_for_reports(view->question->framework))
		return 0;
	json_put_string(j, "incident_rule", rule);
	json_key(j, "incidents");
	json_begin_array(j);
	r = each_incident(view, one_json, j);
	json_end_array(j);
	return r < 0 ? r : 0;
}
