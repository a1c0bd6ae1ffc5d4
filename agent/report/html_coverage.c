/* SPDX-License-Identifier: Apache-2.0 */
/* The first part of the HTML report: what was watched, what was not, and why. */
#include <inttypes.h>

#include "base/str.h"
#include "model/sight.h"
#include "report/html.h"
#include "report/html_parts.h"
#include "report/words.h"

/* The bar is this many columns wide; a column shows the blindest state that touches it, so that
 * no interval is too short to be seen. */
#define BAR_COLUMNS 1000
#define BAR_HEIGHT  24

/* Rows of the table of intervals that were not covered; the JSON report has all. */
#define GAP_ROWS_MAX 500

static const struct state_look {
	const char *name; /* style class */
	unsigned height;  /* how much is seen, so that colour is not the only sign */
	const char *words;
	const char *missed; /* where the record does not say */
} state_looks[VIEW_SPAN_COUNT] = {
	[COVERAGE_DOWN] = {"down", 4, "the agent did not run",
			   "program starts; and changes that were undone before it ran again"},
	[COVERAGE_OBSERVING] = {"observing", 10, "events seen, files not yet compared",
				"nothing that the first comparison does not find"},
	[COVERAGE_WARMING] = {"warming", 16, "first comparison under way",
			      "nothing, once the comparison has ended"},
	[COVERAGE_COVERED] = {"covered", 24, "starts and changes compared as they happen", NULL},
	[COVERAGE_GAP] = {"gap", 24, "events lost, or a part of the sensor was off",
			  "not recorded"},
	[VIEW_NO_RECORD] = {"norecord", 24, "no coverage record exists", "everything"},
};

/* From best to worst, as the legend lists them. */
static const unsigned legend_order[VIEW_SPAN_COUNT] = {
	COVERAGE_COVERED, COVERAGE_WARMING, COVERAGE_OBSERVING,
	COVERAGE_GAP,	  COVERAGE_DOWN,    VIEW_NO_RECORD,
};

static unsigned blindness(unsigned state)
{
	for (unsigned i = 0; i < VIEW_SPAN_COUNT; i++)
		if (legend_order[i] == state)
			return i;
	return 0;
}

static void fill_columns(const struct view_host *view, unsigned char columns[static BAR_COLUMNS])
{
	double per_ns = (double)BAR_COLUMNS / (double)view_period_ns(view);

	for (size_t i = 0; i < view->span_count; i++) {
		const struct view_span *span = &view->spans[i];
		unsigned first = (unsigned)((double)(span->start_ns - view->from_ns) * per_ns);
		unsigned last = (unsigned)((double)(span->end_ns - view->from_ns) * per_ns);

		for (unsigned c = first; c < BAR_COLUMNS && (c < last || c == first); c++)
			if (blindness(span->state) > blindness(columns[c]))
				columns[c] = (unsigned char)span->state;
	}
}

static void write_run(FILE *out, unsigned state, unsigned from, unsigned until)
{
	const struct state_look *look = &state_looks[state];

	fprintf(out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\"/>",
		look->name, from, BAR_HEIGHT - look->height, until - from, look->height);
}

void html_coverage_bar(FILE *out, const struct html_host *part)
{
	unsigned char columns[BAR_COLUMNS];
	unsigned start = 0;
	char covered[WORDS_SIZE];

	if (view_period_ns(part->view) <= 0)
		return;
	for (unsigned c = 0; c < BAR_COLUMNS; c++)
		columns[c] = COVERAGE_COVERED;
	fill_columns(part->view, columns);

	fprintf(out,
		"<svg class=\"bar\" viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
		"role=\"img\" aria-label=\"Covered %s of the period\">",
		BAR_COLUMNS, BAR_HEIGHT,
		words_permille(view_covered_permille(part->view), covered));
	for (unsigned c = 1; c <= BAR_COLUMNS; c++) {
		if (c < BAR_COLUMNS && columns[c] == columns[start])
			continue;
		write_run(out, columns[start], start, c);
		start = c;
	}
	fputs("</svg>\n", out);
}

static const char *state_words(const struct report_host *host, unsigned state)
{
	if (state == COVERAGE_COVERED && str_equal(host->rung, "scan"))
		return "files compared at each scan; what starts in between is not seen";
	return state_looks[state].words;
}

