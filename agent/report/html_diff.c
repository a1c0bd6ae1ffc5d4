/* SPDX-License-Identifier: Apache-2.0 */
/* The page of two baselines; see html_diff.h. */
#include "report/html_diff.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "report/html.h"
#include "report/html_page.h"
#include "report/html_parts.h"

static const char *const kind_labels[DIFF_KIND_COUNT] = {
	[DIFF_SAME] = "Unchanged",
	[DIFF_ADDED] = "Added",
	[DIFF_REMOVED] = "Removed",
	[DIFF_CONTENT] = "Other content",
	[DIFF_ATTRIBUTES] = "Other attributes",
	[DIFF_ORIGIN] = "Package or version only",
};

static void write_side(const struct html_diff *page, int side, FILE *out)
{
	const struct baseline_statement *s = page->statements[side];

	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", side ? "New" : "Old");
	html_text(out, s->name);
	fprintf(out, ", revision %" PRIu64 ", %" PRIu64 " entries, made ", s->revision, s->entries);
	html_time(out, s->made_at_ns);
	fputs(" by ", out);
	html_text(out, s->made_by);
	fputs(" on ", out);
	html_text(out, s->made_on);
	fputs("<br><code>", out);
	html_text(out, page->digests[side]);
	fputs("</code></td></tr>\n", out);
}

static void write_masthead(const struct html_diff *page, const char *title, FILE *out)
{
	fputs("<body>\n<header>\n<p class=\"brand\">Plumbline baselines</p>\n", out);
	html_element(out, "h1", NULL, title);
	fputs("\n<table class=\"facts\">\n", out);
	write_side(page, 0, out);
	write_side(page, 1, out);
	html_fact(out, "Order",
		  strcmp(page->statements[1]->previous, page->digests[0]) == 0
			  ? "The new one names the old one as the revision before it."
			  : "The new one does not name the old one as the revision before it.");
	fputs("<tr><th scope=\"row\">Made</th><td>", out);
	html_time(out, page->made_at_ns);
	fputs(" by ", out);
	html_text(out, page->made_by);
	fputs("</td></tr>\n</table>\n</header>\n<main>\n", out);
}

static void write_totals(const struct diff *diff, FILE *out)
{
	fputs("<section>\n<h2 id=\"totals\">Totals</h2>\n", out);
	if (diff_is_same(diff))
		html_element(out, "p", "lead", "Both approve the same: no difference.");
	fputs("<table class=\"facts\">\n", out);
	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++) {
		fprintf(out, "<tr><th scope=\"row\">%s</th><td>%" PRIu64, kind_labels[kind],
			diff->totals[kind]);
		if (kind == DIFF_CONTENT && diff->both > 0)
			fprintf(out, ", of them %" PRIu64 " with other attributes too", diff->both);
		fputs("</td></tr>\n", out);
	}
	fprintf(out,
		"<tr><th scope=\"row\">%s</th><td>%" PRIu64 "</td></tr>\n</table>\n</section>\n",
		kind_labels[DIFF_SAME], diff->totals[DIFF_SAME]);
}

static int write_rules(const struct diff *diff, FILE *out)
{
	int r = 0;

	if (diff->rule_count == 0)
		return 0;
	fputs("<section>\n<h2 id=\"rules\">Rules</h2>\n<table class=\"rows\">\n"
	      "<thead><tr><th>Change</th><th>Rule</th><th>Value</th></tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < diff->rule_count && r == 0; i++) {
		const struct diff_rule *rule = &diff->rules[i];

		fprintf(out,
			"<tr><td data-label=\"Change\">%s</td><td data-label=\"Rule\">%s</td>"
			"<td data-label=\"Value\"><code>",
			rule->is_added ? "added" : "removed", rule->list);
		r = html_path(out, rule->value);
		fputs("</code></td></tr>\n", out);
	}
	fputs("</tbody></table>\n</section>\n", out);
	return r;
}

static void write_version(const char *version, bool has_others, FILE *out)
{
	html_text(out, version ? version : "none");
	if (has_others)
		fputs(" and others", out);
}

static bool has_one_version(const struct diff_group *group)
{
	return str_equal(group->old_version, group->now_version) && !group->has_old_others &&
	       !group->has_now_others;
}

static void write_reasons(const struct diff_group *group, FILE *out)
{
	for (size_t i = 0; i < group->reason_count; i++) {
		fprintf(out, "<br>%" PRIu64 " accepted: ", group->reasons[i].count);
		html_text(out, group->reasons[i].text);
	}
	if (group->other_reasons > 0)
		fprintf(out, "<br>%" PRIu64 " accepted for other reasons", group->other_reasons);
	if (group->unreasoned > 0)
		fprintf(out, "<br><span class=\"tag high\">%" PRIu64 " without a reason</span>",
			group->unreasoned);
}

