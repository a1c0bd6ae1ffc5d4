/* SPDX-License-Identifier: Apache-2.0 */
/* Tells incidents by the time of the report; whether they are well handled is not judged. */
#include "report/framework_incident.h"

#include <errno.h>

#include "base/str.h"
#include "report/asides.h"
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

static int one_text(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		    void *userdata)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT, shown = STRBUF_INIT;

	aside_put_incident(host, finding, now_ns, &words);
	if (strbuf_check(&words) < 0)
		return -ENOMEM;
	str_show(&shown, words.data);
	if (strbuf_check(&shown) < 0)
		return -ENOMEM;
	fprintf(userdata, "  %s\n", shown.data);
	return 0;
}

int framework_incident_text(const struct framework_view *view, FILE *out)
{
	int r;

	if (!asks_for_reports(view->question->framework))
		return 0;
	fprintf(out, "\nIncidents\n  %s\n", rule);
	r = aside_each_incident(view->question->report, one_text, out);
	if (r == 0)
		fprintf(out, "  %s\n", none);
	return r < 0 ? r : 0;
}

static int one_html(const struct report_host *host, const struct finding *finding, int64_t now_ns,
		    void *userdata)
{
	cleanup_strbuf struct strbuf words = STRBUF_INIT;

	aside_put_incident(host, finding, now_ns, &words);
	if (strbuf_check(&words) < 0)
		return -ENOMEM;
	html_element(userdata, "li", NULL, words.data);
	return 0;
}

int framework_incident_html(const struct framework_view *view, FILE *out)
{
	int r;

	if (!asks_for_reports(view->question->framework))
		return 0;
	fputs("<section>\n<h2 id=\"incidents\">Incidents</h2>\n", out);
	html_element(out, "p", "note", rule);
	fputs("<ul class=\"notes\">\n", out);
	r = aside_each_incident(view->question->report, one_html, out);
	if (r == 0)
		html_element(out, "li", NULL, none);
	fputs("</ul>\n</section>\n", out);
	return r < 0 ? r : 0;
}

void framework_incident_json(const struct framework_view *view, struct json *j)
{
	if (!asks_for_reports(view->question->framework))
		return;
	json_put_string(j, "incident_rule", rule);
	aside_json_incidents(view->question->report, j);
}