static void write_legend(FILE *out, const struct html_host *part)
{
	const struct view_host *view = part->view;
	char buf[WORDS_SIZE];

	fputs("<ul class=\"legend\">\n", out);
	for (unsigned i = 0; i < VIEW_SPAN_COUNT; i++) {
		unsigned state = legend_order[i];

		if (view->time_ns[state] == 0 && state != COVERAGE_COVERED)
			continue;
		fprintf(out,
			"<li><span class=\"key %s\"></span><b>%s</b> %s <span>%s</span></li>\n",
			state_looks[state].name, view_state_name(state),
			words_duration(view->time_ns[state], buf), state_words(part->host, state));
	}
	fputs("</ul>\n", out);
}

static void write_lead(FILE *out, const struct html_host *part)
{
	const struct view_host *view = part->view;
	int64_t covered_ns = view->time_ns[COVERAGE_COVERED];
	int64_t other_ns = view_period_ns(view) - covered_ns;
	char period[WORDS_SIZE], covered[WORDS_SIZE], share[WORDS_SIZE], other[WORDS_SIZE];

	if (view_period_ns(view) <= 0) {
		fputs("<p class=\"lead\"><strong>Nothing was covered.</strong> There is no "
		      "coverage record: this report cannot speak of any time.</p>\n",
		      out);
		return;
	}
	words_duration(view_period_ns(view), period);
	words_duration(covered_ns, covered);
	words_permille(view_covered_permille(view), share);
	words_duration(other_ns, other);

	fputs("<p class=\"lead\">From ", out);
	html_time(out, view->from_ns);
	fputs(" to ", out);
	html_time(out, view->until_ns);
	fprintf(out, " (%s), this machine was covered for <strong>%s, %s of the time</strong>. ",
		period, covered, share);
	if (other_ns > 0)
		fprintf(out, "For <strong>%s it was not</strong>.</p>\n", other);
	else
		fputs("There was no gap.</p>\n", out);
}

static void write_proof(FILE *out, const struct report_host *host, const struct coverage *record)
{
	html_cell(out, "Record");
	if (record->sequence)
		fprintf(out, "%" PRIu64 ", %s", record->sequence,
			view_is_signed(host, record) ? "signed" : "not yet signed");
	else
		fputs("none", out);
	fputs("</td>", out);
}

static void write_gap_row(FILE *out, const struct html_host *part, unsigned state,
			  const struct coverage *record)
{
	int64_t end_ns = record->end_ns ? record->end_ns : part->view->heard_ns;
	char buf[WORDS_SIZE];

	fputs("<tr>", out);
	html_cell(out, "State");
	fprintf(out, "<span class=\"state\"><span class=\"key %s\"></span>%s</span></td>",
		state_looks[state].name, view_state_name(state));
	html_cell(out, "Start");
	html_time(out, record->start_ns);
	fputs("</td>", out);
	html_cell(out, "End");
	html_time(out, record->end_ns);
	fputs("</td>", out);
	html_cell(out, "Lasted");
	fprintf(out, "<span class=\"nowrap\">%s</span></td>",
		words_duration(end_ns - record->start_ns, buf));
	html_cell(out, "Cause");
	html_text(out, record->cause ? record->cause : state_looks[state].words);
	fputs("</td>", out);
	html_cell(out, "May have been missed");
	html_text(out, record->missed ? record->missed : state_looks[state].missed);
	if (record->lost)
		fprintf(out, " (%" PRIu64 " lost)", record->lost);
	fputs("</td>", out);
	write_proof(out, part->host, record);
	fputs("</tr>\n", out);
}

/* The time without any record has no record of its own to list. */
static void write_no_record_row(FILE *out, const struct html_host *part,
				const struct view_span *span)
{
	bool is_silence = span->start_ns >= part->view->heard_ns;
	const struct coverage hole = {
		.start_ns = span->start_ns,
		.end_ns = span->end_ns,
		.cause = (char *)(is_silence ? "nothing was heard of the agent after this"
					     : "no coverage record exists for this time"),
	};

	write_gap_row(out, part, VIEW_NO_RECORD, &hole);
}