static void write_package(const struct diff_group *group, FILE *out)
{
	html_cell(out, "Package");
	html_text(out, group->package ? group->package : "of no package");
	write_reasons(group, out);
	fputs("</td>", out);
	html_cell(out, "Version");
	if (group->package) {
		write_version(group->old_version, group->has_old_others, out);
		if (!has_one_version(group)) {
			fputs(" \xe2\x86\x92 ", out);
			write_version(group->now_version, group->has_now_others, out);
		}
		if (diff_group_is_odd(group))
			fputs("<br><span class=\"tag high\">content without a new version</span>",
			      out);
	}
	fputs("</td>", out);
}

static void write_counts(const struct diff_group *group, int kind, FILE *out)
{
	html_cell(out, kind_labels[kind]);
	if (kind == DIFF_ORIGIN && group->totals[kind] > 0)
		fprintf(out, "%" PRIu64, group->totals[kind]);
	for (int role = FILE_ROLE_COUNT - 1; role >= 0 && kind != DIFF_ORIGIN; role--)
		if (group->counts[kind][role] > 0)
			fprintf(out, "<span class=\"tally\">%" PRIu64 " %s</span> ",
				group->counts[kind][role], file_role_name((enum file_role)role));
	fputs("</td>", out);
}

static void write_groups(const struct diff *diff, FILE *out)
{
	fputs("<section>\n<h2 id=\"packages\">By package</h2>\n<table class=\"rows\">\n<thead><tr>"
	      "<th>Package</th><th>Version</th>",
	      out);
	for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++)
		html_element(out, "th", NULL, kind_labels[kind]);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < diff->group_count; i++) {
		if (diff_group_is_same(diff->groups[i]))
			continue;
		fputs("<tr>", out);
		write_package(diff->groups[i], out);
		for (int kind = DIFF_ADDED; kind < DIFF_KIND_COUNT; kind++)
			write_counts(diff->groups[i], kind, out);
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table>\n</section>\n", out);
}

static int write_files(const struct html_diff *page, FILE *out)
{
	int r = 0;

	if (!page->write_files)
		return 0;
	fputs("<section>\n<h2 id=\"files\">Files</h2>\n", out);
	for (size_t i = 0; i < page->diff->group_count && r == 0; i++) {
		const struct diff_group *group = page->diff->groups[i];

		if (diff_group_is_same(group))
			continue;
		html_element(out, "h3", NULL, group->package ? group->package : "Of no package");
		fputs("\n<table class=\"rows\">\n<thead><tr><th>Path</th><th>Change</th>"
		      "<th>Old and new</th></tr></thead>\n<tbody>\n",
		      out);
		r = page->write_files(group->id, out, page->userdata);
		fputs("</tbody></table>\n", out);
	}
	fputs("</section>\n", out);
	return r;
}

int html_diff_write(const struct html_diff *page, FILE *out)
{
	cleanup_free char *title = NULL;
	int r;

	if (asprintf(&title, "%s revision %" PRIu64 " beside %s revision %" PRIu64,
		     page->statements[1]->name, page->statements[1]->revision,
		     page->statements[0]->name, page->statements[0]->revision) < 0) {
		title = NULL;
		return -ENOMEM;
	}
	r = html_page_head(out, title, page->made_by);
	if (r < 0)
		return r;
	write_masthead(page, title, out);
	write_totals(page->diff, out);
	r = write_rules(page->diff, out);
	if (r == 0 && !diff_is_same(page->diff)) {
		write_groups(page->diff, out);
		r = write_files(page, out);
	}
	fputs("</main>\n</body>\n</html>\n", out);
	if (r == 0 && ferror(out))
		r = -EIO;
	return r;
}

static int write_field(const char *field, const char *old, const char *now, void *userdata)
{
	FILE *out = userdata;

	fprintf(out, "%s: <code>", field);
	html_text(out, old ? old : "none");
	fputs("</code> \xe2\x86\x92 <code>", out);
	html_text(out, now ? now : "none");
	fputs("</code><br>", out);
	return 0;
}

int html_diff_file(const struct diff_change *change, FILE *out)
{
	const struct file_fact *fact = change->now ? change->now : change->old;
	int r;

	fputs("<tr>", out);
	html_cell(out, "Path");
	fputs("<code>", out);
	r = html_path(out, fact->path);
	fputs("</code></td>", out);
	html_cell(out, "Change");
	fprintf(out, "%s (%s)", diff_kind_name(change->kind), file_role_name(fact->role));
	if (change->reason) {
		fputs("<br>", out);
		html_text(out, change->reason);
	}
	fputs("</td>", out);
	html_cell(out, "Old and new");
	if (r == 0)
		r = diff_each_field(change, write_field, out);
	fputs("</td></tr>\n", out);
	return r;
}
