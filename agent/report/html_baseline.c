/* SPDX-License-Identifier: Apache-2.0 */
/* The baseline in the HTML report: what is approved, who approved it, what it was made from. */
#include <inttypes.h>

#include "report/html.h"
#include "report/html_parts.h"

static void write_approval(FILE *out, const struct baseline_approval *approval)
{
	fputs("<tr>", out);
	html_cell(out, "Name, role");
	html_text(out, approval->name);
	fputs(", ", out);
	html_text(out, approval->role);
	fputs("</td>", out);
	html_cell(out, "Meaning");
	html_text(out, approval->meaning);
	fputs("</td>", out);
	html_cell(out, "Signed at");
	html_time(out, approval->time_ns);
	fputs("</td>", out);
	html_cell(out, "Certificate");
	html_text(out, approval->certificate);
	fputs("</td>", out);
	html_cell(out, "Verified");
	if (approval->is_verified) {
		fputs("yes", out);
		if (approval->warning)
			fputs("; ", out);
		html_text(out, approval->warning);
	} else {
		fputs("<strong>no</strong>: ", out);
		html_text(out, approval->refusal ? approval->refusal : "not judged");
	}
	fputs("</td></tr>\n", out);
}

static void write_approvals(FILE *out, const struct report_host *host)
{
	if (host->approval_count == 0) {
		fputs(host->statement ? "<p><strong>Nobody approved this baseline.</strong></p>\n"
				      : "<p class=\"note\">Who approved it stands in the baseline "
					"file on the "
					"host, which was not at hand for this report.</p>\n",
		      out);
		return;
	}
	fputs("<table class=\"rows\"><caption>Approvals</caption>\n<thead><tr>"
	      "<th scope=\"col\">Name, role</th><th scope=\"col\">Meaning</th>"
	      "<th scope=\"col\">Signed at</th><th scope=\"col\">Certificate</th>"
	      "<th scope=\"col\">Verified</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < host->approval_count; i++)
		write_approval(out, &host->approvals[i]);
	fputs("</tbody></table>\n", out);
}

static void number_fact(FILE *out, const char *label, uint64_t value)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>%" PRIu64 "</td></tr>\n", label, value);
}

/* What an approver should have looked at: the machine may have been tampered with before. */
static void write_statement(FILE *out, const struct baseline_statement *statement)
{
	if (!statement)
		return;
	fputs("<tr><th scope=\"row\">Made</th><td>", out);
	html_time(out, statement->made_at_ns);
	fputs(" by ", out);
	html_text(out, statement->made_by);
	fputs(" on ", out);
	html_text(out, statement->made_on);
	fputs("</td></tr>\n", out);
	html_fact(out, "Change ticket", statement->ticket);
	number_fact(out, "Differ from their package", statement->differs_from_package);
	number_fact(out, "Of no package", statement->not_packaged);
	number_fact(out, "Not read, not approved", statement->not_read);
	html_code_fact(out, "Content digest", statement->content_digest);
}

void html_baseline(FILE *out, const struct html_host *part)
{
	const struct report_host *host = part->host;

	fputs("<section>\n", out);
	html_heading(out, part, "baseline", "Approved state (baseline)");
	if (!host->baseline_digest) {
		fputs("<p>No baseline is loaded. Nothing can be compared.</p>\n</section>\n", out);
		return;
	}
	fputs("<table class=\"facts\">\n", out);
	html_fact(out, "Name", host->baseline_name);
	if (host->baseline_revision > 0) /* a baseline of several layers has it in its name */
		number_fact(out, "Revision", host->baseline_revision);
	if (host->baseline_entries > 0)
		number_fact(out, "Entries", host->baseline_entries);
	write_statement(out, host->statement);
	html_code_fact(out, "Statement digest", host->baseline_digest);
	fputs("</table>\n", out);
	write_approvals(out, host);
	fputs("</section>\n", out);
}