/* Those from span number @span on that begin before @before_ns; returns the next number. */
static size_t write_no_record_rows(FILE *out, const struct html_host *part, size_t span,
				   int64_t before_ns)
{
	const struct view_host *view = part->view;

	for (; span < view->span_count && view->spans[span].start_ns < before_ns; span++)
		if (view->spans[span].state == VIEW_NO_RECORD)
			write_no_record_row(out, part, &view->spans[span]);
	return span;
}

static bool is_listed(const struct coverage *record, const struct view_host *view)
{
	bool is_whole = record->state == COVERAGE_COVERED && !record->missed &&
			!str_equal(record->basis, COVERAGE_BY_STAMPS);

	/* What was missed at one moment is a gap without length. */
	return !is_whole &&
	       (record->start_ns != record->end_ns ||
		(record->state == COVERAGE_GAP && !str_equal(record->cause, COVERAGE_AWAY))) &&
	       record->start_ns < view->until_ns &&
	       (record->end_ns == 0 || record->end_ns > view->from_ns);
}

static void write_gaps(FILE *out, const struct html_host *part)
{
	const struct report_host *host = part->host;
	const struct view_host *view = part->view;
	size_t listed = 0, all = 0, span = 0;

	for (size_t i = 0; i < host->coverage_count; i++)
		all += is_listed(&host->coverage[i], view);
	if (all == 0 && view->time_ns[VIEW_NO_RECORD] == 0)
		return;

	fputs("<table class=\"rows\"><caption>Intervals that were not, or not wholly, covered, "
	      "oldest first</caption>\n<thead><tr><th scope=\"col\">State</th><th "
	      "scope=\"col\">Start</th>"
	      "<th scope=\"col\">End</th><th scope=\"col\">Lasted</th>"
	      "<th scope=\"col\">Cause</th>"
	      "<th scope=\"col\">May have been missed</th><th scope=\"col\">Record</th>"
	      "</tr></thead>\n<tbody>\n",
	      out);
	for (size_t i = 0; i < host->coverage_count && listed < GAP_ROWS_MAX; i++) {
		const struct coverage *record = &host->coverage[i];

		if (!is_listed(record, view))
			continue;
		span = write_no_record_rows(out, part, span, record->start_ns);
		write_gap_row(out, part, record->state, record);
		listed++;
	}
	write_no_record_rows(out, part, span, view->until_ns);
	fputs("</tbody></table>\n", out);
	if (all > listed)
		fprintf(out, "<p class=\"note\">%zu more intervals are in the JSON report.</p>\n",
			all - listed);
}

static void write_blind_spot(FILE *out, const char *what, const char *note)
{
	fputs("<tr>", out);
	html_cell(out, "Not seen");
	html_element(out, "code", NULL, what);
	fputs("</td>", out);
	html_cell(out, "Why");
	html_text(out, note);
	fputs("</td></tr>\n", out);
}

static void write_rung(FILE *out, const struct report_host *host)
{
	const struct sensor_sight *sights = sight_of_rung(host->rung);

	fputs("<table class=\"facts\">\n", out);
	html_fact(out, "Sensor in use", host->rung);
	html_fact(out, "Why not more", host->rung_reason);
	fputs("</table>\n", out);

	if (host->blind_spot_count == 0 && !sights)
		return;
	fputs("<table class=\"rows\"><caption>What this sensor does not see, also while covered"
	      "</caption>\n<thead><tr><th scope=\"col\">Not seen</th>"
	      "<th scope=\"col\">Why, or what would change it</th></tr></thead>\n<tbody>\n",
	      out);
	for (; sights && sights->what; sights++)
		if (!sights->is_seen)
			write_blind_spot(out, sights->what, sights->note);
	for (size_t i = 0; i < host->blind_spot_count; i++)
		write_blind_spot(out, host->blind_spots[i].what, host->blind_spots[i].note);
	fputs("</tbody></table>\n", out);
}

void html_coverage(FILE *out, const struct html_host *part)
{
	fputs("<section>\n", out);
	html_heading(out, part, "coverage", "What was covered, and what was not");
	write_lead(out, part);
	if (view_period_ns(part->view) > 0) {
		fputs("<figure>", out);
		html_coverage_bar(out, part);
		fputs("<div class=\"axis\">", out);
		html_time(out, part->view->from_ns);
		html_time(out, part->view->until_ns);
		fputs("</div></figure>\n", out);
		write_legend(out, part);
	}
	write_gaps(out, part);
	write_rung(out, part->host);
	fputs("</section>\n", out);
}
